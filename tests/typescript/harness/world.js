// What every test is given: a server, a client, and workers of the SDK.

import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';

import * as activities from './activities.js';
import * as places from './places.js';
import { Server } from './server.js';

const { EventType, IndexedValueType } = proto.temporal.api.enums.v1;

/** The search attributes of the tests. */
const searchAttributes = {
  Color: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  Shape: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  Sides: IndexedValueType.INDEXED_VALUE_TYPE_INT,
};

/** Bundles the workflows. */
export function bundle(options = {}) {
  return bundleWorkflowCode({ workflowsPath: places.workflows, logger: Runtime.instance().logger, ...options });
}

/** The workflows, bundled once for every worker. */
const workflowBundle = await bundle();

/** What a worker or a replayer needs to know the workflows. */
export const workflowCode = { workflowBundle };

let number = 0;

/** A name that nothing else has. */
export function unique(prefix) {
  return `${prefix}-${++number}`;
}

/** A server, a client that is connected to it, and a worker that serves the task queue `shared`. */
export class World {
  /** Starts everything in a new folder. */
  static async open(folder) {
    const world = new World();
    world.folder = folder;
    world.server = await Server.start(folder);
    world.connection = await Connection.connect({ address: world.server.address });
    world.client = new Client({ connection: world.connection });
    world.native = await NativeConnection.connect({ address: world.server.address });
    await world.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
    world.taskQueue = 'shared';
    world.shared = await world.startWorker({ taskQueue: world.taskQueue });
    return world;
  }

  /** Ends everything. */
  async close() {
    await this.shared.stop();
    await this.native.close();
    await this.connection.close();
    await this.server.crash();
  }

  /** A world of its own, whose server can be killed without harm to other tests. */
  async withFragile(test) {
    const own = await World.open(path.join(this.folder, unique('fragile')));
    try {
      await test(own);
    } finally {
      await own.close();
    }
  }

  /** Starts a worker for all workflows and activities. */
  async startWorker(options) {
    const worker = await Worker.create({
      connection: this.native,
      activities,
      ...workflowCode,
      shutdownGraceTime: '1s',
      ...options,
    });
    const running = worker.run();
    return {
      taskQueue: options.taskQueue,
      stop: async () => {
        worker.shutdown();
        await running;
      },
    };
  }

  /** Calls back with the task queue of a worker of its own. */
  async withWorker(test, options = {}) {
    const worker = await this.startWorker({ taskQueue: unique('own'), ...options });
    try {
      return await test(worker.taskQueue);
    } finally {
      await worker.stop();
    }
  }

  /** Starts a workflow under a name of its own. */
  async start(workflow, ...args) {
    return this.startWith({}, workflow, ...args);
  }

  /** The same with options. */
  async startWith(options, workflow, ...args) {
    return this.client.workflow.start(workflow, {
      workflowId: unique('run'),
      taskQueue: this.taskQueue,
      args,
      ...options,
    });
  }

  /** Asks again and again until the answer is as it has to become. */
  async until(ask, isRight) {
    for (;;) {
      const answer = await ask();
      if (isRight(answer)) return answer;
    }
  }

  /** Waits for an event in a run's history, as `TIMER_STARTED`. */
  async event(handle, name) {
    const wanted = EventType[`EVENT_TYPE_${name}`];
    const types = () => handle.fetchHistory().then(({ events }) => events.map((event) => event.eventType));
    await this.until(types, (found) => found.includes(wanted));
  }
}

/** The names of a run's events, as `TIMER_STARTED`. */
export async function events(handle) {
  const history = await handle.fetchHistory();
  return history.events.map((event) => EventType[event.eventType].replace('EVENT_TYPE_', ''));
}

/** The SDK's own replayer takes the history: it is one that Temporal could have written. */
export async function replays(handle) {
  await Worker.runReplayHistory(workflowCode, await handle.fetchHistory(), handle.workflowId);
}
