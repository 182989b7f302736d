// A secret that goes everywhere.

import { ApplicationFailure } from '@temporalio/common';
import {
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';

export const tell = defineSignal('tell');
export const ask = defineQuery('ask');
export const change = defineUpdate('change');

const options = { startToCloseTimeout: '20s', retry: { initialInterval: 10 } };
const { stammer } = proxyActivities(options);
const { greet } = proxyLocalActivities(options);

/** Returns what it is told. */
export async function echo(word) {
  return word;
}

/** Hands the secret to all that a workflow has, and fails with it in the end, once it has been told another one. */
export async function secrets(word) {
  let last;
  setHandler(tell, (told) => void (last = told));
  setHandler(ask, (question) => [question, word]);
  setHandler(change, (changed) => `changed to ${changed}`, {
    validator(changed) {
      if (changed !== word) throw ApplicationFailure.nonRetryable(`${changed} is not ${word}`);
    },
  });
  upsertMemo({ word });
  const said = [await stammer(word), await greet(word), await executeChild(echo, { args: [word] })];
  await condition(() => last !== undefined);
  throw ApplicationFailure.create({ message: `no more ${last}`, type: 'Wrong', details: [said] });
}
