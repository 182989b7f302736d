// The records of the contract (wit/) as they cross into JavaScript: records are objects in camelCase, variants are
// `{ tag, val }`, options are the value or nothing.

export type Option<T> = T | null | undefined;
export type Result<T, E> = { tag: 'ok'; val: T } | { tag: 'err'; val: E };

/** A span of time; `nanos` is below 1,000,000,000. */
export interface Span {
  seconds: number;
  nanos: number;
}

/** A point in time since 1970. */
export type Timestamp = Span;

export interface WirePayload {
  metadata: [string, Uint8Array][];
  data: Uint8Array;
}

/** Named payloads: headers, memos, search attributes. */
export type Fields = [string, WirePayload][];

export interface WireRetryPolicy {
  initialInterval?: Option<Span>;
  backoffCoefficient?: Option<number>;
  maximumInterval?: Option<Span>;
  maximumAttempts: number;
  nonRetryableErrorTypes: string[];
}

export interface WirePriority {
  priorityKey: number;
  fairnessKey: string;
  fairnessWeight: number;
}

// === Failures ===

export type WireTimeoutType = 'start-to-close' | 'schedule-to-start' | 'schedule-to-close' | 'heartbeat';

export type WireRetryState =
  | 'unspecified'
  | 'in-progress'
  | 'non-retryable-failure'
  | 'timeout'
  | 'maximum-attempts-reached'
  | 'retry-policy-not-set'
  | 'internal-server-error'
  | 'cancel-requested';

export interface WireApplicationFailure {
  failureType: string;
  nonRetryable: boolean;
  details: WirePayload[];
  nextRetryDelay?: Option<Span>;
}

export type FailureInfo =
  | { tag: 'application'; val: WireApplicationFailure }
  | { tag: 'timeout'; val: { timeoutType: WireTimeoutType; lastHeartbeatDetails: WirePayload[] } }
  | { tag: 'canceled'; val: WirePayload[] }
  | { tag: 'terminated'; val?: undefined }
  | { tag: 'server'; val: boolean }
  | { tag: 'activity'; val: { activityType: string; activityId: string; identity: string; retryState: WireRetryState } }
  | {
      tag: 'child-workflow';
      val: { workflowType: string; workflowId: string; runId: string; retryState: WireRetryState };
    };

export interface FailureLink {
  message: string;
  source: string;
  stackTrace: string;
  info: FailureInfo;
}

/** A chain of causes, outermost first. */
export type WireFailure = FailureLink[];

// === Commands ===

export interface WireActivityOptions {
  activityId?: Option<string>;
  taskQueue?: Option<string>;
  scheduleToCloseTimeout?: Option<Span>;
  scheduleToStartTimeout?: Option<Span>;
  startToCloseTimeout?: Option<Span>;
  heartbeatTimeout?: Option<Span>;
  retryPolicy?: Option<WireRetryPolicy>;
  header: Fields;
  priority?: Option<WirePriority>;
  summary?: Option<string>;
}

export interface WireLocalActivityOptions {
  activityId?: Option<string>;
  scheduleToCloseTimeout?: Option<Span>;
  startToCloseTimeout?: Option<Span>;
  retryPolicy?: Option<WireRetryPolicy>;
}

export interface WireChildWorkflowOptions {
  workflowId?: Option<string>;
  taskQueue?: Option<string>;
  executionTimeout?: Option<Span>;
  runTimeout?: Option<Span>;
  taskTimeout?: Option<Span>;
  parentClosePolicy: 'terminate' | 'abandon' | 'request-cancel';
  idReusePolicy: 'allow-duplicate' | 'allow-duplicate-failed-only' | 'reject-duplicate';
  retryPolicy?: Option<WireRetryPolicy>;
  cronSchedule?: Option<string>;
  header: Fields;
  memo: Fields;
  searchAttributes: Fields;
  priority?: Option<WirePriority>;
  summary?: Option<string>;
}

export interface WireContinueAsNewOptions {
  workflowType?: Option<string>;
  taskQueue?: Option<string>;
  runTimeout?: Option<Span>;
  taskTimeout?: Option<Span>;
  retryPolicy?: Option<WireRetryPolicy>;
  header: Fields;
  memo?: Option<Fields>;
  searchAttributes?: Option<Fields>;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

// === Jobs ===

export interface RelatedExecution {
  namespace: string;
  workflowId: string;
  runId: string;
}

export interface WireWorkflowInfo {
  namespace: string;
  workflowId: string;
  runId: string;
  firstExecutionRunId: string;
  workflowType: string;
  taskQueue: string;
  attempt: number;
  startTime: Timestamp;
  executionTimeout?: Option<Span>;
  runTimeout?: Option<Span>;
  taskTimeout: Span;
  retryPolicy?: Option<WireRetryPolicy>;
  cronSchedule?: Option<string>;
  memo: Fields;
  searchAttributes: Fields;
  priority?: Option<WirePriority>;
  parent?: Option<RelatedExecution>;
  root: RelatedExecution;
  continuedRunId?: Option<string>;
  continuedFailure?: Option<WireFailure>;
  lastCompletionResult: WirePayload[];
}

export interface Start {
  info: WireWorkflowInfo;
  input: WirePayload[];
  header: Fields;
}

export interface Signal {
  name: string;
  input: WirePayload[];
  identity: string;
  header: Fields;
}

export interface Update extends Signal {
  updateId: string;
}

export type Output = Result<WirePayload[], WireFailure>;

export type Job =
  | { tag: 'start'; val: Start }
  | { tag: 'timer-fired'; val: number }
  | { tag: 'activity-resolved'; val: { seq: number; output: Output } }
  | { tag: 'signal'; val: Signal }
  | { tag: 'cancel-requested'; val: string }
  | { tag: 'child-workflow-started'; val: { seq: number; outcome: Result<string, WireFailure> } }
  | { tag: 'child-workflow-resolved'; val: { seq: number; output: Output } }
  | { tag: 'external-resolved'; val: { seq: number; outcome: Result<undefined, WireFailure> } }
  | { tag: 'update'; val: Update };

export interface Activation {
  time: Timestamp;
  historyLength: number;
  historySize: number;
  continueAsNewSuggested: boolean;
  jobs: Job[];
}

export interface WorkflowQuery {
  name: string;
  input: WirePayload[];
  header: Fields;
}

// === Describing ===

export interface HandlerDefinition {
  name: string;
  description: string;
  /** JSON schemas, as text. */
  inputSchema?: Option<string>;
  outputSchema?: Option<string>;
}

export interface WorkflowDefinition extends HandlerDefinition {
  signals: HandlerDefinition[];
  queries: HandlerDefinition[];
  updates: HandlerDefinition[];
}

export interface WorkflowModuleDefinition {
  sdkName: string;
  sdkVersion: string;
  workflows: WorkflowDefinition[];
}

export interface ActivityModuleDefinition {
  sdkName: string;
  sdkVersion: string;
  activities: HandlerDefinition[];
}

// === Activities ===

export interface ActivityTask {
  namespace: string;
  workflowId: string;
  runId: string;
  workflowType: string;
  activityId: string;
  activityType: string;
  taskQueue: string;
  attempt: number;
  idempotencyKey: string;
  input: WirePayload[];
  heartbeatDetails: WirePayload[];
  startToCloseTimeout?: Option<Span>;
  heartbeatTimeout?: Option<Span>;
}

/** Why an attempt failed. */
export type AttemptFailure =
  | { tag: 'application'; val: WireApplicationFailure & { message: string; stackTrace: string } }
  | { tag: 'canceled'; val: WirePayload[] };
