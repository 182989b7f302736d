// What lists show of a run and can filter by.
import { nullPayload, sortedEntries, toWire } from '../common/payload.ts';
import {
  decodeSearchAttributes,
  decodeTypedSearchAttributes,
  encodeSearchAttributes,
  type SearchAttributes,
  type SearchAttributeUpdatePair,
} from '../common/search-attributes.ts';
import { commandingRun } from './context.ts';

/** Sets search attributes. Null as the value of a pair, and an empty list, remove one. */
export function upsertSearchAttributes(attributes: SearchAttributes | SearchAttributeUpdatePair[]): void {
  const run = commandingRun('upsertSearchAttributes()');
  const fields = encodeSearchAttributes(attributes);
  if (fields.length === 0) return;
  run.tell(() => run.host.visibility.upsertSearchAttributes(fields));
  const updates = Array.isArray(attributes) ? attributes : typedUpdates(fields);
  run.info = {
    ...run.info,
    searchAttributes: { ...run.info.searchAttributes, ...decodeSearchAttributes(fields) },
    typedSearchAttributes: run.info.typedSearchAttributes.updateCopy(updates),
  };
}

/** Sets fields of the memo. Null removes one. */
export function upsertMemo(memo: Record<string, unknown>): void {
  const run = commandingRun('upsertMemo()');
  const values = sortedEntries(memo);
  if (values.length === 0) return;
  const fields = values.map(([name, value]): [string, ReturnType<typeof toWire>] => [
    name,
    isNothing(value) ? toWire(nullPayload()) : run.coder.encode([value])[0]!,
  ]);
  run.tell(() => run.host.visibility.upsertMemo(fields));
  const kept = Object.entries({ ...run.info.memo, ...memo }).filter(([, value]) => !isNothing(value));
  run.info = { ...run.info, memo: Object.fromEntries(kept) };
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function typedUpdates(fields: Parameters<typeof decodeTypedSearchAttributes>[0]): SearchAttributeUpdatePair[] {
  return decodeTypedSearchAttributes(fields).getAll();
}
