// Doing the work, and saying how it ended.
import type { ActivityTask, AttemptFailure, Result, WirePayload } from '../contract.ts';
import type { Coder } from '../common/data-converter.ts';
import { toOptionalSpan } from '../common/duration.ts';
import { describeError, frames } from '../common/errors.ts';
import { ApplicationFailure, CancelledFailure, ensureApplicationFailure } from '../common/failure.ts';
import type { LineWriter } from '../common/logger.ts';
import type { Module } from '../module.ts';
import { Context, type ContextHost } from './context.ts';
import { CompleteAsyncError } from './unsupported.ts';

/** Makes the context of an attempt, and what does its work. */
export function prepare(module: Module, task: ActivityTask, host: ContextHost, write: LineWriter) {
  const context = new Context(task, module.coder, host, write);
  return { context, execute: () => execute(module, task, context) };
}

async function execute(
  module: Module,
  task: ActivityTask,
  context: Context,
): Promise<Result<WirePayload[], AttemptFailure>> {
  try {
    const activity = module.activity(task.activityType);
    if (!activity) throw unknownType(module, task.activityType);
    const args = module.coder.decode(task.input);
    const result: unknown = await context._run(async () => await activity(...args));
    return { tag: 'ok', val: module.coder.encode([result]) };
  } catch (error) {
    return { tag: 'err', val: toAttemptFailure(error, context, module.coder) };
  }
}

/** Retryable: a module that has the type may be deployed meanwhile. */
function unknownType(module: Module, activityType: string): ApplicationFailure {
  const known = module.activityTypes.join(', ') || 'none';
  const message = `unknown activity type "${activityType}": this module has ${known}; deploy one that has it`;
  return ApplicationFailure.retryable(message, 'UnknownActivityType');
}

function toAttemptFailure(error: unknown, context: Context, coder: Coder): AttemptFailure {
  if (error instanceof CancelledFailure) return { tag: 'canceled', val: coder.encode(error.details) };
  if (context._isCancelled && (error as { name?: unknown })?.name === 'AbortError') return { tag: 'canceled', val: [] };
  const failure = error instanceof CompleteAsyncError ? asyncCompletion() : ensureApplicationFailure(error);
  return {
    tag: 'application',
    val: {
      message: failure.message,
      failureType: failure.type ?? '',
      stackTrace: stackOf(failure, error),
      nonRetryable: failure.nonRetryable ?? false,
      details: coder.encode(failure.details ?? []),
      nextRetryDelay: toOptionalSpan(failure.nextRetryDelay),
    },
  };
}

/** The contract has room for one link, so the causes become lines of its stack. */
function stackOf(failure: ApplicationFailure, error: unknown): string {
  const cause = failure === error ? failure.cause : (error as { cause?: unknown } | undefined)?.cause;
  const own = frames(failure);
  return cause === undefined || cause === null ? own : `${own}\ncaused by ${describeError(cause)}`.trimStart();
}

function asyncCompletion(): ApplicationFailure {
  const message =
    'CompleteAsyncError: an activity in a component is complete when its function returns. Wait for a signal in the ' +
    'workflow instead';
  return ApplicationFailure.nonRetryable(message, 'CompleteAsyncNotSupported');
}
