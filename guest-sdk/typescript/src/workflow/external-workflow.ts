// Workflows that others have started.
import type { SignalDefinition } from '../common/definitions.ts';
import { toFields } from '../common/payload.ts';
import { CancellationScope } from './cancellation-scope.ts';
import { nameOf, told } from './child-workflow.ts';
import { commandingRun } from './context.ts';
import { intercept, type OutboundCalls } from './interceptors.ts';

/** A workflow that this one did not start. */
export interface ExternalWorkflowHandle {
  readonly workflowId: string;
  readonly runId?: string;
  /** Signals it. Rejects when there is no such workflow, or it has closed. */
  signal<Args extends any[] = [], Name extends string = string>(
    definition: SignalDefinition<Args, Name> | string,
    ...args: Args
  ): Promise<void>;
  /** Asks it to cancel itself. Rejects when there is no such workflow, or it has closed. */
  cancel(reason?: string): Promise<void>;
}

/** A workflow of the same namespace; without a run id, the run that answers for the workflow id. */
export function getExternalWorkflowHandle(workflowId: string, runId?: string): ExternalWorkflowHandle {
  commandingRun('getExternalWorkflowHandle()');
  const execution = { workflowId, runId: runId ?? '' };
  return {
    workflowId,
    ...(runId === undefined ? {} : { runId }),
    async signal(definition, ...args) {
      const run = commandingRun('signal()');
      const next = intercept<OutboundCalls, 'signalWorkflow'>(
        run.interceptors.outbound,
        'signalWorkflow',
        async ({ signalName, args, headers }) => {
          throwIfCanceled();
          const input = run.coder.encode(args);
          await told(run, () => run.host.externalWorkflow.signal(execution, signalName, input, toFields(headers)));
        },
      );
      const workflowExecution = { workflowId, ...(runId === undefined ? {} : { runId }) };
      const target = { type: 'external', workflowExecution } as const;
      await next({ signalName: nameOf(definition), args, headers: {}, target });
    },
    async cancel(reason = '') {
      const run = commandingRun('cancel()');
      throwIfCanceled();
      await told(run, () => run.host.externalWorkflow.requestCancel(execution, reason));
    },
  };
}

function throwIfCanceled(): void {
  const canceled = CancellationScope.current()._cancellation();
  if (canceled) throw canceled;
}
