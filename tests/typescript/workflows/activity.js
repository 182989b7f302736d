// Any activity, as a test wants it.

import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

/** Runs the activity of this name. */
export async function runs(name, options, ...args) {
  return proxyActivities(options)[name](...args);
}

/** Has texts of so many characters measured, all of which are handed out in one workflow task. */
export async function measuresMany(count, length) {
  const { measure } = proxyActivities({ startToCloseTimeout: '60s' });
  const lengths = await Promise.all(Array.from({ length: count }, () => measure('a'.repeat(length))));
  return lengths.reduce((sum, found) => sum + found);
}

/** Runs it as a local one. */
export async function runsLocally(name, options, ...args) {
  return proxyLocalActivities(options)[name](...args);
}
