// What a file of workflows and activities exports.
import type { ActivityModuleDefinition, WorkflowDefinition, WorkflowModuleDefinition } from './contract.ts';
import { Coder, type DataConverter } from './common/data-converter.ts';
import type { ActivityFunction, Workflow } from './common/definitions.ts';
import { describeFunction, describeHandlers } from './common/description.ts';
import { UnsupportedError } from './common/errors.ts';
import { FAILURE_SOURCE } from './common/failure.ts';
import type { Interceptors, WorkflowInterceptorsFactory } from './workflow/interceptors.ts';

export const SDK_NAME = FAILURE_SOURCE;
export const SDK_VERSION = '0.1.0';

/** Exports that are neither a workflow nor an activity. */
interface Special {
  /** Functions that are activities, by their types. */
  activities?: Record<string, unknown>;
  /** How values travel. */
  dataConverter?: DataConverter;
  /** Code around the calls into and out of each run. */
  interceptors?: WorkflowInterceptorsFactory;
}

const SPECIAL: readonly string[] = ['activities', 'dataConverter', 'interceptors'] satisfies (keyof Special)[];

/**
 * The entry file of a component. Each exported function is a workflow type of that name, except for `interceptors`. The
 * functions of the exported object `activities` are activities.
 */
export class Module {
  readonly coder: Coder;
  readonly #workflows: Map<string, Workflow>;
  readonly #activities: Map<string, ActivityFunction>;
  readonly #special: Special;

  constructor(exports: object, activities: object = {}) {
    const special: Special = exports;
    if (typeof (exports as { default?: unknown }).default === 'function') {
      throw new UnsupportedError('a default export has no workflow type: export the workflow by its name');
    }
    this.#special = special;
    this.coder = new Coder(special.dataConverter);
    const workflows = functionsOf(exports).filter(([name]) => !SPECIAL.includes(name));
    this.#workflows = new Map(workflows as [string, Workflow][]);
    const all = [...functionsOf(special.activities ?? {}), ...functionsOf(activities)];
    this.#activities = new Map(all as [string, ActivityFunction][]);
  }

  /** Throws for a type that there is not: the task waits until a module with it is deployed. */
  workflow(type: string): Workflow {
    const workflow = this.#workflows.get(type);
    if (workflow) return workflow;
    const known = [...this.#workflows.keys()].join(', ') || 'none';
    throw new UnknownType(`unknown workflow type "${type}": this module exports ${known}; deploy one that exports it`);
  }

  activity(type: string): ActivityFunction | undefined {
    return this.#activities.get(type);
  }

  get activityTypes(): string[] {
    return [...this.#activities.keys()];
  }

  get workflowTypes(): string[] {
    return [...this.#workflows.keys()];
  }

  interceptors(): Interceptors {
    const { inbound = [], outbound = [] } = this.#special.interceptors?.() ?? {};
    return { inbound, outbound };
  }

  describeWorkflows(): WorkflowModuleDefinition {
    const workflows = [...this.#workflows].map(([name, workflow]): WorkflowDefinition => ({
      ...describeFunction(name, workflow),
      signals: describeHandlers(workflow, 'signal'),
      queries: describeHandlers(workflow, 'query'),
      updates: describeHandlers(workflow, 'update'),
    }));
    return { sdkName: SDK_NAME, sdkVersion: SDK_VERSION, workflows };
  }

  describeActivities(): ActivityModuleDefinition {
    const activities = [...this.#activities].map(([name, activity]) => describeFunction(name, activity));
    return { sdkName: SDK_NAME, sdkVersion: SDK_VERSION, activities };
  }
}

/** Its message says all, so it goes without a stack. */
class UnknownType extends Error {
  override get stack(): string {
    return '';
  }
}

/** The functions of an object, sorted by name. Classes are none. */
function functionsOf(object: object): [string, (...args: any[]) => unknown][] {
  const functions = Object.entries(object).filter(([, value]) => typeof value === 'function' && !isClass(value));
  return functions.sort(([a], [b]) => (a < b ? -1 : 1)) as [string, (...args: any[]) => unknown][];
}

/** The prototype of a class cannot be replaced. */
function isClass(value: unknown): boolean {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}
