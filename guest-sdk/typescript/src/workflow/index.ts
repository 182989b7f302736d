/**
 * What workflows are written with.
 *
 * @module
 */
export {
  ActivityCancellationType,
  type ActivityOptions,
  type LocalActivityOptions,
} from '../common/activity-options.ts';
export {
  type ActivityFunction,
  extractWorkflowType,
  type Handler,
  type HandlerDescription,
  HandlerUnfinishedPolicy,
  type JsonSchema,
  type QueryDefinition,
  type SignalDefinition,
  type UntypedActivities,
  type UpdateDefinition,
  type Workflow,
  WorkflowIdReusePolicy,
  type WorkflowResultType,
} from '../common/definitions.ts';
export { describeWorkflow, type WorkflowDescription } from '../common/description.ts';
export type { Duration } from '../common/duration.ts';
export {
  IllegalStateError,
  PayloadConverterError,
  UnsupportedError,
  ValueError,
  WorkflowNotFoundError,
} from '../common/errors.ts';
export {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  rootCause,
  ServerFailure,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
} from '../common/failure.ts';
export type { Logger } from '../common/logger.ts';
export { defaultPayloadConverter, type PayloadConverter } from '../common/payload-converter.ts';
export type { Headers, Payload } from '../common/payload.ts';
export type { Priority, RetryPolicy } from '../common/retry-policy.ts';
export type { SearchAttributes, SearchAttributeValue } from '../common/search-attributes.ts';

export {
  type ActivityFunctionWithOptions,
  type ActivityInterfaceFor,
  proxyActivities,
  proxyLocalActivities,
  scheduleActivity,
  scheduleLocalActivity,
} from './activity.ts';
export { CancellationScope, type CancellationScopeOptions } from './cancellation-scope.ts';
export { ChildWorkflowCancellationType, type ChildWorkflowOptions, ParentClosePolicy } from './child-options.ts';
export { type ChildWorkflowHandle, executeChild, startChild } from './child-workflow.ts';
export { condition } from './condition.ts';
export { inWorkflowContext } from './context.ts';
export { ContinueAsNew, continueAsNew, type ContinueAsNewOptions, makeContinueAsNewFunc } from './continue-as-new.ts';
export {
  allHandlersFinished,
  currentUpdateInfo,
  defineQuery,
  defineSignal,
  defineUpdate,
  type QueryHandlerOptions,
  setDefaultQueryHandler,
  setDefaultSignalHandler,
  setDefaultUpdateHandler,
  setHandler,
  type SignalHandlerOptions,
  type UpdateHandlerOptions,
  type UpdateInfo,
} from './define.ts';
export { getCurrentDetails, setCurrentDetails } from './details.ts';
export { DeterminismViolationError, WorkflowError } from './errors.ts';
export { type ExternalWorkflowHandle, getExternalWorkflowHandle } from './external-workflow.ts';
export { type WorkflowExecutionInfo, type WorkflowInfo, workflowInfo } from './info.ts';
export type * from './interceptors.ts';
export { log } from './log.ts';
export { deprecatePatch, patched } from './patch.ts';
export { uuid4 } from './random.ts';
export { Saga, saga, type SagaOptions } from './saga.ts';
export { SignalStream, signalStream } from './signal-stream.ts';
export { type LoggerSinks, proxySinks, type Sink, type SinkFunction, type Sinks } from './sinks.ts';
export { sleep, type TimerOptions } from './timer.ts';
export { Trigger } from './trigger.ts';
export { createNexusServiceClient, defineWorkflowOptions, setWorkflowOptions } from './unsupported.ts';
export { upsertMemo, upsertSearchAttributes } from './visibility.ts';
