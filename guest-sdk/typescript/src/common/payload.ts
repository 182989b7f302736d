// Values as they travel: bytes with metadata.
import type { Fields, WirePayload } from '../contract.ts';

/** An encoded value, in the form that Temporal's converters have. */
export interface Payload {
  /** Facts about the data; the key `encoding` names its format. */
  metadata?: Record<string, Uint8Array> | null;
  data?: Uint8Array | null;
}

/** Named payloads that travel beside arguments, for tracing and the like. */
export type Headers = Record<string, Payload>;

export const METADATA_ENCODING_KEY = 'encoding';
export const METADATA_MESSAGE_TYPE_KEY = 'messageType';

export const encodingTypes = {
  METADATA_ENCODING_NULL: 'binary/null',
  METADATA_ENCODING_RAW: 'binary/plain',
  METADATA_ENCODING_JSON: 'json/plain',
  METADATA_ENCODING_PROTOBUF_JSON: 'json/protobuf',
  METADATA_ENCODING_PROTOBUF: 'binary/protobuf',
} as const;

export type EncodingType = (typeof encodingTypes)[keyof typeof encodingTypes];

/** The bytes of a text in UTF-8. */
export function u8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of bytes in UTF-8. */
export function str(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The format of a payload, empty when it names none. */
export function encodingOf(payload: Payload): string {
  const encoding = payload.metadata?.[METADATA_ENCODING_KEY];
  return encoding ? str(encoding) : '';
}

/** Makes a payload of a format. */
export function payloadOf(encoding: string, data: Uint8Array, metadata?: Record<string, string>): Payload {
  const entries = Object.entries({ [METADATA_ENCODING_KEY]: encoding, ...metadata });
  return { metadata: Object.fromEntries(entries.map(([key, text]) => [key, u8(text)])), data };
}

/** "No value", as Temporal writes it. */
export function nullPayload(): Payload {
  return payloadOf(encodingTypes.METADATA_ENCODING_NULL, new Uint8Array());
}

// === The contract's form ===

export function toWire({ metadata, data }: Payload): WirePayload {
  return { metadata: sortedEntries(metadata ?? {}), data: data ?? new Uint8Array() };
}

export function fromWire({ metadata, data }: WirePayload): Payload {
  return { metadata: Object.fromEntries(metadata.map(([key, value]) => [key, bytes(value)])), data: bytes(data) };
}

export function toFields(payloads: Record<string, Payload>): Fields {
  return sortedEntries(payloads).map(([name, payload]) => [name, toWire(payload)]);
}

export function fromFields(fields: Fields): Record<string, Payload> {
  return Object.fromEntries(fields.map(([name, payload]) => [name, fromWire(payload)]));
}

/** The bytes of a command are compared on replay, so names have one order. */
export function sortedEntries<T>(record: Record<string, T>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** An empty list of bytes may come as an array. */
function bytes(value: Uint8Array | number[]): Uint8Array {
  return value instanceof Uint8Array ? value : Uint8Array.from(value);
}
