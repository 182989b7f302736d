// Waiting until something holds.

interface Blocked {
  holds: () => boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Predicates that somebody waits for, in the order in which they came. */
export class Conditions {
  readonly #blocked = new Set<Blocked>();

  /** Waits. Returns what gives the wait up. */
  wait(holds: () => boolean, resolve: () => void, reject: (error: unknown) => void): () => void {
    const blocked = { holds, resolve, reject };
    this.#blocked.add(blocked);
    return () => this.#blocked.delete(blocked);
  }

  /** Ends the waits for what holds by now. True if there was one: then whatever follows may make others hold. */
  unblock(): boolean {
    let any = false;
    for (const blocked of [...this.#blocked]) {
      try {
        if (!blocked.holds()) continue;
        blocked.resolve();
      } catch (error) {
        blocked.reject(error);
      }
      this.#blocked.delete(blocked);
      any = true;
    }
    return any;
  }
}
