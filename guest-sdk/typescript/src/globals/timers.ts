// `setTimeout` and its like: durable in workflows, the engine's in activities.
import { IllegalStateError } from '../common/errors.ts';
import { maybeScope, withScope } from '../workflow/context.ts';
import type { CancellationScope } from '../workflow/cancellation-scope.ts';

type Callback = (...args: any[]) => void;

let lastId = 0;
/** What ends a timer, by the id that its caller has. */
const stops = new Map<number, () => void>();

/** Durable in the current scope: when the scope is canceled, the callback is never called. */
export function startDurable(scope: CancellationScope, milliseconds: number, fired: () => void): () => void {
  if (scope.consideredCancelled) return () => undefined;
  const stopTimer = scope._run.startTimer(milliseconds, undefined, () => {
    forget();
    withScope(scope, () => callback(scope, fired));
  });
  const forget = scope._onCancel(stopTimer);
  return () => {
    forget();
    stopTimer();
  };
}

function callback(scope: CancellationScope, fired: () => void): void {
  try {
    fired();
  } catch (error) {
    scope._run.reportBug(error);
  }
}

/** Starts a timer; returns what stops it. */
type Start = (milliseconds: number, fired: () => void) => () => void;

/** The functions for workflows and activities; `activity` gives the timers of the activity that runs. */
export function timerFunctions(activity: () => Start | undefined) {
  const start = (what: string, milliseconds: number, fired: () => void): (() => void) => {
    const scope = maybeScope();
    if (scope) return startDurable(scope, milliseconds, fired);
    const startTimer = activity();
    if (!startTimer) {
      throw new IllegalStateError(
        `${what}() was called at the top level of a module, which is evaluated once, when it is built: call it in a workflow ` +
          'or an activity',
      );
    }
    return startTimer(milliseconds, fired);
  };
  const clear = (id?: number): void => {
    const stop = id === undefined ? undefined : stops.get(id);
    if (id !== undefined) stops.delete(id);
    stop?.();
  };
  return {
    setTimeout(fired: Callback, milliseconds: number = 0, ...args: unknown[]): number {
      const id = ++lastId;
      const stop = start('setTimeout', Number(milliseconds) || 0, () => {
        stops.delete(id);
        fired(...args);
      });
      stops.set(id, stop);
      return id;
    },
    setInterval(fired: Callback, milliseconds: number = 0, ...args: unknown[]): number {
      const id = ++lastId;
      const again = () =>
        void stops.set(
          id,
          start('setInterval', Math.max(1, Number(milliseconds) || 0), () => {
            again();
            fired(...args);
          }),
        );
      again();
      return id;
    },
    clearTimeout: clear,
    clearInterval: clear,
  };
}
