// How a run ends.
import { toFailure } from '../common/failure-converter.ts';
import { isCancellation, TemporalFailure } from '../common/failure.ts';
import { ContinueAsNew } from './continue-as-new.ts';
import type { Run } from './run.ts';

/** The workflow has returned. */
export function complete(run: Run, result: unknown): void {
  const output = run.coder.encode([result]);
  run.close(() => run.host.execution.complete(output));
}

/**
 * The workflow, or a handler of it, has thrown. A failure fails the run, a cancellation that was asked for cancels it.
 * Any other error is a bug: it fails the workflow task, which succeeds once a repaired module is deployed.
 */
export function fail(run: Run, error: unknown): void {
  const { execution } = run.host;
  if (error instanceof ContinueAsNew) run.close(() => execution.continueAsNew(error._input, error._options));
  else if (isCancellation(error) && run.scope.consideredCancelled) run.close(() => execution.cancel([]));
  else if (error instanceof TemporalFailure) {
    const failure = toFailure(error, run.coder);
    run.close(() => execution.fail(failure));
  } else run.reportBug(error);
}
