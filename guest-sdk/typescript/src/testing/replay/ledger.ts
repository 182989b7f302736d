// Compares each command with its event, as it is issued, and hands out the numbers that the server handed out.
import type { Output } from '../../contract.ts';
import type { WorkflowHost } from '../../host.ts';
import {
  decisionOf,
  inWords,
  localActivityOf,
  markOf,
  showFailure,
  showFields,
  showOutput,
  showPayloads,
  showSpan,
  type Decision,
} from './decision.ts';
import { ReplayError } from './error.ts';
import type { HistoryEvent, Turn } from './history.ts';

/** The search attribute that lists the patches of a run. The server sets it, not the workflow. */
const CHANGE_VERSION = 'TemporalChangeVersion';

/** Something that the workflow waits for. */
export interface Open {
  seq: number;
  /** The id of the activity or of the child workflow. */
  id: string;
  /** The type of the activity or of the child workflow. */
  type: string;
}

export class Ledger {
  readonly host: WorkflowHost;
  readonly #taskQueue: string;
  readonly #runId: string;
  #expected: HistoryEvent[] = [];
  #nextEventId = 0;
  #numbered = 0;
  /** By the event that opened it. */
  readonly #open = new Map<number, Open>();
  readonly #canceled = new Set<number>();
  readonly #localActivities = new Set<number>();
  readonly #patches = new Map<string, boolean>();
  /** The first divergence; what follows from it is of no interest. */
  #divergence: ReplayError | undefined;

  constructor(taskQueue: string, runId: string) {
    this.#taskQueue = taskQueue;
    this.#runId = runId;
    this.host = this.#hostOf();
  }

  /** Begins the activation of a task whose commands became these events. */
  begin({ started, commands }: Turn): void {
    // The next event is the task's `completed`, the one after it the first command's.
    this.#nextEventId = started.id + 2;
    this.#expected = [...commands];
  }

  /** Ends an activation. A command that the history has and the workflow did not issue is a divergence. */
  end(): void {
    this.#skipDeprecatedPatches();
    if (this.#divergence) throw this.#divergence;
    const [missing] = this.#expected;
    if (missing) throw diverged(undefined, missing);
  }

  /**
   * What the workflow is told next within the task: the history has the end of a local activity as its next command.
   */
  localActivity(): { seq: number; output: Output } | undefined {
    this.#skipDeprecatedPatches();
    const next = this.#expected[0] && localActivityOf(this.#expected[0]);
    if (!next || !this.#localActivities.delete(next.seq)) return undefined;
    this.#skip();
    return next;
  }

  /** What this event opened. It is open no longer. */
  resolve(eventId: number): Open | undefined {
    const open = this.#open.get(eventId);
    this.#open.delete(eventId);
    return open;
  }

  /** What this event opened. It stays open. */
  find(eventId: number): Open | undefined {
    return this.#open.get(eventId);
  }

  #compare(kind: string, facts: Decision['facts']): number {
    this.#skipDeprecatedPatches();
    const issued = { kind, facts };
    const eventId = this.#nextEventId++;
    const expected = this.#expected.shift();
    if (!expected || expected.id !== eventId || inFull(decisionOf(expected)) !== inFull(issued)) {
      this.#divergence ??= diverged(issued, expected);
    }
    return eventId;
  }

  #openBy(kind: string, facts: Decision['facts'], id = '', type = ''): number {
    const eventId = this.#compare(kind, facts);
    const seq = (this.#numbered += 1);
    this.#open.set(eventId, { seq, id, type });
    return seq;
  }

  #bySeq(seq: number): [number, Open] | undefined {
    return [...this.#open].find(([, open]) => open.seq === seq);
  }

  #skip(): void {
    this.#expected.shift();
    this.#nextEventId += 1;
  }

  /** The mark of a patch that is deprecated may be there although the workflow does not speak of it any more. */
  #skipDeprecatedPatches(except?: string): void {
    for (let mark = this.#nextMark(); mark?.deprecated && mark.id !== except; mark = this.#nextMark()) this.#skip();
  }

  #nextMark() {
    return this.#expected[0] && markOf(this.#expected[0]);
  }

  /** Whether this task has made the mark; then it has to be the next command. */
  #takeMark(patch: string): boolean {
    if (!this.#expected.some((event) => markOf(event)?.id === patch)) return false;
    this.#skipDeprecatedPatches(patch);
    const eventId = this.#nextEventId++;
    const expected = this.#expected.shift();
    const issued = { kind: 'MARKER_RECORDED', facts: { patch } };
    if (!expected || expected.id !== eventId || markOf(expected)?.id !== patch)
      this.#divergence ??= diverged(issued, expected);
    const lists = this.#expected[0]?.fields('searchAttributes.indexedFields') ?? [];
    if (lists.some(([name]) => name === CHANGE_VERSION)) this.#skip();
    return true;
  }

  #cancelChild(seq: number): void {
    const open = this.#bySeq(seq);
    if (!open || this.#canceled.has(seq)) return;
    this.#canceled.add(seq);
    this.#compare('REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', { 'workflow id': open[1].id });
  }

  #hostOf(): WorkflowHost {
    const compare = (kind: string, facts: Decision['facts']): void => void this.#compare(kind, facts);
    const signal = (workflowId: string, runId: string, name: string, input: string) => {
      const facts = { 'workflow id': workflowId, 'run id': runId, signal: name, input };
      return this.#openBy('SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', facts);
    };
    return {
      activity: {
        schedule: (type, input, { activityId, taskQueue }) => {
          const id = activityId ?? `${this.#numbered + 1}`;
          const queue = taskQueue ?? this.#taskQueue;
          const facts = { 'activity id': id, 'activity type': type, 'task queue': queue, input: showPayloads(input) };
          return this.#openBy('ACTIVITY_TASK_SCHEDULED', facts, id, type);
        },
        scheduleLocal: () => {
          this.#numbered += 1;
          this.#localActivities.add(this.#numbered);
          return this.#numbered;
        },
        requestCancel: (seq) => {
          const open = this.#bySeq(seq);
          if (!open || this.#canceled.has(seq)) return;
          this.#canceled.add(seq);
          compare('ACTIVITY_TASK_CANCEL_REQUESTED', { activity: `${open[0]}` });
        },
      },
      timer: {
        start: (duration) => {
          const id = `${this.#numbered + 1}`;
          return this.#openBy('TIMER_STARTED', { 'timer id': id, 'start-to-fire timeout': showSpan(duration) }, id);
        },
        cancel: (seq) => {
          const open = this.#bySeq(seq);
          if (!open) return;
          this.#open.delete(open[0]);
          compare('TIMER_CANCELED', { 'timer id': open[1].id });
        },
      },
      childWorkflow: {
        start: (type, input, { workflowId }) => {
          const id = workflowId ?? `${this.#runId}_${this.#numbered + 1}`;
          const facts = { 'workflow id': id, 'workflow type': type, input: showPayloads(input) };
          return this.#openBy('START_CHILD_WORKFLOW_EXECUTION_INITIATED', facts, id, type);
        },
        requestCancel: (seq) => this.#cancelChild(seq),
        signal: (seq, name, input) => signal(this.#bySeq(seq)?.[1].id ?? '', '', name, showPayloads(input)),
      },
      externalWorkflow: {
        signal: ({ workflowId, runId }, name, input) => signal(workflowId, runId, name, showPayloads(input)),
        requestCancel: ({ workflowId }) =>
          this.#openBy('REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED', { 'workflow id': workflowId }),
      },
      update: {
        accept: (update) => compare('WORKFLOW_EXECUTION_UPDATE_ACCEPTED', { update }),
        // No history has such an event: what it has accepted may not be turned away.
        reject: (update) => compare('WORKFLOW_EXECUTION_UPDATE_REJECTED', { update }),
        complete: (update, outcome) =>
          compare('WORKFLOW_EXECUTION_UPDATE_COMPLETED', { update, outcome: showOutput(outcome) }),
      },
      patch: {
        patched: (id) => {
          if (!this.#patches.has(id)) this.#patches.set(id, this.#takeMark(id));
          return this.#patches.get(id)!;
        },
        deprecate: (id) => {
          if (!this.#patches.has(id)) this.#takeMark(id);
          this.#patches.set(id, true);
        },
      },
      visibility: {
        upsertSearchAttributes: (fields) =>
          compare('UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', { 'search attributes': showFields(fields) }),
        upsertMemo: (fields) => compare('WORKFLOW_PROPERTIES_MODIFIED', { memo: showFields(fields) }),
      },
      execution: {
        complete: (output) => compare('WORKFLOW_EXECUTION_COMPLETED', { result: showPayloads(output) }),
        fail: (failure) => compare('WORKFLOW_EXECUTION_FAILED', { failure: showFailure(failure) }),
        cancel: (details) => compare('WORKFLOW_EXECUTION_CANCELED', { details: showPayloads(details) }),
        continueAsNew: (input) => compare('WORKFLOW_EXECUTION_CONTINUED_AS_NEW', { input: showPayloads(input) }),
      },
      // Each line was written when the run was new.
      log: { log: () => undefined },
    };
  }
}

function inFull({ kind, facts }: Decision): string {
  return JSON.stringify([kind, facts]);
}

function diverged(issued: Decision | undefined, expected: HistoryEvent | undefined): ReplayError {
  const history = expected ? `event ${expected.id} ${inWords(decisionOf(expected))}` : 'no further command';
  if (!issued) {
    return new ReplayError(`the workflow diverges from its history: it went to rest without ${history}`, expected?.id);
  }
  const told = expected && expected.kind === issued.kind ? decisionOf(expected).facts : {};
  const differing = Object.entries(told).find(([name, text]) => issued.facts[name] !== text);
  const difference = differing
    ? `: its ${differing[0]} is ${differing[1]} in the history and ${issued.facts[differing[0]]} in the workflow`
    : '';
  const message = `the workflow diverges from its history: it issued ${inWords(issued)}, where the history has ${history}`;
  return new ReplayError(message + difference, expected?.id);
}
