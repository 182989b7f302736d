// The activity worker, whose activities are defined by the tests.

import assert from 'node:assert/strict';
import { CompleteAsyncError, activityInfo, cancelled, heartbeat, sleep } from '@temporalio/activity';
import { ActivityNotFoundError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';

import { causes, raises } from '../harness/check.js';
import { guest } from '../harness/places.js';
import { events, replays, unique } from '../harness/world.js';

const PATIENT = { startToCloseTimeout: '30s', retry: { initialInterval: 10, maximumAttempts: 3 } };

/** Calls back with a function that has a workflow run one of these activities, which a worker of their own serves. */
async function withActivities(world, activities, test) {
  const run = (name, options = {}, ...args) =>
    world.start('runs', name, { taskQueue: worker.taskQueue, ...PATIENT, ...options }, ...args);
  const worker = await world.startWorker({ taskQueue: unique('activities'), activities, workflowBundle: undefined });
  try {
    await test(run, worker.taskQueue);
  } finally {
    await worker.stop();
  }
}

/** Something that a test waits for, and an activity tells. */
function moment() {
  let tell;
  const told = new Promise((resolve) => (tell = resolve));
  return { tell, told };
}

export const tests = {
  async 'an activity knows who it works for'(world) {
    const activities = { async look() { return activityInfo(); } };
    await withActivities(world, activities, async (run, taskQueue) => {
      const handle = await run('look', { heartbeatTimeout: '9s', activityId: 'the-id', priority: { priorityKey: 2 } });
      const info = await handle.result();
      assert.deepEqual(
        [info.activityId, info.activityType, info.taskQueue, info.attempt, info.workflowType],
        ['the-id', 'look', taskQueue, 1, 'runs'],
      );
      assert.equal(info.workflowExecution.runId, handle.firstExecutionRunId);
      assert.deepEqual([info.startToCloseTimeoutMs, info.heartbeatTimeoutMs, info.priority.priorityKey], [30_000, 9_000, 2]);
      assert.equal(info.retryPolicy.maximumAttempts, 3);
      await replays(handle);
    });
  },

  async 'a failed attempt hands its progress to the next'(world) {
    const seen = [];
    const activities = {
      async stepwise() {
        const { attempt, heartbeatDetails } = activityInfo();
        seen.push([attempt, heartbeatDetails]);
        if (attempt === 1) {
          heartbeat({ step: 2 });
          throw new Error('the first attempt');
        }
        return 'done';
      },
    };
    await withActivities(world, activities, async (run) => {
      const handle = await run('stepwise');
      assert.equal(await handle.result(), 'done');
      assert.deepEqual(seen, [[1, undefined], [2, { step: 2 }]]);
      const started = (await events(handle)).filter((name) => name === 'ACTIVITY_TASK_STARTED');
      assert.equal(started.length, 1, 'attempts that are repeated leave no trace but the last one');
    });
  },

  async 'an attempt that falls silent is followed by another'(world) {
    const activities = {
      async silent() {
        const { attempt, heartbeatDetails } = activityInfo();
        if (attempt > 1) return heartbeatDetails;
        heartbeat('last words');
        await sleep('1 hour');
      },
    };
    await withActivities(world, activities, async (run) => {
      const handle = await run('silent', { heartbeatTimeout: '500ms' });
      assert.equal(await handle.result(), 'last words');
    });
  },

  async 'attempts come to an end'(world) {
    let attempts = 0;
    const activities = {
      async failing() {
        attempts++;
        throw ApplicationFailure.create({ message: 'again', type: 'Again', nextRetryDelay: 1, details: [attempts] });
      },
      async failingForGood() {
        throw ApplicationFailure.nonRetryable('for good', 'Final');
      },
      async unwanted() {
        throw ApplicationFailure.create({ message: 'unwanted', type: 'Unwanted' });
      },
    };
    await withActivities(world, activities, async (run) => {
      const states = [];
      for (const [name, options] of [
        ['failing', {}],
        ['failingForGood', {}],
        ['unwanted', { retry: { nonRetryableErrorTypes: ['Unwanted'] } }],
      ]) {
        const failure = await causes(ActivityFailure, (await run(name, options)).result());
        states.push([failure.retryState, failure.cause.message, failure.cause.type]);
      }
      assert.equal(attempts, 3);
      assert.deepEqual(states, [
        ['MAXIMUM_ATTEMPTS_REACHED', 'again', 'Again'],
        ['NON_RETRYABLE_FAILURE', 'for good', 'Final'],
        ['NON_RETRYABLE_FAILURE', 'unwanted', 'Unwanted'],
      ]);
    });
  },

  async 'an activity that takes too long times out'(world) {
    const activities = { slow: () => sleep('1 hour') };
    await withActivities(world, activities, async (run) => {
      const once = { startToCloseTimeout: '200ms', retry: { maximumAttempts: 1 } };
      const failure = await causes(ActivityFailure, (await run('slow', once)).result());
      assert.ok(failure.cause instanceof TimeoutFailure);
      assert.equal(failure.cause.timeoutType, 'START_TO_CLOSE');
    });
  },

  async 'a cancellation reaches the activity with its heartbeat'(world) {
    const working = moment();
    const activities = {
      async beats() {
        const beating = setInterval(() => heartbeat('alive'), 20);
        working.tell();
        try {
          await cancelled();
        } finally {
          clearInterval(beating);
        }
      },
    };
    await withActivities(world, activities, async (run) => {
      const wait = { heartbeatTimeout: '2s', cancellationType: 'WAIT_CANCELLATION_COMPLETED' };
      const handle = await run('beats', wait);
      await working.told;
      const [pending] = (await handle.describe()).raw.pendingActivities;
      assert.equal(pending.activityType.name, 'beats');
      await handle.cancel();
      await causes(CancelledFailure, handle.result());
      const names = await events(handle);
      assert.ok(names.indexOf('ACTIVITY_TASK_CANCEL_REQUESTED') < names.indexOf('ACTIVITY_TASK_CANCELED'));
      await replays(handle);
    });
  },

  async 'an activity is completed elsewhere'(world) {
    let took;
    const activities = {
      async waits() {
        took.tell(activityInfo().taskToken);
        throw new CompleteAsyncError();
      },
    };
    const { activity } = world.client;
    await withActivities(world, activities, async (run) => {
      const taken = async (options) => {
        took = moment();
        return [await run('waits', options), await took.told];
      };
      const [done, token] = await taken({ heartbeatTimeout: '20s' });
      await activity.heartbeat(token, 'half');
      await activity.complete(token, { done: true });
      assert.deepEqual(await done.result(), { done: true });
      await raises(ActivityNotFoundError, activity.complete(token, 'twice'));

      const [byId] = await taken({ activityId: 'by-id' });
      await activity.complete({ workflowId: byId.workflowId, activityId: 'by-id' }, 'by id');
      assert.equal(await byId.result(), 'by id');

      const [failed, failedToken] = await taken();
      await activity.fail(failedToken, ApplicationFailure.nonRetryable('from outside', 'Outside'));
      const failure = await causes(ActivityFailure, failed.result());
      assert.deepEqual([failure.cause.message, failure.cause.type], ['from outside', 'Outside']);

      const [canceled, canceledToken] = await taken({ cancellationType: 'WAIT_CANCELLATION_COMPLETED' });
      await canceled.cancel();
      await world.event(canceled, 'ACTIVITY_TASK_CANCEL_REQUESTED');
      await activity.reportCancellation(canceledToken, 'stopped');
      await causes(CancelledFailure, canceled.result());
    });
  },

  async 'local activities are tried again, long waits included'(world) {
    const run = await world.start('runsLocally', 'thirdTimeLucky', {
      startToCloseTimeout: '20s',
      localRetryThreshold: '5ms',
      retry: { initialInterval: 10 },
    });
    assert.equal(await run.result(), 'lucky');
    const names = await events(run);
    assert.ok(names.includes('TIMER_FIRED') && !names.includes('ACTIVITY_TASK_SCHEDULED'), names.join());
    await replays(run);
    const failing = await world.start('runsLocally', 'failForGood', { startToCloseTimeout: '20s' });
    const failure = await causes(ApplicationFailure, failing.result());
    assert.deepEqual([failure.type, failure.details], ['Final', [{ why: 42 }]]);
  },

  async 'a worker serves the activities of a component'(world) {
    const seen = [];
    const activities = { async Listen() { seen.push(activityInfo().activityId); } };
    await withActivities(world, activities, async (_, taskQueue) => {
      await world.server.command('deploy', guest('contract-guest'), '--task-queue', 'scripts');
      const script = `start => schedule-with quiet ${taskQueue} Listen\nresolved 1 => complete "heard"`;
      const run = await world.startWith({ taskQueue: 'scripts' }, 'Scripted', new TextEncoder().encode(script));
      assert.equal(await run.result(), 'heard');
      assert.deepEqual(seen, ['quiet']);
    });
  },
};
