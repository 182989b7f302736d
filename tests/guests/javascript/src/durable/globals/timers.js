// `setTimeout` as a durable timer: what it waits for survives a crash of the server.
import * as timer from 'wrt:workflow/timer@0.1.0';
import { duration } from '../duration.js';

/** The callbacks that wait, by the sequence number of their timer. */
const waiting = new Map();

globalThis.setTimeout = (callback, milliseconds = 0, ...parameters) => {
  const seq = timer.start(duration(milliseconds), null);
  waiting.set(seq, () => callback(...parameters));
  return seq;
};

globalThis.clearTimeout = (seq) => {
  if (waiting.delete(seq)) timer.cancel(seq);
};

/** Runs the callback of a timer. */
export function timerFired(seq) {
  const callback = waiting.get(seq);
  waiting.delete(seq);
  callback();
}
