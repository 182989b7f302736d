// A history as people think of it: activities, timers, children and signals, each of them made of several events.

import { plain } from './payload';
import { millis } from './time';
import type { Attributes, Failure, HistoryEvent, Payloads } from './types';
import { words } from './words';

export type Kind = 'run' | 'task' | 'activity' | 'local' | 'timer' | 'child' | 'signal' | 'update' | 'external' | 'nexus' | 'marker' | 'other';
export type Outcome = 'open' | 'done' | 'failed' | 'canceled' | 'timedout' | 'retrying';

/** Something that a run did or that happened to it. */
export interface Group {
  id: string;
  kind: Kind;
  name: string;
  detail: string;
  events: HistoryEvent[];
  outcome: Outcome;
  start: number;
  /** When somebody began with it. */
  begun?: number;
  end?: number;
  attempt: number;
}

const PREFIX = 'EVENT_TYPE_';

export const kindWords: Record<Kind, string> = {
  run: 'Run',
  task: 'Workflow task',
  activity: 'Activity',
  local: 'Local activity',
  timer: 'Timer',
  child: 'Child',
  signal: 'Signal',
  update: 'Update',
  external: 'External',
  nexus: 'Nexus',
  marker: 'Marker',
  other: 'Other',
};

export const typeOf = (event: HistoryEvent) => event.eventType.replace(PREFIX, '');
export const typeWords = (event: HistoryEvent) => words(event.eventType, PREFIX);

/** The attributes of an event, whatever its type. */
export function attributes(event: HistoryEvent): Attributes {
  for (const name in event) if (name.endsWith('EventAttributes')) return event[name] as Attributes;
  return {};
}

/** Which earlier event began what this one belongs to. */
export function cause(event: HistoryEvent): string | undefined {
  const of = attributes(event);
  return of.scheduledEventId ?? of.initiatedEventId ?? of.acceptedEventId ?? (typeOf(event).startsWith('TIMER_') ? of.startedEventId : undefined);
}

/** Where the events that name this one are put. */
export class Grouping {
  readonly groups: Group[] = [];
  /** Where the group of an event is, and that of the run. */
  private byEvent = new Map<string, number>();
  private run = -1;

  /** Puts more events to what is there, in their order. */
  add(events: HistoryEvent[]) {
    for (const event of events) this.put(event);
  }

  of(eventId: string) {
    return this.groups[this.byEvent.get(eventId) ?? -1];
  }

  private put(event: HistoryEvent) {
    const begun = cause(event);
    const at = (begun && begun !== '0' ? this.byEvent.get(begun) : undefined) ?? this.open(event);
    // A group that changes is another one, so that who shows it notices.
    const group = { ...this.groups[at]!, events: [...this.groups[at]!.events, event] };
    this.tell(group, event);
    this.groups[at] = group;
    this.byEvent.set(event.eventId, at);
  }

  private open(event: HistoryEvent): number {
    const type = typeOf(event);
    const of = attributes(event);
    const [kind, name] = kindAndName(type, of);
    // All that the run itself did is one group.
    if (kind === 'run' && this.run >= 0) return this.run;
    if (kind === 'run') this.run = this.groups.length;
    const start = millis(event.eventTime) ?? 0;
    const detail = plain(event.userMetadata?.summary);
    const group: Group = { id: event.eventId, kind, name, detail, events: [], outcome: 'open', start, attempt: 1 };
    return this.groups.push(group) - 1;
  }

  private tell(group: Group, event: HistoryEvent) {
    const type = typeOf(event);
    const of = attributes(event);
    const time = millis(event.eventTime) ?? group.start;
    if (type === 'ACTIVITY_TASK_STARTED') {
      group.attempt = Number(of.attempt ?? 1);
      group.begun = time;
    } else if (type.endsWith('_STARTED') && group.kind !== 'run' && group.kind !== 'timer') {
      group.begun = time;
    }
    const outcome = outcomeOf(type, group.kind, of);
    if (!outcome) return;
    group.outcome = outcome;
    group.end = time;
  }
}

const RUN = /^WORKFLOW_EXECUTION_(STARTED|COMPLETED|FAILED|TIMED_OUT|CANCELED|TERMINATED|CONTINUED_AS_NEW)$/;

function kindAndName(type: string, of: Attributes): [Kind, string] {
  if (RUN.test(type)) return ['run', of.workflowType?.name ?? 'Run'];
  if (type.startsWith('WORKFLOW_TASK_')) return ['task', 'Workflow task'];
  if (type.startsWith('ACTIVITY_TASK_')) return ['activity', of.activityType?.name ?? of.activityId ?? 'Activity'];
  if (type.startsWith('TIMER_')) return ['timer', `Timer ${of.timerId ?? ''}`];
  if (type.includes('CHILD_WORKFLOW')) return ['child', of.workflowType?.name ?? of.workflowId ?? 'Child'];
  if (type === 'WORKFLOW_EXECUTION_SIGNALED') return ['signal', of.signalName ?? 'Signal'];
  if (type.startsWith('WORKFLOW_EXECUTION_UPDATE')) return ['update', of.acceptedRequest?.input?.name ?? of.request?.input?.name ?? 'Update'];
  if (type.includes('EXTERNAL_WORKFLOW')) return ['external', of.signalName ? `Signal ${of.signalName}` : 'Cancel'];
  if (type.startsWith('NEXUS_')) return ['nexus', [of.service, of.operation].filter(Boolean).join('.') || 'Nexus'];
  if (type === 'MARKER_RECORDED') return marker(of);
  return ['other', words(type)];
}

function marker(of: Attributes): [Kind, string] {
  const isLocal = of.markerName === 'core_local_activity' || of.markerName === 'LocalActivity';
  if (!isLocal) return ['marker', of.markerName ?? 'Marker'];
  const data = of.details?.data?.payloads?.[0];
  let type = '';
  try {
    type = JSON.parse(plain(data)).activity_type ?? '';
  } catch {
    // Another SDK's words.
  }
  return ['local', type || 'Local activity'];
}

function outcomeOf(type: string, kind: Kind, of: Attributes): Outcome | undefined {
  if (['signal', 'marker', 'other'].includes(kind)) return 'done';
  if (kind === 'local') return of.failure ? 'failed' : 'done';
  if (type === 'TIMER_FIRED' || type === 'WORKFLOW_EXECUTION_CONTINUED_AS_NEW') return 'done';
  if (type === 'WORKFLOW_EXECUTION_UPDATE_COMPLETED') return of.outcome?.failure ? 'failed' : 'done';
  if (type.endsWith('_COMPLETED') || /^EXTERNAL_WORKFLOW_EXECUTION_/.test(type)) return 'done';
  if (type.endsWith('_TIMED_OUT')) return 'timedout';
  if (type.endsWith('_CANCEL_REQUESTED')) return undefined;
  if (type.endsWith('_CANCELED') || type.endsWith('_TERMINATED')) return 'canceled';
  return type.endsWith('_FAILED') || type.endsWith('_REJECTED') ? 'failed' : undefined;
}

export function failureOf(event: HistoryEvent): Failure | undefined {
  const of = attributes(event);
  return of.failure ?? of.outcome?.failure ?? of.lastFailure;
}

/** What a row of the history shows of an event, apart from its type. */
export function summary(event: HistoryEvent): string {
  const of = attributes(event);
  const failure = failureOf(event);
  const words = [
    of.activityType?.name,
    of.workflowType?.name,
    of.signalName,
    of.timerId && `timer ${of.timerId}`,
    of.startToFireTimeout && `fires after ${of.startToFireTimeout}`,
    of.acceptedRequest?.input?.name,
    of.markerName,
    of.workflowExecution?.workflowId,
    of.workflowId && event.eventType !== 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED' && of.workflowId,
    failure?.message,
    of.reason,
  ];
  return words.filter(Boolean).join(' · ');
}

/** The payloads of an event that a person looks for first. */
export function payloadsOf(event: HistoryEvent): [string, Payloads][] {
  const of = attributes(event);
  const known: [string, unknown][] = [
    ['Input', of.input],
    ['Result', of.result],
    ['Argument', of.acceptedRequest?.input?.args ?? of.request?.input?.args],
    ['Result', of.outcome?.success],
    ['Details', of.details?.payloads ? of.details : undefined],
  ];
  return known.filter((entry): entry is [string, Payloads] => !!(entry[1] as Payloads | undefined)?.payloads?.length);
}

/** The ends of workflow tasks, to which a run can be reset. */
export const isResetPoint = (event: HistoryEvent) => ['WORKFLOW_TASK_COMPLETED', 'WORKFLOW_TASK_FAILED', 'WORKFLOW_TASK_TIMED_OUT'].includes(typeOf(event));

/** Reads a downloaded history, in whichever form it was written. */
export function parseHistory(text: string): HistoryEvent[] {
  const value = JSON.parse(text);
  const events = Array.isArray(value) ? value : (value.events ?? value.history?.events);
  if (!Array.isArray(events) || !events.length || !events[0]?.eventType) throw new Error('The file holds no history: `events` is missing.');
  return events.map((event) => ({ ...event, eventId: String(event.eventId), eventType: fullType(String(event.eventType)) }));
}

/** `WorkflowExecutionStarted`, as some tools write it, in the API's words. */
function fullType(type: string): string {
  return type.startsWith(PREFIX) ? type : PREFIX + type.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
}
