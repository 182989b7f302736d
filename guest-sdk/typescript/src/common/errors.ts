// Errors that are no failures: a workflow that lets one through fails its workflow task.

/** Makes `name` the name of the class's errors. It stands on the prototype, so that it shows in every stack. */
export function named(name: string) {
  return <T extends new (...parameters: never[]) => Error>(constructor: T): T => {
    Object.defineProperty(constructor.prototype, 'name', { value: name, configurable: true, writable: true });
    return constructor;
  };
}

/** An argument that cannot be. */
export class ValueError extends TypeError {
  static {
    named('ValueError')(this);
  }
  override readonly cause?: unknown;
  constructor(message: string | undefined, cause?: unknown) {
    super(message);
    this.cause = cause;
  }
}

/** A value that cannot be encoded or decoded. */
export class PayloadConverterError extends ValueError {
  static {
    named('PayloadConverterError')(this);
  }
}

/** Something was called where it makes no sense. */
export class IllegalStateError extends Error {
  static {
    named('IllegalStateError')(this);
  }
}

/** No run answers for the workflow id. */
export class WorkflowNotFoundError extends Error {
  static {
    named('WorkflowNotFoundError')(this);
  }
  readonly workflowId: string;
  readonly runId: string | undefined;
  constructor(message: string, workflowId: string, runId: string | undefined) {
    super(message);
    this.workflowId = workflowId;
    this.runId = runId;
  }
}

/** What this runtime does not have; the message says what to do instead. */
export class UnsupportedError extends Error {
  static {
    named('UnsupportedError')(this);
  }
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  const message = (error as { message?: unknown } | undefined | null)?.message;
  return typeof message === 'string' ? message : undefined;
}

/** An error as people read it: its name, its message and its stack, and the same for its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : `thrown: ${show(error)}`;
  const title = `${error}`;
  const stack = frames(error);
  const text = stack ? `${title}\n${stack}` : title;
  return error.cause === undefined ? text : `${text}\ncaused by ${describeError(error.cause)}`;
}

/** The lines of a stack that name places; some engines put the message above them, others do not. */
export function frames(error: Error): string {
  const lines = (error.stack ?? '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}

function show(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
