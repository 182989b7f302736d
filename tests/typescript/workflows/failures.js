// What goes wrong, and how it is seen by a parent.

import { ApplicationFailure, executeChild, proxyActivities, rootCause, workflowInfo } from '@temporalio/workflow';

const options = { startToCloseTimeout: '20s', retry: { maximumAttempts: 2, initialInterval: 10 } };
const { failForGood } = proxyActivities(options);
const { fallSilent } = proxyActivities({ ...options, heartbeatTimeout: '500ms' });
const { greet } = proxyActivities({ scheduleToStartTimeout: '200ms', taskQueue: 'deserted', ...options });

export async function fails() {
  throw ApplicationFailure.create({ message: 'went wrong', type: 'Wrong', details: ['detail', 7] });
}

/** Succeeds with its second attempt. */
export async function retried() {
  const { attempt } = workflowInfo();
  if (attempt < 2) throw ApplicationFailure.retryable('once more');
  return attempt;
}

/** Fails its workflow task on a worker of any other build, as with a defect in its code. */
export async function stuck() {
  if (workflowInfo().currentBuildId !== 'mended') throw new TypeError('a defect');
}

/** Passes the failure of an activity on, unchanged. */
export async function activityFails() {
  await failForGood();
}

/** Passes the failure of a child on. */
export async function childFails() {
  await executeChild(activityFails);
}

/** What the failures of activities look like that no worker has reported. */
export async function timeouts() {
  const found = [];
  for (const activity of [fallSilent, () => greet('nobody')]) {
    try {
      await activity();
    } catch (error) {
      found.push([error.name, error.cause.name, error.cause.timeoutType, rootCause(error)]);
    }
  }
  return found;
}
