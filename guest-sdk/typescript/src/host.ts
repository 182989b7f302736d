// The bridge between this library and whatever runs it: the engine in a component, or a test. `Host` is what the
// library calls, `Guest` is what it offers.
import type {
  Activation,
  ActivityModuleDefinition,
  ActivityTask,
  AttemptFailure,
  Fields,
  LogLevel,
  Output,
  Result,
  Span,
  WireActivityOptions,
  WireChildWorkflowOptions,
  WireContinueAsNewOptions,
  WireFailure,
  WireLocalActivityOptions,
  WirePayload,
  WorkflowModuleDefinition,
  WorkflowQuery,
} from './contract.ts';

/** The imports of a workflow, by interface and function. */
export interface WorkflowHost {
  activity: {
    schedule(activityType: string, input: WirePayload[], options: WireActivityOptions): number;
    scheduleLocal(activityType: string, input: WirePayload[], options: WireLocalActivityOptions): number;
    requestCancel(seq: number): void;
  };
  timer: {
    start(duration: Span, summary: string | undefined): number;
    cancel(seq: number): void;
  };
  childWorkflow: {
    start(workflowType: string, input: WirePayload[], options: WireChildWorkflowOptions): number;
    requestCancel(seq: number, reason: string): void;
    signal(seq: number, signalName: string, input: WirePayload[], header: Fields): number;
  };
  externalWorkflow: {
    signal(execution: WireExecution, signalName: string, input: WirePayload[], header: Fields): number;
    requestCancel(execution: WireExecution, reason: string): number;
  };
  update: {
    accept(updateId: string): void;
    reject(updateId: string, reason: WireFailure): void;
    complete(updateId: string, outcome: Output): void;
  };
  patch: {
    patched(patchId: string): boolean;
    deprecate(patchId: string): void;
  };
  visibility: {
    upsertSearchAttributes(attributes: Fields): void;
    upsertMemo(fields: Fields): void;
  };
  execution: {
    complete(output: WirePayload[]): void;
    fail(failure: WireFailure): void;
    cancel(details: WirePayload[]): void;
    continueAsNew(input: WirePayload[], options: WireContinueAsNewOptions): void;
  };
  log: {
    log(level: LogLevel, message: string, fields: [string, string][]): void;
  };
}

export interface WireExecution {
  workflowId: string;
  /** Empty for the run that answers for the id. */
  runId: string;
}

/** The imports of an activity. */
export interface ActivityHost {
  context: {
    heartbeat(details: WirePayload[]): boolean;
    isCancelRequested(): boolean;
  };
  io: {
    /** Begins to wait; `settle` tells the end. Returns an id. */
    startTimer(milliseconds: number): number;
    /** Sends a request; `settle` tells the answer. Returns an id. */
    startRequest(request: WireRequest): number;
    /** Gives up: `settle` will not be called for this id. */
    cancel(id: number): void;
    /** Writes a line, where the engine has a place for lines of activities. */
    log?(level: LogLevel, message: string, fields: [string, string][]): void;
  };
}

export interface WireRequest {
  method: string;
  url: string;
  headers: [string, string][];
  body?: Uint8Array;
}

export interface WireResponse {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** How a wait of an activity ended: timers have nothing to say. */
export type IoOutcome = Result<WireResponse | null | undefined, string>;

/** Everything that the engine gives. */
export interface Host extends WorkflowHost, ActivityHost {
  /** Runs the queue of promise jobs until it is empty. */
  runJobs(): void;
  randomBytes(length: number): Uint8Array;
  /** The granted environment; workflows have none. */
  environment?(): [string, string][];
}

/** What the engine calls. */
export interface Guest {
  /**
   * Takes the user's module: each exported function is a workflow type, the functions of an export `activities` are
   * activities. `options.activities` adds another module whose functions are all activities.
   */
  register(module: object, options?: { activities?: object }): void;
  workflow: {
    describe(): WorkflowModuleDefinition;
    /** Throws text with a stack when the workflow task fails. */
    activate(activation: Activation): void;
    query(query: WorkflowQuery): WirePayload[];
  };
  activity: {
    describe(): ActivityModuleDefinition;
    execute(task: ActivityTask): Promise<Result<WirePayload[], AttemptFailure>>;
    settle(id: number, outcome: IoOutcome): void;
  };
}

/** Where the engine leaves its side, and finds ours. */
export const HOST = Symbol.for('wrt.host');
export const GUEST = Symbol.for('wrt.guest');

/** The engine's side. Throws where there is no engine. */
export function engineHost(): Host {
  const host = (globalThis as { [HOST]?: Host })[HOST];
  if (!host)
    throw new Error('there is no engine here: this code runs in a component of wrt, or under @wrt/sdk/testing');
  return host;
}
