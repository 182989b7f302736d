// The entry for the engine of a component: finds its side of the bridge, and leaves ours.
import type { Activation, ActivityTask, WorkflowQuery } from './contract.ts';
import { setFallbackContext, type Context } from './activity/context.ts';
import { prepare } from './activity/attempt.ts';
import { Io } from './activity/io.ts';
import { describeError, ValueError } from './common/errors.ts';
import { activityWriter, installGlobals } from './globals/install.ts';
import { engineHost, GUEST, type Guest, type IoOutcome } from './host.ts';
import { Module } from './module.ts';
import { setFallback } from './workflow/context.ts';
import { Execution } from './workflow/execution.ts';

const host = engineHost();
const io = new Io(host.io);
let module = new Module({});
/** The run that this instance serves. */
let execution: Execution | undefined;
/** The attempt that is under way. */
let attempt: Context | undefined;

installGlobals(host, () => (attempt ? io : undefined));

const guest: Guest = {
  register(exports, options = {}) {
    module = new Module(exports, options.activities);
  },
  workflow: {
    describe: () => module.describeWorkflows(),
    activate: (activation) => inText(() => activate(activation)),
    query: (query) => inText(() => ask(query)),
  },
  activity: {
    describe: () => module.describeActivities(),
    execute,
    settle(id: number, outcome: IoOutcome) {
      io.settle(id, outcome);
      attempt?._check();
    },
  },
};

Object.defineProperty(globalThis, GUEST, { value: guest, configurable: true });

function activate(activation: Activation): void {
  execution ??= new Execution(module, host);
  const steps = execution.activate(activation);
  while (!steps.next().done) {
    setFallback(execution.run?.scope);
    host.runJobs();
  }
}

function ask(query: WorkflowQuery) {
  if (!execution) throw new ValueError(`query "${query.name}" came before the run has started`);
  return execution.query(query);
}

async function execute(task: ActivityTask) {
  const { context, execute } = prepare(module, task, host.context, activityWriter(host));
  attempt = context;
  setFallbackContext(context);
  try {
    return await execute();
  } finally {
    attempt = undefined;
    setFallbackContext(undefined);
    io.clear();
  }
}

/** What leaves an export has to be text: engines lose the stack of an error object. */
function inText<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw describeError(error);
  }
}
