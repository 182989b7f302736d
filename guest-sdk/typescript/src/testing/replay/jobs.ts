// Turns events into jobs: what the workflow was told.
import type {
  FailureInfo,
  FailureLink,
  Job,
  Option,
  Result,
  WireFailure,
  WireRetryState,
  WireWorkflowInfo,
} from '../../contract.ts';
import { ReplayError } from './error.ts';
import type { HistoryEvent } from './history.ts';
import type { Ledger, Open } from './ledger.ts';

/** The job of an event, if it has one. Events of the task itself, of commands and of attempts have none. */
export function jobOf(ledger: Ledger, event: HistoryEvent): Job | undefined {
  return JOBS[event.kind]?.(event, ledger);
}

const JOBS: Record<string, (event: HistoryEvent, ledger: Ledger) => Job | undefined> = {
  WORKFLOW_EXECUTION_SIGNALED: (event) => ({
    tag: 'signal',
    val: {
      name: event.text('signalName'),
      input: event.payloads('input'),
      identity: event.text('identity'),
      header: event.fields('header.fields'),
    },
  }),
  WORKFLOW_EXECUTION_CANCEL_REQUESTED: (event) => ({ tag: 'cancel-requested', val: event.text('cause') }),
  // One that fired while the task that canceled it was running stays canceled.
  TIMER_FIRED: (event, ledger) => {
    const timer = ledger.resolve(event.number('startedEventId'));
    return timer && { tag: 'timer-fired', val: timer.seq };
  },
  ACTIVITY_TASK_COMPLETED: (event, ledger) => {
    const { seq } = ended(ledger, event, 'scheduledEventId');
    return { tag: 'activity-resolved', val: { seq, output: { tag: 'ok', val: event.payloads('result') } } };
  },
  ACTIVITY_TASK_FAILED: (event, ledger) => activityFailed(event, ledger, event.retryState(), event.failure('failure')),
  ACTIVITY_TASK_TIMED_OUT: (event, ledger) =>
    activityFailed(event, ledger, event.retryState(), event.failure('failure')),
  ACTIVITY_TASK_CANCELED: (event, ledger) => activityFailed(event, ledger, 'cancel-requested', [canceled(event)]),
  CHILD_WORKFLOW_EXECUTION_STARTED: (event, ledger) => {
    const child = ledger.find(event.number('initiatedEventId'));
    const outcome = { tag: 'ok', val: event.text('workflowExecution.runId') } as const;
    return child && { tag: 'child-workflow-started', val: { seq: child.seq, outcome } };
  },
  START_CHILD_WORKFLOW_EXECUTION_FAILED: (event, ledger) => {
    const child = ended(ledger, event, 'initiatedEventId');
    const failure = childFailure(child, event, 'non-retryable-failure', [notStarted(event)]);
    return { tag: 'child-workflow-started', val: { seq: child.seq, outcome: { tag: 'err', val: failure } } };
  },
  CHILD_WORKFLOW_EXECUTION_COMPLETED: (event, ledger) => {
    const { seq } = ended(ledger, event, 'initiatedEventId');
    return { tag: 'child-workflow-resolved', val: { seq, output: { tag: 'ok', val: event.payloads('result') } } };
  },
  CHILD_WORKFLOW_EXECUTION_FAILED: (event, ledger) =>
    childFailed(event, ledger, event.retryState(), event.failure('failure')),
  CHILD_WORKFLOW_EXECUTION_CANCELED: (event, ledger) =>
    childFailed(event, ledger, 'non-retryable-failure', [canceled(event)]),
  CHILD_WORKFLOW_EXECUTION_TIMED_OUT: (event, ledger) => {
    const info: FailureInfo = { tag: 'timeout', val: { timeoutType: 'start-to-close', lastHeartbeatDetails: [] } };
    return childFailed(event, ledger, event.retryState(), [ofServer('workflow timeout', info)]);
  },
  CHILD_WORKFLOW_EXECUTION_TERMINATED: (event, ledger) =>
    childFailed(event, ledger, 'non-retryable-failure', [ofServer('terminated', { tag: 'terminated' })]),
  EXTERNAL_WORKFLOW_EXECUTION_SIGNALED: (event, ledger) => told(event, ledger),
  EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED: (event, ledger) => told(event, ledger),
  SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: (event, ledger) => told(event, ledger, notFound('signal', event)),
  REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: (event, ledger) => told(event, ledger, notFound('cancel', event)),
};

/** An update comes with the task that has accepted it. */
export function acceptedUpdate(event: HistoryEvent): Job | undefined {
  if (event.kind !== 'WORKFLOW_EXECUTION_UPDATE_ACCEPTED') return undefined;
  const request = 'acceptedRequest';
  return {
    tag: 'update',
    val: {
      updateId: event.text('protocolInstanceId'),
      name: event.text(`${request}.input.name`),
      input: event.payloads(`${request}.input.args`),
      identity: event.text(`${request}.meta.identity`),
      header: event.fields(`${request}.input.header.fields`),
    },
  };
}

/** What an event ends. */
function ended(ledger: Ledger, event: HistoryEvent, field: string): Open {
  const openedBy = event.number(field);
  const open = ledger.resolve(openedBy);
  if (open) return open;
  throw new ReplayError(
    `the history cannot be replayed: event ${event.id} ends what event ${openedBy} has begun, which is not open`,
  );
}

/** A request to cancel a child opens nothing, so its answer reaches nobody. */
function told(event: HistoryEvent, ledger: Ledger, failure?: FailureLink): Job | undefined {
  const open = ledger.resolve(event.number('initiatedEventId'));
  if (!open) return undefined;
  const outcome: Result<undefined, WireFailure> = failure
    ? { tag: 'err', val: [failure] }
    : { tag: 'ok', val: undefined };
  return { tag: 'external-resolved', val: { seq: open.seq, outcome } };
}

// === Failures ===

function ofServer(message: string, info: FailureInfo): FailureLink {
  return { message, source: 'Server', stackTrace: '', info };
}

function canceled(event: HistoryEvent): FailureLink {
  return ofServer('canceled', { tag: 'canceled', val: event.payloads('details') });
}

function application(failureType: string, message: string): FailureLink {
  return ofServer(message, { tag: 'application', val: { failureType, nonRetryable: true, details: [] } });
}

function activityFailed(event: HistoryEvent, ledger: Ledger, retryState: WireRetryState, cause: WireFailure): Job {
  const { seq, id, type } = ended(ledger, event, 'scheduledEventId');
  const val = { activityType: type, activityId: id, identity: event.text('identity'), retryState };
  const failure = [ofServer('activity error', { tag: 'activity', val }), ...cause];
  return { tag: 'activity-resolved', val: { seq, output: { tag: 'err', val: failure } } };
}

function childFailed(event: HistoryEvent, ledger: Ledger, retryState: WireRetryState, cause: WireFailure): Job {
  const child = ended(ledger, event, 'initiatedEventId');
  const failure = childFailure(child, event, retryState, cause);
  return { tag: 'child-workflow-resolved', val: { seq: child.seq, output: { tag: 'err', val: failure } } };
}

function childFailure(
  { id, type }: Open,
  event: HistoryEvent,
  retryState: WireRetryState,
  cause: WireFailure,
): WireFailure {
  const val = { workflowType: type, workflowId: id, runId: event.text('workflowExecution.runId'), retryState };
  return [ofServer('child workflow execution error', { tag: 'child-workflow', val }), ...cause];
}

function notStarted(event: HistoryEvent): FailureLink {
  const id = event.text('workflowId');
  if (event.text('cause').endsWith('NAMESPACE_NOT_FOUND')) {
    return application('NotFound', `no component serves child workflow ${id}`);
  }
  const message = `child workflow ${id} is running already, or its id may not be used again`;
  return application('WorkflowExecutionAlreadyStarted', message);
}

function notFound(verb: string, event: HistoryEvent): FailureLink {
  const message = `cannot ${verb} workflow ${event.text('workflowExecution.workflowId')}: no run of it is open`;
  return application('ExternalWorkflowExecutionNotFound', message);
}

// === The start ===

/** The facts about the run, as its first event has them. */
export function infoOf(event: HistoryEvent, namespace: string): WireWorkflowInfo {
  const runId = event.text('originalExecutionRunId');
  const execution = (path: string) => ({
    namespace,
    workflowId: event.text(`${path}.workflowId`),
    runId: event.text(`${path}.runId`),
  });
  return {
    namespace,
    workflowId: event.text('workflowId'),
    runId,
    firstExecutionRunId: event.text('firstExecutionRunId') || runId,
    workflowType: event.text('workflowType.name'),
    taskQueue: event.text('taskQueue.name'),
    attempt: event.number('attempt') || 1,
    startTime: event.time,
    executionTimeout: event.duration('workflowExecutionTimeout'),
    runTimeout: event.duration('workflowRunTimeout'),
    taskTimeout: event.duration('workflowTaskTimeout') ?? { seconds: 10, nanos: 0 },
    retryPolicy: event.retryPolicy('retryPolicy'),
    cronSchedule: set(event.text('cronSchedule')),
    memo: event.fields('memo.fields'),
    searchAttributes: event.fields('searchAttributes.indexedFields'),
    parent: event.field('parentWorkflowExecution') && execution('parentWorkflowExecution'),
    root: event.field('rootWorkflowExecution')
      ? execution('rootWorkflowExecution')
      : { namespace, workflowId: event.text('workflowId'), runId },
    continuedRunId: set(event.text('continuedExecutionRunId')),
    continuedFailure: event.field('continuedFailure') && event.failure('continuedFailure'),
    lastCompletionResult: event.payloads('lastCompletionResult'),
  };
}

function set(text: string): Option<string> {
  return text === '' ? undefined : text;
}
