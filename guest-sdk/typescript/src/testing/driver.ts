// Runs promise jobs where an engine would.
import type { Activation } from '../contract.ts';
import { describeError, named } from '../common/errors.ts';
import type { Execution } from '../workflow/execution.ts';

/** The workflow task failed: the message has what the history would have. */
export class WorkflowTaskFailedError extends Error {
  static {
    named('WorkflowTaskFailedError')(this);
  }
  constructor(error: unknown) {
    super(describeError(error), { cause: error });
  }
}

/** Lets an execution go as far as it can. Rejects with `WorkflowTaskFailedError`. */
export async function activate(execution: Execution, activation: Activation): Promise<void> {
  const report = (error: unknown) =>
    execution.run?.reportBug(new Error('a promise was rejected, and nobody has caught it', { cause: error }));
  // Nothing but the workflow runs now, so nobody else has to hear of it: a test runner would fail the test.
  const others = process.listeners(UNHANDLED);
  process.removeAllListeners(UNHANDLED);
  process.on(UNHANDLED, report);
  try {
    for (const _ of execution.activate(activation)) await promiseJobs();
  } catch (error) {
    throw new WorkflowTaskFailedError(error);
  } finally {
    process.off(UNHANDLED, report);
    for (const other of others) process.on(UNHANDLED, other);
  }
}

const UNHANDLED = 'unhandledRejection';

/** Waits until the queue of promise jobs is empty. */
export function promiseJobs(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
