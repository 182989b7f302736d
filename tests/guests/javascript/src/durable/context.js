// What a workflow can ask of the runtime.
import * as activity from 'wrt:workflow/activity@0.1.0';
import { duration } from './duration.js';
import { Canceled, fromLinks } from './failure.js';
import { decodeFirst, encode } from './payload.js';

/** The run as the workflow sees it, with the waits that a job of a later activation ends. */
export class Context {
  #waits = new Set();
  #activities = new Map();
  #signals = new Map();

  constructor(info) {
    this.info = info;
  }

  /** Runs an activity and returns its result. Rejects with a `Failure` when it ends otherwise. */
  activity(activityType, argument, { startToCloseMs, maximumAttempts = 0 }) {
    const seq = activity.schedule(activityType, [encode(argument)], activityOptions(startToCloseMs, maximumAttempts));
    return this.#wait((resolve, reject) => {
      this.#activities.set(seq, { resolve, reject });
      return () => activity.requestCancel(seq);
    });
  }

  /** Waits durably. */
  sleep(milliseconds) {
    return this.#wait((resolve) => {
      const seq = setTimeout(resolve, milliseconds);
      return () => clearTimeout(seq);
    });
  }

  /** The argument of the next signal of this name. Signals wait in order for somebody who takes them. */
  signal(name) {
    const { values, takers } = this.#queue(name);
    if (values.length > 0) return Promise.resolve(values.shift());
    return this.#wait((resolve) => {
      takers.push(resolve);
      return () => takers.splice(takers.indexOf(resolve), 1);
    });
  }

  /** Ends the wait for an activity. Whoever canceled it waits no longer: then this changes nothing. */
  activityResolved({ seq, output }) {
    const { resolve, reject } = this.#activities.get(seq);
    this.#activities.delete(seq);
    if (output.tag === 'ok') resolve(decodeFirst(output.val));
    else reject(fromLinks(output.val));
  }

  /** Hands a signal to who waits for it, or keeps it. */
  signaled({ name, input }) {
    const { values, takers } = this.#queue(name);
    const value = decodeFirst(input);
    if (takers.length > 0) takers.shift()(value);
    else values.push(value);
  }

  /** Ends every wait with `Canceled`. Waits that begin later are not touched, so that a workflow can clean up. */
  cancelRequested(reason) {
    for (const wait of [...this.#waits]) wait.cancel(reason);
  }

  /** A promise that `begin` gets the means to settle; `begin` returns what undoes the wait when it is canceled. */
  #wait(begin) {
    return new Promise((resolve, reject) => {
      const wait = {};
      const over = (settle) => (value) => {
        this.#waits.delete(wait);
        settle(value);
      };
      const undo = begin(over(resolve), over(reject));
      wait.cancel = (reason) => {
        undo();
        over(reject)(new Canceled(reason));
      };
      this.#waits.add(wait);
    });
  }

  #queue(name) {
    if (!this.#signals.has(name)) this.#signals.set(name, { values: [], takers: [] });
    return this.#signals.get(name);
  }
}

/** Options of an activity of which most are left to the runtime. */
function activityOptions(startToCloseMs, maximumAttempts) {
  return {
    startToCloseTimeout: duration(startToCloseMs),
    retryPolicy: { maximumAttempts, nonRetryableErrorTypes: [] },
    header: [],
  };
}
