// The state of one run.
import type { Output, Result, Start, WireFailure } from '../contract.ts';
import { Coder } from '../common/data-converter.ts';
import { toSpan } from '../common/duration.ts';
import { toError } from '../common/failure-converter.ts';
import type { WorkflowHost } from '../host.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { Conditions } from './conditions.ts';
import { Handlers } from './handlers.ts';
import type { WorkflowInfo } from './info.ts';
import type { Interceptors } from './interceptors.ts';
import { Waits } from './waits.ts';

/** What a run was told and waits for, and the way to its host. */
export class Run {
  readonly host: WorkflowHost;
  readonly coder: Coder;
  readonly interceptors: Interceptors;
  /** Canceled with the run. */
  readonly scope: CancellationScope;
  readonly conditions = new Conditions();
  readonly handlers: Handlers;
  readonly timers = new Waits<undefined>();
  readonly activities = new Waits<Output>();
  readonly childStarts = new Waits<Result<string, WireFailure>>();
  readonly children = new Waits<Output>();
  readonly externals = new Waits<Result<undefined, WireFailure>>();
  info: WorkflowInfo;
  /** What `setCurrentDetails` has set. */
  details = '';
  /** True while a query is answered or an update is validated. */
  isAnswering = false;
  #closed = false;
  #bug: { error: unknown } | undefined;

  constructor(host: WorkflowHost, coder: Coder, interceptors: Interceptors, info: WorkflowInfo) {
    this.host = host;
    this.coder = coder;
    this.interceptors = interceptors;
    this.info = info;
    this.scope = new CancellationScope({ cancellable: true }, this);
    this.handlers = new Handlers(this);
  }

  /** The run has ended: it asks for nothing more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Ends the run with a command, unless it has ended. */
  close(command: () => void): void {
    if (this.#closed) return;
    this.handlers.warnOfUnfinished();
    this.#closed = true;
    command();
  }

  /** Something went wrong that is no failure: the workflow task fails with the first of its kind. */
  reportBug(error: unknown): void {
    if (!this.#closed) this.#bug ??= { error };
  }

  throwBug(): void {
    if (this.#bug) throw this.#bug.error;
  }

  /**
   * Issues a command that is answered under a sequence number. A closed run asks for nothing, and 0 is never answered.
   */
  ask(command: () => number): number {
    return this.#closed ? 0 : command();
  }

  /** Issues a command that is not answered. */
  tell(command: () => void): void {
    if (!this.#closed) command();
  }

  /** Starts a durable timer that calls `fired`. Returns what stops it. */
  startTimer(milliseconds: number, summary: string | undefined, fired: () => void): () => void {
    const seq = this.ask(() => this.host.timer.start(toSpan(milliseconds), summary));
    this.timers.open(seq, fired);
    return () => {
      if (this.timers.close(seq)) this.tell(() => this.host.timer.cancel(seq));
    };
  }

  /** The value or the error of an output. */
  settle(output: Output, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    if (output.tag === 'err') return reject(toError(output.val, this.coder));
    let value: unknown;
    try {
      value = this.coder.decodeFirst(output.val);
    } catch (error) {
      return reject(error);
    }
    resolve(value);
  }
}

export type { Start };
