// Following what changes: histories by long poll, lists by asking again while somebody looks.

import { ApiError, message, of, type Api } from './api';
import { Grouping, type Group } from './history';
import type { HistoryEvent, HistoryPage } from './types';

const PAGE = 1000;

/** So many events are loaded by themselves; the rest when somebody scrolls to it. */
const AHEAD = 4000;

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });

/** The history of one run, as far as it is loaded, and then as it grows. */
export class History {
  events = $state.raw<HistoryEvent[]>([]);
  groups = $state.raw<Group[]>([]);
  /** Whether the end is reached: what comes now is new. */
  complete = $state(false);
  closed = $state(false);
  loading = $state(false);
  error = $state('');
  private grouping = new Grouping();
  private token: string | undefined;
  private wanted = AHEAD;
  private wake: (() => void) | undefined;
  private readonly abort = new AbortController();

  constructor(
    private readonly api: Api,
    private readonly workflowId: string,
    private readonly runId: string,
    private readonly onNews: () => void = () => {},
  ) {
    void this.follow();
  }

  /** A history that was read from a file. */
  static ofEvents(events: HistoryEvent[]): History {
    const history = new History(of(''), '', '');
    history.append(events);
    history.complete = history.closed = true;
    return history;
  }

  of(eventId: string) {
    return this.grouping.of(eventId);
  }

  /** Loads more of a long history. */
  more(count = AHEAD) {
    if (this.complete || this.events.length + PAGE < this.wanted - AHEAD) return;
    this.wanted = Math.max(this.wanted, this.events.length + count);
    this.wake?.();
  }

  stop() {
    this.abort.abort();
    this.wake?.();
  }

  private append(events: HistoryEvent[]) {
    if (!events.length) return;
    this.grouping.add(events);
    this.events = this.events.concat(events);
    this.groups = this.grouping.groups.slice();
  }

  private async follow() {
    if (!this.workflowId) return;
    // Whoever has made this is not to depend on what it reads.
    await Promise.resolve();
    const { signal } = this.abort;
    while (!signal.aborted) {
      if (!this.complete && this.events.length >= this.wanted) {
        this.loading = false;
        await new Promise<void>((resolve) => (this.wake = resolve));
        continue;
      }
      try {
        this.loading = !this.complete;
        const page = await this.page(signal);
        this.error = '';
        const events = page.history?.events ?? [];
        this.append(events);
        this.token = page.nextPageToken;
        // With a wait, a page that is not full is the last one there is for now.
        if (events.length < PAGE) this.complete = true;
        if (events.length && this.complete) this.onNews();
        if (!this.token) {
          this.complete = this.closed = true;
          this.loading = false;
          this.onNews();
          return;
        }
      } catch (error) {
        if (signal.aborted) return;
        this.error = message(error);
        if (error instanceof ApiError && !error.isAway) return;
        await pause(1500, signal);
      }
    }
  }

  private page(signal: AbortSignal) {
    const query = { 'execution.runId': this.runId, maximumPageSize: PAGE, waitNewEvent: true, nextPageToken: this.token };
    return this.api.run<HistoryPage>(this.workflowId, '/history', query, signal);
  }
}

/**
 * Asks now, and again every few seconds while the page is seen; stops with the component that has begun it. What is read
 * while asking begins nothing anew: an effect reads before what it depends on.
 */
export function repeat(ask: (signal: AbortSignal) => Promise<void>, everyMs = 4000): () => void {
  const abort = new AbortController();
  const run = async () => {
    await Promise.resolve();
    while (!abort.signal.aborted) {
      if (!document.hidden) await ask(abort.signal).catch(() => {});
      await pause(everyMs, abort.signal);
    }
  };
  void run();
  return () => abort.abort();
}

/** What a call has answered last, and its error. */
export class Answer<T> {
  value = $state.raw<T | undefined>(undefined);
  error = $state<unknown>(undefined);
  loading = $state(false);

  async load(ask: () => Promise<T>) {
    this.loading = true;
    try {
      this.value = await ask();
      this.error = undefined;
    } catch (error) {
      if ((error as Error)?.name !== 'AbortError') this.error = error;
    } finally {
      this.loading = false;
    }
  }
}
