// Puts the globals in their places that the engine lacks.
import type { Io } from '../activity/io.ts';
import { maybeContext } from '../activity/context.ts';
import type { LineWriter } from '../common/logger.ts';
import type { Host } from '../host.ts';
import { maybeScope } from '../workflow/context.ts';
import { atob, btoa } from './base64.ts';
import { consoleOf } from './console.ts';
import { cryptoOver } from './crypto.ts';
import { AbortController, AbortSignal, DOMException, Event, EventTarget } from './events.ts';
import { fetchOver } from './fetch.ts';
import { Headers, Request, Response } from './http.ts';
import { structuredClone } from './structured-clone.ts';
import { TextDecoder, TextEncoder } from './text-encoding.ts';
import { timerFunctions } from './timers.ts';
import { URLSearchParams } from './url-search-params.ts';
import { URL } from './url.ts';

/** `io` is there while an activity runs. */
export function installGlobals(host: Host, io: () => Io | undefined): void {
  // What belongs to the run or the attempt takes the place of whatever is there.
  define(
    { console: consoleOf(() => lineWriter(host)), ...timerFunctions(() => timersOf(io())), fetch: fetchOver(io) },
    true,
  );
  define({ TextDecoder, TextEncoder, atob, btoa, structuredClone }, false);
  define({ AbortController, AbortSignal, DOMException, Event, EventTarget }, false);
  define({ Headers, Request, Response, URL, URLSearchParams }, false);
  define({ crypto: cryptoOver((length) => host.randomBytes(length)), performance: performanceSince() }, false);
  define({ process: processOf(host) }, false);
}

/**
 * What programs of Node ask of `process`: the environment, which is read when it is asked for and not when modules are
 * evaluated.
 */
function processOf(host: Host) {
  return {
    get env() {
      return Object.fromEntries(maybeContext() ? (host.environment?.() ?? []) : []);
    },
  };
}

function define(globals: Record<string, unknown>, replace: boolean): void {
  for (const [name, value] of Object.entries(globals)) {
    if (!replace && name in globalThis) continue;
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

function timersOf(io: Io | undefined) {
  if (!io) return undefined;
  return (milliseconds: number, fired: () => void) => {
    const id = io.startTimer(milliseconds, fired);
    return () => io.cancel(id);
  };
}

/** Where lines of the calling code go. */
function lineWriter(host: Host): LineWriter | undefined {
  const scope = maybeScope();
  if (scope) return (level, message, fields) => scope._run.host.log.log(level, message, fields);
  return maybeContext() && activityWriter(host);
}

/** Lines of activities go where the engine has a place for them. */
export function activityWriter({ io }: Host): LineWriter {
  return (level, message, fields) => io.log?.(level, message, fields);
}

/** Milliseconds since it was first asked; the clock of a workflow stands still within a task. */
function performanceSince() {
  let timeOrigin: number | undefined;
  const now = () => Date.now() - (timeOrigin ??= Date.now());
  return { now };
}
