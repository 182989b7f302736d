// Steps that take signals, queries and updates.
import { ApplicationFailure } from '@wrt/sdk/common';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  signalStream,
} from '@wrt/sdk/workflow';
import { begun, letOthersGo, type Steps } from './begun.ts';
import type { Frame, Verb } from './program.ts';
import type { Fields } from './value.ts';

export const handlers: Record<string, Verb> = {
  *signal(frame, name, step) {
    const { streams } = frame.state;
    if (!streams.has(name)) streams.set(name, signalStream(name));
    const [signal] = streams.get(name)!.tryNext() ?? (yield streams.get(name)!.next());
    frame.keep(step, signal);
  },

  *on_signal(frame, name, step) {
    const scope = CancellationScope.current();
    const handle = (signal: unknown) => scope.run(() => begun(handled(frame.with({ signal: signal ?? null }), step)));
    const stream = frame.state.streams.get(name);
    frame.state.streams.delete(name);
    // What came before comes first.
    for (let args = stream?.tryNext(); args; args = stream?.tryNext()) void handle(args[0]);
    setHandler(defineSignal<[unknown]>(name), (signal) => handle(signal).then(() => undefined));
    yield* letOthersGo();
  },

  *on_query(frame, name, { answer }) {
    setHandler(defineQuery<unknown, [unknown]>(name), (query) => frame.with({ query: query ?? null }).value(answer));
  },

  *on_update(frame, name, step) {
    const scope = CancellationScope.current();
    const within = (update: unknown) => frame.with({ update: update ?? null });
    const handle = (update: unknown) => scope.run(() => begun(handled(within(update), step)));
    const validator = (update: unknown) => {
      if (step.refuse_unless === undefined || within(update).holds(step.refuse_unless)) return;
      throw ApplicationFailure.retryable('refused', 'Refused');
    };
    setHandler(defineUpdate<unknown, [unknown]>(name), handle, { validator });
  },

  *until_handled() {
    if (!allHandlersFinished()) yield condition(allHandlersFinished);
  },
};

/** The steps of a handler, and then its answer. A `return` ends them alone. */
function* handled(frame: Frame, step: Fields): Steps<unknown> {
  yield* frame.run(step.do);
  return frame.value(step.answer);
}
