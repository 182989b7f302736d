// Cancellation, and where it ends.

import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  executeChild,
  isCancellation,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';

const { greet } = proxyActivities({ startToCloseTimeout: '20s' });
const { waitForCancel } = proxyActivities({
  startToCloseTimeout: '20s',
  heartbeatTimeout: '2s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Hands its cancellation on to an activity, and cleans up where no cancellation comes. */
export async function cleansUp() {
  try {
    await waitForCancel();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return CancellationScope.nonCancellable(() => greet('cleaner'));
  }
}

/** Ends as canceled. */
export async function canceled() {
  await waitForCancel();
}

/** Waits for ever, and is canceled through its parent. */
export async function sleeper() {
  await sleep('365 days');
}

/** Cancels its child with itself. */
export async function parentOfSleeper() {
  await executeChild(sleeper);
}

/** Cancels timers, a child and an activity by scopes of its own, and goes on. */
export async function scopes() {
  const outcomes = [];
  for (const work of [() => sleep('1 hour'), waitForCancel, () => executeChild(sleeper)]) {
    try {
      await CancellationScope.withTimeout(100, work);
    } catch (error) {
      outcomes.push(isCancellation(error));
    }
  }
  const scope = new CancellationScope();
  const never = scope.run(() => condition(() => false));
  scope.cancel();
  await never.catch((error) => outcomes.push(isCancellation(error)));
  return outcomes;
}
