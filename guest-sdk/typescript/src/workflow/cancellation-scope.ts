// Parts of a workflow that can be canceled by themselves.
import { msToNumber, type Duration } from '../common/duration.ts';
import { CancelledFailure } from '../common/failure.ts';
import { activeScope, withScope } from './context.ts';
import type { Run } from './run.ts';

export interface CancellationScopeOptions {
  /** False for a scope that cancellation from outside does not reach. */
  cancellable: boolean;
  /** After so long, a durable timer, the scope cancels itself. */
  timeout?: Duration;
  /** The current scope by default. */
  parent?: CancellationScope;
}

const SCOPE_CANCELLED = 'Cancellation scope cancelled';
const RUN_CANCELLED = 'Workflow cancelled';

/** What the scope of a run is canceled with. */
export function runCancelled(reason: string): CancelledFailure {
  return new CancelledFailure(reason || RUN_CANCELLED);
}

/** The reason that was given, empty if there was none. */
export function reasonOf({ message }: CancelledFailure): string {
  return message === SCOPE_CANCELLED || message === RUN_CANCELLED ? '' : message;
}

type Listener = (error: CancelledFailure) => void;

/**
 * A part of a workflow that can be canceled by itself: its timers end, its activities and children are asked to stop.
 * What was canceled throws `CancelledFailure`, or a failure with one as its cause.
 */
export class CancellationScope {
  readonly cancellable: boolean;
  readonly timeout: number | undefined;
  readonly parent: CancellationScope | undefined;
  /** The run that the scope is a part of. */
  readonly _run: Run;
  readonly #listeners = new Set<Listener>();
  #error: CancelledFailure | undefined;
  #requested: Promise<never> | undefined;
  #reject: Listener | undefined;
  #detach: (() => void) | undefined;

  constructor(options?: Partial<CancellationScopeOptions>, run?: Run) {
    this.cancellable = options?.cancellable ?? true;
    this.timeout = options?.timeout === undefined ? undefined : msToNumber(options.timeout);
    this.parent = options?.parent ?? (run ? undefined : activeScope('new CancellationScope()'));
    this._run = run ?? this.parent!._run;
  }

  /** The scope that runs now. */
  static current(): CancellationScope {
    return activeScope('CancellationScope.current()');
  }

  /** Runs `fn` in a new scope, which its parent cancels along. */
  static cancellable<T>(fn: () => Promise<T>): Promise<T> {
    return new this({ cancellable: true }).run(fn);
  }

  /** Runs `fn` in a new scope that cancellation from outside does not reach. */
  static nonCancellable<T>(fn: () => Promise<T>): Promise<T> {
    return new this({ cancellable: false }).run(fn);
  }

  /** Runs `fn` in a new scope, which cancels itself after `timeout`. */
  static withTimeout<T>(timeout: Duration, fn: () => Promise<T>): Promise<T> {
    return new this({ cancellable: true, timeout }).run(fn);
  }

  /** Runs `fn` in this scope. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    return withScope(this, () => this.runInContext(fn));
  }

  protected async runInContext<T>(fn: () => Promise<T>): Promise<T> {
    if (this.timeout === undefined) return await fn();
    const stopTimer = this.#startTimer(this.timeout);
    try {
      return await fn();
    } finally {
      stopTimer();
    }
  }

  /** Asks everything in the scope to stop. The first reason is the one that counts; children are told it. */
  cancel(reason?: string): void {
    this._cancel(new CancelledFailure(reason || SCOPE_CANCELLED));
  }

  /** Whether what is in the scope has to stop. */
  get consideredCancelled(): boolean {
    return this._cancellation() !== undefined;
  }

  /** Rejects when the scope is asked to stop; also in one that does not heed it. */
  get cancelRequested(): Promise<never> {
    if (!this.#requested) {
      this.#requested = new Promise<never>((_, reject) => (this.#reject = reject));
      // To ask is not to wait: nobody has to listen.
      this.#requested.catch(() => undefined);
      const error = this.#error ?? this.parent?._cancellation();
      if (error) this.#reject?.(error);
      else this.#attach();
    }
    return this.#requested;
  }

  // === For the rest of the library ===

  _cancel(error: CancelledFailure): void {
    if (this.#error) return;
    this.#error = error;
    this.#reject?.(error);
    this.#detach?.();
    if (!this.cancellable) return;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(error);
  }

  /** Why what is in the scope has to stop, if it has to. */
  _cancellation(): CancelledFailure | undefined {
    if (!this.cancellable) return undefined;
    return this.#error ?? this.parent?._cancellation();
  }

  /** Calls `listener` when what is in the scope has to stop. Returns what takes it back. */
  _onCancel(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#attach();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0 && !this.#requested) this.#detach?.();
    };
  }

  /** Scopes that nobody listens to leave nothing at their parents, so that a loop may make many. */
  #attach(): void {
    if (this.#detach || this.#error || !this.parent) return;
    const detach = this.parent._onCancel((error) => this._cancel(error));
    this.#detach = () => {
      this.#detach = undefined;
      detach();
    };
  }

  #startTimer(timeout: number): () => void {
    if (this.consideredCancelled) return () => undefined;
    const forget = this._onCancel(() => stop());
    const stop = this._run.startTimer(timeout, undefined, () => {
      forget();
      this.cancel('the scope has timed out');
    });
    return () => {
      forget();
      stop();
    };
  }
}
