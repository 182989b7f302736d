// The activities that programs use.
import { ApplicationFailure, Context } from '@wrt/sdk/activity';
import { thrown } from './failure.ts';
import type { Fields } from './value.ts';

/** How often an attempt that waits says that it is alive. */
const HEARTBEAT_MS = 20;

/** Gives its argument back; several as a list. */
export async function Echo(...args: unknown[]): Promise<unknown> {
  return args.length > 1 ? args : args[0];
}

/** Fails as it is told to. */
export async function Fail(written: Fields): Promise<void> {
  throw thrown(written);
}

/** Fails before this attempt. */
export async function FailUntil(firstToSucceed: number): Promise<number> {
  const { attempt } = Context.current().info;
  if (attempt < firstToSucceed) throw ApplicationFailure.retryable(`attempt ${attempt} of ${firstToSucceed}`, 'NotYet');
  return attempt;
}

/** Goes one further than the attempt before, and fails on each number that is not the last. */
export async function Progress(last: number): Promise<number> {
  const { info, heartbeat } = Context.current();
  const number = (info.heartbeatDetails ?? 0) + 1;
  heartbeat(number);
  if (number !== last) throw ApplicationFailure.retryable(`${number} of ${last}`, 'Halfway');
  return number;
}

/** Waits until it is asked to stop. */
export async function WaitForCancel(): Promise<void> {
  const { heartbeat, sleep } = Context.current();
  for (;;) {
    heartbeat();
    await sleep(HEARTBEAT_MS);
  }
}

/** Tells what it is told. */
export async function Describe(): Promise<Fields> {
  const { activityType, attempt, taskQueue, workflowType } = Context.current().info;
  return { activity_type: activityType, attempt, task_queue: taskQueue, workflow_type: workflowType };
}

/** Takes so many milliseconds. */
export async function Slow(milliseconds: number): Promise<void> {
  await Context.current().sleep(milliseconds);
}
