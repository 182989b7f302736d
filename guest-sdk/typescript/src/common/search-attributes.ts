// Values that runs can be found by.
import type { Fields } from '../contract.ts';
import { ValueError } from './errors.ts';
import { defaultPayloadConverter } from './payload-converter.ts';
import { fromWire, nullPayload, sortedEntries, str, toWire, u8 } from './payload.ts';

export const SearchAttributeType = {
  TEXT: 'TEXT',
  KEYWORD: 'KEYWORD',
  INT: 'INT',
  DOUBLE: 'DOUBLE',
  BOOL: 'BOOL',
  DATETIME: 'DATETIME',
  KEYWORD_LIST: 'KEYWORD_LIST',
} as const;
export type SearchAttributeType = (typeof SearchAttributeType)[keyof typeof SearchAttributeType];

interface ValueOf {
  TEXT: string;
  KEYWORD: string;
  INT: number;
  DOUBLE: number;
  BOOL: boolean;
  DATETIME: Date;
  KEYWORD_LIST: string[];
}

/** The name and the type of a search attribute. */
export interface SearchAttributeKey<T extends SearchAttributeType> {
  name: string;
  type: T;
}

export function defineSearchAttributeKey<T extends SearchAttributeType>(name: string, type: T): SearchAttributeKey<T> {
  return { name, type };
}

/** A search attribute with its value. */
export type SearchAttributePair = {
  [T in SearchAttributeType]: { key: SearchAttributeKey<T>; value: ValueOf[T] };
}[SearchAttributeType];

/** A search attribute with the value that it gets; null removes it. */
export type SearchAttributeUpdatePair = {
  [T in SearchAttributeType]: { key: SearchAttributeKey<T>; value: ValueOf[T] | null };
}[SearchAttributeType];

export type SearchAttributeValue = string[] | number[] | boolean[] | Date[];

/** Search attributes without types, each with a list of values. */
export type SearchAttributes = Record<string, SearchAttributeValue | readonly string[] | undefined>;

/** Search attributes with types. */
export class TypedSearchAttributes {
  readonly #pairs: Map<string, SearchAttributePair>;

  constructor(pairs: SearchAttributePair[] = []) {
    this.#pairs = new Map();
    for (const pair of pairs) {
      if (this.#pairs.has(pair.key.name)) throw new ValueError(`the search attribute ${pair.key.name} is given twice`);
      this.#pairs.set(pair.key.name, check(pair) as SearchAttributePair);
    }
  }

  /** The value, `undefined` when there is none of this name and type. */
  get<T extends SearchAttributeType>(key: SearchAttributeKey<T>): ValueOf[T] | undefined {
    const pair = this.#pairs.get(key.name);
    return pair?.key.type === key.type ? (pair.value as ValueOf[T]) : undefined;
  }

  getAll(): SearchAttributePair[] {
    return [...this.#pairs.values()];
  }

  copy(): TypedSearchAttributes {
    return new TypedSearchAttributes(this.getAll());
  }

  /** A copy with other values; null removes one. */
  updateCopy(updates: SearchAttributeUpdatePair[]): TypedSearchAttributes {
    const pairs = new Map(this.#pairs);
    for (const update of updates) {
      check(update);
      if (update.value === null) pairs.delete(update.key.name);
      else pairs.set(update.key.name, update as SearchAttributePair);
    }
    return new TypedSearchAttributes([...pairs.values()]);
  }
}

// === As payloads ===

/** The metadata key that names the type, as Temporal's SDKs write it. */
const TYPE = 'type';

/** What all forms of search attributes come to. */
export type AnySearchAttributes = SearchAttributes | SearchAttributeUpdatePair[] | TypedSearchAttributes;

/** Converters and codecs of the user have no part in it: the server reads these values. */
export function encodeSearchAttributes(attributes: AnySearchAttributes): Fields {
  const pairs = attributes instanceof TypedSearchAttributes ? attributes.getAll() : attributes;
  if (!Array.isArray(pairs)) {
    const entries = sortedEntries(pairs).filter(([, values]) => values !== undefined);
    return entries.map(([name, values]) => [name, toWire(values!.length ? plain(values) : nullPayload())]);
  }
  const entries = sortedEntries(Object.fromEntries(pairs.map((pair) => [pair.key.name, check(pair)])));
  return entries.map(([name, { key, value }]) => {
    if (value === null) return [name, toWire(nullPayload())];
    const payload = plain(value);
    payload.metadata![TYPE] = u8(wireType(key.type));
    return [name, toWire(payload)];
  });
}

export function decodeTypedSearchAttributes(fields: Fields): TypedSearchAttributes {
  const pairs = fields.flatMap(([name, wire]) => {
    const payload = fromWire(wire);
    const type = payload.metadata?.[TYPE];
    const known = Object.values(SearchAttributeType).find((it) => type && wireType(it) === str(type));
    if (!known) return [];
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    if (value === undefined || value === null) return [];
    const one = known !== 'KEYWORD_LIST' && Array.isArray(value) ? value[0] : value;
    const pair = { key: { name, type: known }, value: known === 'DATETIME' ? new Date(one as string) : one };
    return [pair as SearchAttributePair];
  });
  return new TypedSearchAttributes(pairs);
}

export function decodeSearchAttributes(fields: Fields): SearchAttributes {
  const entries = fields.map(([name, wire]) => {
    const payload = fromWire(wire);
    const type = payload.metadata?.[TYPE];
    const value: unknown = defaultPayloadConverter.fromPayload(payload);
    const values = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
    const isTime = type !== undefined && str(type) === wireType('DATETIME');
    return [name, isTime ? values.map((time) => new Date(time as string)) : values] as const;
  });
  return Object.fromEntries(entries) as SearchAttributes;
}

function plain(value: unknown) {
  return defaultPayloadConverter.toPayload(value);
}

/** `KEYWORD_LIST` is `KeywordList`. */
function wireType(type: SearchAttributeType): string {
  return type
    .toLowerCase()
    .split('_')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
}

const FITS: { [T in SearchAttributeType]: (value: unknown) => boolean } = {
  TEXT: (value) => typeof value === 'string',
  KEYWORD: (value) => typeof value === 'string',
  INT: Number.isInteger,
  DOUBLE: (value) => typeof value === 'number',
  BOOL: (value) => typeof value === 'boolean',
  DATETIME: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  KEYWORD_LIST: (value) => Array.isArray(value) && value.every((word) => typeof word === 'string'),
};

function check<T extends SearchAttributeUpdatePair>(pair: T): T {
  const { key, value } = pair;
  if (!FITS[key.type]) throw new ValueError(`the search attribute ${key.name} has the unknown type ${key.type}`);
  if (value !== null && !FITS[key.type](value)) {
    throw new ValueError(`the search attribute ${key.name} is of type ${key.type}, which ${String(value)} is not`);
  }
  return pair;
}
