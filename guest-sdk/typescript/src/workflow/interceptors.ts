// Code around the calls into and out of a workflow, in Temporal's form.
import type { Headers } from '../common/payload.ts';
import type { ActivityOptions, LocalActivityOptions } from '../common/activity-options.ts';
import type { ChildWorkflowOptions } from './child-options.ts';
import type { ContinueAsNewOptions } from './continue-as-new.ts';

export interface WorkflowExecuteInput {
  readonly args: unknown[];
  readonly headers: Headers;
}
export interface SignalInput {
  readonly signalName: string;
  readonly args: unknown[];
  readonly headers: Headers;
}
export interface QueryInput {
  readonly queryId: string;
  readonly queryName: string;
  readonly args: unknown[];
  readonly headers: Headers;
}
export interface UpdateInput {
  readonly updateId: string;
  readonly name: string;
  readonly args: unknown[];
  readonly headers: Headers;
}

/** The calls into a workflow: what goes in, and what comes out. */
export interface InboundCalls {
  execute: [WorkflowExecuteInput, Promise<unknown>];
  handleSignal: [SignalInput, Promise<void>];
  handleQuery: [QueryInput, unknown];
  handleUpdate: [UpdateInput, Promise<unknown>];
  validateUpdate: [UpdateInput, void];
}

export interface ActivityInput {
  readonly activityType: string;
  readonly args: unknown[];
  readonly options: ActivityOptions;
  readonly headers: Headers;
}
export interface LocalActivityInput {
  readonly activityType: string;
  readonly args: unknown[];
  readonly options: LocalActivityOptions;
  readonly headers: Headers;
}
export interface TimerInput {
  readonly durationMs: number;
  readonly options?: { summary?: string };
}
export interface StartChildWorkflowExecutionInput {
  readonly workflowType: string;
  readonly options: ChildWorkflowOptions & { args: unknown[] };
  readonly headers: Headers;
}
export interface SignalWorkflowInput {
  readonly signalName: string;
  readonly args: unknown[];
  readonly headers: Headers;
  readonly target:
    | { readonly type: 'external'; readonly workflowExecution: { workflowId: string; runId?: string } }
    | { readonly type: 'child'; readonly childWorkflowId: string; readonly seq: number };
}
export interface ContinueAsNewInput {
  readonly args: unknown[];
  readonly headers: Headers;
  readonly options: ContinueAsNewOptions;
}

/** The calls out of a workflow. */
export interface OutboundCalls {
  scheduleActivity: [ActivityInput, Promise<unknown>];
  scheduleLocalActivity: [LocalActivityInput, Promise<unknown>];
  startTimer: [TimerInput, Promise<void>];
  /** Gives two promises: of the run id, and of the result. */
  startChildWorkflowExecution: [StartChildWorkflowExecutionInput, Promise<[Promise<string>, Promise<unknown>]>];
  signalWorkflow: [SignalWorkflowInput, Promise<void>];
  continueAsNew: [ContinueAsNewInput, Promise<never>];
  getLogAttributes: [Record<string, unknown>, Record<string, unknown>];
}

type Calls<C> = { [M in keyof C]: [unknown, unknown] };
type Inner<C extends Calls<C>, M extends keyof C> = (input: C[M][0]) => C[M][1];

/** Methods around calls: each gets the input, and what it is around as `next`. */
type Around<C extends Calls<C>> = { [M in keyof C]?: (input: C[M][0], next: Inner<C, M>) => C[M][1] };

/** Around what comes into a workflow. */
export interface WorkflowInboundCallsInterceptor extends Around<InboundCalls> {}

/** Around what a workflow asks for. */
export interface WorkflowOutboundCallsInterceptor extends Around<OutboundCalls> {}

/** Calls the next interceptor, or what is intercepted. */
export type Next<I, M extends keyof I> = Required<I>[M] extends (input: never, next: infer N) => unknown ? N : never;

export interface WorkflowInterceptors {
  inbound?: WorkflowInboundCallsInterceptor[];
  outbound?: WorkflowOutboundCallsInterceptor[];
}

/** What an entry file exports as `interceptors`; called once for each run. */
export type WorkflowInterceptorsFactory = () => WorkflowInterceptors;

export type Interceptors = Required<WorkflowInterceptors>;

/**
 * What an async function would give: what `call` throws, as a rejection. It takes no promise job more than `call`
 * itself.
 */
export function promised<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Calls the interceptors' method one around the other, and `last` in the middle. */
export function intercept<C extends Calls<C>, M extends keyof C>(
  interceptors: readonly Around<C>[],
  method: M,
  last: Inner<C, M>,
): Inner<C, M> {
  return interceptors.reduceRight<Inner<C, M>>((next, interceptor) => {
    const around = interceptor[method];
    return around ? (input) => around.call(interceptor, input, next) : next;
  }, last);
}
