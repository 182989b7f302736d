// Why a history does not replay.
import { named } from '../../common/errors.ts';

/** The workflow does something else than its history says, fails its task, or the history is none. */
export class ReplayError extends Error {
  static {
    named('ReplayError')(this);
  }
  /** The event that was expected where the workflow diverges, if the history has a further one. */
  readonly eventId: number | undefined;
  constructor(message: string, eventId?: number, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.eventId = eventId;
  }
}
