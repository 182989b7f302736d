// Expectations that plain asserts cannot say.

import assert from 'node:assert/strict';

/** The error of this class that a promise is rejected with. */
export async function raises(kind, promise) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    assert.ok(error instanceof kind, `${error?.stack ?? error} instead of ${kind.name}`);
    return error;
  }
  assert.fail(`no ${kind.name}; the answer is ${JSON.stringify(answer)}`);
}

/** The error of this class that is the reason why a workflow, or what else the promise stands for, has failed. */
export async function causes(kind, promise) {
  const error = await raises(Error, promise);
  assert.ok(error.cause instanceof kind, `${error.cause} instead of ${kind.name} is the cause of ${error}`);
  return error.cause;
}

/** Everything that an iterator of the client gives. */
export async function collect(iterator) {
  const found = [];
  for await (const item of iterator) found.push(item);
  return found;
}
