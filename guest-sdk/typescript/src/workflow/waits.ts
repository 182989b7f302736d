// What waits for a job, by the sequence number that the job carries.

/** Called with what the job brings. */
type Settle<T> = (outcome: T) => void;

export class Waits<T> {
  readonly #open = new Map<number, Settle<T>>();

  open(seq: number, settle: Settle<T>): void {
    this.#open.set(seq, settle);
  }

  /** Whether somebody still waits. */
  isOpen(seq: number): boolean {
    return this.#open.has(seq);
  }

  /** Nobody waits any more: what the job brings is dropped. True if somebody has waited. */
  close(seq: number): boolean {
    return this.#open.delete(seq);
  }

  settle(seq: number, outcome: T): void {
    const settle = this.#open.get(seq);
    this.#open.delete(seq);
    settle?.(outcome);
  }
}
