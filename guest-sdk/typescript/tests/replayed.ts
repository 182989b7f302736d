// The workflow whose history is in `histories/`.
import { activityInfo } from '../src/activity/index.ts';
import {
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  executeChild,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  sleep,
  upsertMemo,
  workflowInfo,
} from '../src/workflow/index.ts';

export const activities = {
  async double(n: number) {
    return 2 * n;
  },
  async attempts() {
    const { attempt } = activityInfo();
    if (attempt < 2) throw new RangeError('not yet');
    return attempt;
  },
  async refuse() {
    throw new TypeError('never');
  },
};

const options = { startToCloseTimeout: '10 seconds', retry: { initialInterval: 1, maximumAttempts: 2 } } as const;
const remote = proxyActivities<typeof activities>(options);
const local = proxyLocalActivities<typeof activities>(options);

export const go = defineSignal<[number]>('go');
export const add = defineUpdate<number, [number]>('add');

/** What a test changes, to see that the history tells. */
export const change = { pause: 10, factor: 1 };

export async function everything(n: number): Promise<unknown[]> {
  let sum = n;
  setHandler(go, (by) => void (sum += by));
  setHandler(add, async (by) => (sum += await remote.double(by)));
  const results: unknown[] = await Promise.all([remote.double(n * change.factor), local.double(n), remote.attempts()]);
  results.push(await remote.refuse().catch((error) => error.cause.type));
  await sleep(change.pause);
  if (patched('new')) upsertMemo({ now: Date.now() });
  results.push(await executeChild(child, { args: [3] }));
  const late = CancellationScope.withTimeout(5, () => sleep('1 hour')).catch((error) => error.name);
  results.push(
    await late,
    await condition(() => sum >= 10, '1 hour'),
    workflowInfo().workflowType,
    new Date().getTime() > 0,
  );
  return results;
}

export async function child(n: number): Promise<number> {
  return n * n;
}
