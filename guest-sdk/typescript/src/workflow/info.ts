// The facts about a run.
import type { Activation, Option, RelatedExecution, Timestamp, WireWorkflowInfo } from '../contract.ts';
import type { Coder } from '../common/data-converter.ts';
import { fromOptionalSpan, fromSpan, toDate } from '../common/duration.ts';
import { toError } from '../common/failure-converter.ts';
import type { TemporalFailure } from '../common/failure.ts';
import { fromPriority, fromRetryPolicy, type Priority, type RetryPolicy } from '../common/retry-policy.ts';
import {
  decodeSearchAttributes,
  decodeTypedSearchAttributes,
  type SearchAttributes,
  type TypedSearchAttributes,
} from '../common/search-attributes.ts';
import { activeRun } from './context.ts';

/** Another workflow that the run has to do with. */
export interface WorkflowExecutionInfo {
  workflowId: string;
  runId: string;
  namespace: string;
}

export interface WorkflowInfo {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** The first run of the chain that retries, crons and continue-as-new form. */
  readonly firstExecutionRunId: string;
  /** The run before, when this one continues it. */
  readonly continuedFromExecutionRunId?: string;
  /** 1 for the first run; retries count up. */
  readonly attempt: number;
  /** When the run started. */
  readonly startTime: Date;
  readonly runStartTime: Date;
  readonly executionTimeoutMs?: number;
  readonly executionExpirationTime?: Date;
  readonly runTimeoutMs?: number;
  readonly taskTimeoutMs: number;
  readonly retryPolicy?: RetryPolicy;
  readonly cronSchedule?: string;
  readonly memo?: Record<string, unknown>;
  /** Without types; `typedSearchAttributes` has them with. */
  readonly searchAttributes: SearchAttributes;
  readonly typedSearchAttributes: TypedSearchAttributes;
  readonly priority?: Priority;
  /** The workflow that started this one as its child. */
  readonly parent?: WorkflowExecutionInfo;
  /** The first ancestor, when there is one. */
  readonly root?: WorkflowExecutionInfo;
  /** The result of the run before, in cron schedules. */
  readonly lastResult?: unknown;
  /** The failure of the run before, when this one is its retry. */
  readonly lastFailure?: TemporalFailure;
  /** Events in the history so far. */
  readonly historyLength: number;
  /** Bytes of the history so far. */
  readonly historySize: number;
  /** The history has grown so long that it is time to continue as new. */
  readonly continueAsNewSuggested: boolean;
  readonly unsafe: {
    /** The time of the workflow task, in milliseconds since 1970. */
    readonly now: () => number;
    /** Always false: a component cannot tell a replay from the first time. */
    readonly isReplaying: boolean;
  };
}

/** The facts about this run. */
export function workflowInfo(): WorkflowInfo {
  return activeRun('workflowInfo()').info;
}

export function toWorkflowInfo(info: WireWorkflowInfo, coder: Coder): WorkflowInfo {
  const startTime = toDate(info.startTime);
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    workflowType: info.workflowType,
    namespace: info.namespace,
    taskQueue: info.taskQueue,
    firstExecutionRunId: info.firstExecutionRunId,
    ...set('continuedFromExecutionRunId', info.continuedRunId),
    attempt: info.attempt,
    startTime,
    runStartTime: startTime,
    ...set('executionTimeoutMs', fromOptionalSpan(info.executionTimeout)),
    ...set('executionExpirationTime', expiration(info.startTime, fromOptionalSpan(info.executionTimeout))),
    ...set('runTimeoutMs', fromOptionalSpan(info.runTimeout)),
    taskTimeoutMs: fromSpan(info.taskTimeout),
    ...set('retryPolicy', fromRetryPolicy(info.retryPolicy)),
    ...set('cronSchedule', info.cronSchedule),
    memo: coder.decodeFields(info.memo),
    searchAttributes: decodeSearchAttributes(info.searchAttributes),
    typedSearchAttributes: decodeTypedSearchAttributes(info.searchAttributes),
    ...set('priority', fromPriority(info.priority)),
    ...set('parent', related(info.parent)),
    ...set('root', info.root.workflowId === info.workflowId ? undefined : related(info.root)),
    ...set('lastResult', coder.decodeFirst(info.lastCompletionResult)),
    ...set('lastFailure', info.continuedFailure ? toError(info.continuedFailure, coder) : undefined),
    historyLength: 0,
    historySize: 0,
    continueAsNewSuggested: false,
    unsafe: { now: () => Date.now(), isReplaying: false },
  };
}

/** The facts that change from task to task. */
export function progressOf({ historyLength, historySize, continueAsNewSuggested }: Activation) {
  return { historyLength, historySize, continueAsNewSuggested };
}

function expiration(start: Timestamp, timeout: number | undefined): Date | undefined {
  return timeout === undefined ? undefined : new Date(fromSpan(start) + timeout);
}

function related(execution: Option<RelatedExecution>): WorkflowExecutionInfo | undefined {
  if (!execution) return undefined;
  const { workflowId, runId, namespace } = execution;
  return { workflowId, runId, namespace };
}

/** A field that is left out when it is not set. */
function set<K extends string, V>(key: K, value: V | null | undefined): { [P in K]?: V } {
  return value === undefined || value === null ? {} : ({ [key]: value } as { [P in K]?: V });
}
