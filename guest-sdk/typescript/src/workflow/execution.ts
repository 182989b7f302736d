// A run in the making: takes in what happened, goes as far as it can, and answers queries in between.
import type { Activation, Job, Start, WirePayload, WorkflowQuery } from '../contract.ts';
import { IllegalStateError } from '../common/errors.ts';
import { fromFields } from '../common/payload.ts';
import type { WorkflowHost } from '../host.ts';
import type { Module } from '../module.ts';
import { runCancelled } from './cancellation-scope.ts';
import { withScope } from './context.ts';
import { complete, fail } from './ending.ts';
import { attempt } from './handlers.ts';
import { progressOf, toWorkflowInfo } from './info.ts';
import { intercept, type InboundCalls } from './interceptors.ts';
import { Run } from './run.ts';

/** One run, from its first activation on. */
export class Execution {
  readonly #module: Module;
  readonly #host: WorkflowHost;
  #run: Run | undefined;

  constructor(module: Module, host: WorkflowHost) {
    this.#module = module;
    this.#host = host;
  }

  get run(): Run | undefined {
    return this.#run;
  }

  /**
   * Takes in what happened, one job after the other, so that it makes no difference which ones came together. Wherever
   * it yields, the caller runs the promise jobs that wait. What it throws fails the workflow task.
   */
  *activate(activation: Activation): Generator<void, void, void> {
    const jobs = [...activation.jobs];
    const start = jobs[0]?.tag === 'start' ? jobs[0].val : undefined;
    if (start && !this.#run) this.#run = this.#prepare(start);
    const run = this.#run;
    if (!run) throw new IllegalStateError('the first job of a run has to be its start');
    run.info = { ...run.info, ...progressOf(activation) };
    if (start) jobs.shift();
    // Signals and updates that come first are there before the next step: those of a start before the first one.
    let first = jobs.findIndex(({ tag }) => tag !== 'signal' && tag !== 'update');
    if (first < 0) first = jobs.length;
    for (const job of jobs.splice(0, first)) this.#take(run, job);
    if (start) this.#begin(run, start);
    if (start || first > 0) yield* this.#advance(run);
    for (const job of jobs) {
      this.#take(run, job);
      yield* this.#advance(run);
    }
    run.handlers.rejectLeft();
    run.throwBug();
  }

  /** Answers a query. */
  query(query: WorkflowQuery): WirePayload[] {
    if (!this.#run) throw new IllegalStateError(`query "${query.name}" came before the run has started`);
    return this.#run.handlers.query(query);
  }

  #prepare({ info }: Start): Run {
    const { coder } = this.#module;
    return new Run(this.#host, coder, this.#module.interceptors(), toWorkflowInfo(info, coder));
  }

  #begin(run: Run, { info, input, header }: Start): void {
    const workflow = this.#module.workflow(info.workflowType);
    const args = run.coder.decode(input);
    const next = intercept<InboundCalls, 'execute'>(
      run.interceptors.inbound,
      'execute',
      async ({ args }) => await workflow(...args),
    );
    withScope(run.scope, () => attempt(() => next({ args, headers: fromFields(header) })))
      .then(
        (result) => complete(run, result),
        (error: unknown) => fail(run, error),
      )
      .catch((error: unknown) => run.reportBug(error));
  }

  #take(run: Run, { tag, val }: Job): void {
    switch (tag) {
      case 'start':
        throw new IllegalStateError('a run starts once');
      case 'timer-fired':
        return run.timers.settle(val, undefined);
      case 'activity-resolved':
        return run.activities.settle(val.seq, val.output);
      case 'child-workflow-started':
        return run.childStarts.settle(val.seq, val.outcome);
      case 'child-workflow-resolved':
        return run.children.settle(val.seq, val.output);
      case 'external-resolved':
        return run.externals.settle(val.seq, val.outcome);
      case 'signal':
        return run.isClosed ? undefined : run.handlers.signal(val);
      case 'update':
        return run.handlers.update(val);
      case 'cancel-requested':
        return run.scope._cancel(runCancelled(val));
    }
  }

  /** Goes on until all that is left waits for a later job. */
  *#advance(run: Run): Generator<void, void, void> {
    if (run.isClosed) return;
    do {
      yield;
      run.throwBug();
    } while (!run.isClosed && withScope(run.scope, () => run.conditions.unblock()));
  }
}
