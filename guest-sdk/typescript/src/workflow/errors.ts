// Errors of workflows that are no failures.
import { named } from '../common/errors.ts';

/** Something went wrong within the library. */
export class WorkflowError extends Error {
  static {
    named('WorkflowError')(this);
  }
}

/** The workflow does what no replay could do again. */
export class DeterminismViolationError extends WorkflowError {
  static {
    named('DeterminismViolationError')(this);
  }
}
