// A promise that is settled from outside.
import { CancellationScope } from './cancellation-scope.ts';
import { activeScope } from './context.ts';

/** A promise with its own `resolve` and `reject`. It rejects with `CancelledFailure` when the scope is canceled. */
export class Trigger<T> implements PromiseLike<T> {
  readonly resolve: (value: T | PromiseLike<T>) => void;
  readonly reject: (reason?: unknown) => void;
  readonly #promise: Promise<T>;

  constructor() {
    let settle!: [(value: T | PromiseLike<T>) => void, (reason?: unknown) => void];
    this.#promise = new Promise<T>((resolve, reject) => (settle = [resolve, reject]));
    [this.resolve, this.reject] = settle;
    const scope: CancellationScope = activeScope('new Trigger()');
    const canceled = scope._cancellation();
    if (canceled) this.reject(canceled);
    else {
      const forget = scope._onCancel(this.reject);
      this.#promise.then(forget, forget);
    }
  }

  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise.then(fulfilled, rejected);
  }

  catch<B = never>(rejected?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise.catch(rejected);
  }

  finally(ended?: (() => void) | null): Promise<T> {
    return this.#promise.finally(ended);
  }
}
