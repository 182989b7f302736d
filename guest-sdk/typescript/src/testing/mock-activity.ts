// One activity by itself.
import type { ActivityTask, WirePayload } from '../contract.ts';
import { Coder } from '../common/data-converter.ts';
import type { ActivityFunction } from '../common/definitions.ts';
import { toOptionalSpan } from '../common/duration.ts';
import { Context, type Info } from '../activity/context.ts';

/** Runs activities in a context that the test controls. */
export class MockActivityEnvironment {
  /** The details of the heartbeats so far. */
  readonly heartbeats: unknown[] = [];
  readonly context: Context;
  readonly #coder = new Coder();
  #cancelRequested = false;

  constructor(info: Partial<Info> = {}) {
    const task: ActivityTask = {
      namespace: info.workflowNamespace ?? 'default',
      workflowId: info.workflowExecution?.workflowId ?? 'test',
      runId: info.workflowExecution?.runId ?? 'test-run',
      workflowType: info.workflowType ?? 'test',
      activityId: info.activityId ?? 'test',
      activityType: info.activityType ?? 'test',
      taskQueue: info.taskQueue ?? 'test',
      attempt: info.attempt ?? 1,
      idempotencyKey: info.idempotencyKey ?? 'test-run_1',
      input: [],
      heartbeatDetails: info.heartbeatDetails === undefined ? [] : this.#coder.encode([info.heartbeatDetails]),
      startToCloseTimeout: toOptionalSpan(info.startToCloseTimeoutMs),
      heartbeatTimeout: toOptionalSpan(info.heartbeatTimeoutMs),
    };
    const host = {
      heartbeat: (details: WirePayload[]) => {
        this.heartbeats.push(this.#coder.decodeFirst(details));
        return this.#cancelRequested;
      },
      isCancelRequested: () => this.#cancelRequested,
    };
    this.context = new Context(task, this.#coder, host, () => undefined);
  }

  /** Runs an activity in this context. */
  run<P extends any[], R>(activity: ActivityFunction<P, R>, ...args: P): Promise<R> {
    return this.context._run(async () => await activity(...args));
  }

  /** Asks the activity to stop. */
  cancel(): void {
    this.#cancelRequested = true;
    this.context._cancel();
  }
}
