// Work outside of the sandbox, as workflows call it.
import type { WireActivityOptions, WireLocalActivityOptions } from '../contract.ts';
import type { ActivityOptions, LocalActivityOptions } from '../common/activity-options.ts';
import type { ActivityFunction, UntypedActivities } from '../common/definitions.ts';
import { toOptionalSpan } from '../common/duration.ts';
import { ActivityFailure } from '../common/failure.ts';
import { toFields } from '../common/payload.ts';
import { toPriority, toRetryPolicy } from '../common/retry-policy.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { commandingRun } from './context.ts';
import {
  intercept,
  promised,
  type OutboundCalls,
  type ActivityInput,
  type LocalActivityInput,
} from './interceptors.ts';

/** An activity as a workflow calls it. */
export interface ActivityFunctionWithOptions<P extends any[], R> {
  (...args: P): Promise<R>;
  /** Calls it with options that stand in place of those of the proxy. */
  executeWithOptions(options: ActivityOptions, args: P): Promise<R>;
}

/** The functions of `A` as a workflow calls them. */
export type ActivityInterfaceFor<A> = {
  [K in keyof A]: A[K] extends (...args: infer P) => infer R ? ActivityFunctionWithOptions<P, Awaited<R>> : never;
};

/**
 * Functions that run activities, named as `A` has them: `proxyActivities<typeof activities>({ startToCloseTimeout: '1
 * minute' })`. They reject with `ActivityFailure`, whose cause says what went wrong.
 */
export function proxyActivities<A = UntypedActivities>(options: ActivityOptions): ActivityInterfaceFor<A> {
  checkTimeouts('proxyActivities', options);
  return stubs((activityType) =>
    Object.assign((...args: unknown[]) => scheduleActivity(activityType, args, options), {
      executeWithOptions: (overrides: ActivityOptions, args: unknown[]) =>
        scheduleActivity(activityType, args, { ...options, ...overrides }),
    }),
  ) as ActivityInterfaceFor<A>;
}

/**
 * The same for local activities, which run within the workflow task and leave nothing but their outcome in the history.
 */
export function proxyLocalActivities<A = UntypedActivities>(options: LocalActivityOptions): ActivityInterfaceFor<A> {
  checkTimeouts('proxyLocalActivities', options);
  return stubs((activityType) =>
    Object.assign((...args: unknown[]) => scheduleLocalActivity(activityType, args, options), {
      executeWithOptions: (overrides: LocalActivityOptions, args: unknown[]) =>
        scheduleLocalActivity(activityType, args, { ...options, ...overrides }),
    }),
  ) as ActivityInterfaceFor<A>;
}

function stubs(stub: (activityType: string) => ActivityFunction): object {
  const made = new Map<string, ActivityFunction>();
  return new Proxy(
    {},
    {
      get(_, name) {
        // A proxy that is awaited is no promise.
        if (typeof name !== 'string' || name === 'then') return undefined;
        if (!made.has(name)) made.set(name, stub(name));
        return made.get(name);
      },
    },
  );
}

/** Runs an activity by the name of its type. */
export function scheduleActivity<R>(activityType: string, args: unknown[], options: ActivityOptions): Promise<R> {
  checkTimeouts(`activity ${activityType}`, options);
  const run = commandingRun(`the activity ${activityType}`);
  const next = intercept<OutboundCalls, 'scheduleActivity'>(run.interceptors.outbound, 'scheduleActivity', (input) => {
    const wire = wireOptions(input);
    const payloads = run.coder.encode(input.args);
    return call(input, () => run.host.activity.schedule(input.activityType, payloads, wire));
  });
  return promised(() => next({ activityType, args, options, headers: {} })) as Promise<R>;
}

/** Runs a local activity by the name of its type. */
export function scheduleLocalActivity<R>(
  activityType: string,
  args: unknown[],
  options: LocalActivityOptions,
): Promise<R> {
  checkTimeouts(`local activity ${activityType}`, options);
  const run = commandingRun(`the local activity ${activityType}`);
  const next = intercept<OutboundCalls, 'scheduleLocalActivity'>(
    run.interceptors.outbound,
    'scheduleLocalActivity',
    (input) => {
      const wire = wireLocalOptions(input.options);
      const payloads = run.coder.encode(input.args);
      return call(input, () => run.host.activity.scheduleLocal(input.activityType, payloads, wire));
    },
  );
  return promised(() => next({ activityType, args, options, headers: {} })) as Promise<R>;
}

/** Schedules, and waits as the cancellation type says. */
function call({ activityType, options }: ActivityInput | LocalActivityInput, schedule: () => number): Promise<unknown> {
  const scope = CancellationScope.current();
  const run = scope._run;
  return new Promise((resolve, reject) => {
    const canceled = scope._cancellation();
    if (canceled) return reject(canceled);
    const seq = run.ask(schedule);
    const type = options.cancellationType ?? 'TRY_CANCEL';
    const forget = scope._onCancel((cause) => {
      if (type !== 'ABANDON') run.tell(() => run.host.activity.requestCancel(seq));
      if (type === 'WAIT_CANCELLATION_COMPLETED') return;
      run.activities.close(seq);
      const id = options.activityId ?? `${seq}`;
      reject(new ActivityFailure('activity error', activityType, id, 'CANCEL_REQUESTED', '', cause));
    });
    run.activities.open(seq, (output) => {
      forget();
      run.settle(output, resolve, reject);
    });
  });
}

function wireOptions({ options, headers }: ActivityInput): WireActivityOptions {
  return {
    activityId: options.activityId,
    taskQueue: options.taskQueue,
    scheduleToCloseTimeout: toOptionalSpan(options.scheduleToCloseTimeout),
    scheduleToStartTimeout: toOptionalSpan(options.scheduleToStartTimeout),
    startToCloseTimeout: toOptionalSpan(options.startToCloseTimeout),
    heartbeatTimeout: toOptionalSpan(options.heartbeatTimeout),
    retryPolicy: toRetryPolicy(options.retry),
    header: toFields(headers),
    priority: toPriority(options.priority),
    summary: options.summary,
  };
}

function wireLocalOptions(options: LocalActivityOptions): WireLocalActivityOptions {
  return {
    activityId: options.activityId,
    scheduleToCloseTimeout: toOptionalSpan(options.scheduleToCloseTimeout),
    startToCloseTimeout: toOptionalSpan(options.startToCloseTimeout),
    retryPolicy: toRetryPolicy(options.retry),
  };
}

function checkTimeouts(what: string, options: ActivityOptions | LocalActivityOptions | undefined): void {
  if (options === undefined) throw new TypeError(`${what}: options are missing`);
  if (options.scheduleToCloseTimeout === undefined && options.startToCloseTimeout === undefined) {
    throw new TypeError(`${what}: set startToCloseTimeout or scheduleToCloseTimeout`);
  }
}
