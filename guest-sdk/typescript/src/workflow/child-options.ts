// How children are run.
import type { WireChildWorkflowOptions } from '../contract.ts';
import type { Coder } from '../common/data-converter.ts';
import type { WorkflowIdReusePolicy } from '../common/definitions.ts';
import { toOptionalSpan, type Duration } from '../common/duration.ts';
import { UnsupportedError } from '../common/errors.ts';
import { toFields, type Headers } from '../common/payload.ts';
import { toPriority, toRetryPolicy, type Priority, type RetryPolicy } from '../common/retry-policy.ts';
import {
  encodeSearchAttributes,
  type SearchAttributePair,
  type SearchAttributes,
  type TypedSearchAttributes,
} from '../common/search-attributes.ts';

/** What becomes of a call when its scope is canceled. */
export const ChildWorkflowCancellationType = {
  /** Fails at once and lets the child go on. */
  ABANDON: 'ABANDON',
  /** Asks the child to cancel itself and fails at once. */
  TRY_CANCEL: 'TRY_CANCEL',
  /** Asks the child to cancel itself and waits for how it ends: the default. */
  WAIT_CANCELLATION_COMPLETED: 'WAIT_CANCELLATION_COMPLETED',
  /** Asks the child to cancel itself and waits until it was told. */
  WAIT_CANCELLATION_REQUESTED: 'WAIT_CANCELLATION_REQUESTED',
} as const;
export type ChildWorkflowCancellationType =
  (typeof ChildWorkflowCancellationType)[keyof typeof ChildWorkflowCancellationType];

/** What happens to the child when this run ends, however it ends. */
export const ParentClosePolicy = {
  TERMINATE: 'TERMINATE',
  ABANDON: 'ABANDON',
  REQUEST_CANCEL: 'REQUEST_CANCEL',
  PARENT_CLOSE_POLICY_TERMINATE: 'TERMINATE',
  PARENT_CLOSE_POLICY_ABANDON: 'ABANDON',
  PARENT_CLOSE_POLICY_REQUEST_CANCEL: 'REQUEST_CANCEL',
} as const;
export type ParentClosePolicy = (typeof ParentClosePolicy)[keyof typeof ParentClosePolicy];

/** How a child is run. What is not set follows Temporal's rules. */
export interface ChildWorkflowOptions {
  /** The default is made of the run's id and the sequence number. */
  workflowId?: string;
  /** The default is the task queue of this workflow. */
  taskQueue?: string;
  workflowExecutionTimeout?: Duration;
  workflowRunTimeout?: Duration;
  workflowTaskTimeout?: Duration;
  cancellationType?: ChildWorkflowCancellationType;
  parentClosePolicy?: ParentClosePolicy;
  workflowIdReusePolicy?: WorkflowIdReusePolicy;
  retry?: RetryPolicy;
  cronSchedule?: string;
  memo?: Record<string, unknown>;
  searchAttributes?: SearchAttributes;
  typedSearchAttributes?: SearchAttributePair[] | TypedSearchAttributes;
  priority?: Priority;
  /** One line for people, shown beside the child. */
  staticSummary?: string;
  /** Many lines for people. The contract has no place for them. */
  staticDetails?: string;
  /** Taken and not needed: the child goes to the version that is current. */
  versioningIntent?: unknown;
}

export function wireChildOptions(
  options: ChildWorkflowOptions,
  headers: Headers,
  coder: Coder,
): WireChildWorkflowOptions {
  const attributes = options.typedSearchAttributes ?? options.searchAttributes;
  return {
    workflowId: options.workflowId,
    taskQueue: options.taskQueue,
    executionTimeout: toOptionalSpan(options.workflowExecutionTimeout),
    runTimeout: toOptionalSpan(options.workflowRunTimeout),
    taskTimeout: toOptionalSpan(options.workflowTaskTimeout),
    parentClosePolicy: PARENT_CLOSE[options.parentClosePolicy ?? 'TERMINATE'],
    idReusePolicy: idReuse(options.workflowIdReusePolicy ?? 'ALLOW_DUPLICATE'),
    retryPolicy: toRetryPolicy(options.retry),
    cronSchedule: options.cronSchedule,
    header: toFields(headers),
    memo: options.memo ? coder.encodeFields(options.memo) : [],
    searchAttributes: attributes ? encodeSearchAttributes(attributes) : [],
    priority: toPriority(options.priority),
    summary: options.staticSummary,
  };
}

const PARENT_CLOSE = { TERMINATE: 'terminate', ABANDON: 'abandon', REQUEST_CANCEL: 'request-cancel' } as const;

function idReuse(policy: WorkflowIdReusePolicy): WireChildWorkflowOptions['idReusePolicy'] {
  switch (policy) {
    case 'ALLOW_DUPLICATE':
      return 'allow-duplicate';
    case 'ALLOW_DUPLICATE_FAILED_ONLY':
      return 'allow-duplicate-failed-only';
    case 'REJECT_DUPLICATE':
      return 'reject-duplicate';
    default:
      throw new UnsupportedError(
        `children cannot have the workflowIdReusePolicy ${policy}: choose another one, and cancel the workflow that runs ` +
          'by getExternalWorkflowHandle(id).cancel()',
      );
  }
}
