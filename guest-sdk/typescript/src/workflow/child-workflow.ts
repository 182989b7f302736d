// Workflows that this one starts and waits for.
import type { Output } from '../contract.ts';
import {
  extractWorkflowType,
  type SignalDefinition,
  type Workflow,
  type WorkflowResultType,
} from '../common/definitions.ts';
import { toError } from '../common/failure-converter.ts';
import { ApplicationFailure, ChildWorkflowFailure, type CancelledFailure } from '../common/failure.ts';
import { toFields } from '../common/payload.ts';
import { CancellationScope, reasonOf } from './cancellation-scope.ts';
import { wireChildOptions, type ChildWorkflowOptions } from './child-options.ts';
import { commandingRun } from './context.ts';
import { intercept, promised, type OutboundCalls, type StartChildWorkflowExecutionInput } from './interceptors.ts';
import type { Run } from './run.ts';

/** A child that has started. */
export interface ChildWorkflowHandle<W extends Workflow> {
  readonly workflowId: string;
  /** Its first run. */
  readonly firstExecutionRunId: string;
  /** The result of the child. Rejects with `ChildWorkflowFailure`, whose cause says what went wrong. */
  result(): Promise<WorkflowResultType<W>>;
  /** Signals the child. Rejects when it has closed. */
  signal<Args extends any[] = [], Name extends string = string>(
    definition: SignalDefinition<Args, Name> | string,
    ...args: Args
  ): Promise<void>;
  /**
   * Asks the child to cancel itself; `result` says how it ends. Temporal's handles have no such method: there a scope
   * does it.
   */
  cancel(reason?: string): void;
}

type WithArgs<O, W extends Workflow> =
  Parameters<W> extends [any, ...any[]]
    ? O & { args: Parameters<W> | Readonly<Parameters<W>> }
    : O & { args?: Parameters<W> | Readonly<Parameters<W>> };

export type ChildWorkflowOptionsOf<W extends Workflow> = WithArgs<ChildWorkflowOptions, W>;

export function startChild<W extends Workflow>(
  workflowType: string,
  options: ChildWorkflowOptionsOf<W>,
): Promise<ChildWorkflowHandle<W>>;
export function startChild<W extends Workflow>(
  workflow: W,
  options: ChildWorkflowOptionsOf<W>,
): Promise<ChildWorkflowHandle<W>>;
export function startChild<W extends () => Promise<any>>(workflowType: string): Promise<ChildWorkflowHandle<W>>;
export function startChild<W extends () => Promise<any>>(workflow: W): Promise<ChildWorkflowHandle<W>>;
/** Starts a workflow as a child of this one, and waits until it has started. */
export function startChild<W extends Workflow>(
  workflow: string | W,
  options: ChildWorkflowOptions & { args?: readonly unknown[] } = {},
): Promise<ChildWorkflowHandle<W>> {
  return promised(() => {
    const run = commandingRun('startChild()');
    const child = begin(run, extractWorkflowType(workflow), options);
    return child.started.then((firstExecutionRunId) => ({
      workflowId: child.workflowId(),
      firstExecutionRunId,
      result: () => child.result as Promise<WorkflowResultType<W>>,
      signal: (definition, ...args) => signalChild(run, child.seq(), child.workflowId(), nameOf(definition), args),
      cancel: (reason = '') => run.tell(() => run.host.childWorkflow.requestCancel(child.seq(), reason)),
    }));
  });
}

export function executeChild<W extends Workflow>(
  workflowType: string,
  options: ChildWorkflowOptionsOf<W>,
): Promise<WorkflowResultType<W>>;
export function executeChild<W extends Workflow>(
  workflow: W,
  options: ChildWorkflowOptionsOf<W>,
): Promise<WorkflowResultType<W>>;
export function executeChild<W extends () => Promise<any>>(workflowType: string): Promise<WorkflowResultType<W>>;
export function executeChild<W extends () => Promise<any>>(workflow: W): Promise<WorkflowResultType<W>>;
/** Starts a workflow as a child of this one, and waits for its result. */
export function executeChild<W extends Workflow>(
  workflow: string | W,
  options: ChildWorkflowOptions & { args?: readonly unknown[] } = {},
): Promise<WorkflowResultType<W>> {
  return promised(() => {
    const child = begin(commandingRun('executeChild()'), extractWorkflowType(workflow), options);
    return child.result as Promise<WorkflowResultType<W>>;
  });
}

export function nameOf(definition: { name: string } | string): string {
  return typeof definition === 'string' ? definition : definition.name;
}

/** Issues the command. `seq` and `workflowId` are known once it has been issued. */
function begin(run: Run, workflowType: string, options: ChildWorkflowOptions & { args?: readonly unknown[] }) {
  let call: ChildCall | undefined;
  const start = (input: StartChildWorkflowExecutionInput) =>
    (call = new ChildCall(run, CancellationScope.current(), input));
  const input = { workflowType, options: { ...options, args: [...(options.args ?? [])] }, headers: {} };
  const { outbound } = run.interceptors;
  const ends = outbound.length === 0 ? start(input) : startIntercepted(outbound, input, start);
  return { started: ends.started, result: ends.result, seq: () => call!.seq, workflowId: () => call!.workflowId };
}

function startIntercepted(
  outbound: Run['interceptors']['outbound'],
  input: StartChildWorkflowExecutionInput,
  start: (input: StartChildWorkflowExecutionInput) => ChildCall,
) {
  const next = intercept<OutboundCalls, 'startChildWorkflowExecution'>(
    outbound,
    'startChildWorkflowExecution',
    async (input) => {
      const { started, result } = start(input);
      return [started, result];
    },
  );
  const ends = next(input);
  const [started, result] = [ends.then(([it]) => it), ends.then(([, it]) => it)];
  // Whoever waits for the one need not wait for the other.
  for (const end of [started, result]) (end as Promise<unknown>).catch(() => undefined);
  return { started, result };
}

/** A child on its way from its command to its end. */
class ChildCall {
  readonly seq: number = 0;
  readonly workflowId: string = '';
  readonly started: Promise<string>;
  readonly result: Promise<unknown>;
  readonly #run: Run;
  readonly #workflowType: string;
  readonly #options: ChildWorkflowOptions;
  #runId = '';
  #start!: (runId: string) => void;
  #refuse!: (error: unknown) => void;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;

  constructor(
    run: Run,
    scope: CancellationScope,
    { workflowType, options, headers }: StartChildWorkflowExecutionInput,
  ) {
    this.#run = run;
    this.#workflowType = workflowType;
    this.#options = options;
    this.started = new Promise((start, refuse) => {
      this.#start = start;
      this.#refuse = refuse;
    });
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits for the one need not wait for the other.
    this.started.catch(() => undefined);
    this.result.catch(() => undefined);
    const canceled = scope._cancellation();
    if (canceled) {
      this.#fail(canceled);
      return;
    }
    const input = run.coder.encode(options.args);
    const wire = wireChildOptions(options, headers, run.coder);
    this.seq = run.ask(() => run.host.childWorkflow.start(workflowType, input, wire));
    // The runtime names it so.
    this.workflowId = options.workflowId ?? `${run.info.runId}_${this.seq}`;
    this.#wait(scope);
  }

  #wait(scope: CancellationScope): void {
    const { childStarts, children } = this.#run;
    const forget = scope._onCancel((error) => this.#cancel(error));
    childStarts.open(this.seq, (outcome) => {
      if (outcome.tag === 'ok') return this.#start((this.#runId = outcome.val));
      forget();
      children.close(this.seq);
      this.#fail(toError(outcome.val, this.#run.coder));
    });
    children.open(this.seq, (output: Output) => {
      forget();
      this.#run.settle(output, this.#resolve, (error) => this.#fail(error));
    });
  }

  #cancel(cause: CancelledFailure): void {
    const run = this.#run;
    const type = this.#options.cancellationType ?? 'WAIT_CANCELLATION_COMPLETED';
    if (type === 'WAIT_CANCELLATION_REQUESTED') {
      const execution = { workflowId: this.workflowId, runId: '' };
      const seq = run.ask(() => run.host.externalWorkflow.requestCancel(execution, reasonOf(cause)));
      run.externals.open(seq, () => this.#fail(this.#canceled(cause)));
      return;
    }
    if (type !== 'ABANDON') run.tell(() => run.host.childWorkflow.requestCancel(this.seq, reasonOf(cause)));
    if (type !== 'WAIT_CANCELLATION_COMPLETED') this.#fail(this.#canceled(cause));
  }

  /** Of several ends the first one counts, as promises have it. */
  #fail(error: unknown): void {
    this.#refuse(error);
    this.#reject(error);
  }

  /** What the runtime would say, said before it does. */
  #canceled(cause: CancelledFailure): ChildWorkflowFailure {
    const execution = { workflowId: this.workflowId, ...(this.#runId ? { runId: this.#runId } : {}) };
    const message = 'child workflow execution error';
    return new ChildWorkflowFailure(undefined, execution, this.#workflowType, 'CANCEL_REQUESTED', cause, message);
  }
}

async function signalChild(run: Run, seq: number, childWorkflowId: string, signalName: string, args: unknown[]) {
  const next = intercept<OutboundCalls, 'signalWorkflow'>(
    run.interceptors.outbound,
    'signalWorkflow',
    async ({ signalName, args, headers }) => {
      const canceled = CancellationScope.current()._cancellation();
      if (canceled) throw canceled;
      if (!run.children.isOpen(seq)) {
        throw ApplicationFailure.nonRetryable('the child workflow has closed', 'ExternalWorkflowExecutionNotFound');
      }
      const input = run.coder.encode(args);
      await told(run, () => run.host.childWorkflow.signal(seq, signalName, input, toFields(headers)));
    },
  );
  await next({ signalName, args, headers: {}, target: { type: 'child', childWorkflowId, seq } });
}

/** Waits until another workflow has heard something. What has left cannot be called back. */
export function told(run: Run, tell: () => number): Promise<void> {
  return new Promise((resolve, reject) => {
    run.externals.open(run.ask(tell), (outcome) => {
      if (outcome.tag === 'ok') resolve();
      else reject(toError(outcome.val, run.coder));
    });
  });
}
