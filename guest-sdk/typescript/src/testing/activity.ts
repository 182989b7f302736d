// Activities in tests: attempts, retries and timeouts, in skipped time.
import type {
  ActivityTask,
  AttemptFailure,
  FailureInfo,
  FailureLink,
  Output,
  Result,
  WireActivityOptions,
  WireFailure,
  WirePayload,
  WireRetryState,
  WireTimeoutType,
} from '../contract.ts';
import { fromOptionalSpan, fromSpan } from '../common/duration.ts';
import { prepare } from '../activity/attempt.ts';
import type { Module } from '../module.ts';
import { giveTimers } from './sandbox.ts';
import type { World } from './world.ts';

/** What is known of the run that asks. */
export type Asker = Pick<ActivityTask, 'namespace' | 'workflowId' | 'runId' | 'workflowType' | 'taskQueue'>;

/** One activity, from its command to its end. */
export class TestActivity {
  readonly #world: World;
  readonly #module: Module;
  readonly #task: ActivityTask;
  readonly #options: WireActivityOptions;
  readonly #resolve: (output: Output) => void;
  readonly #deadline: number;
  #attempt = 0;
  #ended = false;
  #running = false;
  #cancelRequested = false;
  #heartbeat: WirePayload[] = [];
  /** What ends the attempt in any case. */
  #stops: (() => void)[] = [];

  constructor(
    world: World,
    module: Module,
    asker: Asker,
    seq: number,
    activityType: string,
    input: WirePayload[],
    options: WireActivityOptions,
    resolve: (output: Output) => void,
  ) {
    this.#world = world;
    this.#module = module;
    this.#options = options;
    this.#resolve = resolve;
    this.#deadline = world.now + (fromOptionalSpan(options.scheduleToCloseTimeout) ?? Infinity);
    this.#task = {
      ...asker,
      activityType,
      input,
      activityId: options.activityId ?? `${seq}`,
      taskQueue: options.taskQueue ?? asker.taskQueue,
      attempt: 0,
      idempotencyKey: `${asker.runId}_${seq}`,
      heartbeatDetails: [],
      startToCloseTimeout: options.startToCloseTimeout,
      heartbeatTimeout: options.heartbeatTimeout,
    };
    this.#stops.push(world.after(0, () => this.#begin()));
  }

  /** One that is not at work ends at once; one that is hears of it with its next heartbeat. */
  requestCancel(): void {
    this.#cancelRequested = true;
    if (!this.#running) this.#end('cancel-requested', link('canceled', { tag: 'canceled', val: [] }));
  }

  #begin(): void {
    this.#stop();
    if (!this.#module.activity(this.#task.activityType)) return this.#unknown();
    this.#running = true;
    const attempt = (this.#attempt += 1);
    const isCurrent = () => !this.#ended && this.#running && attempt === this.#attempt;
    const task = { ...this.#task, attempt, heartbeatDetails: this.#heartbeat };
    const host = {
      heartbeat: (details: WirePayload[]) => {
        if (isCurrent()) this.#beat(details);
        return this.#cancelRequested;
      },
      isCancelRequested: () => this.#cancelRequested,
    };
    const { context, execute } = prepare(this.#module, task, host, () => undefined);
    const work = new Work(this.#world);
    giveTimers(context, (milliseconds, fired) => work.startTimer(milliseconds, fired));
    this.#limit('start-to-close', fromOptionalSpan(task.startToCloseTimeout));
    this.#limit('heartbeat', fromOptionalSpan(task.heartbeatTimeout));
    if (this.#deadline !== Infinity) this.#limit('schedule-to-close', this.#deadline - this.#world.now);
    execute().then((outcome) => {
      work.end();
      if (isCurrent()) this.#outcome(outcome);
    });
  }

  /** A server would wait for somebody who has it. */
  #unknown(): void {
    const message = `the test gives no activity ${this.#task.activityType}: it has ${this.#module.activityTypes.join(', ') || 'none'}`;
    const val = { failureType: 'UnknownActivityType', nonRetryable: true, details: [] };
    this.#end('non-retryable-failure', link(message, { tag: 'application', val }));
  }

  #beat(details: WirePayload[]): void {
    this.#heartbeat = details;
    this.#beats += 1;
    this.#limit('heartbeat', fromOptionalSpan(this.#options.heartbeatTimeout));
  }
  #beats = 0;

  #limit(type: WireTimeoutType, milliseconds: number | undefined): void {
    if (milliseconds === undefined) return;
    const beats = this.#beats;
    const over = () => {
      if (type !== 'heartbeat' || beats === this.#beats) this.#timeout(type);
    };
    this.#stops.push(this.#world.after(milliseconds, over));
  }

  #timeout(type: WireTimeoutType): void {
    const info: FailureInfo = { tag: 'timeout', val: { timeoutType: type, lastHeartbeatDetails: this.#heartbeat } };
    const cause = [link('activity timeout', info)];
    if (type === 'schedule-to-close') this.#end('timeout', ...cause);
    else this.#retry(cause, undefined);
  }

  #outcome(outcome: Result<WirePayload[], AttemptFailure>): void {
    if (outcome.tag === 'ok') {
      this.#close();
      this.#resolve(outcome);
    } else if (outcome.val.tag === 'canceled') {
      this.#end('cancel-requested', link('canceled', { tag: 'canceled', val: outcome.val.val }));
    } else {
      const { message, stackTrace, ...application } = outcome.val.val;
      const cause = { ...link(message, { tag: 'application', val: application }), stackTrace };
      this.#retry([cause], application.nextRetryDelay ? fromSpan(application.nextRetryDelay) : undefined);
    }
  }

  #retry(cause: WireFailure, delay: number | undefined): void {
    const { retryPolicy: policy } = this.#options;
    const most = policy?.maximumAttempts ?? 0;
    const initial = fromOptionalSpan(policy?.initialInterval) ?? 1000;
    const longest = fromOptionalSpan(policy?.maximumInterval) ?? 100 * initial;
    const backoff = delay ?? Math.min(longest, initial * (policy?.backoffCoefficient ?? 2) ** (this.#attempt - 1));
    const info = cause[0]!.info;
    const types = policy?.nonRetryableErrorTypes ?? [];
    const isFinal = info.tag === 'application' && (info.val.nonRetryable || types.includes(info.val.failureType));
    if (isFinal) return this.#end('non-retryable-failure', ...cause);
    if (this.#cancelRequested) return this.#end('cancel-requested', ...cause);
    if (most > 0 && this.#attempt >= most) return this.#end('maximum-attempts-reached', ...cause);
    if (this.#world.now + backoff >= this.#deadline) return this.#end('timeout', ...cause);
    this.#stop();
    this.#running = false;
    this.#stops.push(this.#world.after(backoff, () => this.#begin()));
  }

  #end(retryState: WireRetryState, ...cause: WireFailure): void {
    if (this.#ended) return;
    this.#close();
    const { activityType, activityId } = this.#task;
    const info: FailureInfo = { tag: 'activity', val: { activityType, activityId, identity: 'test', retryState } };
    this.#resolve({ tag: 'err', val: [link('activity error', info), ...cause] });
  }

  #close(): void {
    this.#stop();
    this.#ended = true;
    this.#running = false;
  }

  #stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

export function link(message: string, info: FailureInfo): FailureLink {
  return { message, source: 'test', stackTrace: '', info };
}

/** An attempt at work: time stands still, unless it waits for time itself. */
class Work {
  readonly #world: World;
  readonly #timers = new Set<() => void>();
  #ended = false;
  #isBusy = false;

  constructor(world: World) {
    this.#world = world;
    this.#update();
  }

  startTimer(milliseconds: number, fired: () => void): () => void {
    const stop = this.#world.after(milliseconds, () => {
      this.#timers.delete(stop);
      this.#update();
      fired();
    });
    this.#timers.add(stop);
    this.#update();
    return () => {
      stop();
      this.#timers.delete(stop);
      this.#update();
    };
  }

  end(): void {
    this.#ended = true;
    for (const stop of this.#timers) stop();
    this.#update();
  }

  #update(): void {
    const isBusy = !this.#ended && this.#timers.size === 0;
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    if (isBusy) this.#world.busy();
    else this.#world.idle();
  }
}
