// Why an activity or a workflow failed, as exceptions. A chain of causes is a chain of `cause`.
import type { WireFailure } from '../contract.ts';
import type { Duration } from './duration.ts';
import { errorMessage, named } from './errors.ts';

/** What failures of this library say about where they come from. */
export const FAILURE_SOURCE = 'wrt-sdk-typescript';

/** The timeout that ran out. */
export const TimeoutType = {
  START_TO_CLOSE: 'START_TO_CLOSE',
  SCHEDULE_TO_START: 'SCHEDULE_TO_START',
  SCHEDULE_TO_CLOSE: 'SCHEDULE_TO_CLOSE',
  HEARTBEAT: 'HEARTBEAT',
} as const;
export type TimeoutType = (typeof TimeoutType)[keyof typeof TimeoutType];

/** Why nothing tries again. */
export const RetryState = {
  IN_PROGRESS: 'IN_PROGRESS',
  NON_RETRYABLE_FAILURE: 'NON_RETRYABLE_FAILURE',
  TIMEOUT: 'TIMEOUT',
  MAXIMUM_ATTEMPTS_REACHED: 'MAXIMUM_ATTEMPTS_REACHED',
  RETRY_POLICY_NOT_SET: 'RETRY_POLICY_NOT_SET',
  INTERNAL_SERVER_ERROR: 'INTERNAL_SERVER_ERROR',
  CANCEL_REQUESTED: 'CANCEL_REQUESTED',
} as const;
export type RetryState = (typeof RetryState)[keyof typeof RetryState];

/** Failures that are expected; this runtime treats them as all others. */
export const ApplicationFailureCategory = { BENIGN: 'BENIGN' } as const;
export type ApplicationFailureCategory = (typeof ApplicationFailureCategory)[keyof typeof ApplicationFailureCategory];

/** A failure: a workflow that lets one through fails; any other error fails its workflow task only. */
export class TemporalFailure extends Error {
  static {
    named('TemporalFailure')(this);
  }
  override readonly cause?: Error;
  /** The chain that it was made of, when it came from outside: it goes on as it came. */
  failure?: WireFailure;

  constructor(message?: string | null, cause?: Error) {
    super(message ?? undefined);
    if (cause !== undefined) this.cause = cause;
  }
}

/** Why the runtime itself failed. */
export class ServerFailure extends TemporalFailure {
  static {
    named('ServerFailure')(this);
  }
  readonly nonRetryable: boolean;
  constructor(message: string | undefined, nonRetryable: boolean, cause?: Error) {
    super(message, cause);
    this.nonRetryable = nonRetryable;
  }
}

export interface ApplicationFailureOptions {
  message?: string;
  /** The name that retry policies and handlers tell failures apart by. */
  type?: string;
  /** True when another attempt would be in vain. */
  nonRetryable?: boolean;
  details?: unknown[];
  /** Overrides the wait that the retry policy would choose. */
  nextRetryDelay?: Duration;
  cause?: Error;
  category?: ApplicationFailureCategory;
}

/** A failure that user code throws. */
export class ApplicationFailure extends TemporalFailure {
  static {
    named('ApplicationFailure')(this);
  }
  readonly type?: string | undefined | null;
  readonly nonRetryable?: boolean | undefined | null;
  readonly details?: unknown[] | undefined | null;
  readonly nextRetryDelay?: Duration | undefined | null;
  readonly category?: ApplicationFailureCategory | undefined | null;

  /** `create` says the same with names. */
  constructor(
    message?: string | null,
    type?: string | null,
    nonRetryable?: boolean | null,
    details?: unknown[] | null,
    cause?: Error,
    nextRetryDelay?: Duration | null,
    category?: ApplicationFailureCategory | null,
  ) {
    super(message, cause);
    this.type = type;
    this.nonRetryable = nonRetryable ?? false;
    this.details = details;
    this.nextRetryDelay = nextRetryDelay;
    this.category = category;
  }

  static create(options: ApplicationFailureOptions): ApplicationFailure {
    const { message, type, nonRetryable, details, nextRetryDelay, cause, category } = options;
    return new this(message, type, nonRetryable, details, cause, nextRetryDelay, category);
  }

  /** Any error as a failure; what `overrides` gives stands in place of what the error says. */
  static fromError(error: unknown, overrides: ApplicationFailureOptions = {}): ApplicationFailure {
    const failure = this.create({
      message: errorMessage(error) ?? String(error),
      type: errorType(error),
      ...(error instanceof Error ? { cause: error } : {}),
      ...overrides,
    });
    if (error instanceof Error && error.stack) failure.stack = error.stack;
    return failure;
  }

  /** One that another attempt may cure. */
  static retryable(message?: string | null, type?: string | null, ...details: unknown[]): ApplicationFailure {
    return new this(message, type ?? 'Error', false, details);
  }

  /** One that no attempt cures. */
  static nonRetryable(message?: string | null, type?: string | null, ...details: unknown[]): ApplicationFailure {
    return new this(message, type ?? 'Error', true, details);
  }
}

/** What waits throw when they are canceled, and the cause of an activity or child that was. */
export class CancelledFailure extends TemporalFailure {
  static {
    named('CancelledFailure')(this);
  }
  readonly details: unknown[];
  constructor(message: string | undefined, details: unknown[] = [], cause?: Error) {
    super(message, cause);
    this.details = details;
  }
}

/** Somebody terminated the workflow. */
export class TerminatedFailure extends TemporalFailure {
  static {
    named('TerminatedFailure')(this);
  }
}

/** A timeout ran out. */
export class TimeoutFailure extends TemporalFailure {
  static {
    named('TimeoutFailure')(this);
  }
  /** The details of the last heartbeat that arrived. */
  readonly lastHeartbeatDetails: unknown;
  readonly timeoutType: TimeoutType;
  constructor(message: string | undefined, lastHeartbeatDetails: unknown, timeoutType: TimeoutType, cause?: Error) {
    super(message, cause);
    this.lastHeartbeatDetails = lastHeartbeatDetails;
    this.timeoutType = timeoutType;
  }
}

/** An activity did not complete; `cause` says why. */
export class ActivityFailure extends TemporalFailure {
  static {
    named('ActivityFailure')(this);
  }
  readonly activityType: string;
  readonly activityId: string | undefined;
  readonly retryState: RetryState | undefined;
  readonly identity: string | undefined;
  constructor(
    message: string | undefined,
    activityType: string,
    activityId: string | undefined,
    retryState: RetryState | undefined,
    identity: string | undefined,
    cause?: Error,
  ) {
    super(message, cause);
    this.activityType = activityType;
    this.activityId = activityId;
    this.retryState = retryState;
    this.identity = identity;
  }
}

/** A child workflow did not complete; `cause` says why. */
export class ChildWorkflowFailure extends TemporalFailure {
  static {
    named('ChildWorkflowFailure')(this);
  }
  readonly namespace: string | undefined;
  readonly execution: { workflowId: string; runId?: string };
  readonly workflowType: string;
  readonly retryState: RetryState | undefined;
  constructor(
    namespace: string | undefined,
    execution: { workflowId: string; runId?: string },
    workflowType: string,
    retryState: RetryState | undefined,
    cause?: Error,
    message = 'Child Workflow execution failed',
  ) {
    super(message, cause);
    this.namespace = namespace;
    this.execution = execution;
    this.workflowType = workflowType;
    this.retryState = retryState;
  }
}

/** A child did not start: its id belongs to a workflow that is running, or may not be used again. */
export class WorkflowExecutionAlreadyStartedError extends ChildWorkflowFailure {
  static {
    named('WorkflowExecutionAlreadyStartedError')(this);
  }
  get workflowId(): string {
    return this.execution.workflowId;
  }
}

/** True for a cancellation, and for an activity or a child that ended by one. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof CancelledFailure) return true;
  return (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && isCancellation(error.cause);
}

/** The message of the innermost cause. */
export function rootCause(error: unknown): string | undefined {
  if (error instanceof TemporalFailure && error.cause) return rootCause(error.cause);
  return errorMessage(error);
}

/** Anything that was thrown, as an application failure. */
export function ensureApplicationFailure(error: unknown): ApplicationFailure {
  return error instanceof ApplicationFailure ? error : ApplicationFailure.fromError(error, { nonRetryable: false });
}

/** Anything that was thrown, as a failure. */
export function ensureTemporalFailure(error: unknown): TemporalFailure {
  return error instanceof TemporalFailure ? error : ensureApplicationFailure(error);
}

/** The name that retry policies know an error by. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  return error.name && error.name !== 'Error' ? error.name : (error.constructor?.name ?? 'Error');
}
