// Steps that run others.
import { TemporalFailure } from '@wrt/sdk/common';
import { CancellationScope, ContinueAsNew, patched, Saga } from '@wrt/sdk/workflow';
import { begin, begun, letOthersGo, type Flow, type Outcome, type Steps } from './begun.ts';
import { described } from './failure.ts';
import type { Frame, Verb } from './program.ts';
import type { Fields } from './value.ts';

export const flows: Record<string, Verb> = {
  *if(frame, condition, step) {
    return yield* frame.run(frame.holds(condition) ? step.then : step.else);
  },

  *patched(frame, id, step) {
    return yield* frame.run(patched(id) ? step.then : step.else);
  },

  *repeat(frame, count, step) {
    for (let i = 0; i < frame.value(count); i += 1) {
      const ended = yield* frame.with({ i }).run(step.do);
      if (ended) return ended;
    }
    return undefined;
  },

  *all(frame, branches: Fields[][]) {
    const running = branches.map((steps) => begun(frame.run(steps)));
    if (running.length > 0) yield Promise.all(running);
  },

  *race(frame, branches: Fields[][], step) {
    let first: { index: number; outcome: Outcome<Flow> } | undefined;
    const scopes = branches.map(() => new CancellationScope());
    const start = (index: number, ended: () => void) =>
      within(scopes[index]!, frame.run(branches[index]), (outcome) => {
        first ??= { index, outcome };
        ended();
      });
    let begunSoFar = 0;
    const ended = new Promise<void>((resolve) => {
      while (begunSoFar < branches.length && !first) start(begunSoFar++, resolve);
    });
    if (!first) yield ended;
    const { index, outcome } = first!;
    for (const [other, scope] of scopes.entries()) {
      if (other === index) continue;
      scope.cancel('another branch was first');
      if (other >= begunSoFar) start(other, () => undefined);
      yield* letOthersGo();
    }
    if ('error' in outcome) throw outcome.error;
    frame.keep(step, index);
  },

  *spawn(frame, steps, step) {
    const scope = named(frame, step, new CancellationScope());
    // They begin when the steps before them wait, and their errors are dropped.
    void Promise.resolve().then(() => within(scope, frame.run(steps), () => undefined));
  },

  *scope(frame, steps, step) {
    const timeout = step.timeout_ms === undefined ? {} : { timeout: step.timeout_ms };
    const scope = named(frame, step, new CancellationScope({ cancellable: true, ...timeout }));
    return yield scope.run(() => begun(frame.run(steps)));
  },

  *shielded(frame, steps) {
    return yield CancellationScope.nonCancellable(() => begun(frame.run(steps)));
  },

  *cancel_scope(frame, name) {
    frame.state.scopes.get(name)?.cancel('canceled by the program');
    yield* letOthersGo();
  },

  *try(frame, steps, step) {
    let outcome: Outcome<Flow> = yield* attempt(frame.run(steps));
    // To continue as new is no error that `catch` could see, and a bug is for nobody.
    if ('error' in outcome && outcome.error instanceof TemporalFailure && step.catch) {
      const { error } = outcome;
      outcome = yield* attempt(frame.with({ error: described(error) }, { caught: error }).run(step.catch));
    }
    const ended = yield* frame.run(step.finally);
    if (ended) return ended;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  },

  *saga(frame, steps, step) {
    const saga = new Saga({ parallel: step.parallel === true, continueOnError: step.continue_on_error === true });
    const outcome: Outcome<Flow> = yield* attempt(frame.with({}, { saga }).run(steps));
    if (!('error' in outcome)) return outcome.value;
    // The error that began the undoing goes on, however the undoing ends.
    if (!(outcome.error instanceof ContinueAsNew)) yield saga.compensate().catch(() => undefined);
    throw outcome.error;
  },

  *compensate(frame, steps) {
    if (!frame.place.saga) throw new Error('`compensate` stands in a saga');
    frame.place.saga.addCompensation(() => begun(frame.run(steps)));
  },
};

/** Begins steps in a scope. */
function within<T>(scope: CancellationScope, steps: Steps<T>, ended: (outcome: Outcome<T>) => void): void {
  void scope.run(async () => begin(steps, ended));
}

function named(frame: Frame, { as }: Fields, scope: CancellationScope): CancellationScope {
  if (as !== undefined) frame.state.scopes.set(as, scope);
  return scope;
}

function* attempt<T>(steps: Steps<T>): Steps<Outcome<T>> {
  try {
    return { value: yield* steps };
  } catch (error) {
    return { error };
  }
}
