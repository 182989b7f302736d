// What an attempt waits for outside: timers and requests.
import type { ActivityHost, IoOutcome, WireRequest, WireResponse } from '../host.ts';

/** Open waits, by the ids that the engine has given. */
export class Io {
  readonly #host: ActivityHost['io'];
  readonly #open = new Map<number, (outcome: IoOutcome) => void>();

  constructor(host: ActivityHost['io']) {
    this.#host = host;
  }

  startTimer(milliseconds: number, fired: () => void): number {
    const id = this.#host.startTimer(Math.max(0, milliseconds));
    this.#open.set(id, fired);
    return id;
  }

  cancel(id: number): void {
    if (this.#open.delete(id)) this.#host.cancel(id);
  }

  /** Rejects with `TypeError` when there is no answer, and with the signal's reason when it aborts. */
  request(request: WireRequest, signal?: AbortSignal | null): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const id = this.#host.startRequest(request);
      const abort = () => {
        this.cancel(id);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort);
      this.#open.set(id, (outcome) => {
        signal?.removeEventListener('abort', abort);
        if (outcome.tag === 'ok' && outcome.val) resolve(outcome.val);
        else reject(new TypeError(`fetch failed: ${outcome.tag === 'err' ? outcome.val : 'there was no answer'}`));
      });
    });
  }

  settle(id: number, outcome: IoOutcome): void {
    const settle = this.#open.get(id);
    this.#open.delete(id);
    settle?.(outcome);
  }

  /** Forgets what an attempt has left open; the engine does the same. */
  clear(): void {
    this.#open.clear();
  }
}
