// Payloads that a codec encrypts on both sides: the server never sees what they hold.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Client } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';

import { causes } from '../harness/check.js';
import { dataConverter, failureConverterPath } from '../harness/codec.js';
import { bundle, unique } from '../harness/world.js';
import { ask, change, tell } from '../workflows/secrets.js';

const { History } = proto.temporal.api.history.v1;

/** Nothing that is stored may hold it, and nothing else does by chance. */
const SECRET = 'the-treasure-lies-under-the-oak';

/** Stands for all that is not encrypted. */
const NO_SECRET = 'everybody-may-know-about-the-elm';

/** Calls back with a client that encrypts and the task queue of a worker that does. */
async function encrypted(world, test) {
  const workflowBundle = await bundle({ failureConverterPath });
  const client = new Client({ connection: world.connection, dataConverter });
  const run = (taskQueue) => test(client, taskQueue, { workflowBundle, dataConverter });
  await world.withWorker(run, { workflowBundle, dataConverter });
}

/** All that the database holds, what is on its way into the file included. */
function stored(world) {
  const { database } = world.server;
  return Buffer.concat([database, `${database}-wal`].map((file) => fs.readFileSync(file)));
}

export const tests = {
  async 'a secret stays one'(world) {
    await encrypted(world, async (client, taskQueue, converter) => {
      const run = await client.workflow.start('secrets', {
        workflowId: unique('secrets'),
        taskQueue,
        args: [SECRET],
        memo: { of: SECRET },
        staticSummary: SECRET,
      });
      assert.deepEqual(await run.query(ask, SECRET), [SECRET, SECRET]);
      assert.equal(await run.executeUpdate(change, { args: [SECRET] }), `changed to ${SECRET}`);
      const rejected = await causes(ApplicationFailure, run.executeUpdate(change, { args: ['other'] }));
      assert.equal(rejected.message, `other is not ${SECRET}`);
      await run.signal(tell, SECRET);
      const { message, type, details } = await causes(ApplicationFailure, run.result());
      assert.deepEqual([message, type], [`no more ${SECRET}`, 'Wrong']);
      assert.deepEqual(details, [[SECRET, `Hello, ${SECRET}!`, SECRET]]);
      assert.deepEqual((await run.describe()).memo, { of: SECRET, word: SECRET });

      const raw = world.client.workflow.getHandle(run.workflowId);
      const history = await raw.fetchHistory();
      assert.ok(!Buffer.from(History.encode(history).finish()).includes(SECRET));
      const { failure } = history.events.at(-1).workflowExecutionFailedEventAttributes;
      assert.equal(failure.message, 'Encoded failure');
      await Worker.runReplayHistory(converter, history);

      await world.start('listener').then((plain) => plain.signal('told', NO_SECRET));
      const database = stored(world);
      assert.ok(database.includes(NO_SECRET), 'what is not encrypted is found');
      assert.ok(!database.includes(SECRET));
    });
  },

  async 'a failed activity keeps its secret'(world) {
    await encrypted(world, async (client, taskQueue) => {
      const options = { startToCloseTimeout: '20s', retry: { maximumAttempts: 1 } };
      const run = await client.workflow.start('runs', {
        workflowId: unique('secret-activity'),
        taskQueue,
        args: ['stammer', options, SECRET],
      });
      const failure = await causes(ActivityFailure, run.result());
      assert.equal(failure.cause.message, `stammered ${SECRET}`);
      assert.ok(!stored(world).includes(SECRET));
    });
  },

  async 'a schedule keeps its secret'(world) {
    await encrypted(world, async (client, taskQueue) => {
      const handle = await client.schedule.create({
        scheduleId: unique('secret-schedule'),
        spec: { intervals: [{ every: '3650 days' }] },
        action: { type: 'startWorkflow', workflowType: 'echo', args: [SECRET], taskQueue },
        memo: { of: SECRET },
        state: { triggerImmediately: true },
      });
      const { action, info, memo } = await world.until(
        () => handle.describe(),
        (described) => described.info.numActionsTaken === 1,
      );
      assert.deepEqual([action.args, memo], [[SECRET], { of: SECRET }]);
      const [{ action: taken }] = info.recentActions;
      assert.equal(await client.workflow.getHandle(taken.workflow.workflowId).result(), SECRET);
      assert.ok(!stored(world).includes(SECRET));
      await handle.delete();
    });
  },
};
