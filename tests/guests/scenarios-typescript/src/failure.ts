// Failures as programs write and read them.
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@wrt/sdk/common';
import type { Fields } from './value.ts';

/** What `fail` throws. */
export function thrown(written: Fields): ApplicationFailure {
  return ApplicationFailure.create({
    message: written.message,
    type: written.type,
    nonRetryable: written.non_retryable === true,
    details: written.details ?? [],
    ...(written.cause ? { cause: thrown(written.cause) } : {}),
  });
}

/** `$error`. */
export function described(error: Error): Fields {
  const { kind, type = null, details = [] } = kindOf(error);
  const cause = error.cause instanceof Error ? described(error.cause) : null;
  return { kind, message: error.message, type, cause, ...(details.length ? { details } : {}) };
}

function kindOf(error: Error): { kind: string; type?: string | null; details?: unknown[] } {
  if (error instanceof ApplicationFailure) {
    return { kind: 'application', type: error.type ?? '', details: error.details ?? [] };
  }
  if (error instanceof ActivityFailure) return { kind: 'activity', type: error.activityType };
  if (error instanceof ChildWorkflowFailure) return { kind: 'child', type: error.workflowType };
  if (error instanceof CancelledFailure) return { kind: 'canceled', details: error.details };
  if (error instanceof TerminatedFailure) return { kind: 'terminated' };
  if (error instanceof TimeoutFailure) {
    const { timeoutType, lastHeartbeatDetails: last } = error;
    const words = timeoutType.toLowerCase().split('_');
    const type = words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
    return { kind: 'timeout', type, details: last === undefined ? [] : [last] };
  }
  return { kind: 'server' };
}
