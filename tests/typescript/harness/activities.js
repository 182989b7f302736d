// The activities of every worker.

import { CompleteAsyncError, activityInfo, cancelled, heartbeat, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';

export async function greet(name) {
  return `Hello, ${name}!`;
}

export async function measure(text) {
  return text.length;
}

/** Succeeds with its third attempt, which gets what the second one told last. */
export async function thirdTimeLucky() {
  const { attempt, heartbeatDetails } = activityInfo();
  if (attempt < 3) {
    heartbeat(`attempt ${attempt}`);
    throw new Error(`attempt ${attempt}`);
  }
  return heartbeatDetails ?? 'lucky';
}

/** Repeats a word with its second attempt; the first one fails with it. */
export async function stammer(word) {
  const { attempt, heartbeatDetails } = activityInfo();
  if (attempt > 1) return heartbeatDetails;
  heartbeat(word);
  throw ApplicationFailure.create({ message: `stammered ${word}`, details: [word] });
}

/** Ends by its cancellation only. */
export async function waitForCancel() {
  const beats = setInterval(() => heartbeat('alive'), 50);
  try {
    await cancelled();
  } finally {
    clearInterval(beats);
  }
}

/** Is silent, so that its heartbeat times out. */
export async function fallSilent() {
  heartbeat('last words');
  await sleep('1 hour');
}

/** Is completed by somebody else. */
export async function completedElsewhere() {
  throw new CompleteAsyncError();
}

/** Fails for good. */
export async function failForGood() {
  throw ApplicationFailure.create({ message: 'for good', type: 'Final', details: [{ why: 42 }], nonRetryable: true });
}
