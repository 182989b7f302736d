/**
 * What activities are written with.
 *
 * @module
 */
import type { Duration } from '../common/duration.ts';
import type { Logger } from '../common/logger.ts';
import { Context, maybeContext, type Info } from './context.ts';

export type { ActivityFunction, UntypedActivities } from '../common/definitions.ts';
export { describeActivity } from '../common/description.ts';
export type { Duration } from '../common/duration.ts';
export { ApplicationFailure, CancelledFailure } from '../common/failure.ts';
export type { Logger } from '../common/logger.ts';
export { Context, type Info } from './context.ts';
export { CompleteAsyncError, getClient } from './unsupported.ts';

/** The facts about this attempt. */
export function activityInfo(): Info {
  return Context.current().info;
}

/** Says that the attempt is alive, and how far it is. */
export function heartbeat(details?: unknown): void {
  Context.current().heartbeat(details);
}

/** Waits. Rejects with `CancelledFailure` when the attempt is asked to stop. */
export function sleep(duration: Duration): Promise<void> {
  return Context.current().sleep(duration);
}

/** Rejects with `CancelledFailure` when the attempt is asked to stop. */
export function cancelled(): Promise<never> {
  return Context.current().cancelled;
}

/** Aborts when the attempt is asked to stop. */
export function cancellationSignal(): AbortSignal {
  return Context.current().cancellationSignal;
}

/** Writes lines with named values. */
export const log: Logger = {
  log: (level, message, meta) => Context.current().log.log(level, message, meta),
  trace: (message, meta) => Context.current().log.trace(message, meta),
  debug: (message, meta) => Context.current().log.debug(message, meta),
  info: (message, meta) => Context.current().log.info(message, meta),
  warn: (message, meta) => Context.current().log.warn(message, meta),
  error: (message, meta) => Context.current().log.error(message, meta),
};

/** The storage that carries the context along, with the method that reads it. */
export const asyncLocalStorage = { getStore: (): Context | undefined => maybeContext() };
