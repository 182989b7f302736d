// The workflow worker.

import assert from 'node:assert/strict';
import { Client } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
} from '@temporalio/common';

import { causes, raises } from '../harness/check.js';
import { guest } from '../harness/places.js';
import { events, replays, unique } from '../harness/world.js';
import { add, finish, note, notes } from '../workflows/everything.js';

/** What the workflow that does everything returns, beside words and sum. */
const EVERYTHING = {
  said: ['Hello, Ada!', 'Hello, local!', 'lucky', 'attempt 2'],
  doubled: 42,
  flags: [true, true, true],
  marks: ['from within', 'blue'],
};

/** Lets it end, and expects this. */
async function finishes(run, words, sum) {
  await run.signal(finish);
  assert.deepEqual(await run.result(), { ...EVERYTHING, words, sum });
  await replays(run);
}

/** Has the workflow do everything while it is signalled, queried and updated. */
async function everything(world, options = {}) {
  const run = await world.startWith(options, 'everything', 'Ada');
  await run.signal(note, 'one');
  assert.equal(await run.executeUpdate(add, { args: [5] }), 5);
  await run.signal(note, 'two');
  assert.deepEqual(await run.query(notes), ['one', 'two']);
  assert.equal(await run.executeUpdate(add, { args: [6] }), 11);
  await finishes(run, ['one', 'two'], 11);
  assert.deepEqual(await run.query(notes), ['one', 'two'], 'closed runs answer too');
  return run;
}

export const tests = {
  async 'everything in one workflow'(world) {
    const run = await everything(world);
    const { memo, typedSearchAttributes, raw } = await run.describe();
    assert.equal(memo.note, 'from within');
    const marks = typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]);
    assert.ok(marks.some(([name, value]) => name === 'Color' && value === 'blue'), JSON.stringify(marks));
    assert.ok(raw.workflowExecutionInfo.searchAttributes.indexedFields.TemporalChangeVersion);
  },

  async 'everything without a cache'(world) {
    await world.withWorker((taskQueue) => everything(world, { taskQueue }), { maxCachedWorkflows: 0 });
  },

  async 'a rejected update leaves nothing'(world) {
    const run = await world.start('everything', 'Ada');
    await world.event(run, 'CHILD_WORKFLOW_EXECUTION_COMPLETED');
    await run.query(notes);
    const before = await events(run);
    for (let time = 0; time < 3; time++) {
      const error = await causes(ApplicationFailure, run.executeUpdate(add, { args: [-1] }));
      assert.equal(error.message, 'negative');
    }
    assert.deepEqual(await events(run), before);
    assert.equal(await run.executeUpdate(add, { args: [1] }), 1);
    await finishes(run, [], 1);
  },

  async 'runs go from worker to worker'(world) {
    const taskQueue = unique('handed-on');
    const run = await world.withWorker(
      async () => {
        const handle = await world.startWith({ taskQueue }, 'everything', 'Ada');
        await handle.signal(note, 'first');
        await world.event(handle, 'CHILD_WORKFLOW_EXECUTION_COMPLETED');
        return handle;
      },
      { taskQueue },
    );
    await world.withWorker(
      async () => {
        await run.signal(note, 'second');
        assert.deepEqual(await run.query(notes), ['first', 'second']);
        await finishes(run, ['first', 'second'], 0);
      },
      { taskQueue },
    );
  },

  async 'a chain of runs'(world) {
    const run = await world.start('countdown', 3);
    assert.equal(await run.result(), true);
    await replays(world.client.workflow.getHandle(run.workflowId, run.firstExecutionRunId));
  },

  async 'a workflow tells and cancels others'(world) {
    const stranger = await world.start('listener');
    const canceled = await world.start('sleeper');
    const run = await world.start('teller', stranger.workflowId, canceled.workflowId);
    assert.equal(await run.result(), 'child');
    assert.equal(await stranger.result(), 'stranger');
    await causes(CancelledFailure, canceled.result());
    for (const handle of [run, stranger, canceled]) await replays(handle);
  },

  async 'an abandoned child lives on'(world) {
    const childId = unique('child');
    await (await world.start('leaver', childId)).result();
    const child = world.client.workflow.getHandle(childId);
    await child.signal('told', 'alone');
    assert.equal(await child.result(), 'alone');
  },

  async 'a component as a child'(world) {
    await world.server.command('deploy', guest('hello'), '--task-queue', 'hello');
    const run = await world.start('mixed', 'hello');
    assert.match(await run.result(), /Ada/);
    await replays(run);
  },

  async 'failures keep their causes'(world) {
    const run = await world.start('childFails');
    const child = await causes(ChildWorkflowFailure, run.result());
    assert.equal(child.workflowType, 'activityFails');
    const activity = child.cause;
    assert.ok(activity instanceof ActivityFailure);
    assert.deepEqual([activity.activityType, activity.retryState], ['failForGood', 'NON_RETRYABLE_FAILURE']);
    const { message, type, details, nonRetryable } = activity.cause;
    assert.deepEqual([message, type, details, nonRetryable], ['for good', 'Final', [{ why: 42 }], true]);
    await replays(run);
  },

  async 'timeouts of activities are told'(world) {
    const run = await world.start('timeouts');
    const found = (await run.result()).map((words) => words.slice(0, 3));
    assert.deepEqual(found, [
      ['ActivityFailure', 'TimeoutFailure', 'HEARTBEAT'],
      ['ActivityFailure', 'TimeoutFailure', 'SCHEDULE_TO_START'],
    ]);
    await replays(run);
  },

  async 'a workflow is tried again'(world) {
    const run = await world.startWith({ retry: { initialInterval: 10 } }, 'retried');
    assert.equal(await run.result(), 2);
  },

  async 'a failing task is tried again until it is mended'(world) {
    const taskQueue = unique('stuck');
    const run = await world.startWith({ taskQueue }, 'stuck');
    await world.withWorker(() => world.event(run, 'WORKFLOW_TASK_FAILED'), { taskQueue });
    await world.withWorker(() => run.result(), { taskQueue, buildId: 'mended' });
  },

  async 'a cancellation is handed on, and cleaned up after'(world) {
    const cleaner = await world.start('cleansUp');
    const canceled = await world.start('canceled');
    const parent = await world.start('parentOfSleeper');
    await world.event(cleaner, 'ACTIVITY_TASK_SCHEDULED');
    await world.event(canceled, 'ACTIVITY_TASK_SCHEDULED');
    await world.event(parent, 'CHILD_WORKFLOW_EXECUTION_STARTED');
    for (const run of [cleaner, canceled, parent]) await run.cancel();
    assert.equal(await cleaner.result(), 'Hello, cleaner!');
    await causes(CancelledFailure, canceled.result());
    const child = await raises(Error, parent.result());
    assert.match(String(child.cause), /Cancelled|cancelled/);
    for (const run of [cleaner, canceled, parent]) await replays(run);
  },

  async 'scopes cancel what is in them'(world) {
    const run = await world.start('scopes');
    assert.deepEqual(await run.result(), [true, true, true, true]);
    await replays(run);
  },

  async 'many at once'(world) {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const runs = await Promise.all(numbers.map((number) => world.start('double', number)));
    assert.deepEqual(await Promise.all(runs.map((run) => run.result())), numbers.map((number) => 2 * number));
  },

  async 'a task has more commands than fit into one call'(world) {
    const [count, length] = [13, 400 * 1024];
    const run = await world.start('measuresMany', count, length);
    assert.equal(await run.result(), count * length);
    await replays(run);
    const { events: history } = await run.fetchHistory();
    const scheduled = history.filter((event) => event.activityTaskScheduledEventAttributes);
    const tasks = new Set(
      scheduled.map((event) => `${event.activityTaskScheduledEventAttributes.workflowTaskCompletedEventId}`),
    );
    assert.deepEqual([scheduled.length, tasks.size], [count, 1]);
  },

  async 'an eager start'(world) {
    await world.withWorker(async (taskQueue) => {
      const client = new Client({ connection: world.native });
      const options = { workflowId: unique('eager'), taskQueue, requestEagerStart: true, args: [4] };
      const run = await client.workflow.start('double', options);
      assert.ok(run.eagerlyStarted);
      assert.equal(await run.result(), 8);
      await replays(run);
    });
  },

  async 'runs outlive the server'(world) {
    await world.withFragile(async (own) => {
      const runs = await Promise.all(Array.from({ length: 20 }, () => own.start('everything', 'Ada')));
      for (const word of ['one', 'two', 'three']) {
        await Promise.all(runs.map((run) => run.signal(note, word)));
        await own.server.crash();
        await own.server.recover();
      }
      await Promise.all(runs.map((run) => finishes(run, ['one', 'two', 'three'], 0)));
    });
  },
};
