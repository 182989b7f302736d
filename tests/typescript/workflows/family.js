// Children, other runs, and the runs that follow one another.

import {
  ParentClosePolicy,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  executeChild,
  getExternalWorkflowHandle,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

export const told = defineSignal('told');
export const hears = defineQuery('hears');

/** A child that works for a moment. */
export async function double(number) {
  await sleep(10);
  return 2 * number;
}

/** Continues as new until it has come to zero. */
export async function countdown(number) {
  if (number > 0) await continueAsNew(number - 1);
  return workflowInfo().continuedFromExecutionRunId !== undefined;
}

/** Waits until it is told a word, and returns it. */
export async function listener() {
  let word;
  setHandler(told, (said) => void (word = said));
  setHandler(hears, () => word ?? null);
  await condition(() => word !== undefined);
  return word;
}

/** Tells its child a word through its handle, another workflow by its id, and cancels a third one. */
export async function teller(listenerId, canceledId) {
  const child = await startChild(listener);
  await child.signal(told, 'child');
  await getExternalWorkflowHandle(listenerId).signal(told, 'stranger');
  await getExternalWorkflowHandle(canceledId).cancel();
  return child.result();
}

/** Leaves a child behind. */
export async function leaver(childId) {
  await startChild(listener, { workflowId: childId, parentClosePolicy: ParentClosePolicy.ABANDON });
}

/** Has a component do the work. */
export async function mixed(taskQueue) {
  return executeChild('Hello', { args: ['Ada'], taskQueue });
}
