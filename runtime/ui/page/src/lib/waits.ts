// What a run waits for now, in a sentence.

import type { Group } from './history';
import { attributes } from './history';
import { millis, relative, span, spanMillis } from './time';
import type { Failure, RunDescription, RunDiagnosis } from './types';
import { plural, status, statusWords, words } from './words';

export interface Waiting {
  /** How bad it is. */
  tone: 'good' | 'calm' | 'warn' | 'bad';
  text: string;
}

export function waiting(run: RunDescription, diagnosis: RunDiagnosis | undefined, groups: Group[], now: number): Waiting {
  const info = run.workflowExecutionInfo;
  const state = status(info.status);
  if (state !== 'Running' && state !== 'Paused') return closed(run, state, groups, now);
  const pausedBy = run.workflowExtendedInfo?.pauseInfo;
  if (state === 'Paused' || pausedBy) {
    return { tone: 'warn', text: `It is paused${pausedBy?.identity ? ` by ${pausedBy.identity}` : ''}${pausedBy?.reason ? `: ${pausedBy.reason}` : ''}. Nothing is handed out until somebody lets it go on.` };
  }
  const problem = diagnosis?.workflowTaskProblem;
  if (problem) {
    const next = millis(problem.nextAttemptTime);
    return { tone: 'bad', text: `Its workflow task fails: ${firstLine(problem.message) || words(problem.cause)}. Attempt ${problem.attempt ?? 1}${next && next > now ? ` begins ${relative(next, now)}` : ' is under way'}.` };
  }
  const unserved = diagnosis?.unserved?.[0];
  if (unserved) return { tone: 'bad', text: sentence(unserved.message ?? `Nobody can do ${unserved.type} on ${unserved.taskQueue}`) };
  const parts = [...activities(run, now), ...timers(groups, now), ...children(run)];
  const task = run.pendingWorkflowTask;
  if (task && !parts.length) {
    const started = task.state === 'PENDING_WORKFLOW_TASK_STATE_STARTED';
    const retried = (task.attempt ?? 1) > 1;
    return { tone: retried ? 'bad' : 'calm', text: started ? 'Its workflow task is being run.' : `Its workflow task waits for a worker on ${run.executionConfig?.taskQueue?.name ?? info.taskQueue}${retried ? `, attempt ${task.attempt}` : ''}.` };
  }
  if (!parts.length) return { tone: 'calm', text: 'It waits for a signal, an update, or a condition of its own.' };
  const failing = (run.pendingActivities ?? []).some((activity) => activity.lastFailure || activity.paused);
  return { tone: failing ? 'warn' : 'calm', text: `It waits for ${parts.slice(0, 3).join(', and for ')}${parts.length > 3 ? `, and ${plural(parts.length - 3, 'thing')} more` : ''}.` };
}

function closed(run: RunDescription, state: string, groups: Group[], now: number): Waiting {
  const info = run.workflowExecutionInfo;
  const [start, close] = [millis(info.startTime), millis(info.closeTime)];
  const took = start !== undefined && close !== undefined ? ` after ${span(close - start)}` : '';
  const when = close === undefined ? '' : `, ${relative(close, now).replace(/^now$/, 'just now')}`;
  const last = groups.find((group) => group.kind === 'run')?.events.at(-1);
  const failure = last && origin(attributes(last).failure)?.message;
  const tone = state === 'Completed' || state === 'ContinuedAsNew' ? 'good' : state === 'Canceled' ? 'calm' : 'bad';
  return { tone, text: `${statusWords(state)}${took}${when}${failure ? `: ${firstLine(failure)}` : ''}.` };
}

function activities(run: RunDescription, now: number): string[] {
  return (run.pendingActivities ?? []).map((activity) => {
    const name = `the activity ${activity.activityType?.name ?? activity.activityId}`;
    const attempt = activity.attempt ?? 1;
    const of = activity.maximumAttempts ? ` of ${activity.maximumAttempts}` : '';
    const next = millis(activity.nextAttemptScheduleTime);
    const failure = firstLine(activity.lastFailure?.message);
    if (activity.paused) return `${name}, which is paused`;
    if (attempt > 1 && next && next > now) return `${name}: attempt ${attempt}${of} begins ${relative(next, now)}${failure ? `, the last one failed with “${failure}”` : ''}`;
    const state = activity.state === 'PENDING_ACTIVITY_STATE_STARTED' ? `running for ${span(now - (millis(activity.lastStartedTime) ?? now))}` : 'which waits for a worker';
    return `${name}, ${state}${attempt > 1 ? `, attempt ${attempt}${of}` : ''}`;
  });
}

function timers(groups: Group[], now: number): string[] {
  return groups
    .filter((group) => group.kind === 'timer' && group.outcome === 'open')
    .map((group) => {
      const length = spanMillis(attributes(group.events[0]!).startToFireTimeout) ?? 0;
      return `a timer that fires ${relative(group.start + length, now)}`;
    });
}

function children(run: RunDescription): string[] {
  const open = run.pendingChildren ?? [];
  if (open.length > 1) return [`${plural(open.length, 'child')}`.replace('childs', 'children')];
  return open.map((child) => `its child ${child.workflowId}`);
}

/** Where a failure comes from: the wrapping ones only say which call it went through. */
function origin(failure: Failure | undefined): Failure | undefined {
  let inner = failure;
  while (inner?.cause) inner = inner.cause;
  return inner;
}

const firstLine = (text: string | undefined) => {
  const line = (text ?? '').split('\n')[0]!.trim().replace(/\.$/, '');
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
};

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
