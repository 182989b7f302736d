// Failures of the contract as exceptions, and back.
import type { FailureInfo, FailureLink, WireFailure, WireRetryState, WireTimeoutType } from '../contract.ts';
import type { Coder } from './data-converter.ts';
import { fromSpan, toOptionalSpan } from './duration.ts';
import { frames } from './errors.ts';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  errorType,
  FAILURE_SOURCE,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
  type RetryState,
  type TimeoutType,
} from './failure.ts';

/** What the runtime calls it when the id of a child is taken. */
const ALREADY_STARTED = 'WorkflowExecutionAlreadyStarted';

/** The exception for a chain of links, outermost first. */
export function toError(failure: WireFailure, coder: Coder): TemporalFailure {
  const error = failure.reduceRight<TemporalFailure | undefined>((cause, link, index) => {
    const error = linkToError(link, coder, cause);
    error.failure = failure.slice(index);
    return error;
  }, undefined);
  return error ?? new ServerFailure('a failure without a link', true);
}

/** The chain of links for an exception and its causes. */
export function toFailure(error: unknown, coder: Coder): WireFailure {
  if (error instanceof TemporalFailure && error.failure) return error.failure;
  const link: FailureLink = {
    message: error instanceof Error ? error.message : String(error),
    source: FAILURE_SOURCE,
    stackTrace: error instanceof Error ? frames(error) : '',
    info: infoOf(error, coder),
  };
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined || cause === null ? [link] : [link, ...toFailure(cause, coder)];
}

/**
 * The same without the stacks of this code. A failure in the middle of a history is compared on replay, and lines of code
 * move when a repaired module takes a run over.
 */
export function toStableFailure(error: unknown, coder: Coder): WireFailure {
  return toFailure(error, coder).map((link) => (link.source === FAILURE_SOURCE ? { ...link, stackTrace: '' } : link));
}

function linkToError(link: FailureLink, coder: Coder, cause: Error | undefined): TemporalFailure {
  const { message, info } = link;
  const error = infoToError(message, info, coder, cause);
  if (link.stackTrace) error.stack = `${error.name}: ${message}\n${link.stackTrace}`;
  return error;
}

function infoToError(message: string, info: FailureInfo, coder: Coder, cause: Error | undefined): TemporalFailure {
  switch (info.tag) {
    case 'application': {
      const { failureType, nonRetryable, details, nextRetryDelay } = info.val;
      const delay = nextRetryDelay ? fromSpan(nextRetryDelay) : undefined;
      return new ApplicationFailure(message, failureType, nonRetryable, coder.decode(details), cause, delay);
    }
    case 'timeout': {
      const { timeoutType, lastHeartbeatDetails } = info.val;
      const details = coder.decodeFirst(lastHeartbeatDetails);
      return new TimeoutFailure(message, details, constant(timeoutType) as TimeoutType, cause);
    }
    case 'canceled':
      return new CancelledFailure(message, coder.decode(info.val), cause);
    case 'terminated':
      return new TerminatedFailure(message, cause);
    case 'server':
      return new ServerFailure(message, info.val, cause);
    case 'activity': {
      const { activityType, activityId, identity, retryState } = info.val;
      return new ActivityFailure(message, activityType, activityId, fromRetryState(retryState), identity, cause);
    }
    case 'child-workflow': {
      const { workflowType, workflowId, runId, retryState } = info.val;
      const execution = { workflowId, runId };
      const state = fromRetryState(retryState);
      const exists = cause instanceof ApplicationFailure && cause.type === ALREADY_STARTED;
      const failure = exists ? WorkflowExecutionAlreadyStartedError : ChildWorkflowFailure;
      return new failure(undefined, execution, workflowType, state, cause, message);
    }
  }
}

function infoOf(error: unknown, coder: Coder): FailureInfo {
  if (error instanceof TimeoutFailure) {
    const { timeoutType, lastHeartbeatDetails } = error;
    const details = lastHeartbeatDetails === undefined ? [] : coder.encode([lastHeartbeatDetails]);
    return { tag: 'timeout', val: { timeoutType: kebab(timeoutType), lastHeartbeatDetails: details } };
  }
  if (error instanceof CancelledFailure) return { tag: 'canceled', val: coder.encode(error.details) };
  if (error instanceof TerminatedFailure) return { tag: 'terminated' };
  if (error instanceof ServerFailure) return { tag: 'server', val: error.nonRetryable };
  if (error instanceof ActivityFailure) {
    const { activityType, activityId = '', identity = '', retryState } = error;
    return { tag: 'activity', val: { activityType, activityId, identity, retryState: toRetryState(retryState) } };
  }
  if (error instanceof ChildWorkflowFailure) {
    const { workflowType, execution, retryState } = error;
    const { workflowId, runId = '' } = execution;
    return { tag: 'child-workflow', val: { workflowType, workflowId, runId, retryState: toRetryState(retryState) } };
  }
  return { tag: 'application', val: applicationOf(error, coder) };
}

function applicationOf(error: unknown, coder: Coder) {
  if (!(error instanceof ApplicationFailure)) {
    return { failureType: errorType(error), nonRetryable: false, details: [], nextRetryDelay: undefined };
  }
  return {
    failureType: error.type ?? '',
    nonRetryable: error.nonRetryable ?? false,
    details: coder.encode(error.details ?? []),
    nextRetryDelay: toOptionalSpan(error.nextRetryDelay),
  };
}

// === Enums ===

function fromRetryState(state: WireRetryState): RetryState | undefined {
  return state === 'unspecified' ? undefined : (constant(state) as RetryState);
}

function toRetryState(state: RetryState | undefined): WireRetryState {
  return state === undefined ? 'unspecified' : (kebab(state) as WireRetryState);
}

function constant(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

function kebab(name: TimeoutType): WireTimeoutType;
function kebab(name: string): string;
function kebab(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
