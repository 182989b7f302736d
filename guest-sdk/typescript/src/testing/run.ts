// One run in a test: a host that does what a server would do.
import type {
  FailureInfo,
  Fields,
  Job,
  LogLevel,
  Output,
  RelatedExecution,
  WireActivityOptions,
  WireFailure,
  WirePayload,
  WireWorkflowInfo,
} from '../contract.ts';
import { fromSpan } from '../common/duration.ts';
import type { WireExecution, WorkflowHost } from '../host.ts';
import type { Module } from '../module.ts';
import { Execution } from '../workflow/execution.ts';
import { link, TestActivity } from './activity.ts';
import { activate } from './driver.ts';
import { enclose, randomFrom } from './sandbox.ts';
import type { Worker, World } from './world.ts';

/** Something that the workflow asked for: the name of the call, as `activity.schedule`, and what it was called with. */
export interface Command {
  name: string;
  args: unknown[];
}

/** A line of the log. */
export interface LogLine {
  level: LogLevel;
  message: string;
  fields: Record<string, string>;
}

/** How a run ended. */
export type Ending =
  | { tag: 'completed'; output: WirePayload[] }
  | { tag: 'failed'; failure: WireFailure }
  | { tag: 'continued'; by: TestRun };

/** What a run can ask of the others. */
export interface Others {
  readonly world: World;
  readonly module: Module;
  /** Starts a run; gives why not as a failure. */
  start(options: StartOptions): TestRun | WireFailure;
  /** The open run of a workflow id. */
  find(execution: WireExecution): TestRun | undefined;
}

export interface StartOptions {
  workflowType: string;
  workflowId: string;
  taskQueue: string;
  input: WirePayload[];
  header?: Fields;
  memo?: Fields;
  searchAttributes?: Fields;
  parent?: RelatedExecution;
  /** The run that goes on in this one. */
  continues?: TestRun;
  idReusePolicy?: 'allow-duplicate' | 'allow-duplicate-failed-only' | 'reject-duplicate';
  runTimeoutMs?: number | undefined;
}

/** How an update goes on. */
export interface UpdateWatcher {
  accepted(): void;
  ended(outcome: Output): void;
}

const TASK_TIMEOUT = { seconds: 10, nanos: 0 };
let lastRun = 0;

export class TestRun implements Worker {
  readonly options: StartOptions;
  readonly runId: string;
  readonly firstRunId: string;
  readonly execution: Execution;
  readonly commands: Command[] = [];
  readonly lines: LogLine[] = [];
  ending: Ending | undefined;
  /** Why the workflow task fails. */
  broken: unknown;
  readonly #others: Others;
  readonly #jobs: Job[] = [];
  readonly #timers = new Map<number, () => void>();
  readonly #activities = new Map<number, TestActivity>();
  readonly #children = new Map<number, { run?: TestRun; policy: string }>();
  readonly #updates = new Map<string, UpdateWatcher>();
  readonly #ended: ((ending: Ending) => void)[] = [];
  readonly #patches = new Set<string>();
  #seq = 0;
  #events = 0;

  constructor(options: StartOptions, others: Others) {
    this.options = options;
    this.#others = others;
    this.runId = `run-${++lastRun}`;
    this.firstRunId = options.continues?.firstRunId ?? this.runId;
    const host = this.#host();
    enclose(host, { now: () => others.world.now, random: randomFrom(this.runId) });
    this.execution = new Execution(others.module, host);
    this.push({ tag: 'start', val: { info: this.#info(), input: options.input, header: options.header ?? [] } });
    if (options.runTimeoutMs) {
      const info: FailureInfo = { tag: 'timeout', val: { timeoutType: 'start-to-close', lastHeartbeatDetails: [] } };
      const failure = [link('workflow timeout', info)];
      others.world.after(options.runTimeoutMs, () => this.end({ tag: 'failed', failure }));
    }
    others.world.add(this);
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  update(updateId: string, name: string, input: WirePayload[], watcher: UpdateWatcher): void {
    this.#updates.set(updateId, watcher);
    this.push({ tag: 'update', val: { updateId, name, input, identity: 'test', header: [] } });
  }

  /** Calls `ended` when the run has ended, also if it has by now. */
  onEnd(ended: (ending: Ending) => void): void {
    if (this.ending) ended(this.ending);
    else this.#ended.push(ended);
  }

  end(ending: Ending): void {
    if (this.ending) return;
    this.ending = ending;
    for (const stop of this.#timers.values()) stop();
    for (const activity of this.#activities.values()) activity.requestCancel();
    for (const { run, policy } of this.#children.values()) {
      if (policy === 'request-cancel') run?.push({ tag: 'cancel-requested', val: 'the parent has closed' });
      if (policy === 'terminate') run?.terminate('the parent has closed');
    }
    for (const ended of this.#ended.splice(0)) ended(ending);
  }

  terminate(reason: string): void {
    this.end({ tag: 'failed', failure: [link(reason || 'terminated', { tag: 'terminated' })] });
  }

  async work(): Promise<boolean> {
    if (this.#jobs.length === 0 || this.broken !== undefined) return false;
    const jobs = this.#jobs.splice(0);
    if (this.ending && !jobs.some(({ tag }) => tag === 'update')) return false;
    const { now } = this.#others.world;
    const time = { seconds: Math.floor(now / 1000), nanos: Math.round((now % 1000) * 1e6) };
    this.#events += jobs.length + 3;
    const progress = { historyLength: this.#events, historySize: this.#events * 100, continueAsNewSuggested: false };
    try {
      await activate(this.execution, { time, ...progress, jobs });
    } catch (error) {
      this.broken = error;
    }
    return true;
  }

  #info(): WireWorkflowInfo {
    const { workflowType, workflowId, taskQueue, memo = [], searchAttributes = [], parent, continues } = this.options;
    const { now } = this.#others.world;
    return {
      namespace: 'default',
      workflowId,
      runId: this.runId,
      firstExecutionRunId: this.firstRunId,
      workflowType,
      taskQueue,
      attempt: 1,
      startTime: { seconds: Math.floor(now / 1000), nanos: Math.round((now % 1000) * 1e6) },
      taskTimeout: TASK_TIMEOUT,
      memo,
      searchAttributes,
      parent,
      root: parent ?? { namespace: 'default', workflowId, runId: this.firstRunId },
      continuedRunId: continues?.runId,
      lastCompletionResult: [],
    };
  }

  // === What the workflow asks for ===

  #host(): WorkflowHost {
    return {
      activity: {
        schedule: (type, input, options) => this.#schedule('activity.schedule', type, input, options),
        scheduleLocal: (type, input, options) =>
          this.#schedule('activity.scheduleLocal', type, input, { ...options, header: [] }),
        requestCancel: (seq) => {
          this.#note('activity.requestCancel', seq);
          this.#activities.get(seq)?.requestCancel();
        },
      },
      timer: {
        start: (duration, summary) => {
          const seq = this.#open('timer.start', duration, summary);
          const fired = () => this.push({ tag: 'timer-fired', val: seq });
          this.#timers.set(seq, this.#others.world.after(fromSpan(duration), fired));
          return seq;
        },
        cancel: (seq) => {
          this.#note('timer.cancel', seq);
          this.#timers.get(seq)?.();
        },
      },
      childWorkflow: {
        start: (type, input, options) => this.#startChild(type, input, options),
        requestCancel: (seq, reason) => {
          this.#note('childWorkflow.requestCancel', seq, reason);
          this.#children.get(seq)?.run?.push({ tag: 'cancel-requested', val: reason });
        },
        signal: (seq, name, input, header) => {
          const told = this.#children.get(seq)?.run;
          return this.#tell('childWorkflow.signal', told, [seq, name, input, header], signalJob(name, input, header));
        },
      },
      externalWorkflow: {
        signal: (execution, name, input, header) => {
          const told = this.#others.find(execution);
          return this.#tell(
            'externalWorkflow.signal',
            told,
            [execution, name, input, header],
            signalJob(name, input, header),
          );
        },
        requestCancel: (execution, reason) => {
          const told = this.#others.find(execution);
          const job: Job = { tag: 'cancel-requested', val: reason };
          return this.#tell('externalWorkflow.requestCancel', told, [execution, reason], job);
        },
      },
      update: {
        accept: (id) => {
          this.#note('update.accept', id);
          this.#updates.get(id)?.accepted();
        },
        reject: (id, reason) => {
          this.#note('update.reject', id, reason);
          this.#updates.get(id)?.ended({ tag: 'err', val: reason });
        },
        complete: (id, outcome) => {
          this.#note('update.complete', id, outcome);
          this.#updates.get(id)?.ended(outcome);
        },
      },
      patch: {
        patched: (id) => {
          if (!this.#patches.has(id)) this.#note('patch.patched', id);
          this.#patches.add(id);
          return true;
        },
        deprecate: (id) => this.#note('patch.deprecate', id),
      },
      visibility: {
        upsertSearchAttributes: (attributes) => this.#note('visibility.upsertSearchAttributes', attributes),
        upsertMemo: (fields) => this.#note('visibility.upsertMemo', fields),
      },
      execution: {
        complete: (output) => {
          this.#note('execution.complete', output);
          this.end({ tag: 'completed', output });
        },
        fail: (failure) => {
          this.#note('execution.fail', failure);
          this.end({ tag: 'failed', failure });
        },
        cancel: (details) => {
          this.#note('execution.cancel', details);
          this.end({ tag: 'failed', failure: [link('workflow canceled', { tag: 'canceled', val: details })] });
        },
        continueAsNew: (input, options) => {
          this.#note('execution.continueAsNew', input, options);
          this.#continue(input, options);
        },
      },
      log: {
        log: (level, message, fields) => void this.lines.push({ level, message, fields: Object.fromEntries(fields) }),
      },
    };
  }

  #note(name: string, ...args: unknown[]): void {
    this.commands.push({ name, args });
    this.#events += 1;
  }

  #open(name: string, ...args: unknown[]): number {
    this.#note(name, ...args);
    return (this.#seq += 1);
  }

  #schedule(name: string, type: string, input: WirePayload[], options: WireActivityOptions): number {
    const seq = this.#open(name, type, input, options);
    const { world, module } = this.#others;
    const { workflowId, workflowType, taskQueue } = this.options;
    const asker = { namespace: 'default', workflowId, runId: this.runId, workflowType, taskQueue };
    const resolve = (output: Output) => {
      this.#activities.delete(seq);
      this.push({ tag: 'activity-resolved', val: { seq, output } });
    };
    this.#activities.set(seq, new TestActivity(world, module, asker, seq, type, input, options, resolve));
    return seq;
  }

  #startChild(...[type, input, options]: Parameters<WorkflowHost['childWorkflow']['start']>): number {
    const seq = this.#open('childWorkflow.start', type, input, options);
    const child: { run?: TestRun; policy: string } = { policy: options.parentClosePolicy };
    this.#children.set(seq, child);
    const workflowId = options.workflowId ?? `${this.runId}_${seq}`;
    const started = this.#others.start({
      workflowType: type,
      workflowId,
      taskQueue: options.taskQueue ?? this.options.taskQueue,
      input,
      header: options.header,
      memo: options.memo,
      searchAttributes: options.searchAttributes,
      parent: { namespace: 'default', workflowId: this.options.workflowId, runId: this.runId },
      idReusePolicy: options.idReusePolicy,
      runTimeoutMs: options.runTimeout ? fromSpan(options.runTimeout) : undefined,
    });
    const naming = (runId: string) => {
      const state = 'non-retryable-failure' as const;
      const val = { workflowType: type, workflowId, runId, retryState: state };
      return link('child workflow execution error', { tag: 'child-workflow', val });
    };
    if (Array.isArray(started)) {
      this.push({
        tag: 'child-workflow-started',
        val: { seq, outcome: { tag: 'err', val: [naming(''), ...started] } },
      });
      return seq;
    }
    child.run = started;
    this.push({ tag: 'child-workflow-started', val: { seq, outcome: { tag: 'ok', val: started.runId } } });
    const follow = (ending: Ending): void => {
      if (ending.tag === 'continued') {
        child.run = ending.by;
        return ending.by.onEnd(follow);
      }
      this.#children.delete(seq);
      const output: Output =
        ending.tag === 'completed'
          ? { tag: 'ok', val: ending.output }
          : { tag: 'err', val: [naming(started.runId), ...ending.failure] };
      this.push({ tag: 'child-workflow-resolved', val: { seq, output } });
    };
    started.onEnd(follow);
    return seq;
  }

  #tell(name: string, told: TestRun | undefined, args: unknown[], job: Job): number {
    const seq = this.#open(name, ...args);
    if (told && !told.ending) {
      told.push(job);
      this.push({ tag: 'external-resolved', val: { seq, outcome: { tag: 'ok', val: undefined } } });
    } else {
      const val = { failureType: 'ExternalWorkflowExecutionNotFound', nonRetryable: true, details: [] };
      const failure = [link('no run of the workflow is open', { tag: 'application', val })];
      this.push({ tag: 'external-resolved', val: { seq, outcome: { tag: 'err', val: failure } } });
    }
    return seq;
  }

  #continue(...[input, options]: Parameters<WorkflowHost['execution']['continueAsNew']>): void {
    const by = this.#others.start({
      ...this.options,
      workflowType: options.workflowType ?? this.options.workflowType,
      taskQueue: options.taskQueue ?? this.options.taskQueue,
      input,
      header: options.header,
      memo: options.memo ?? this.options.memo ?? [],
      searchAttributes: options.searchAttributes ?? this.options.searchAttributes ?? [],
      continues: this,
    });
    this.end({ tag: 'continued', by: by as TestRun });
  }
}

function signalJob(name: string, input: WirePayload[], header: Fields): Job {
  return { tag: 'signal', val: { name, input, identity: 'test', header } };
}
