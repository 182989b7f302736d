// `structuredClone`.
import { DOMException } from './events.ts';

/** A copy of a value and of everything that it refers to. Functions and symbols cannot be copied. */
export function structuredClone<T>(value: T): T {
  return clone(value, new Map()) as T;
}

function clone(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new DOMException(`${String(value)} could not be cloned`, 'DataCloneError');
  }
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = <T>(copy: T): T => (seen.set(value, copy), copy);
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof Boolean || value instanceof Number || value instanceof String)
    return keep(Object(value.valueOf()));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) return keep(cloneView(value, seen));
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const item of value) copy.add(clone(item, seen));
    return copy;
  }
  if (value instanceof Error) return keep(cloneError(value, seen));
  const copy = keep((Array.isArray(value) ? new Array(value.length) : {}) as Record<string, unknown>);
  for (const key of Object.keys(value)) copy[key] = clone((value as Record<string, unknown>)[key], seen);
  return copy;
}

function cloneView(view: ArrayBufferView, seen: Map<object, unknown>): unknown {
  const buffer = clone(view.buffer, seen) as ArrayBuffer;
  const { byteOffset } = view;
  if (view instanceof DataView) return new DataView(buffer, byteOffset, view.byteLength);
  const constructor = view.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => unknown;
  return new constructor(buffer, byteOffset, (view as Uint8Array).length);
}

const ERRORS: Record<string, ErrorConstructor> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function cloneError(error: Error, seen: Map<object, unknown>): Error {
  const copy = new (ERRORS[error.name] ?? Error)(error.message);
  if (error.stack !== undefined) copy.stack = error.stack;
  if ('cause' in error) {
    const cause = clone(error.cause, seen);
    Object.defineProperty(copy, 'cause', { value: cause, writable: true, configurable: true });
  }
  return copy;
}
