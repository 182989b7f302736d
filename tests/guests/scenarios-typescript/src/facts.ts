// Steps that set variables, and that tell and ask about the run itself.
import { defineSearchAttributeKey, type SearchAttributeType, type SearchAttributeUpdatePair } from '@wrt/sdk/common';
import {
  deprecatePatch,
  log,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@wrt/sdk/workflow';
import { thrown } from './failure.ts';
import type { Frame, Verb } from './program.ts';
import type { Fields } from './value.ts';

export const facts: Record<string, Verb> = {
  *set(frame, fields) {
    change(frame, fields, (_, value) => value);
  },

  *append(frame, fields) {
    change(frame, fields, (list, value) => [...(list ?? []), value]);
  },

  *add(frame, fields) {
    change(frame, fields, (number, value) => (number ?? 0) + value);
  },

  *memo(frame, fields) {
    upsertMemo(frame.value(fields));
  },

  *search_attributes(frame, written: Record<string, { type: string; value: unknown }>) {
    const pairs = Object.entries(written).map(([name, { type, value }]) => {
      const key = defineSearchAttributeKey(name, constant(type) as SearchAttributeType);
      return { key, value: frame.value(value) } as SearchAttributeUpdatePair;
    });
    upsertSearchAttributes(pairs);
  },

  *info(frame, field, step) {
    frame.keep(step, fact(field));
  },

  *random(frame, _, step) {
    frame.keep(step, { numbers: [Math.random(), Math.random(), Math.random()], uuid: uuid4() });
  },

  *now(frame, _, step) {
    frame.keep(step, Date.now());
  },

  *log(_, text) {
    log.info(text);
  },

  *details(_, text) {
    setCurrentDetails(text);
  },

  *deprecate_patch(_, id) {
    deprecatePatch(id);
  },

  *return(frame, value) {
    return { value: frame.value(value) };
  },

  *fail(frame, written) {
    throw thrown(frame.value(written));
  },

  *rethrow(frame) {
    throw frame.place.caught;
  },

  *bug(_, text) {
    throw new Error(text);
  },

  *check(frame, condition) {
    if (!frame.holds(condition)) throw new Error(`the condition ${JSON.stringify(condition)} does not hold`);
  },
};

/** Sets each variable to what is made of its old value and the one that is written, in the order of their names. */
function change(frame: Frame, fields: Fields, change: (before: any, value: any) => unknown): void {
  for (const name of Object.keys(fields).sort()) {
    frame.set(name, change(frame.variable(name), frame.value(fields[name])));
  }
}

function fact(field: string): unknown {
  const info = workflowInfo();
  if (field.startsWith('memo.')) return info.memo?.[field.slice('memo.'.length)];
  const all: Fields = {
    workflow_id: info.workflowId,
    workflow_type: info.workflowType,
    task_queue: info.taskQueue,
    namespace: info.namespace,
    attempt: info.attempt,
    cron_schedule: info.cronSchedule,
    parent_workflow_id: info.parent?.workflowId,
    history_length: info.historyLength,
    is_continue_as_new_suggested: info.continueAsNewSuggested,
  };
  if (!(field in all)) throw new Error(`there is no fact ${field}`);
  return all[field];
}

/** `KeywordList` is `KEYWORD_LIST`. */
function constant(type: string): string {
  return type.replace(/(?<=.)[A-Z]/g, '_$&').toUpperCase();
}
