// Temporal's messages and those of `wrt.v1`, as their JSON shows them: only what the page reads. Numbers of 64 bits are
// strings, enums are names, and what has its default is left out.

export interface Payload {
  metadata?: Record<string, string>;
  data?: string;
}

export interface Payloads {
  payloads?: Payload[];
}

export interface Execution {
  workflowId?: string;
  runId?: string;
}

export interface Named {
  name?: string;
}

export interface Failure {
  message?: string;
  source?: string;
  stackTrace?: string;
  cause?: Failure;
  encodedAttributes?: Payload;
  applicationFailureInfo?: { type?: string; nonRetryable?: boolean; details?: Payloads };
  timeoutFailureInfo?: { timeoutType?: string; lastHeartbeatDetails?: Payloads };
  activityFailureInfo?: { activityType?: Named; activityId?: string; retryState?: string };
  childWorkflowExecutionFailureInfo?: { workflowExecution?: Execution; workflowType?: Named };
  canceledFailureInfo?: { details?: Payloads };
  [more: string]: unknown;
}

export interface Run {
  execution: Execution;
  type?: Named;
  startTime?: string;
  closeTime?: string;
  executionTime?: string;
  executionDuration?: string;
  status?: string;
  historyLength?: string;
  historySizeBytes?: string;
  stateTransitionCount?: string;
  parentExecution?: Execution;
  parentNamespaceId?: string;
  rootExecution?: Execution;
  firstRunId?: string;
  taskQueue?: string;
  memo?: { fields?: Record<string, Payload> };
  searchAttributes?: { indexedFields?: Record<string, Payload> };
  autoResetPoints?: { points?: ResetPoint[] };
  versioningInfo?: VersioningInfo;
  [more: string]: unknown;
}

export interface ResetPoint {
  buildId?: string;
  runId?: string;
  firstWorkflowTaskCompletedId?: string;
  createTime?: string;
  resettable?: boolean;
}

export interface VersioningInfo {
  behavior?: string;
  version?: string;
  deploymentVersion?: { deploymentName?: string; buildId?: string };
}

export interface RetryPolicy {
  initialInterval?: string;
  backoffCoefficient?: number;
  maximumInterval?: string;
  maximumAttempts?: number;
  nonRetryableErrorTypes?: string[];
}

export interface PendingActivity {
  activityId: string;
  activityType?: Named;
  state?: string;
  heartbeatDetails?: Payloads;
  lastHeartbeatTime?: string;
  lastStartedTime?: string;
  scheduledTime?: string;
  expirationTime?: string;
  attempt?: number;
  maximumAttempts?: number;
  lastFailure?: Failure;
  lastWorkerIdentity?: string;
  nextAttemptScheduleTime?: string;
  currentRetryInterval?: string;
  paused?: boolean;
  pauseInfo?: { pauseTime?: string; manual?: { identity?: string; reason?: string } };
  activityOptions?: Record<string, unknown>;
}

export interface PendingChild {
  workflowId: string;
  runId?: string;
  workflowTypeName?: string;
  initiatedId?: string;
  parentClosePolicy?: string;
}

export interface PendingWorkflowTask {
  state?: string;
  scheduledTime?: string;
  originalScheduledTime?: string;
  startedTime?: string;
  attempt?: number;
}

export interface RunDescription {
  executionConfig?: {
    taskQueue?: Named;
    workflowExecutionTimeout?: string;
    workflowRunTimeout?: string;
    defaultWorkflowTaskTimeout?: string;
    userMetadata?: { summary?: Payload; details?: Payload };
  };
  workflowExecutionInfo: Run;
  pendingActivities?: PendingActivity[];
  pendingChildren?: PendingChild[];
  pendingWorkflowTask?: PendingWorkflowTask;
  callbacks?: unknown[];
  pendingNexusOperations?: unknown[];
  workflowExtendedInfo?: {
    pauseInfo?: { identity?: string; reason?: string; pausedTime?: string };
    originalStartTime?: string;
    executionExpirationTime?: string;
    runExpirationTime?: string;
    cancelRequested?: boolean;
    lastResetTime?: string;
    resetRunId?: string;
    [more: string]: unknown;
  };
}

/** What `wrt.v1.RunService` adds. */
export interface RunDiagnosis {
  component?: string;
  workflowTaskProblem?: {
    cause?: string;
    message?: string;
    stackTrace?: string;
    identity?: string;
    time?: string;
    attempt?: number;
    nextAttemptTime?: string;
  };
  unserved?: { type?: string; taskQueue?: string; isActivity?: boolean; message?: string }[];
}

export type Attributes = Record<string, any>;

export interface HistoryEvent {
  eventId: string;
  eventTime?: string;
  eventType: string;
  userMetadata?: { summary?: Payload; details?: Payload };
  links?: unknown[];
  [attributes: string]: unknown;
}

export interface HistoryPage {
  history?: { events?: HistoryEvent[] };
  nextPageToken?: string;
}

export interface HandlerDefinition {
  name: string;
  description?: string;
  inputSchema?: string;
  outputSchema?: string;
}

export interface TypeDefinition extends HandlerDefinition {
  signals?: HandlerDefinition[];
  queries?: HandlerDefinition[];
  updates?: HandlerDefinition[];
}

export interface Component {
  digest: string;
  kind?: string;
  sdkName?: string;
  sdkVersion?: string;
  types?: TypeDefinition[];
  activities?: TypeDefinition[];
  sizeBytes?: string;
}

export interface Deployment {
  name: string;
  taskQueue?: string;
  kind?: string;
  currentDigest?: string;
  versions?: { digest: string; deployTime?: string }[];
  httpHosts?: string[];
  environmentNames?: string[];
}

export interface DeploymentEntry {
  deployment: Deployment;
  component?: Component;
}

export interface NamespaceDescription {
  namespaceInfo?: { name: string; state?: string; description?: string; ownerEmail?: string; id?: string; data?: Record<string, string> };
  config?: { workflowExecutionRetentionTtl?: string };
}

export interface ScheduleSpec {
  structuredCalendar?: Attributes[];
  cronString?: string[];
  calendar?: Attributes[];
  interval?: { interval?: string; phase?: string }[];
  excludeStructuredCalendar?: Attributes[];
  startTime?: string;
  endTime?: string;
  jitter?: string;
  timezoneName?: string;
}

export interface ScheduleInfo {
  runningWorkflows?: Execution[];
  recentActions?: { scheduleTime?: string; actualTime?: string; startWorkflowResult?: Execution; startWorkflowStatus?: string }[];
  futureActionTimes?: string[];
  actionCount?: string;
  missedCatchupWindow?: string;
  overlapSkipped?: string;
  createTime?: string;
  updateTime?: string;
}

export interface Schedule {
  spec?: ScheduleSpec;
  action?: { startWorkflow?: Attributes };
  policies?: { overlapPolicy?: string; catchupWindow?: string; pauseOnFailure?: boolean };
  state?: { notes?: string; paused?: boolean; limitedActions?: boolean; remainingActions?: string };
}

export interface ScheduleListEntry {
  scheduleId: string;
  info?: {
    spec?: ScheduleSpec;
    workflowType?: Named;
    notes?: string;
    paused?: boolean;
    recentActions?: ScheduleInfo['recentActions'];
    futureActionTimes?: string[];
  };
}

export interface Batch {
  jobId?: string;
  operationType?: string;
  state?: string;
  startTime?: string;
  closeTime?: string;
  totalOperationCount?: string;
  completeOperationCount?: string;
  failureOperationCount?: string;
  identity?: string;
  reason?: string;
}

export interface Poller {
  identity?: string;
  lastAccessTime?: string;
  ratePerSecond?: number;
  deploymentOptions?: { deploymentName?: string; buildId?: string };
}

export interface QueueDescription {
  pollers?: Poller[];
  stats?: QueueStats;
  config?: Attributes;
  [more: string]: unknown;
}

export interface QueueStats {
  approximateBacklogCount?: string;
  approximateBacklogAge?: string;
  tasksAddRate?: number;
  tasksDispatchRate?: number;
}

export interface Settings {
  DefaultNamespace?: string;
  Version?: string;
  Codec?: { Endpoint?: string };
  DisableWriteActions?: boolean;
}
