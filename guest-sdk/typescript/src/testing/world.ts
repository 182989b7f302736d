// Time that is skipped, and what is to happen in it.
import { promiseJobs } from './driver.ts';

interface Happening {
  at: number;
  order: number;
  happen: () => void;
}

/** Something that may have work to do right now. */
export interface Worker {
  /** Does it. False if there was none. */
  work(): Promise<boolean>;
}

export class World {
  #now: number;
  #order = 0;
  #ahead: Happening[] = [];
  readonly #workers: Worker[] = [];
  /** Attempts that compute or wait for something real: time stands still until they are done. */
  #busy = 0;
  #changed: () => void = () => undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(startTime: number) {
    this.#now = startTime;
  }

  /** Milliseconds since 1970. */
  get now(): number {
    return this.#now;
  }

  add(worker: Worker): void {
    this.#workers.push(worker);
  }

  /** Lets something happen after so many milliseconds. Returns what prevents it. */
  after(milliseconds: number, happen: () => void): () => void {
    const happening = { at: this.#now + Math.max(0, milliseconds), order: this.#order++, happen };
    this.#ahead.push(happening);
    this.#changed();
    return () => {
      this.#ahead = this.#ahead.filter((other) => other !== happening);
    };
  }

  busy(): void {
    this.#busy += 1;
  }

  idle(): void {
    this.#busy -= 1;
    this.#changed();
  }

  /** One call of a client at a time. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Does everything that can be done without time going on. */
  async settle(): Promise<void> {
    for (;;) {
      if (await this.#work()) continue;
      const due = this.#next(this.#now);
      if (due) this.#take(due);
      else if (this.#busy > 0) await this.#change();
      else return;
    }
  }

  /** Skips time up to a point. */
  async advance(until: number): Promise<void> {
    await this.settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#take(next);
      await this.settle();
    }
    this.#now = Math.max(this.#now, until);
  }

  /** Skips time until something holds. False if nothing is left that could happen. */
  async until(holds: () => boolean): Promise<boolean> {
    await this.settle();
    while (!holds()) {
      const next = this.#next(Infinity);
      if (!next) return false;
      this.#take(next);
      await this.settle();
    }
    return true;
  }

  async #work(): Promise<boolean> {
    for (const worker of [...this.#workers]) if (await worker.work()) return true;
    return false;
  }

  #next(until: number): Happening | undefined {
    const earlier = (a: Happening, b: Happening) => (a.at - b.at || a.order - b.order) < 0;
    const due = this.#ahead.filter(({ at }) => at <= until);
    return due.reduce<Happening | undefined>((first, it) => (first && earlier(first, it) ? first : it), undefined);
  }

  #take(happening: Happening): void {
    this.#ahead = this.#ahead.filter((other) => other !== happening);
    this.#now = Math.max(this.#now, happening.at);
    happening.happen();
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => (this.#changed = resolve));
    this.#changed = () => undefined;
    await promiseJobs();
  }
}
