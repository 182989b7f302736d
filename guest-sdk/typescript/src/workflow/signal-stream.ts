// Signals as a stream, for workflows that take them one after the other.
import type { SignalDefinition } from '../common/definitions.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { activeRun } from './context.ts';
import { nameOf } from './child-workflow.ts';
import type { Run } from './run.ts';

/** The signals of one name, in the order in which they come; those that came before are in it. */
export class SignalStream<Args extends any[]> implements AsyncIterable<Args> {
  readonly #run: Run;
  readonly #name: string;
  readonly #queue: Args[] = [];
  readonly #takers: ((args: Args | undefined) => void)[] = [];
  #closed = false;

  constructor(run: Run, name: string) {
    this.#run = run;
    this.#name = name;
    const handler = (...args: any[]) => this.#push(args as Args);
    run.handlers.set('signal', name, { handler, unfinishedPolicy: 'ABANDON' });
  }

  /** The arguments of the next signal. Rejects with `CancelledFailure` when the scope is canceled. */
  async next(): Promise<Args> {
    const args = await this.#take();
    if (!args) throw new Error(`the stream of the signal ${this.#name} is closed`);
    return args;
  }

  /** The arguments of the next signal, if one has come. */
  tryNext(): Args | undefined {
    return this.#queue.shift();
  }

  /** How many signals have come and were not taken. */
  get size(): number {
    return this.#queue.length;
  }

  /** Ends the stream. Signals that come later wait for somebody else. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#run.handlers.set('signal', this.#name, undefined);
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<Args> {
    return {
      next: async () => {
        const args = await this.#take();
        return args ? { value: args, done: false } : { value: undefined, done: true };
      },
      return: async () => ({ value: undefined, done: true }),
    };
  }

  #push(args: Args): void {
    const taker = this.#takers.shift();
    if (taker) taker(args);
    else this.#queue.push(args);
  }

  #take(): Promise<Args | undefined> {
    const scope = CancellationScope.current();
    return new Promise((resolve, reject) => {
      const canceled = scope._cancellation();
      if (canceled) return reject(canceled);
      const waiting = this.#queue.shift();
      if (waiting || this.#closed) return resolve(waiting);
      const taker = (args: Args | undefined) => {
        forget();
        resolve(args);
      };
      const forget = scope._onCancel((error) => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        reject(error);
      });
      this.#takers.push(taker);
    });
  }
}

/**
 * The signals of one name as a stream: `for await (const [item] of signalStream(added)) …`. It takes the place of a
 * handler; Temporal's SDK has no such thing.
 */
export function signalStream<Args extends any[] = any[]>(
  definition: SignalDefinition<Args> | string,
): SignalStream<Args> {
  return new SignalStream(activeRun('signalStream()'), nameOf(definition));
}
