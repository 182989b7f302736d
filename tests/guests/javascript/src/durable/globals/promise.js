// Promises whose jobs the guest runs itself. QuickJS keeps those of native promises in a queue that nothing empties
// before a synchronous export returns; `await` reaches these ones because the build turns `async` functions into
// generators.
import Promise from 'promise-polyfill';

const jobs = [];

Promise._immediateFn = (job) => jobs.push(job);
Promise._unhandledRejectionFn = (error) => console.warn('unhandled rejection:', error, error?.stack ?? '');
globalThis.Promise = Promise;
globalThis.queueMicrotask = (job) => jobs.push(job);

/** Runs jobs, in order, until all that is left waits for a later activation. */
export function runJobs() {
  while (jobs.length > 0) jobs.shift()();
}
