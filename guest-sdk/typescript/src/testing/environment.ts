// A server for tests, whose time is skipped.
import { extractWorkflowType, type Workflow, type WorkflowResultType } from '../common/definitions.ts';
import { msOptionalToNumber, msToNumber, type Duration } from '../common/duration.ts';
import { toError } from '../common/failure-converter.ts';
import {
  encodeSearchAttributes,
  type SearchAttributePair,
  type SearchAttributes,
} from '../common/search-attributes.ts';
import type { WireFailure } from '../contract.ts';
import type { WireExecution } from '../host.ts';
import { Module } from '../module.ts';
import { link } from './activity.ts';
import { WorkflowHandle } from './handle.ts';
import { TestRun, type StartOptions } from './run.ts';
import { World } from './world.ts';

export interface TestWorkflowEnvironmentOptions {
  /** A module of workflows: `import * as workflows from './workflows.js'`. */
  workflows: object;
  /** The activities, or what stands in for them. They take the place of those that the module exports. */
  activities?: object;
  /** What the clock shows in the beginning. */
  startTime?: Date;
}

/** How a test starts a workflow. */
export interface WorkflowStartOptions<W extends Workflow = Workflow> {
  args?: Parameters<W> | Readonly<Parameters<W>>;
  workflowId?: string;
  taskQueue?: string;
  memo?: Record<string, unknown>;
  searchAttributes?: SearchAttributes;
  typedSearchAttributes?: SearchAttributePair[];
  workflowRunTimeout?: Duration;
  workflowIdReusePolicy?: 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY' | 'REJECT_DUPLICATE';
}

const START_TIME = Date.UTC(2026, 0, 1);
const TASK_QUEUE = 'test';

/**
 * Runs workflows in this process, against activities that the test gives. Time is skipped: it goes on by `sleep`, and
 * while somebody waits for a result.
 */
export class TestWorkflowEnvironment {
  readonly #world: World;
  readonly #module: Module;
  readonly #runs: TestRun[] = [];
  #started = 0;

  constructor({ workflows, activities, startTime }: TestWorkflowEnvironmentOptions) {
    this.#world = new World(startTime?.getTime() ?? START_TIME);
    this.#module = new Module(workflows, activities);
  }

  static async createTimeSkipping(options: TestWorkflowEnvironmentOptions): Promise<TestWorkflowEnvironment> {
    return new TestWorkflowEnvironment(options);
  }

  readonly client = {
    workflow: {
      /** Starts a workflow, and lets it go as far as it can. */
      start: <W extends Workflow>(workflow: string | W, options: WorkflowStartOptions<W> = {}) =>
        this.#start<W>(workflow, options),
      /** Starts a workflow, and skips time until it has ended. */
      execute: async <W extends Workflow>(
        workflow: string | W,
        options: WorkflowStartOptions<W> = {},
      ): Promise<WorkflowResultType<W>> => await (await this.#start<W>(workflow, options)).result(),
      /** Starts a workflow with a signal that it has before it begins. */
      signalWithStart: <W extends Workflow>(
        workflow: string | W,
        options: WorkflowStartOptions<W> & { signal: { name: string } | string; signalArgs?: unknown[] },
      ) => this.#start<W>(workflow, options, options),
      /** The workflow of an id that was started before. */
      getHandle: <W extends Workflow>(workflowId: string): WorkflowHandle<W> => {
        const run = this.#runs.findLast(({ options }) => options.workflowId === workflowId && !options.continues);
        if (!run) throw new Error(`no workflow was started with the id ${workflowId}`);
        return this.#handle<W>(run);
      },
    },
  };

  /** Skips time. */
  sleep(duration: Duration): Promise<void> {
    return this.#world.exclusively(() => this.#world.advance(this.#world.now + msToNumber(duration)));
  }

  /** What the clock shows, in milliseconds since 1970. */
  async currentTimeMs(): Promise<number> {
    return this.#world.now;
  }

  /** There is nothing to take down; Temporal's environment has this method. */
  async teardown(): Promise<void> {}

  async #start<W extends Workflow>(
    workflow: string | W,
    options: WorkflowStartOptions<W>,
    signal?: { signal: { name: string } | string; signalArgs?: unknown[] },
  ): Promise<WorkflowHandle<W>> {
    const { coder } = this.#module;
    const attributes = options.typedSearchAttributes ?? options.searchAttributes ?? {};
    this.#started += 1;
    const run = this.#open({
      workflowType: extractWorkflowType(workflow),
      workflowId: options.workflowId ?? `workflow-${this.#started}`,
      taskQueue: options.taskQueue ?? TASK_QUEUE,
      input: coder.encode(options.args ?? []),
      memo: coder.encodeFields(options.memo ?? {}),
      searchAttributes: encodeSearchAttributes(attributes),
      idReusePolicy: REUSE[options.workflowIdReusePolicy ?? 'ALLOW_DUPLICATE'],
      runTimeoutMs: msOptionalToNumber(options.workflowRunTimeout),
    });
    if (Array.isArray(run)) throw toError(run, coder);
    const handle = this.#handle<W>(run);
    if (signal) await handle.signal(signal.signal, ...(signal.signalArgs ?? []));
    else await this.#world.exclusively(() => this.#world.settle());
    return handle;
  }

  #handle<W extends Workflow>(run: TestRun): WorkflowHandle<W> {
    return new WorkflowHandle<W>(run, this.#world, this.#module.coder);
  }

  #open(options: StartOptions): TestRun | WireFailure {
    const others = this.#runs.filter(
      (run) => run.options.workflowId === options.workflowId && run !== options.continues,
    );
    const policy = options.continues ? 'allow-duplicate' : options.idReusePolicy;
    const last = others.findLast(({ ending }) => ending?.tag !== 'continued');
    const isRunning = others.some(({ ending }) => !ending);
    const isTaken =
      last && (policy === 'reject-duplicate' || (policy !== 'allow-duplicate' && last.ending?.tag === 'completed'));
    if (isRunning || isTaken) {
      const message = `workflow ${options.workflowId} is running already, or its id may not be used again`;
      const val = { failureType: 'WorkflowExecutionAlreadyStarted', nonRetryable: true, details: [] };
      return [link(message, { tag: 'application', val })];
    }
    const run = new TestRun(options, {
      world: this.#world,
      module: this.#module,
      start: (options) => this.#open(options),
      find: (execution) => this.#find(execution),
    });
    this.#runs.push(run);
    return run;
  }

  #find({ workflowId, runId }: WireExecution): TestRun | undefined {
    const runs = this.#runs.filter(({ options, ending }) => options.workflowId === workflowId && !ending);
    return runs.find((run) => runId === '' || run.runId === runId);
  }
}

const REUSE = {
  ALLOW_DUPLICATE: 'allow-duplicate',
  ALLOW_DUPLICATE_FAILED_ONLY: 'allow-duplicate-failed-only',
  REJECT_DUPLICATE: 'reject-duplicate',
} as const;
