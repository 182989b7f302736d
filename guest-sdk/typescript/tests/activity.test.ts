import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Context, heartbeat, activityInfo, sleep as activitySleep, CompleteAsyncError } from '../src/activity/index.ts';
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '../src/common/index.ts';
import { MockActivityEnvironment, TestWorkflowEnvironment, WorkflowFailedError } from '../src/testing/index.ts';
import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  sleep,
} from '../src/workflow/index.ts';

const activities = {
  async greet(name: string) {
    return `Hello, ${name}!`;
  },
  async failUntil(attempt: number) {
    if (activityInfo().attempt < attempt) throw ApplicationFailure.retryable('not yet', 'NotYet');
    return activityInfo().attempt;
  },
  async progress(to: number) {
    const from: number = Context.current().info.heartbeatDetails ?? 0;
    heartbeat(from + 1);
    if (from + 1 < to) throw ApplicationFailure.retryable('halfway', 'Halfway');
    return from + 1;
  },
  async waitForCancel() {
    for (;;) {
      heartbeat();
      await activitySleep('1 second');
    }
  },
  async forever() {
    await new Promise((resolve) => setTimeout(resolve, 3_600_000));
  },
  async bug() {
    throw new TypeError('no such thing');
  },
  async later() {
    throw new CompleteAsyncError();
  },
};

const stubs = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute', retry: { maximumAttempts: 5 } });
const waiting = proxyActivities<typeof activities>({
  startToCloseTimeout: '1 minute',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});
const local = proxyLocalActivities<typeof activities>({ startToCloseTimeout: '1 second' });

const workflows = {
  activities,
  async all() {
    return [await stubs.greet('Ada'), await stubs.failUntil(3), await stubs.progress(4), await local.greet('Bob')];
  },
  async call(name: keyof typeof activities) {
    await (stubs[name] as () => Promise<unknown>)();
  },
  async timesOut() {
    await stubs.forever.executeWithOptions({ retry: { maximumAttempts: 2 } }, []);
  },
  async tryCancel() {
    const scope = new CancellationScope();
    const call = scope.run(() => stubs.waitForCancel());
    await sleep('5 seconds');
    scope.cancel();
    return await call.catch((error) => [error.name, isCancellation(error), Date.now()]);
  },
  async waitCancel() {
    const scope = new CancellationScope();
    const call = scope.run(() => waiting.waitForCancel());
    await sleep('5 seconds');
    scope.cancel();
    return await call.catch((error) => [error.name, error.cause.name, error.retryState]);
  },
};

const run = async (name: keyof typeof workflows, ...args: unknown[]) =>
  await new TestWorkflowEnvironment({ workflows }).client.workflow.execute(name, { args: args as never });
const causeOf = async (name: keyof typeof workflows, ...args: unknown[]) => {
  const error = await run(name, ...args).catch((it) => it);
  assert(error instanceof WorkflowFailedError, String(error.stack));
  return error.cause;
};

test('activities run, are retried, and go on where the heartbeat was', async () => {
  assert.deepEqual(await run('all'), ['Hello, Ada!', 3, 4, 'Hello, Bob!']);
});

test('an error becomes an application failure of its class', async () => {
  const failure = await causeOf('call', 'bug');
  assert(failure instanceof ActivityFailure);
  assert.equal(failure.retryState, 'MAXIMUM_ATTEMPTS_REACHED');
  assert(failure.cause instanceof ApplicationFailure);
  assert.deepEqual([failure.cause.type, failure.cause.message], ['TypeError', 'no such thing']);
  assert.match(failure.cause.stack ?? '', /at .*activity\.test/);
});

test('asynchronous completion says why not', async () => {
  const failure = await causeOf('call', 'later');
  assert.match((failure.cause as Error).message, /CompleteAsyncError/);
});

test('a slow attempt times out', async () => {
  const failure = await causeOf('timesOut');
  assert(failure.cause instanceof TimeoutFailure);
  assert.equal(failure.cause.timeoutType, 'START_TO_CLOSE');
});

test('a canceled call fails at once, or with the end of the activity', async () => {
  assert.deepEqual(await run('tryCancel'), ['ActivityFailure', true, Date.UTC(2026, 0, 1, 0, 0, 5)]);
  assert.deepEqual(await run('waitCancel'), ['ActivityFailure', 'CancelledFailure', 'CANCEL_REQUESTED']);
});

test('timeouts are required', () => {
  assert.throws(() => proxyActivities({}), /startToCloseTimeout or scheduleToCloseTimeout/);
});

test('an activity runs by itself', async () => {
  const environment = new MockActivityEnvironment({ attempt: 7 });
  assert.equal(await environment.run(activities.failUntil, 7), 7);
  const stuck = environment.run(activities.waitForCancel);
  environment.cancel();
  await assert.rejects(stuck, (error) => error instanceof CancelledFailure);
  assert.deepEqual(environment.heartbeats, [undefined]);
});
