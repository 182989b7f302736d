// Runs native workflow code through a history of production.
import type { Activation, Job } from '../../contract.ts';
import { fromSpan } from '../../common/duration.ts';
import { Module } from '../../module.ts';
import { Execution } from '../../workflow/execution.ts';
import { activate, WorkflowTaskFailedError } from '../driver.ts';
import { enclose, randomFrom } from '../sandbox.ts';
import { ReplayError } from './error.ts';
import { cut, readHistory, type Turn } from './history.ts';
import { acceptedUpdate, infoOf, jobOf } from './jobs.ts';
import { Ledger } from './ledger.ts';

export interface ReplayerOptions {
  /** The module of workflows. */
  workflows: object;
  /** The namespace that runs are told; histories do not name it. */
  namespace?: string;
}

/**
 * Runs workflows through histories that a server has written, and compares every command with the event that it became.
 * So a change of code is tried on the runs that it will meet, before it is deployed.
 *
 * Code has the clock of the run, but not its randomness: what depends on `Math.random()` or `uuid4()` decides something
 * else here than in a component.
 */
export class Replayer {
  readonly #module: Module;
  readonly #namespace: string;

  constructor({ workflows, namespace = 'default' }: ReplayerOptions) {
    this.#module = new Module(workflows);
    this.#namespace = namespace;
  }

  /**
   * Replays a history as far as its last completed workflow task: what `wrt workflow show -o json` and Temporal's own
   * tools write, as text or as an object. Rejects with `ReplayError`.
   */
  async replay(history: string | object): Promise<void> {
    const events = readHistory(history);
    const [first] = events;
    if (first?.kind !== 'WORKFLOW_EXECUTION_STARTED') {
      throw new ReplayError('the history cannot be replayed: it does not begin with the start of a run');
    }
    const info = infoOf(first, this.#namespace);
    const ledger = new Ledger(info.taskQueue, info.runId);
    const execution = new Execution(this.#module, ledger.host);
    const clock = { now: 0 };
    enclose(ledger.host, { now: () => clock.now, random: randomFrom(info.runId) });
    const start: Job = {
      tag: 'start',
      val: { info, input: first.payloads('input'), header: first.fields('header.fields') },
    };
    for (const [index, turn] of cut(events).entries()) {
      clock.now = Math.floor(fromSpan(turn.started.time));
      await repeat(execution, ledger, turn, index === 0 ? [start] : []);
    }
  }
}

/** Does again what a completed task did. */
async function repeat(execution: Execution, ledger: Ledger, turn: Turn, first: Job[]): Promise<void> {
  ledger.begin(turn);
  const happened = turn.happened.map((event) => jobOf(ledger, event));
  const updates = turn.commands.map(acceptedUpdate);
  let jobs = [...first, ...[...happened, ...updates].filter((job) => job !== undefined)];
  for (;;) {
    try {
      await activate(execution, activation(turn, jobs));
    } catch (error) {
      const message = error instanceof WorkflowTaskFailedError ? error.message : String(error);
      throw new ReplayError(`the workflow task fails: ${message}`, undefined, error);
    }
    const local = ledger.localActivity();
    if (!local) break;
    jobs = [{ tag: 'activity-resolved', val: local }];
  }
  ledger.end();
}

function activation({ started }: Turn, jobs: Job[]): Activation {
  return {
    time: started.time,
    historyLength: started.id,
    historySize: started.number('historySizeBytes'),
    continueAsNewSuggested: started.field('suggestContinueAsNew') ?? false,
    jobs,
  };
}
