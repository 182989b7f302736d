// What a command decides, and what its event says that it has decided: the same words for both, to be compared.
import type { Fields, Output, Span, WireFailure, WirePayload } from '../../contract.ts';
import { fromWire, str } from '../../common/payload.ts';
import type { HistoryEvent } from './history.ts';

/** Timeouts, policies and words for people, which the server completes, are not part of it. */
export interface Decision {
  /** The kind of the event. */
  kind: string;
  /** Facts in words. */
  facts: Record<string, string>;
}

export function showPayloads(payloads: WirePayload[]): string {
  return payloads.map(showPayload).join(', ');
}

function showPayload(payload: WirePayload): string {
  const { metadata = {}, data } = fromWire(payload);
  // The server tells the types of search attributes in histories.
  const facts = Object.entries(metadata ?? {}).filter(([key]) => key !== 'type');
  return `${facts
    .map(([key, value]) => `${key}=${str(value)}`)
    .sort()
    .join(' ')} ${str(data ?? new Uint8Array())}`;
}

export function showFields(fields: Fields): string {
  return fields
    .map(([name, payload]) => `${name}: ${showPayload(payload)}`)
    .sort()
    .join(', ');
}

/** Without stacks, which differ between a component and this process. */
export function showFailure(failure: WireFailure): string {
  return failure
    .map(({ message, info }) => `${info.tag === 'application' ? info.val.failureType : info.tag}: ${message}`)
    .join(', because of ');
}

export function showOutput(output: Output): string {
  return output.tag === 'ok' ? showPayloads(output.val) : showFailure(output.val);
}

export function showSpan(span: Span | undefined): string {
  return `${span?.seconds ?? 0}.${String(span?.nanos ?? 0).padStart(9, '0')} s`;
}

/** What the event of a command says. */
export function decisionOf(event: HistoryEvent): Decision {
  return { kind: event.kind, facts: FACTS[event.kind]?.(event) ?? {} };
}

const FACTS: Record<string, (event: HistoryEvent) => Record<string, string>> = {
  ACTIVITY_TASK_SCHEDULED: (event) => ({
    'activity id': event.text('activityId'),
    'activity type': event.text('activityType.name'),
    'task queue': event.text('taskQueue.name'),
    input: showPayloads(event.payloads('input')),
  }),
  ACTIVITY_TASK_CANCEL_REQUESTED: (event) => ({ activity: `${event.number('scheduledEventId')}` }),
  TIMER_STARTED: (event) => ({
    'timer id': event.text('timerId'),
    'start-to-fire timeout': showSpan(event.duration('startToFireTimeout')),
  }),
  TIMER_CANCELED: (event) => ({ 'timer id': event.text('timerId') }),
  START_CHILD_WORKFLOW_EXECUTION_INITIATED: (event) => ({
    'workflow id': event.text('workflowId'),
    'workflow type': event.text('workflowType.name'),
    input: showPayloads(event.payloads('input')),
  }),
  SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: (event) => ({
    'workflow id': event.text('workflowExecution.workflowId'),
    'run id': event.text('workflowExecution.runId'),
    signal: event.text('signalName'),
    input: showPayloads(event.payloads('input')),
  }),
  REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: (event) => ({
    'workflow id': event.text('workflowExecution.workflowId'),
  }),
  MARKER_RECORDED: (event) => ({ patch: markOf(event)?.id ?? event.text('markerName') }),
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: (event) => ({
    'search attributes': showFields(event.fields('searchAttributes.indexedFields')),
  }),
  WORKFLOW_PROPERTIES_MODIFIED: (event) => ({ memo: showFields(event.fields('upsertedMemo.fields')) }),
  WORKFLOW_EXECUTION_UPDATE_ACCEPTED: (event) => ({ update: event.text('protocolInstanceId') }),
  WORKFLOW_EXECUTION_UPDATE_COMPLETED: (event) => ({
    update: event.text('meta.updateId'),
    outcome: event.field('outcome.failure')
      ? showFailure(event.failure('outcome.failure'))
      : showPayloads(event.payloads('outcome.success')),
  }),
  WORKFLOW_EXECUTION_COMPLETED: (event) => ({ result: showPayloads(event.payloads('result')) }),
  WORKFLOW_EXECUTION_FAILED: (event) => ({ failure: showFailure(event.failure('failure')) }),
  WORKFLOW_EXECUTION_CANCELED: (event) => ({ details: showPayloads(event.payloads('details')) }),
  WORKFLOW_EXECUTION_CONTINUED_AS_NEW: (event) => ({ input: showPayloads(event.payloads('input')) }),
};

/** The kind, with what tells it apart from others of its kind. */
export function inWords({ kind, facts }: Decision): string {
  const words = Object.entries(facts).filter(([, text]) => text !== '' && text.length < 100);
  return words.length ? `${kind} (${words.map(([name, text]) => `${name} ${text}`).join(', ')})` : kind;
}

// === Markers, as Temporal's SDKs write them ===

/** The mark of a patch, if the event is one. */
export function markOf(event: HistoryEvent): { id: string; deprecated?: boolean } | undefined {
  if (event.kind !== 'MARKER_RECORDED' || event.text('markerName') !== 'core_patch') return undefined;
  const [data] = event.payloads('details.patch-data');
  return data && JSON.parse(str(data.data));
}

/** The number and the end of a local activity, if the event records one. */
export function localActivityOf(event: HistoryEvent): { seq: number; output: Output } | undefined {
  if (event.kind !== 'MARKER_RECORDED' || event.text('markerName') !== 'core_local_activity') return undefined;
  const [data] = event.payloads('details.data');
  if (!data) return undefined;
  const { seq } = JSON.parse(str(data.data));
  const output: Output = event.field('failure')
    ? { tag: 'err', val: event.failure('failure') }
    : { tag: 'ok', val: event.payloads('details.result') };
  return { seq, output };
}
