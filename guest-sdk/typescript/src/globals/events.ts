// `EventTarget`, `AbortController` and what belongs to them.

const CODES: Record<string, number> = {
  InvalidCharacterError: 5,
  AbortError: 20,
  TimeoutError: 23,
  DataCloneError: 25,
};

export class DOMException extends Error {
  override readonly name: string;
  constructor(message = '', name = 'Error') {
    super(message);
    this.name = name;
  }
  get code(): number {
    return CODES[this.name] ?? 0;
  }
}

export class Event {
  readonly type: string;
  target: unknown = null;
  defaultPrevented = false;
  readonly cancelable: boolean;
  _stopped = false;
  constructor(type: string, options: { cancelable?: boolean } = {}) {
    this.type = type;
    this.cancelable = options.cancelable ?? false;
  }
  preventDefault(): void {
    if (this.cancelable) this.defaultPrevented = true;
  }
  stopImmediatePropagation(): void {
    this._stopped = true;
  }
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

export class EventTarget {
  readonly #listeners = new Map<string, Map<Listener, boolean>>();

  addEventListener(type: string, listener: Listener | null, options?: boolean | { once?: boolean }): void {
    if (!listener) return;
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Map());
    const once = typeof options === 'object' && (options.once ?? false);
    const listeners = this.#listeners.get(type)!;
    if (!listeners.has(listener)) listeners.set(listener, once);
  }

  removeEventListener(type: string, listener: Listener | null): void {
    if (listener) this.#listeners.get(type)?.delete(listener);
  }

  dispatchEvent(event: Event): boolean {
    event.target = this;
    for (const [listener, once] of [...(this.#listeners.get(event.type) ?? [])]) {
      if (event._stopped) break;
      if (once) this.removeEventListener(event.type, listener);
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    }
    return !event.defaultPrevented;
  }
}

export class AbortSignal extends EventTarget {
  onabort: ((event: Event) => void) | null = null;
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal();
    signal._abort(reason);
    return signal;
  }

  static timeout(milliseconds: number): AbortSignal {
    const signal = new AbortSignal();
    setTimeout(() => signal._abort(new DOMException('the time is over', 'TimeoutError')), milliseconds);
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const signal = new AbortSignal();
    for (const other of signals) {
      if (other.aborted) signal._abort(other.reason);
      else other.addEventListener('abort', () => signal._abort(other.reason), { once: true });
    }
    return signal;
  }

  _abort(reason: unknown = new DOMException('this was aborted', 'AbortError')): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const event = new Event('abort');
    this.onabort?.(event);
    this.dispatchEvent(event);
  }
}

export class AbortController {
  readonly signal = new AbortSignal();
  abort(reason?: unknown): void {
    this.signal._abort(reason);
  }
}
