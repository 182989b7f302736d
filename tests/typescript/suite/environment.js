// The SDK's own environments for tests, which start the program themselves.

import assert from 'node:assert/strict';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';

import * as activities from '../harness/activities.js';
import { wrt } from '../harness/places.js';
import { replays, workflowCode } from '../harness/world.js';

const executable = { type: 'existing-path', path: wrt };
const DAY_MS = 86_400_000;

/** Calls back while a worker serves an environment, which is torn down in the end. */
async function within(environment, test) {
  try {
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'test',
      activities,
      ...workflowCode,
    });
    await worker.runUntil(() => test(environment.client.workflow, environment));
  } finally {
    await environment.teardown();
  }
}

function options(workflowId, ...args) {
  return { workflowId, taskQueue: 'test', args };
}

export const tests = {
  async 'the local environment runs on this server'() {
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
    await within(environment, async (client) => {
      assert.equal(environment.supportsTimeSkipping, false);
      assert.equal(await client.execute('double', options('local', 4)), 8);
    });
  },

  async 'polls of the local environment are as long as it says'() {
    const extraArgs = ['--dynamic-config-value', 'matching.longPollExpirationInterval="1s"'];
    const environment = await TestWorkflowEnvironment.createLocal({ server: { executable, extraArgs } });
    await within(environment, async () => {
      const poll = { namespace: 'default', taskQueue: { name: 'deserted' } };
      const begin = Date.now();
      const { connection } = environment;
      const task = await connection.withDeadline(begin + 60_000, () =>
        connection.workflowService.pollWorkflowTaskQueue(poll),
      );
      const waited = Date.now() - begin;
      assert.equal(task.taskToken.length, 0);
      assert.ok(waited >= 1000 && waited < 30_000, `${waited} ms`);
    });
  },

  async 'the time-skipping environment runs on this server'() {
    const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
    await within(environment, async (client) => {
      const begin = await environment.currentTimeMs();
      assert.equal(await client.execute('sleepsForAYear', options('year')), 365);
      assert.equal(await client.execute('patient', options('patient')), 3);
      assert.equal(await client.execute('light', options('light')), 'slept');

      const sleeper = await client.start('light', options('sleeper'));
      await environment.sleep('10 days');
      assert.equal((await sleeper.describe()).status.name, 'RUNNING');
      await sleeper.signal('wake');
      assert.equal(await sleeper.result(), 'woken');
      await replays(sleeper);

      const days = ((await environment.currentTimeMs()) - begin) / DAY_MS;
      assert.ok(days >= 365 + 3 + 30 + 10 && days < 365 + 3 + 30 + 30, `${days} days`);
    });
  },
};
