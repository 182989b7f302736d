// What workflows are and what they answer to, as values and types.

/** A workflow: an async function. */
export type Workflow = (...args: any[]) => Promise<any>;
/** The result of a workflow. */
export type WorkflowResultType<W extends Workflow> = ReturnType<W> extends Promise<infer R> ? R : never;
/** What names a workflow: its type, or the function itself. */
export type WorkflowType = string;

declare const argsBrand: unique symbol;
declare const retBrand: unique symbol;

/** What people and tools are told of a signal, a query or an update. */
export interface HandlerDescription {
  description?: string;
  /** A JSON schema of the argument. */
  inputSchema?: JsonSchema;
  /** A JSON schema of the answer; signals have none. */
  outputSchema?: JsonSchema;
}

/** A JSON schema, as an object or as text. */
export type JsonSchema = object | string;

export interface SignalDefinition<Args extends any[] = [], Name extends string = string> {
  readonly type: 'signal';
  readonly name: Name;
  readonly [argsBrand]?: Args;
}

export interface QueryDefinition<Ret = unknown, Args extends any[] = [], Name extends string = string> {
  readonly type: 'query';
  readonly name: Name;
  readonly [argsBrand]?: Args;
  readonly [retBrand]?: Ret;
}

export interface UpdateDefinition<Ret = unknown, Args extends any[] = [], Name extends string = string> {
  readonly type: 'update';
  readonly name: Name;
  readonly [argsBrand]?: Args;
  readonly [retBrand]?: Ret;
}

export type HandlerDefinition =
  SignalDefinition<any[], string> | QueryDefinition<any, any[], string> | UpdateDefinition<any, any[], string>;

export type Handler<
  Ret,
  Args extends any[],
  T extends UpdateDefinition<Ret, Args> | QueryDefinition<Ret, Args> | SignalDefinition<Args>,
> =
  T extends UpdateDefinition<infer R, infer A>
    ? (...args: A) => R | Promise<R>
    : T extends QueryDefinition<infer R, infer A>
      ? (...args: A) => R
      : T extends SignalDefinition<infer A>
        ? (...args: A) => void | Promise<void>
        : never;

/** Whether a run that ends while a handler is at work says so in its log. */
export const HandlerUnfinishedPolicy = { WARN_AND_ABANDON: 'WARN_AND_ABANDON', ABANDON: 'ABANDON' } as const;
export type HandlerUnfinishedPolicy = (typeof HandlerUnfinishedPolicy)[keyof typeof HandlerUnfinishedPolicy];

/** Whether a workflow id may be used again after its run has closed. */
export const WorkflowIdReusePolicy = {
  ALLOW_DUPLICATE: 'ALLOW_DUPLICATE',
  ALLOW_DUPLICATE_FAILED_ONLY: 'ALLOW_DUPLICATE_FAILED_ONLY',
  REJECT_DUPLICATE: 'REJECT_DUPLICATE',
  /** Not for children of this runtime. */
  TERMINATE_IF_RUNNING: 'TERMINATE_IF_RUNNING',
  WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE: 'ALLOW_DUPLICATE',
  WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY: 'ALLOW_DUPLICATE_FAILED_ONLY',
  WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE: 'REJECT_DUPLICATE',
} as const;
export type WorkflowIdReusePolicy = (typeof WorkflowIdReusePolicy)[keyof typeof WorkflowIdReusePolicy];

/** An activity as its module implements it, and as workflows call it. */
export type ActivityFunction<P extends any[] = any[], R = any> = (...args: P) => Promise<R>;
export type UntypedActivities = Record<string, ActivityFunction>;

/** The name of a workflow type: of a function, its own name. */
export function extractWorkflowType(workflow: string | Workflow): string {
  if (typeof workflow === 'string') return workflow;
  if (typeof workflow === 'function') {
    if (workflow.name) return workflow.name;
    throw new TypeError('a workflow function without a name has no workflow type: declare it with a name');
  }
  throw new TypeError(`a workflow is named by its type or its function, not by a value of the type ${typeof workflow}`);
}
