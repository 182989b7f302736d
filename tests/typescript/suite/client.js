// The client: what is done to runs from outside.

import assert from 'node:assert/strict';
import {
  Client,
  Connection,
  QueryNotRegisteredError,
  QueryRejectedError,
  WithStartWorkflowOperation,
  WorkflowContinuedAsNewError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateStage,
  isGrpcServiceError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  SearchAttributeType,
  TerminatedFailure,
  WorkflowExecutionAlreadyStartedError,
  defineSearchAttributeKey,
} from '@temporalio/common';

import { causes, collect, raises } from '../harness/check.js';
import { unique } from '../harness/world.js';
import { add, finish, note, notes } from '../workflows/everything.js';

const SHAPE = defineSearchAttributeKey('Shape', SearchAttributeType.KEYWORD);
const SIDES = defineSearchAttributeKey('Sides', SearchAttributeType.INT);

/** Starts the workflow that does everything, and waits until it has done most of it. */
async function started(world, options = {}) {
  const run = await world.startWith(options, 'everything', 'Ada');
  await world.event(run, 'CHILD_WORKFLOW_EXECUTION_COMPLETED');
  return run;
}

export const tests = {
  async 'the server is healthy and says what it is'(world) {
    assert.equal((await world.connection.healthService.check({})).status, 1);
    const { capabilities, serverVersion } = await world.connection.workflowService.getSystemInfo({});
    assert.ok(serverVersion);
    assert.ok(capabilities.supportsSchedules);
  },

  async 'a lazy connection connects with its first call'(world) {
    const connection = Connection.lazy({ address: world.server.address });
    const client = new Client({ connection });
    assert.equal((await client.workflow.count("WorkflowId = 'nobody'")).count, 0);
    await connection.close();
  },

  async 'a run is described as it was started'(world) {
    const workflowId = unique('described');
    const run = await world.startWith({ workflowId, memo: { who: 'tests' }, workflowRunTimeout: '1 hour' }, 'listener');
    const described = await run.describe();
    assert.deepEqual(described.memo, { who: 'tests' });
    assert.deepEqual(
      [described.workflowId, described.runId, described.type, described.status.name, described.taskQueue],
      [workflowId, run.firstExecutionRunId, 'listener', 'RUNNING', world.taskQueue],
    );
    await run.signal('told', 'enough');
    assert.equal(await run.result(), 'enough');
    assert.equal((await run.describe()).status.name, 'COMPLETED');
  },

  async 'an id belongs to one run at a time'(world) {
    const run = await world.start('listener');
    const again = world.startWith({ workflowId: run.workflowId }, 'listener');
    const error = await raises(WorkflowExecutionAlreadyStartedError, again);
    assert.equal(error.workflowId, run.workflowId);
    const same = await world.startWith({ workflowId: run.workflowId, workflowIdConflictPolicy: 'USE_EXISTING' }, 'listener');
    assert.equal(same.firstExecutionRunId, run.firstExecutionRunId);
    await run.signal('told', 'done');
    await run.result();
    const refused = world.startWith({ workflowId: run.workflowId, workflowIdReusePolicy: 'REJECT_DUPLICATE' }, 'listener');
    await raises(WorkflowExecutionAlreadyStartedError, refused);
  },

  async 'a run that is not there is not found'(world) {
    const nobody = world.client.workflow.getHandle('nobody');
    await raises(WorkflowNotFoundError, nobody.describe());
    await raises(WorkflowNotFoundError, nobody.signal('told'));
    await raises(WorkflowNotFoundError, nobody.terminate());
    await raises(WorkflowNotFoundError, nobody.query('hears'));
  },

  async 'signals, queries and updates reach a run'(world) {
    const run = await started(world);
    await run.signal(note, 'one');
    assert.deepEqual(await run.query(notes), ['one']);
    assert.equal(await run.executeUpdate(add, { args: [5] }), 5);
    const update = await run.startUpdate(add, {
      args: [6],
      updateId: 'six',
      waitForStage: WorkflowUpdateStage.ACCEPTED,
    });
    assert.equal(await update.result(), 11);
    assert.equal(await run.getUpdateHandle('six').result(), 11);
    await run.signal(finish);
    assert.deepEqual((await run.result()).words, ['one']);
  },

  async 'a signal starts a run that is not there'(world) {
    const workflowId = unique('signalled');
    const run = await world.client.workflow.signalWithStart('listener', {
      workflowId,
      taskQueue: world.taskQueue,
      signal: 'told',
      signalArgs: ['first'],
    });
    assert.equal(await run.result(), 'first');
  },

  async 'an update starts a run that is not there, and finds one that is'(world) {
    const operation = (workflowId) =>
      new WithStartWorkflowOperation('everything', {
        workflowId,
        taskQueue: world.taskQueue,
        args: ['Ada'],
        workflowIdConflictPolicy: 'USE_EXISTING',
      });
    const workflowId = unique('with-start');
    const first = operation(workflowId);
    assert.equal(
      await world.client.workflow.executeUpdateWithStart(add, { args: [7], startWorkflowOperation: first }),
      7,
    );
    const second = operation(workflowId);
    const update = await world.client.workflow.startUpdateWithStart(add, {
      args: [1],
      waitForStage: WorkflowUpdateStage.ACCEPTED,
      startWorkflowOperation: second,
    });
    assert.equal(await update.result(), 8);
    const run = await first.workflowHandle();
    assert.equal((await second.workflowHandle()).firstExecutionRunId, run.firstExecutionRunId);
    await run.signal(finish);
    assert.equal((await run.result()).sum, 8);
  },

  async 'what a run rejects or does not know is told to the caller'(world) {
    const run = await started(world);
    const rejected = await causes(ApplicationFailure, run.executeUpdate(add, { args: [-1] }));
    assert.equal(rejected.message, 'negative');
    await raises(WorkflowUpdateFailedError, run.executeUpdate('nonsense'));
    await raises(QueryNotRegisteredError, run.query('nonsense'));
    const broken = await raises(Error, run.query('broken'));
    assert.match(broken.message, /no answer/);
    await run.terminate();
  },

  async 'a closed run answers queries'(world) {
    const run = await world.start('listener');
    await run.signal('told', 'word');
    await run.result();
    assert.equal(await run.query('hears'), 'word');
    const strict = new Client({
      connection: world.connection,
      workflow: { queryRejectCondition: 'NOT_OPEN' },
    });
    await raises(QueryRejectedError, strict.workflow.getHandle(run.workflowId).query('hears'));
  },

  async 'a run is canceled or terminated'(world) {
    const canceled = await world.start('listener');
    await canceled.cancel();
    await causes(CancelledFailure, canceled.result());
    assert.equal((await canceled.describe()).status.name, 'CANCELLED');
    const terminated = await world.start('listener');
    await terminated.terminate('by a test');
    const error = await causes(TerminatedFailure, terminated.result());
    assert.equal(error.message, 'by a test');
    await raises(WorkflowNotFoundError, terminated.signal('told', 'too late'));
  },

  async 'a failure comes with its details'(world) {
    const run = await world.start('fails');
    const error = await raises(WorkflowFailedError, run.result());
    const { message, type, details } = error.cause;
    assert.deepEqual([message, type, details], ['went wrong', 'Wrong', ['detail', 7]]);
  },

  async 'results are followed along a chain of runs, or not'(world) {
    const run = await world.start('countdown', 2);
    assert.equal(await run.result(), true);
    const first = world.client.workflow.getHandle(run.workflowId, run.firstExecutionRunId, { followRuns: false });
    await raises(WorkflowContinuedAsNewError, first.result());
  },

  async 'runs are listed and counted by what they are marked with'(world) {
    const marked = (shape, sides) =>
      world.startWith(
        { typedSearchAttributes: [{ key: SHAPE, value: shape }, { key: SIDES, value: sides }], memo: { shape } },
        'listener',
      );
    const runs = [await marked('triangle', 3), await marked('square', 4), await marked('rhombus', 4)];
    const list = (query) => collect(world.client.workflow.list({ query, pageSize: 1 }));
    const found = await list('Sides = 4');
    assert.deepEqual(found.map((run) => run.memo.shape).sort(), ['rhombus', 'square']);
    assert.equal(found[0].typedSearchAttributes.get(SIDES), 4);
    assert.equal((await list("Shape IN ('triangle', 'square') AND Sides < 4")).length, 1);
    assert.equal((await world.client.workflow.count('Sides IS NOT NULL')).count, 3);
    await runs[0].terminate();
    const { groups } = await world.client.workflow.count('Sides IS NOT NULL GROUP BY ExecutionStatus');
    const counted = Object.fromEntries(groups.map(({ count, groupValues }) => [groupValues[0], count]));
    assert.deepEqual(counted, { Running: 2, Terminated: 1 });
    await Promise.all(runs.slice(1).map((run) => run.terminate()));
  },

  async 'histories of a list can be fetched together'(world) {
    const run = await world.start('double', 4);
    await run.result();
    const list = world.client.workflow.list({ query: `WorkflowId = '${run.workflowId}'` });
    const [{ workflowId, history }] = await collect(list.intoHistories());
    assert.equal(workflowId, run.workflowId);
    assert.ok(history.events.length > 5);
  },

  async 'a query without a worker reaches its deadline'(world) {
    const run = await world.startWith({ taskQueue: unique('deserted') }, 'listener');
    const soon = () => run.query('hears');
    const error = await raises(Error, world.client.withDeadline(Date.now() + 1000, soon));
    assert.ok(isGrpcServiceError(error) || isGrpcServiceError(error.cause), error.stack);
    await run.terminate();
  },
};
