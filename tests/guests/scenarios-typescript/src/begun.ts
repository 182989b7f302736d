// Steps that wait for nothing follow each other at once: no other branch gets in between. So steps are generators,
// which yield what they wait for, and not async functions, which give way at each of them.

/** A `return` that ends steps, or nothing. */
export type Flow = { value: unknown } | undefined;

/** Steps at work: what they yield is waited for. */
export type Steps<T = Flow> = Generator<Promise<unknown>, T, any>;

/** How steps have ended. */
export type Outcome<T> = { value: T } | { error: unknown };

/** Begins steps, and goes on with them whenever what they wait for is there. `ended` is told at once. */
export function begin<T>(steps: Steps<T>, ended: (outcome: Outcome<T>) => void): void {
  const go = (method: 'next' | 'throw', value?: unknown): void => {
    let result: IteratorResult<Promise<unknown>, T>;
    try {
      result = steps[method](value);
    } catch (error) {
      return ended({ error });
    }
    if (result.done) return ended({ value: result.value });
    result.value.then(
      (value) => go('next', value),
      (error: unknown) => go('throw', error),
    );
  };
  go('next');
}

/** The same as a promise. */
export function begun<T>(steps: Steps<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    begin(steps, (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value)));
  });
}

/** Promise jobs that follow each other until a wait of the library has reached whoever waits. */
const TURNS = 16;

/** Lets all others that can go on go as far as they can. */
export function* letOthersGo(): Steps<void> {
  for (let turn = 0; turn < TURNS; turn += 1) yield Promise.resolve();
}
