// What components say about themselves when they are deployed.
import type { HandlerDefinition as WireDefinition } from '../contract.ts';
import type { HandlerDefinition, HandlerDescription, JsonSchema } from './definitions.ts';

/** What people and tools are told of a workflow. */
export interface WorkflowDescription extends HandlerDescription {
  /** What it handles; without it, everything that the module defines outside of functions. */
  handlers?: readonly HandlerDefinition[];
}

type AnyFunction = (...args: any[]) => unknown;

const functions = new WeakMap<AnyFunction, WorkflowDescription>();
const definitions: { definition: HandlerDefinition; description: HandlerDescription }[] = [];

/** Describes a workflow to people and tools. Stands beside the function, outside of it. */
export function describeWorkflow<F extends AnyFunction>(workflow: F, description: WorkflowDescription): F {
  functions.set(workflow, description);
  return workflow;
}

/** Describes an activity to people and tools. */
export function describeActivity<F extends AnyFunction>(activity: F, description: HandlerDescription): F {
  functions.set(activity, description);
  return activity;
}

/** Remembers a definition, so that components tell of it. */
export function note<D extends HandlerDefinition>(definition: D, description: HandlerDescription): D {
  definitions.push({ definition, description });
  return definition;
}

/** The description of a function, under a name. */
export function describeFunction(name: string, described: AnyFunction): WireDefinition {
  return wire(name, functions.get(described) ?? {});
}

/** The handlers of one kind that a workflow tells of, by their names. */
export function describeHandlers(workflow: AnyFunction, kind: HandlerDefinition['type']): WireDefinition[] {
  const told = functions.get(workflow)?.handlers;
  const all = definitions.filter(({ definition }) => definition.type === kind);
  const own = told ? all.filter(({ definition }) => told.includes(definition)) : all;
  const named = new Map(own.map(({ definition, description }) => [definition.name, description]));
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, description]) => wire(name, description));
}

/** What is known of a definition with this kind and name. */
export function descriptionOf(kind: HandlerDefinition['type'], name: string): HandlerDescription {
  const known = definitions.find(({ definition }) => definition.type === kind && definition.name === name);
  return known?.description ?? {};
}

function wire(name: string, { description = '', inputSchema, outputSchema }: HandlerDescription): WireDefinition {
  return { name, description, inputSchema: text(inputSchema), outputSchema: text(outputSchema) };
}

function text(schema: JsonSchema | undefined): string | undefined {
  return schema === undefined || typeof schema === 'string' ? schema : JSON.stringify(schema);
}
