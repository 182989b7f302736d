// What a workflow knows about itself, and says.

import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import {
  condition,
  defineQuery,
  defineSignal,
  executeChild,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

/** A search attribute of each type, with a value. */
export const EVERY_TYPE = [
  ['EveryText', SearchAttributeType.TEXT, 'a long text'],
  ['EveryKeyword', SearchAttributeType.KEYWORD, 'word'],
  ['EveryInt', SearchAttributeType.INT, 42],
  ['EveryDouble', SearchAttributeType.DOUBLE, 4.25],
  ['EveryBool', SearchAttributeType.BOOL, true],
  ['EveryDatetime', SearchAttributeType.DATETIME, new Date('2026-01-02T03:04:05.678Z')],
  ['EveryKeywordList', SearchAttributeType.KEYWORD_LIST, ['one', 'two']],
].map(([name, type, value]) => ({ key: defineSearchAttributeKey(name, type), value }));

const go = defineSignal('go');
const shout = defineQuery('shout');

/** Marks itself with search attributes of every type, and takes one of them off again. */
export async function marksItself() {
  upsertSearchAttributes(EVERY_TYPE);
  upsertMemo({ kept: 1, removed: 2 });
  await sleep(1);
  upsertSearchAttributes([{ key: EVERY_TYPE[0].key, value: null }]);
  upsertMemo({ removed: null });
  let isGone = false;
  setHandler(go, () => void (isGone = true));
  await condition(() => isGone);
  return workflowInfo().memo;
}

/** Tells what it knows, and what its child knows of it. */
export async function knows(depth) {
  const { workflowId, runId, parent, root, attempt, historyLength, taskQueue, workflowType } = workflowInfo();
  const child = depth > 0 ? await executeChild(knows, { args: [depth - 1] }) : null;
  return { workflowId, runId, parent, root, attempt, historyLength, taskQueue, workflowType, child };
}

/** Describes what it does. */
export async function talks() {
  setHandler(go, () => {}, { description: 'lets it go on' });
  setHandler(shout, () => 'here', { description: 'where it is' });
  setCurrentDetails('sleeping *soundly*');
  await sleep('1 hour', { summary: 'a nap' });
}
