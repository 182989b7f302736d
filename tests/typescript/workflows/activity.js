// Any activity, as a test wants it.

import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

/** Runs the activity of this name. */
export async function runs(name, options, ...args) {
  return proxyActivities(options)[name](...args);
}

/** Runs it as a local one. */
export async function runsLocally(name, options, ...args) {
  return proxyLocalActivities(options)[name](...args);
}
