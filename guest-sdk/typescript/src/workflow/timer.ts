// Durable waiting.
import { msToNumber, type Duration } from '../common/duration.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { commandingRun } from './context.ts';
import { intercept, promised, type OutboundCalls } from './interceptors.ts';

export interface TimerOptions {
  /** One line for people, shown beside the timer. */
  summary?: string;
}

/** Waits durably. Rejects with `CancelledFailure` when the scope is canceled. */
export function sleep(duration: Duration, options?: TimerOptions): Promise<void> {
  const run = commandingRun('sleep()');
  const next = intercept<OutboundCalls, 'startTimer'>(
    run.interceptors.outbound,
    'startTimer',
    ({ durationMs, options }) => wait(durationMs, options?.summary),
  );
  const input = { durationMs: msToNumber(duration), ...(options ? { options } : {}) };
  return promised(() => next(input));
}

function wait(milliseconds: number, summary: string | undefined): Promise<void> {
  const scope = CancellationScope.current();
  return new Promise((resolve, reject) => {
    const canceled = scope._cancellation();
    if (canceled) return reject(canceled);
    const stop = scope._run.startTimer(milliseconds, summary, () => {
      forget();
      resolve();
    });
    const forget = scope._onCancel((error) => {
      stop();
      reject(error);
    });
  });
}
