// A workflow as a test's client sees it.
import type { Coder } from '../common/data-converter.ts';
import type {
  QueryDefinition,
  SignalDefinition,
  UpdateDefinition,
  Workflow,
  WorkflowResultType,
} from '../common/definitions.ts';
import { named } from '../common/errors.ts';
import { toError } from '../common/failure-converter.ts';
import type { TemporalFailure } from '../common/failure.ts';
import type { Output } from '../contract.ts';
import type { Command, LogLine, TestRun } from './run.ts';
import type { World } from './world.ts';

/** The workflow has not completed; `cause` says why. */
export class WorkflowFailedError extends Error {
  static {
    named('WorkflowFailedError')(this);
  }
  override readonly cause: TemporalFailure;
  constructor(cause: TemporalFailure) {
    super('Workflow execution failed');
    this.cause = cause;
  }
}

/** The update was turned away, or its handler has failed; `cause` says why. */
export class WorkflowUpdateFailedError extends Error {
  static {
    named('WorkflowUpdateFailedError')(this);
  }
}

export class WorkflowHandle<W extends Workflow> {
  readonly #first: TestRun;
  readonly #world: World;
  readonly #coder: Coder;
  #updates = 0;

  constructor(run: TestRun, world: World, coder: Coder) {
    this.#first = run;
    this.#world = world;
    this.#coder = coder;
  }

  get workflowId(): string {
    return this.#first.options.workflowId;
  }
  get firstExecutionRunId(): string {
    return this.#first.runId;
  }

  /**
   * Skips time until the workflow has ended. Rejects with `WorkflowFailedError`, and with the error of a failed
   * workflow task.
   */
  result(): Promise<WorkflowResultType<W>> {
    return this.#world.exclusively(async () => {
      const isOver = () => this.#run.ending !== undefined || this.#run.broken !== undefined;
      const ended = await this.#world.until(isOver);
      const { ending, broken } = this.#run;
      if (broken !== undefined) throw broken;
      if (!ended || !ending)
        throw new Error(`the workflow ${this.workflowId} waits for something that will not happen`);
      if (ending.tag === 'failed') throw new WorkflowFailedError(toError(ending.failure, this.#coder));
      return (ending.tag === 'completed' ? this.#coder.decodeFirst(ending.output) : undefined) as WorkflowResultType<W>;
    });
  }

  /** Signals the workflow, and lets it go as far as it can. */
  signal<Args extends any[]>(
    definition: SignalDefinition<Args> | { name: string } | string,
    ...args: Args
  ): Promise<void> {
    const name = nameOf(definition);
    return this.#act(() => {
      this.#run.push({ tag: 'signal', val: { name, input: this.#coder.encode(args), identity: 'test', header: [] } });
    });
  }

  /** Asks the workflow; also when it has ended. */
  query<Ret, Args extends any[]>(definition: QueryDefinition<Ret, Args> | string, ...args: Args): Promise<Ret> {
    return this.#world.exclusively(async () => {
      await this.#world.settle();
      const query = { name: nameOf(definition), input: this.#coder.encode(args), header: [] };
      return this.#coder.decodeFirst(this.#run.execution.query(query)) as Ret;
    });
  }

  /** Sends an update, and skips time until it is answered. Rejects with `WorkflowUpdateFailedError`. */
  async executeUpdate<Ret, Args extends any[]>(
    definition: UpdateDefinition<Ret, Args> | string,
    options: { args?: Args; updateId?: string } = {},
  ): Promise<Ret> {
    const handle = await this.startUpdate<Ret, Args>(definition, options);
    return await handle.result();
  }

  /** Sends an update, and lets the workflow go as far as it can. Rejects if it was turned away. */
  async startUpdate<Ret, Args extends any[]>(
    definition: UpdateDefinition<Ret, Args> | string,
    { args, updateId = `update-${++this.#updates}` }: { args?: Args; updateId?: string } = {},
  ): Promise<{ updateId: string; result(): Promise<Ret> }> {
    let accepted = false;
    let outcome: Output | undefined;
    const watcher = {
      accepted: () => void (accepted = true),
      ended: (it: Output) => void (outcome = it),
    };
    await this.#act(() => this.#run.update(updateId, nameOf(definition), this.#coder.encode(args ?? []), watcher));
    if (!accepted && outcome) this.#updated(outcome);
    const result = () =>
      this.#world.exclusively(async () => {
        await this.#world.until(() => outcome !== undefined || this.#run.ending !== undefined);
        if (!outcome) throw new WorkflowUpdateFailedError(`the workflow has not answered the update ${updateId}`);
        return this.#updated(outcome) as Ret;
      });
    return { updateId, result };
  }

  /** Asks the workflow to cancel itself, and lets it go as far as it can. */
  cancel(reason = ''): Promise<void> {
    return this.#act(() => this.#run.push({ tag: 'cancel-requested', val: reason }));
  }

  terminate(reason = ''): Promise<void> {
    return this.#act(() => this.#run.terminate(reason));
  }

  /** What the workflow has asked for so far, in order; of a chain of runs, the last one. */
  get commands(): readonly Command[] {
    return this.#run.commands;
  }

  /** The lines of its log. */
  get log(): readonly LogLine[] {
    return this.#run.lines;
  }

  /** What `setCurrentDetails` has set. */
  get currentDetails(): string {
    return this.#run.execution.run?.details ?? '';
  }

  /** The last run of the chain. */
  get #run(): TestRun {
    let run = this.#first;
    while (run.ending?.tag === 'continued') run = run.ending.by;
    return run;
  }

  #act(act: () => void): Promise<void> {
    return this.#world.exclusively(async () => {
      if (this.#run.ending) throw new Error(`the workflow ${this.workflowId} has ended`);
      act();
      await this.#world.settle();
      if (this.#run.broken !== undefined) throw this.#run.broken;
    });
  }

  #updated(outcome: Output): unknown {
    if (outcome.tag === 'ok') return this.#coder.decodeFirst(outcome.val);
    throw new WorkflowUpdateFailedError('Workflow Update failed', { cause: toError(outcome.val, this.#coder) });
  }
}

function nameOf(definition: { name: string } | string): string {
  return typeof definition === 'string' ? definition : definition.name;
}
