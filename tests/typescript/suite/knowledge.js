// What runs are marked with, and what is said about them.

import assert from 'node:assert/strict';
import proto from '@temporalio/proto';

import { collect } from '../harness/check.js';
import { replays } from '../harness/world.js';
import { EVERY_TYPE } from '../workflows/knowledge.js';

const { IndexedValueType } = proto.temporal.api.enums.v1;

export const tests = {
  async 'search attributes have every type'(world) {
    const type = ({ key }) => [key.name, IndexedValueType[`INDEXED_VALUE_TYPE_${key.type}`]];
    const searchAttributes = Object.fromEntries(EVERY_TYPE.map(type));
    await world.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });

    const run = await world.startWith({ typedSearchAttributes: EVERY_TYPE }, 'listener');
    const attributes = (await run.describe()).typedSearchAttributes;
    for (const { key, value } of EVERY_TYPE) assert.deepEqual(attributes.get(key), value, key.name);
    const same = `WorkflowId = '${run.workflowId}' AND `;
    for (const condition of [
      "EveryText = 'long'",
      "EveryKeyword STARTS_WITH 'wo'",
      'EveryInt BETWEEN 41 AND 43',
      'EveryDouble > 4.2',
      'EveryBool = true',
      "EveryDatetime < '2026-01-02T03:04:06Z'",
      "EveryKeywordList IN ('two')",
    ]) {
      assert.equal((await world.client.workflow.count(same + condition)).count, 1, condition);
    }
    await run.terminate();
  },

  async 'a workflow marks itself'(world) {
    const run = await world.start('marksItself');
    const { typedSearchAttributes: attributes, memo } = await world.until(
      () => run.describe(),
      ({ typedSearchAttributes }) =>
        typedSearchAttributes.get(EVERY_TYPE[1].key) && !typedSearchAttributes.get(EVERY_TYPE[0].key),
    );
    for (const { key, value } of EVERY_TYPE.slice(1)) assert.deepEqual(attributes.get(key), value, key.name);
    assert.deepEqual(memo, { kept: 1 });
    const query = `WorkflowId = '${run.workflowId}' AND EveryText IS NULL`;
    assert.equal((await collect(world.client.workflow.list({ query }))).length, 1);
    await run.signal('go');
    assert.deepEqual(await run.result(), { kept: 1 });
    await replays(run);
  },

  async 'a workflow knows where it comes from'(world) {
    const run = await world.start('knows', 2);
    const first = await run.result();
    const { child } = first;
    const grandchild = child.child;
    const name = ({ workflowId, runId }) => ({ workflowId, runId });
    assert.deepEqual(name(first), { workflowId: run.workflowId, runId: run.firstExecutionRunId });
    assert.equal(first.parent, undefined);
    assert.deepEqual(name(child.parent), name(first));
    assert.deepEqual(name(grandchild.parent), name(child));
    assert.deepEqual([name(child.root), name(grandchild.root)], [name(first), name(first)]);
    assert.equal(grandchild.historyLength, 3);
    assert.equal(grandchild.taskQueue, world.taskQueue);
    const described = await world.client.workflow.getHandle(grandchild.workflowId).describe();
    assert.deepEqual(described.parentExecution, name(child));
    assert.deepEqual(described.rootExecution, name(first));
  },

  async 'a run is described in words'(world) {
    const words = { staticSummary: 'a **short** one', staticDetails: 'a longer\none' };
    const run = await world.startWith(words, 'talks');
    await world.event(run, 'TIMER_STARTED');
    const described = await run.describe();
    assert.deepEqual([await described.staticSummary(), await described.staticDetails()], Object.values(words));
    const metadata = await run.query('__temporal_workflow_metadata');
    assert.equal(metadata.currentDetails, 'sleeping *soundly*');
    const { signalDefinitions, queryDefinitions } = metadata.definition;
    assert.ok(signalDefinitions.some(({ description }) => description === 'lets it go on'));
    assert.ok(queryDefinitions.some(({ description }) => description === 'where it is'));
    assert.match(await run.query('__stack_trace'), /talks/);
    const { events } = await run.fetchHistory();
    const timer = events.find((event) => event.timerStartedEventAttributes);
    assert.equal(Buffer.from(timer.userMetadata.summary.data).toString(), '"a nap"');
    await run.terminate();
  },

  async 'a start waits as it is told to'(world) {
    const run = await world.startWith({ startDelay: '1s' }, 'double', 4);
    const { executionTime, startTime } = await run.describe();
    assert.equal(executionTime - startTime, 1000);
    assert.equal(await run.result(), 8);
    const { events } = await run.fetchHistory();
    const delay = events[0].workflowExecutionStartedEventAttributes.firstWorkflowTaskBackoff;
    assert.equal(Number(delay.seconds), 1);
  },

  async 'a run that takes too long times out, and one by cron comes again'(world) {
    const late = await world.startWith({ workflowRunTimeout: '500ms' }, 'sleeper');
    await assert.rejects(late.result(), ({ cause }) => cause.name === 'TimeoutFailure');
    assert.equal((await late.describe()).status.name, 'TIMED_OUT');

    const cron = await world.startWith({ cronSchedule: '@every 1s' }, 'double', 4);
    const first = world.client.workflow.getHandle(cron.workflowId, cron.firstExecutionRunId, { followRuns: false });
    await world.until(
      () => cron.describe().then(({ runId }) => runId),
      (runId) => runId !== cron.firstExecutionRunId,
    );
    assert.equal((await first.describe()).status.name, 'COMPLETED');
    await world.client.workflow.getHandle(cron.workflowId).terminate();
  },
};
