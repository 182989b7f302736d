// Histories as protobuf's JSON has them, and the turns that they are made of.
import type {
  FailureInfo,
  Fields,
  Span,
  Timestamp,
  WireFailure,
  WirePayload,
  WireRetryPolicy,
  WireRetryState,
  WireTimeoutType,
} from '../../contract.ts';
import { sortedEntries } from '../../common/payload.ts';
import { ReplayError } from './error.ts';

type Json = any;

/** The events that commands become. No other cause writes them. */
const OF_COMMANDS = [
  'ACTIVITY_TASK_SCHEDULED',
  'ACTIVITY_TASK_CANCEL_REQUESTED',
  'TIMER_STARTED',
  'TIMER_CANCELED',
  'START_CHILD_WORKFLOW_EXECUTION_INITIATED',
  'SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
  'REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED',
  'MARKER_RECORDED',
  'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
  'WORKFLOW_PROPERTIES_MODIFIED',
  'WORKFLOW_EXECUTION_UPDATE_ACCEPTED',
  'WORKFLOW_EXECUTION_UPDATE_COMPLETED',
  'WORKFLOW_EXECUTION_COMPLETED',
  'WORKFLOW_EXECUTION_FAILED',
  'WORKFLOW_EXECUTION_CANCELED',
  'WORKFLOW_EXECUTION_CONTINUED_AS_NEW',
];

/** One event. Paths name fields of its attributes, with dots between them. */
export class HistoryEvent {
  readonly id: number;
  /** For instance `TIMER_STARTED`. */
  readonly kind: string;
  readonly time: Timestamp;
  readonly #attributes: Json;

  constructor(json: Json) {
    this.id = Number(json.eventId);
    if (!String(json.eventType).startsWith('EVENT_TYPE_')) {
      throw new ReplayError(
        `the history cannot be replayed: event ${json.eventId} has no type of the form EVENT_TYPE_…; write it as ` +
          "protobuf's JSON, for instance with `wrt workflow show -o json`",
      );
    }
    this.kind = json.eventType.slice('EVENT_TYPE_'.length);
    this.time = timestamp(json.eventTime);
    this.#attributes = Object.entries(json).find(([name]) => name.endsWith('EventAttributes'))?.[1] ?? {};
  }

  get isOfCommand(): boolean {
    return OF_COMMANDS.includes(this.kind);
  }
  field(path: string): Json {
    return path.split('.').reduce((value, name) => value?.[name], this.#attributes);
  }
  /** Empty when it is not set. */
  text(path: string): string {
    return this.field(path) ?? '';
  }
  number(path: string): number {
    return Number(this.field(path) ?? 0);
  }
  duration(path: string): Span | undefined {
    return span(this.field(path));
  }
  payloads(path: string): WirePayload[] {
    return payloads(this.field(path));
  }
  fields(path: string): Fields {
    return sortedEntries<Json>(this.field(path) ?? {}).map(([name, value]) => [name, payload(value)]);
  }
  failure(path: string): WireFailure {
    return failure(this.field(path));
  }
  retryState(): WireRetryState {
    return retryState(this.field('retryState'));
  }
  retryPolicy(path: string): WireRetryPolicy | undefined {
    const policy = this.field(path);
    return (
      policy && {
        initialInterval: span(policy.initialInterval),
        backoffCoefficient: policy.backoffCoefficient,
        maximumInterval: span(policy.maximumInterval),
        maximumAttempts: Number(policy.maximumAttempts ?? 0),
        nonRetryableErrorTypes: policy.nonRetryableErrorTypes ?? [],
      }
    );
  }
}

/** One completed workflow task. */
export interface Turn {
  /** Its time is the time of the activation. */
  started: HistoryEvent;
  /** What happened since the turn before. */
  happened: HistoryEvent[];
  /** The events of the commands that the task issued. */
  commands: HistoryEvent[];
}

/** The events of a history: `{"events": […]}`, as text or as an object. */
export function readHistory(history: string | object): HistoryEvent[] {
  const json: Json = typeof history === 'string' ? JSON.parse(history) : history;
  if (!Array.isArray(json?.events)) {
    throw new ReplayError('the history cannot be replayed: it is no object with a list of `events`');
  }
  return json.events.map((event: Json) => new HistoryEvent(event));
}

/** The completed tasks. What should have been seen by one that failed belongs to the next that completes. */
export function cut(events: HistoryEvent[]): Turn[] {
  const turns: Turn[] = [];
  let rest = events;
  for (;;) {
    const completed = rest.findIndex(({ kind }) => kind === 'WORKFLOW_TASK_COMPLETED');
    if (completed < 0) return turns;
    const happened = rest.slice(0, completed);
    const id = rest[completed]!.number('startedEventId');
    const started = happened.find((event) => event.id === id);
    if (!started) {
      throw new ReplayError(`the history cannot be replayed: event ${id}, which starts a workflow task, is not there`);
    }
    rest = rest.slice(completed + 1);
    const next = rest.findIndex((event) => !event.isOfCommand);
    const commands = next < 0 ? rest : rest.slice(0, next);
    turns.push({ started, happened, commands });
    rest = rest.slice(commands.length);
  }
}

// === Values ===

/** `3.5s`; nothing and zero both mean "not set". */
function span(value: Json): Span | undefined {
  const [, seconds, fraction = ''] = /^(\d+)(?:\.(\d+))?s$/.exec(value ?? '') ?? [];
  if (seconds === undefined) return undefined;
  const nanos = Number(fraction.padEnd(9, '0').slice(0, 9));
  return Number(seconds) || nanos ? { seconds: Number(seconds), nanos } : undefined;
}

function timestamp(value: Json): Timestamp {
  const [, whole, fraction = '', zone = 'Z'] = /^([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(value ?? '') ?? [];
  const milliseconds = whole === undefined ? 0 : Date.parse(`${whole}${zone}`);
  return { seconds: Math.floor(milliseconds / 1000), nanos: Number(fraction.padEnd(9, '0').slice(0, 9)) };
}

function payloads(value: Json): WirePayload[] {
  return (value?.payloads ?? []).map(payload);
}

function payload(value: Json): WirePayload {
  const metadata = sortedEntries<string>(value.metadata ?? {});
  return { metadata: metadata.map(([key, it]) => [key, bytes(it)]), data: bytes(value.data) };
}

/** Base64, of the ordinary alphabet or that of URLs. */
function bytes(value: Json): Uint8Array {
  const text = atob(
    String(value ?? '')
      .replaceAll('-', '+')
      .replaceAll('_', '/'),
  );
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function failure(value: Json): WireFailure {
  const { message = '', source = '', stackTrace = '', cause } = value ?? {};
  return [{ message, source, stackTrace, info: info(value ?? {}) }, ...(cause ? failure(cause) : [])];
}

function info(value: Json): FailureInfo {
  const {
    activityFailureInfo: activity,
    childWorkflowExecutionFailureInfo: child,
    timeoutFailureInfo: timeout,
  } = value;
  if (timeout) {
    const timeoutType = enumerated(timeout.timeoutType ?? '', 'TIMEOUT_TYPE_') as WireTimeoutType;
    return { tag: 'timeout', val: { timeoutType, lastHeartbeatDetails: payloads(timeout.lastHeartbeatDetails) } };
  }
  if (value.canceledFailureInfo) return { tag: 'canceled', val: payloads(value.canceledFailureInfo.details) };
  if (value.terminatedFailureInfo) return { tag: 'terminated' };
  if (value.serverFailureInfo) return { tag: 'server', val: value.serverFailureInfo.nonRetryable ?? false };
  if (activity) {
    const { activityId = '', identity = '' } = activity;
    const activityType = activity.activityType?.name ?? '';
    return {
      tag: 'activity',
      val: { activityType, activityId, identity, retryState: retryState(activity.retryState) },
    };
  }
  if (child) {
    const { workflowId = '', runId = '' } = child.workflowExecution ?? {};
    const workflowType = child.workflowType?.name ?? '';
    return {
      tag: 'child-workflow',
      val: { workflowType, workflowId, runId, retryState: retryState(child.retryState) },
    };
  }
  const { type = '', nonRetryable = false, details, nextRetryDelay } = value.applicationFailureInfo ?? {};
  const delay = span(nextRetryDelay);
  return {
    tag: 'application',
    val: { failureType: type, nonRetryable, details: payloads(details), nextRetryDelay: delay },
  };
}

function retryState(value: Json): WireRetryState {
  return (value ? enumerated(value, 'RETRY_STATE_') : 'unspecified') as WireRetryState;
}

/** `RETRY_STATE_IN_PROGRESS` is `in-progress`. */
function enumerated(value: string, prefix: string): string {
  return value.replace(prefix, '').toLowerCase().replaceAll('_', '-');
}
