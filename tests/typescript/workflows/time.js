// Long times, for servers that skip them.

import { condition, defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';

export const wake = defineSignal('wake');

const { thirdTimeLucky } = proxyActivities({ startToCloseTimeout: '1 hour', retry: { initialInterval: '1 day' } });

/** Sleeps for a year, and says for how many days it has. */
export async function sleepsForAYear() {
  const begin = Date.now();
  await sleep('365 days');
  return Math.round((Date.now() - begin) / 86_400_000);
}

/** An activity whose retries are days apart. */
export async function patient() {
  const begin = Date.now();
  await thirdTimeLucky();
  return Math.floor((Date.now() - begin) / 86_400_000);
}

/** Sleeps for 30 days or until it is woken, and says which. */
export async function light() {
  let isAwake = false;
  setHandler(wake, () => void (isAwake = true));
  return (await condition(() => isAwake, '30 days')) ? 'woken' : 'slept';
}
