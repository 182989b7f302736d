// Where code runs: in which scope of which run. Everything of the library that belongs to a run asks here.
import { IllegalStateError } from '../common/errors.ts';
import type { CancellationScope } from './cancellation-scope.ts';
import type { Run } from './run.ts';

/** What the engine gives as a global, and Node has in `node:async_hooks`. */
export interface Storage<T> {
  run<R>(store: T, callback: () => R): R;
  getStore(): T | undefined;
}

let scopes: Storage<CancellationScope> | undefined;

/** The scope that is entered where no continuation carries one along. */
let fallback: CancellationScope | undefined;

export function asyncStorage<T>(): Storage<T> {
  const global = globalThis as { AsyncLocalStorage?: new () => Storage<T> };
  if (!global.AsyncLocalStorage) {
    throw new IllegalStateError('there is no AsyncLocalStorage here: in Node, import @wrt/sdk/testing first');
  }
  return new global.AsyncLocalStorage();
}

/** Runs `callback` in a scope, and whatever follows from it. */
export function withScope<R>(scope: CancellationScope, callback: () => R): R {
  return (scopes ??= asyncStorage()).run(scope, callback);
}

/** An instance of a component has one run: its code is in it wherever it comes from. */
export function setFallback(scope: CancellationScope | undefined): void {
  fallback = scope;
}

export function maybeScope(): CancellationScope | undefined {
  return scopes?.getStore() ?? fallback;
}

/** The scope that runs now. `what` needs one, and is named where there is none. */
export function activeScope(what: string): CancellationScope {
  const scope = maybeScope();
  if (scope) return scope;
  throw new IllegalStateError(
    `${what} was called outside of a workflow: at the top level of a module, or in an activity. Call it in the function of ` +
      'a workflow, or in what that calls',
  );
}

/** The run that the calling code belongs to. */
export function activeRun(what: string): Run {
  return activeScope(what)._run;
}

/** The same for what issues commands, which queries may not. */
export function commandingRun(what: string): Run {
  const run = activeRun(what);
  if (run.isAnswering) {
    throw new IllegalStateError(`${what} was called by the handler of a query or by a validator, which may only look`);
  }
  return run;
}

/** True within a workflow. */
export function inWorkflowContext(): boolean {
  return maybeScope() !== undefined;
}
