// Changes of workflow code that replay the histories of the old code.
import { commandingRun } from './context.ts';

/**
 * True when the code after the change is to run: for runs that come here for the first time, and on replay if they went
 * that way then. The answer for an id stays the same for the rest of the run.
 */
export function patched(patchId: string): boolean {
  const run = commandingRun('patched()');
  return run.isClosed ? true : run.host.patch.patched(patchId);
}

/** Says that no run needs the code before the change any more, while histories still have the mark of `patched`. */
export function deprecatePatch(patchId: string): void {
  const run = commandingRun('deprecatePatch()');
  run.tell(() => run.host.patch.deprecate(patchId));
}
