// Steps that call activities, children and other workflows, and wait.
import {
  condition,
  executeChild,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  scheduleActivity,
  scheduleLocalActivity,
  sleep,
  startChild,
} from '@wrt/sdk/workflow';
import { activityOptions, childOptions, continueOptions } from './options.ts';
import type { Frame, Verb } from './program.ts';
import type { Fields } from './value.ts';

export const calls: Record<string, Verb> = {
  *activity(frame, type, step) {
    const options = activityOptions(step.options, frame.value);
    frame.keep(step, yield scheduleActivity(type, frame.value(step.input ?? []), options));
  },

  *local_activity(frame, type, step) {
    const options = activityOptions(step.options, frame.value);
    frame.keep(step, yield scheduleLocalActivity(type, frame.value(step.input ?? []), options));
  },

  *child(frame, type, step) {
    frame.keep(step, yield executeChild(type, called(frame, step)));
  },

  *start_child(frame, type, step) {
    frame.state.children.set(step.as, yield startChild(type, called(frame, step)));
    frame.keep(step, true);
  },

  *join_child(frame, name, step) {
    frame.keep(step, yield started(frame, name).result());
  },

  *signal_child(frame, name, step) {
    yield started(frame, name).signal(step.signal, ...frame.value(step.input ?? []));
  },

  *cancel_child(frame, name) {
    started(frame, name).cancel('canceled by its parent');
  },

  *signal_external(frame, target, step) {
    const { workflow_id, run_id } = frame.value(target);
    yield getExternalWorkflowHandle(workflow_id, run_id).signal(step.signal, ...frame.value(step.input ?? []));
  },

  *cancel_external(frame, target) {
    const { workflow_id, run_id } = frame.value(target);
    yield getExternalWorkflowHandle(workflow_id, run_id).cancel('canceled by another workflow');
  },

  *sleep(frame, milliseconds, { summary }) {
    yield sleep(frame.value(milliseconds), summary === undefined ? {} : { summary });
  },

  *wait(frame, written, step) {
    const isHeld = () => frame.holds(written);
    if (step.timeout_ms !== undefined) return frame.keep(step, yield condition(isHeld, step.timeout_ms));
    if (!isHeld()) yield condition(isHeld);
    frame.keep(step, true);
  },

  *continue_as_new(frame, { program, input }, { options }) {
    // A program is no VALUE: its own variables are those of the new run.
    const story = { program: program ?? frame.state.program, input: frame.value(input) };
    yield makeContinueAsNewFunc(continueOptions(options, frame.value))(story);
  },
};

function called(frame: Frame, { input = [], options }: Fields) {
  return { ...childOptions(options, frame.value), args: frame.value(input) };
}

function started(frame: Frame, name: string) {
  const child = frame.state.children.get(name);
  if (!child) throw new Error(`no child ${name} was started`);
  return child;
}
