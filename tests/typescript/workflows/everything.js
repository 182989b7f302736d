// One of each, in one workflow.

import { defineSearchAttributeKey } from '@temporalio/common';
import {
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  deprecatePatch,
  executeChild,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';

import { double } from './family.js';

export const note = defineSignal('note');
export const finish = defineSignal('finish');
export const notes = defineQuery('notes');
export const broken = defineQuery('broken');
export const add = defineUpdate('add');

const COLOR = defineSearchAttributeKey('Color', 'KEYWORD');

const { greet, thirdTimeLucky } = proxyActivities({
  startToCloseTimeout: '20s',
  retry: { initialInterval: 10 },
});
const local = proxyLocalActivities({ startToCloseTimeout: '20s', retry: { initialInterval: 10 } });

/** Activities, local ones, timers, a child, patches, what is random; then it waits to be finished. */
export async function everything(name) {
  const words = [];
  let sum = 0;
  let isFinished = false;
  setHandler(note, (word) => void words.push(word));
  setHandler(finish, () => void (isFinished = true));
  setHandler(notes, () => words);
  setHandler(broken, () => {
    throw new Error('no answer');
  });
  setHandler(
    add,
    async (number) => {
      sum += number;
      await sleep(10);
      return sum;
    },
    { validator: checkAdd },
  );
  upsertMemo({ note: 'from within' });
  upsertSearchAttributes([{ key: COLOR, value: 'blue' }]);
  const greeting = await greet(name);
  const locals = [await local.greet('local'), await local.thirdTimeLucky()];
  const luck = await thirdTimeLucky();
  await sleep(50);
  const isLate = !(await condition(() => false, 10));
  const doubled = await executeChild(double, { args: [21] });
  const isPatched = patched('a-patch');
  deprecatePatch('an-old-patch');
  const isRandom = uuid4() !== uuid4() && Math.random() !== Math.random();
  await condition(() => isFinished);
  const { memo, typedSearchAttributes } = workflowInfo();
  return {
    said: [greeting, ...locals, luck],
    doubled,
    flags: [isLate, isPatched, isRandom],
    marks: [memo.note, typedSearchAttributes.get(COLOR)],
    words,
    sum,
  };
}

function checkAdd(number) {
  if (number < 0) throw new Error('negative');
}

