// One attempt of an activity, on the side that does the work.
import type { ActivityTask, WirePayload } from '../contract.ts';
import type { Coder } from '../common/data-converter.ts';
import { fromOptionalSpan, msToNumber, type Duration } from '../common/duration.ts';
import { IllegalStateError } from '../common/errors.ts';
import { CancelledFailure } from '../common/failure.ts';
import { loggerOf, type LineWriter, type Logger } from '../common/logger.ts';
import { asyncStorage, type Storage } from '../workflow/context.ts';

/** The facts about an attempt. */
export interface Info {
  readonly activityId: string;
  readonly activityType: string;
  readonly activityNamespace: string;
  readonly workflowNamespace: string;
  readonly workflowExecution: { readonly workflowId: string; readonly runId: string };
  readonly workflowType: string;
  /** The queue that the task came through. */
  readonly taskQueue: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The same for every attempt of this activity and for no other one: send it along, and effects happen once. */
  readonly idempotencyKey: string;
  /** The last heartbeat of the attempts before. */
  readonly heartbeatDetails: any;
  readonly startToCloseTimeoutMs?: number;
  readonly heartbeatTimeoutMs?: number;
  readonly isLocal: boolean;
}

/** What an attempt can ask of the runtime. */
export interface ContextHost {
  heartbeat(details: WirePayload[]): boolean;
  isCancelRequested(): boolean;
}

/** How often the runtime is asked whether to stop, while somebody waits to hear it. */
const POLL_MS = 1000;

let contexts: Storage<Context> | undefined;
/** An instance of a component does one attempt at a time: its code belongs to it wherever it comes from. */
let fallback: Context | undefined;

/** What an activity is told, and what it can say while it runs. */
export class Context {
  readonly info: Info;
  readonly log: Logger;
  readonly #host: ContextHost;
  readonly #coder: Coder;
  readonly #abort = new AbortController();
  #poll: ReturnType<typeof setTimeout> | undefined;
  #cancelled: Promise<never> | undefined;
  #ended = false;

  constructor(task: ActivityTask, coder: Coder, host: ContextHost, write: LineWriter) {
    this.info = infoOf(task, coder);
    this.#coder = coder;
    this.#host = host;
    this.log = loggerOf(write);
  }

  /** The attempt that the calling code belongs to. */
  static current(): Context {
    const context = maybeContext();
    if (context) return context;
    throw new IllegalStateError('this was called outside of an activity: call it in the function of an activity');
  }

  /** Says that the attempt is alive, and how far it is: the next attempt reads it as `info.heartbeatDetails`. */
  heartbeat = (details?: unknown): void => {
    if (this.#host.heartbeat(this.#coder.encode([details]))) this._cancel();
  };

  /** Rejects with `CancelledFailure` when the attempt is asked to stop. */
  get cancelled(): Promise<never> {
    if (!this.#cancelled) {
      this.#cancelled = new Promise<never>((_, reject) => {
        const { signal } = this.#abort;
        if (signal.aborted) reject(signal.reason);
        else signal.addEventListener('abort', () => reject(signal.reason));
      });
      // To ask is not to wait: nobody has to listen.
      this.#cancelled.catch(() => undefined);
      this.#watch();
    }
    return this.#cancelled;
  }

  /** Aborts when the attempt is asked to stop: `fetch(url, { signal: Context.current().cancellationSignal })`. */
  get cancellationSignal(): AbortSignal {
    this.#watch();
    return this.#abort.signal;
  }

  /** Waits. Rejects with `CancelledFailure` when the attempt is asked to stop. */
  sleep = (duration: Duration): Promise<void> => {
    let timer: ReturnType<typeof setTimeout>;
    const slept = new Promise<void>((resolve) => (timer = setTimeout(resolve, msToNumber(duration))));
    return Promise.race([slept, this.cancelled]).finally(() => clearTimeout(timer));
  };

  // === For the rest of the library ===

  /** Runs the attempt. */
  async _run<T>(body: () => Promise<T>): Promise<T> {
    try {
      return await (contexts ??= asyncStorage()).run(this, body);
    } finally {
      this.#ended = true;
      clearTimeout(this.#poll);
    }
  }

  /** Asks the runtime whether to stop. */
  _check(): void {
    if (!this.#ended && !this.#abort.signal.aborted && this.#host.isCancelRequested()) this._cancel();
  }

  _cancel(): void {
    if (!this.#abort.signal.aborted) this.#abort.abort(new CancelledFailure('the activity was asked to stop'));
  }

  get _isCancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  #watch(): void {
    if (this.#poll !== undefined || this.#ended) return;
    const ask = () => {
      this._check();
      if (!this.#ended && !this._isCancelled) this.#poll = setTimeout(ask, POLL_MS);
    };
    ask();
  }
}

export function setFallbackContext(context: Context | undefined): void {
  fallback = context;
}

export function maybeContext(): Context | undefined {
  return contexts?.getStore() ?? fallback;
}

function infoOf(task: ActivityTask, coder: Coder): Info {
  const startToCloseTimeoutMs = fromOptionalSpan(task.startToCloseTimeout);
  const heartbeatTimeoutMs = fromOptionalSpan(task.heartbeatTimeout);
  return {
    activityId: task.activityId,
    activityType: task.activityType,
    activityNamespace: task.namespace,
    workflowNamespace: task.namespace,
    workflowExecution: { workflowId: task.workflowId, runId: task.runId },
    workflowType: task.workflowType,
    taskQueue: task.taskQueue,
    attempt: task.attempt,
    idempotencyKey: task.idempotencyKey,
    heartbeatDetails: coder.decodeFirst(task.heartbeatDetails),
    ...(startToCloseTimeoutMs === undefined ? {} : { startToCloseTimeoutMs }),
    ...(heartbeatTimeoutMs === undefined ? {} : { heartbeatTimeoutMs }),
    isLocal: false,
  };
}
