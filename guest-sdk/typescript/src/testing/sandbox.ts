// The globals of a workflow and of an activity, in Node: what a component gets from its engine. Code outside of both
// keeps Node's own.
import { AsyncLocalStorage } from 'node:async_hooks';
import { maybeContext } from '../activity/context.ts';
import { consoleOf } from '../globals/console.ts';
import { timerFunctions } from '../globals/timers.ts';
import type { WorkflowHost } from '../host.ts';
import { maybeScope } from '../workflow/context.ts';

(globalThis as { AsyncLocalStorage?: unknown }).AsyncLocalStorage ??= AsyncLocalStorage;

/** What a run's clock shows, and its randomness. */
export interface Sandbox {
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, and below 1. */
  random(): number;
}

/** Starts a timer in skipped time; returns what stops it. */
export type StartTimer = (milliseconds: number, fired: () => void) => () => void;

const sandboxes = new WeakMap<WorkflowHost, Sandbox>();
const timers = new WeakMap<object, StartTimer>();

/** The runs of this host see this clock. */
export function enclose(host: WorkflowHost, sandbox: Sandbox): void {
  sandboxes.set(host, sandbox);
}

/** The timers of an activity with this context are these. */
export function giveTimers(context: object, start: StartTimer): void {
  timers.set(context, start);
}

/** Random numbers from a text: the same for the same text. */
export function randomFrom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const letter of seed) state = Math.imul(state ^ letter.codePointAt(0)!, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function current(): Sandbox | undefined {
  const scope = maybeScope();
  return scope && sandboxes.get(scope._run.host);
}

// === Putting them in place, once ===

const native = {
  Date: globalThis.Date,
  random: Math.random,
  console: globalThis.console,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
};

/** Wherever no run is, these are Node's. */
function install(): void {
  Math.random = () => current()?.random() ?? native.random();
  globalThis.Date = new Proxy(native.Date, {
    construct(target, args, newTarget) {
      const sandbox = args.length === 0 ? current() : undefined;
      return Reflect.construct(target, sandbox ? [sandbox.now()] : args, newTarget) as object;
    },
    apply: () => new globalThis.Date().toString(),
    get: (target, name) => (name === 'now' ? () => current()?.now() ?? target.now() : Reflect.get(target, name)),
  });
  const lines = consoleOf(() => {
    const run = maybeScope()?._run;
    return run && ((level, message, fields) => run.host.log.log(level, message, fields));
  });
  globalThis.console = new Proxy(native.console, {
    get: (target, name) => Reflect.get(maybeScope() && name in lines ? lines : target, name),
  });
  installTimers();
}

/** Timers of the sandbox have numbers, those of Node are objects. */
function installTimers(): void {
  const virtual = timerFunctions(() => timers.get(maybeContext() ?? native));
  const isInside = () => maybeScope() !== undefined || timers.has(maybeContext() ?? native);
  const choose = <F extends (...args: any[]) => unknown>(inside: F, outside: F) =>
    ((...args: Parameters<F>) => (isInside() ? inside : outside)(...args)) as F;
  const clear = (inside: (id?: number) => void, outside: (id?: any) => void) => (id?: unknown) =>
    typeof id === 'number' ? inside(id) : outside(id);
  Object.assign(globalThis, {
    setTimeout: choose(virtual.setTimeout as never, native.setTimeout as never),
    setInterval: choose(virtual.setInterval as never, native.setInterval as never),
    clearTimeout: clear(virtual.clearTimeout, native.clearTimeout),
    clearInterval: clear(virtual.clearInterval, native.clearInterval),
  });
}

install();
