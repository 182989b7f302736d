// Schedules.

import assert from 'node:assert/strict';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';

import { collect, raises } from '../harness/check.js';
import { unique } from '../harness/world.js';

// Long enough that a schedule does nothing by itself while a test looks at it.
const SELDOM = { intervals: [{ every: '3650 days' }] };

function action(world, options = {}) {
  return {
    type: 'startWorkflow',
    workflowType: 'double',
    args: [21],
    taskQueue: world.taskQueue,
    workflowId: unique('scheduled'),
    ...options,
  };
}

function create(world, options = {}) {
  return world.client.schedule.create({
    scheduleId: unique('schedule'),
    spec: SELDOM,
    action: action(world),
    ...options,
  });
}

/** Waits until the schedule has taken so many actions, and describes it. */
function acted(world, handle, number) {
  return world.until(
    () => handle.describe(),
    ({ info }) => info.numActionsTaken === number && info.runningActions.length === 0,
  );
}

export const tests = {
  async 'a schedule is described as it was created'(world) {
    const spec = {
      calendars: [{ hour: { start: 9, end: 17, step: 2 }, dayOfWeek: 'MONDAY', comment: 'at work' }],
      intervals: [{ every: '2 days', offset: '1 hour' }],
      cronExpressions: ['0 12 * * MON'],
      skip: [{ year: 2050 }],
      startAt: new Date('2020-01-01T00:00:00Z'),
      jitter: '80s',
      timezone: 'America/Chicago',
    };
    const policies = { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: '5 minutes', pauseOnFailure: true };
    const state = { note: 'a note', paused: true, remainingActions: 30 };
    const handle = await create(world, { spec, policies, state, memo: { who: 'tests' } });
    const described = await handle.describe();
    assert.deepEqual(described.memo, { who: 'tests' });
    assert.deepEqual(described.policies, { overlap: 'BUFFER_ONE', catchupWindow: 300_000, pauseOnFailure: true });
    assert.deepEqual(described.state, { note: 'a note', paused: true, remainingActions: 30 });
    const [atWork, noon] = described.spec.calendars;
    assert.equal(atWork.comment, 'at work');
    assert.deepEqual(atWork.hour, [{ start: 9, end: 17, step: 2 }]);
    assert.deepEqual(noon.dayOfWeek, [{ start: 'MONDAY', end: 'MONDAY', step: 1 }]);
    assert.deepEqual(described.spec.intervals, [{ every: 172_800_000, offset: 3_600_000 }]);
    assert.deepEqual([described.spec.timezone, described.spec.jitter], ['America/Chicago', 80_000]);
    assert.equal(described.info.nextActionTimes.length, 10);
    assert.deepEqual([described.action.workflowType, described.action.args], ['double', [21]]);
    await handle.delete();
  },

  async 'an id is taken until its schedule is deleted'(world) {
    const handle = await create(world);
    await raises(ScheduleAlreadyRunning, create(world, { scheduleId: handle.scheduleId }));
    await handle.delete();
    await raises(ScheduleNotFoundError, handle.describe());
    await raises(ScheduleNotFoundError, handle.trigger());
    await raises(ScheduleNotFoundError, handle.pause());
    await raises(ScheduleNotFoundError, handle.delete());
  },

  async 'a schedule is triggered'(world) {
    const handle = await create(world, { state: { triggerImmediately: true } });
    const { info } = await acted(world, handle, 1);
    const [{ action: taken }] = info.recentActions;
    const run = world.client.workflow.getHandle(taken.workflow.workflowId, taken.workflow.firstExecutionRunId);
    assert.equal(await run.result(), 42);
    await handle.trigger();
    await acted(world, handle, 2);
    await handle.delete();
  },

  async 'the past is backfilled'(world) {
    const handle = await create(world, { spec: { intervals: [{ every: '1 hour' }] }, state: { paused: true } });
    const start = new Date('2020-01-20T04:30:00Z');
    const end = new Date('2020-01-20T06:30:00Z');
    await handle.backfill({ start, end, overlap: ScheduleOverlapPolicy.ALLOW_ALL });
    const { info, action: template } = await acted(world, handle, 2);
    const ids = info.recentActions.map(({ action: taken }) => taken.workflow.workflowId).sort();
    assert.deepEqual(ids, ['05', '06'].map((hour) => `${template.workflowId}-2020-01-20T${hour}:00:00Z`));
    await handle.delete();
  },

  async 'a schedule is paused, goes on, and acts as time passes'(world) {
    const handle = await create(world, { spec: { intervals: [{ every: '1s' }] }, state: { paused: true } });
    await handle.unpause('go on');
    await world.until(
      () => handle.describe(),
      ({ info }) => info.numActionsTaken >= 2,
    );
    await handle.pause('holidays');
    const { state } = await handle.describe();
    assert.deepEqual([state.paused, state.note], [true, 'holidays']);
    await handle.delete();
  },

  async 'a schedule is updated'(world) {
    const handle = await create(world);
    await handle.update((previous) => ({
      ...previous,
      spec: { calendars: [{ hour: 7 }] },
      action: action(world, { workflowType: 'listener', args: [] }),
    }));
    const { spec, action: changed, info } = await handle.describe();
    assert.deepEqual(spec.calendars[0].hour, [{ start: 7, end: 7, step: 1 }]);
    assert.equal(changed.workflowType, 'listener');
    assert.ok(info.lastUpdatedAt);
    await handle.delete();
  },

  async 'schedules are listed'(world) {
    const handle = await create(world, { memo: { listed: true } });
    const found = await world.until(
      () => collect(world.client.schedule.list({ pageSize: 1 })),
      (list) => list.some(({ scheduleId }) => scheduleId === handle.scheduleId),
    );
    const summary = found.find(({ scheduleId }) => scheduleId === handle.scheduleId);
    assert.deepEqual([summary.memo, summary.action.workflowType], [{ listed: true }, 'double']);
    await handle.delete();
  },
};
