// Waiting until something holds.
import { msToNumber, type Duration } from '../common/duration.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { commandingRun } from './context.ts';
import { promised } from './interceptors.ts';
import type { TimerOptions } from './timer.ts';

export function condition(holds: () => boolean): Promise<void>;
export function condition(holds: () => boolean, timeout: Duration, options?: TimerOptions): Promise<boolean>;
/**
 * Waits until `holds` gives true; it is asked again whenever something has happened. With a timeout, a durable timer
 * bounds the wait: then it gives false. Rejects with `CancelledFailure` when the scope is canceled.
 */
export function condition(holds: () => boolean, timeout?: Duration, options?: TimerOptions): Promise<boolean | void> {
  const run = commandingRun('condition()');
  const scope = CancellationScope.current();
  const canceled = scope._cancellation();
  if (canceled) return Promise.reject(canceled);
  const milliseconds = timeout === undefined ? undefined : msToNumber(timeout);
  if (milliseconds !== undefined && milliseconds <= 0) return promised(async () => holds());
  return new Promise<boolean | void>((resolve, reject) => {
    if (holds()) return resolve(milliseconds === undefined ? undefined : true);
    const undo: (() => void)[] = [];
    const over =
      <T>(settle: (value: T) => void) =>
      (value: T) => {
        for (const step of undo.splice(0)) step();
        settle(value);
      };
    undo.push(
      run.conditions.wait(
        holds,
        over<void>(() => resolve(milliseconds === undefined ? undefined : true)),
        over(reject),
      ),
    );
    if (milliseconds !== undefined) {
      undo.push(
        run.startTimer(
          milliseconds,
          options?.summary,
          over<void>(() => resolve(false)),
        ),
      );
    }
    undo.push(scope._onCancel(over(reject)));
  });
}
