// Undoing, in reverse order, what a failed workflow had already done.
import { errorMessage } from '../common/errors.ts';
import { ApplicationFailure, rootCause } from '../common/failure.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { ContinueAsNew } from './continue-as-new.ts';
import { log } from './log.ts';

export interface SagaOptions {
  /** Begins all compensations at once, last first, and waits for all. False by default. */
  parallel?: boolean;
  /** Goes on with the next compensation when one fails. True by default. */
  continueOnError?: boolean;
}

type Compensation = () => unknown;

/** A list of compensations, run last first. */
export class Saga {
  readonly #compensations: Compensation[] = [];
  readonly #options: SagaOptions;

  constructor(options: SagaOptions = {}) {
    this.#options = options;
  }

  /** Notes how to undo a step. Note it before the step, if the step may fail half way. */
  addCompensation<P extends any[]>(undo: (...args: P) => unknown, ...args: P): void {
    this.#compensations.push(() => undo(...args));
  }

  /**
   * Runs what was noted, last first, out of the reach of cancellation. Where compensations failed, they are logged, and
   * an `ApplicationFailure` of type `CompensationFailed` is thrown: somebody has to look after what they left behind.
   */
  async compensate(cause?: unknown): Promise<void> {
    const compensations = this.#compensations.splice(0).reverse();
    const failed = await CancellationScope.nonCancellable(() => this.#run(compensations));
    if (failed.length === 0) return;
    const message = `${failed.length} of ${compensations.length} compensations failed: ${failed.join('; ')}`;
    throw ApplicationFailure.create({
      message,
      type: 'CompensationFailed',
      ...(cause instanceof Error ? { cause } : {}),
    });
  }

  async #run(compensations: Compensation[]): Promise<string[]> {
    const failed: string[] = [];
    const undo = async (compensation: Compensation) => {
      try {
        await compensation();
        return true;
      } catch (error) {
        const reason = rootCause(error) ?? errorMessage(error) ?? String(error);
        log.error('compensation failed', { error: reason });
        failed.push(reason);
        return this.#options.continueOnError ?? true;
      }
    };
    if (this.#options.parallel) await Promise.all(compensations.map(undo));
    else for (const compensation of compensations) if (!(await undo(compensation))) break;
    return failed;
  }
}

/**
 * Runs `body`; when it throws, runs the compensations that it has noted and throws its error again. To continue as new
 * is no failure: nothing is undone. Temporal's SDK has no such helper.
 */
export async function saga<T>(body: (saga: Saga) => Promise<T>, options?: SagaOptions): Promise<T> {
  const compensations = new Saga(options);
  try {
    return await body(compensations);
  } catch (error) {
    if (!(error instanceof ContinueAsNew)) await compensations.compensate(error);
    throw error;
  }
}
