// One run: takes in the jobs of each activation and ends the run when its async function ends.
import * as execution from 'wrt:workflow/execution@0.1.0';
import * as update from 'wrt:workflow/update@0.1.0';
import { Context } from './context.js';
import { definitions } from './definition.js';
import { ApplicationFailure, Canceled, Failure, Refusal, toLinks } from './failure.js';
import { runJobs } from './globals/promise.js';
import { timerFired } from './globals/timers.js';
import { decode, encode } from './payload.js';

/** Turns an update away: workflows of this kind take none. */
function reject({ updateId, name }) {
  const unknown = new ApplicationFailure(`unknown update "${name}"`, 'UnknownUpdate', { nonRetryable: true });
  update.reject(updateId, toLinks(unknown));
}

/** The state of the run that this instance serves. */
class Run {
  #context;
  #workflow;
  #ended = false;

  constructor({ info, input }) {
    const definition = definitions.get(info.workflowType);
    if (!definition) {
      const known = [...definitions.keys()].join(', ');
      throw new Refusal(`unknown workflow type "${info.workflowType}": this component has ${known}`);
    }
    this.#context = new Context(info);
    this.#workflow = new definition();
    const parameters = input.map(decode);
    this.#proceed(() => this.#start(parameters));
  }

  /** Takes in what happened, one job after the other, so that it makes no difference which ones came together. */
  activate(jobs) {
    for (const job of jobs) {
      if (job.tag === 'update') reject(job.val);
      else if (!this.#ended) this.#proceed(() => this.#take(job));
    }
  }

  /** Answers a query. Throws `Refusal` for one that the workflow does not have. */
  query({ name, input }) {
    const { queries } = this.#workflow.constructor;
    if (!Object.hasOwn(queries, name)) {
      throw new Refusal(`unknown query "${name}": the workflow answers ${Object.keys(queries).join(', ')}`);
    }
    return [encode(this.#workflow[name](...input.map(decode)))];
  }

  #outcome;

  #start(parameters) {
    this.#workflow.run(this.#context, ...parameters).then(
      (output) => (this.#outcome = () => execution.complete([encode(output)])),
      (error) => (this.#outcome = () => fail(error)),
    );
  }

  #take({ tag, val }) {
    if (tag === 'timer-fired') timerFired(val);
    else if (tag === 'activity-resolved') this.#context.activityResolved(val);
    else if (tag === 'signal') this.#context.signaled(val);
    else if (tag === 'cancel-requested') this.#context.cancelRequested(val);
    else throw new Error(`unexpected job "${tag}"`);
  }

  #proceed(step) {
    step();
    runJobs();
    if (!this.#outcome) return;
    this.#ended = true;
    this.#outcome();
  }
}

/**
 * Ends the run as its async function failed. Any error but `Canceled` and `Failure` is a bug: it is thrown, and so
 * fails only the workflow task, which succeeds once a repaired component is deployed.
 */
function fail(error) {
  if (error instanceof Canceled) execution.cancel([]);
  else if (error instanceof Failure) execution.fail(toLinks(error));
  else throw error;
}

let run;

/** Starts the run with the first job of the first activation, or goes on with it. */
export function activate({ jobs }) {
  if (run) return run.activate(jobs);
  const [first, ...rest] = jobs;
  if (first?.tag !== 'start') throw new Error('the first job of a run has to be its start');
  run = new Run(first.val);
  run.activate(rest);
}

/** Answers a query about the run. */
export function query(question) {
  if (!run) throw new Error(`query "${question.name}" came before the run has started`);
  return run.query(question);
}
