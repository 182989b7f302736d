// Signals, queries and updates: who takes them, and what waits for somebody who does.
import type { Signal, Update, WirePayload, WorkflowQuery } from '../contract.ts';
import type { HandlerDefinition, HandlerUnfinishedPolicy } from '../common/definitions.ts';
import { IllegalStateError, UnsupportedError, ValueError } from '../common/errors.ts';
import { toFailure, toStableFailure } from '../common/failure-converter.ts';
import { ApplicationFailure, TemporalFailure } from '../common/failure.ts';
import { fromFields } from '../common/payload.ts';
import { asyncStorage, withScope, type Storage } from './context.ts';
import { fail } from './ending.ts';
import { intercept, type InboundCalls } from './interceptors.ts';
import type { Run } from './run.ts';

/** Code that takes a signal, a query or an update of one name. */
export interface Registered {
  handler: (...args: any[]) => unknown;
  validator?: ((...args: any[]) => void) | undefined;
  unfinishedPolicy: HandlerUnfinishedPolicy;
}

export type DefaultHandler = (name: string, ...args: any[]) => unknown;

type Kind = HandlerDefinition['type'];

/** The update that the calling code belongs to. */
export interface UpdateInfo {
  readonly id: string;
  readonly name: string;
}

let updates: Storage<UpdateInfo> | undefined;

export function currentUpdate(): UpdateInfo | undefined {
  return updates?.getStore();
}

export class Handlers {
  readonly #run: Run;
  readonly #named: Record<Kind, Map<string, Registered>> = { signal: new Map(), query: new Map(), update: new Map() };
  readonly #default: { [K in Kind]?: DefaultHandler } = {};
  readonly #signals: Signal[] = [];
  readonly #updates: Update[] = [];
  readonly #atWork = new Set<{ what: string; policy: HandlerUnfinishedPolicy }>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Sets or removes who takes a name; what has waited for it is handed over at once. */
  set(kind: Kind, name: string, registered: Registered | undefined): void {
    if (registered) this.#named[kind].set(name, registered);
    else this.#named[kind].delete(name);
    this.#handOver();
  }

  setDefault(kind: Kind, handler: DefaultHandler | undefined): void {
    if (handler) this.#default[kind] = handler;
    else delete this.#default[kind];
    this.#handOver();
  }

  get allFinished(): boolean {
    return this.#atWork.size === 0;
  }

  warnOfUnfinished(): void {
    const left = [...this.#atWork].filter(({ policy }) => policy === 'WARN_AND_ABANDON').map(({ what }) => what);
    if (left.length === 0) return;
    const message =
      'the workflow ends while handlers are at work, which are abandoned: wait for `condition(allHandlersFinished)` first';
    this.#run.host.log.log('warn', message, [['handlers', left.join(', ')]]);
  }

  // === Signals ===

  /** Hands a signal to who takes it, or keeps it until somebody does. */
  signal(signal: Signal): void {
    if (this.#find('signal', signal.name)) this.#runSignal(signal);
    else this.#signals.push(signal);
  }

  #runSignal({ name, input, header }: Signal): void {
    const { handler, unfinishedPolicy } = this.#find('signal', name)!;
    const call = { signalName: name, args: this.#run.coder.decode(input), headers: fromFields(header) };
    const next = intercept<InboundCalls, 'handleSignal'>(
      this.#run.interceptors.inbound,
      'handleSignal',
      async ({ args }) => {
        await handler(...args);
      },
    );
    const done = this.#begin(`signal ${name}`, unfinishedPolicy);
    const ended = withScope(this.#run.scope, () => attempt(() => next(call)));
    ended.then(done, (error: unknown) => {
      done();
      fail(this.#run, error);
    });
  }

  // === Queries ===

  query({ name, input, header }: WorkflowQuery): WirePayload[] {
    const registered = this.#find('query', name);
    if (!registered) {
      const known = [...this.#named.query.keys()].sort().join(', ') || 'none';
      throw new ValueError(`unknown query "${name}": the workflow answers ${known}`);
    }
    const { coder, interceptors } = this.#run;
    const call = { queryId: '', queryName: name, args: coder.decode(input), headers: fromFields(header) };
    const next = intercept<InboundCalls, 'handleQuery'>(interceptors.inbound, 'handleQuery', ({ args }) =>
      registered.handler(...args),
    );
    const answer = this.#looking(() => next(call));
    if (isPromise(answer)) {
      answer.then(undefined, () => undefined);
      throw new UnsupportedError(
        `the handler of query "${name}" is async: a query is answered at once, without waiting`,
      );
    }
    return coder.encode([answer]);
  }

  // === Updates ===

  update(update: Update): void {
    if (this.#run.isClosed) {
      const reason = ApplicationFailure.retryable('the workflow has just ended', 'WorkflowClosed');
      this.#run.host.update.reject(update.updateId, toFailure(reason, this.#run.coder));
    } else if (this.#find('update', update.name)) this.#runUpdate(update);
    else this.#updates.push(update);
  }

  /** Each update of an activation is accepted or rejected in it: those that nobody takes are rejected at its end. */
  rejectLeft(): void {
    for (const { name, updateId } of this.#updates.splice(0)) {
      const known = [...this.#named.update.keys()].sort().join(', ') || 'none';
      const message = `unknown update "${name}": the workflow takes ${known}`;
      const reason = ApplicationFailure.nonRetryable(message, 'UnknownUpdate');
      this.#run.host.update.reject(updateId, toFailure(reason, this.#run.coder));
    }
  }

  #runUpdate({ name, updateId, input, header }: Update): void {
    const { coder, host, interceptors, scope } = this.#run;
    const { handler, validator, unfinishedPolicy } = this.#find('update', name)!;
    const headers = fromFields(header);
    const info = { id: updateId, name };
    const inUpdate = <T>(body: () => T) => (updates ??= asyncStorage()).run(info, () => withScope(scope, body));
    let args: unknown[];
    try {
      args = coder.decode(input);
      if (validator) {
        const validate = intercept<InboundCalls, 'validateUpdate'>(interceptors.inbound, 'validateUpdate', ({ args }) =>
          validator(...args),
        );
        inUpdate(() => this.#looking(() => validate({ updateId, name, args, headers })));
      }
    } catch (error) {
      host.update.reject(updateId, toFailure(error, coder));
      return;
    }
    host.update.accept(updateId);
    const next = intercept<InboundCalls, 'handleUpdate'>(
      interceptors.inbound,
      'handleUpdate',
      async ({ args }) => await handler(...args),
    );
    const done = this.#begin(`update ${name}`, unfinishedPolicy);
    inUpdate(() => attempt(() => next({ updateId, name, args, headers })))
      .then(
        (answer) => {
          done();
          this.#run.tell(() => host.update.complete(updateId, { tag: 'ok', val: coder.encode([answer]) }));
        },
        (error: unknown) => {
          done();
          if (!(error instanceof TemporalFailure)) return this.#run.reportBug(error);
          this.#run.tell(() => host.update.complete(updateId, { tag: 'err', val: toStableFailure(error, coder) }));
        },
      )
      .catch((error: unknown) => this.#run.reportBug(error));
  }

  // === Both ===

  #find(kind: Kind, name: string): Registered | undefined {
    const registered = this.#named[kind].get(name);
    const byDefault = this.#default[kind];
    if (registered || !byDefault) return registered;
    return { handler: (...args) => byDefault(name, ...args), unfinishedPolicy: 'WARN_AND_ABANDON' };
  }

  #handOver(): void {
    this.#takeOut(this.#signals, 'signal', (signal) => this.#runSignal(signal));
    this.#takeOut(this.#updates, 'update', (update) => this.#runUpdate(update));
  }

  /** One at a time: what runs may set handlers itself. */
  #takeOut<T extends { name: string }>(waiting: T[], kind: Kind, run: (item: T) => void): void {
    for (;;) {
      const index = waiting.findIndex(({ name }) => this.#find(kind, name));
      if (index < 0) return;
      run(waiting.splice(index, 1)[0]!);
    }
  }

  #begin(what: string, policy: HandlerUnfinishedPolicy): () => void {
    const work = { what, policy };
    this.#atWork.add(work);
    return () => this.#atWork.delete(work);
  }

  /** Calls what may look and not touch. */
  #looking<T>(look: () => T): T {
    if (this.#run.isAnswering) throw new IllegalStateError('a query is answered while another one is');
    this.#run.isAnswering = true;
    try {
      return withScope(this.#run.scope, look);
    } finally {
      this.#run.isAnswering = false;
    }
  }
}

/** A promise of what `call` gives or throws. */
export function attempt<T>(call: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function';
}
