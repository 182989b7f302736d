// Options of activities, children, and runs that follow. What a program does not name is left out.
import type { ActivityOptions, ChildWorkflowOptions, ContinueAsNewOptions, RetryPolicy } from '@wrt/sdk/workflow';
import type { Fields } from './value.ts';

/** Evaluates a VALUE. */
type Value = (written: unknown) => any;

const ACTIVITY_CANCELLATION = { try: 'TRY_CANCEL', wait: 'WAIT_CANCELLATION_COMPLETED', abandon: 'ABANDON' } as const;
const PARENT_CLOSE = { terminate: 'TERMINATE', abandon: 'ABANDON', cancel: 'REQUEST_CANCEL' } as const;
const ID_REUSE = {
  allow: 'ALLOW_DUPLICATE',
  failed_only: 'ALLOW_DUPLICATE_FAILED_ONLY',
  reject: 'REJECT_DUPLICATE',
} as const;
const DEFAULT_TIMEOUT_MS = 10_000;

export function activityOptions(written: Fields = {}, value: Value): ActivityOptions {
  const hasTimeout = written.start_to_close_ms !== undefined || written.schedule_to_close_ms !== undefined;
  return {
    ...set('activityId', written.activity_id, value),
    ...set('taskQueue', written.task_queue, value),
    ...set('scheduleToCloseTimeout', written.schedule_to_close_ms),
    ...set('scheduleToStartTimeout', written.schedule_to_start_ms),
    ...set('startToCloseTimeout', hasTimeout ? written.start_to_close_ms : DEFAULT_TIMEOUT_MS),
    ...set('heartbeatTimeout', written.heartbeat_ms),
    ...set('summary', written.summary, value),
    ...set('retry', written.retry, retryPolicy),
    cancellationType: cancellation(written),
  };
}

export function childOptions(written: Fields = {}, value: Value): ChildWorkflowOptions {
  return {
    ...set('workflowId', written.workflow_id, value),
    ...set('taskQueue', written.task_queue, value),
    ...set('workflowExecutionTimeout', written.execution_timeout_ms),
    ...set('workflowRunTimeout', written.run_timeout_ms),
    ...set('workflowTaskTimeout', written.task_timeout_ms),
    ...set('retry', written.retry, retryPolicy),
    ...set('cronSchedule', written.cron, value),
    ...set('memo', written.memo, value),
    ...set('parentClosePolicy', written.parent_close, (name: keyof typeof PARENT_CLOSE) => PARENT_CLOSE[name]),
    ...set('workflowIdReusePolicy', written.id_reuse, (name: keyof typeof ID_REUSE) => ID_REUSE[name]),
    cancellationType: cancellation(written),
  };
}

export function continueOptions(written: Fields = {}, value: Value): ContinueAsNewOptions {
  return {
    ...set('workflowType', written.workflow_type, value),
    ...set('taskQueue', written.task_queue, value),
    ...set('workflowRunTimeout', written.run_timeout_ms),
    ...set('workflowTaskTimeout', written.task_timeout_ms),
    ...set('memo', written.memo, value),
  };
}

function retryPolicy(written: Fields): RetryPolicy {
  return {
    ...set('initialInterval', written.initial_ms),
    ...set('backoffCoefficient', written.backoff),
    ...set('maximumInterval', written.maximum_ms),
    ...set('maximumAttempts', written.maximum_attempts),
    ...set('nonRetryableErrorTypes', written.non_retryable),
  };
}

function cancellation(written: Fields) {
  return ACTIVITY_CANCELLATION[(written.cancellation ?? 'try') as keyof typeof ACTIVITY_CANCELLATION];
}

function set<K extends string>(name: K, written: unknown, value: (it: any) => any = (it) => it): { [P in K]?: any } {
  return written === undefined || written === null ? {} : ({ [name]: value(written) } as { [P in K]?: any });
}
