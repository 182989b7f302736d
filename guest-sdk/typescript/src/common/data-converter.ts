// The way of values through converter and codec into the contract.
import type { Fields, WirePayload } from '../contract.ts';
import { UnsupportedError } from './errors.ts';
import { fromWire, sortedEntries, toWire, type Payload } from './payload.ts';
import { defaultPayloadConverter, type PayloadConverter } from './payload-converter.ts';

/**
 * Changes payloads on their way: compresses or encrypts them. It works at once, because a workflow cannot wait for
 * anything but what its history records.
 */
export interface PayloadCodec {
  encode(payloads: Payload[]): Payload[];
  decode(payloads: Payload[]): Payload[];
}

/** How the values of a module travel; its entry file exports it as `dataConverter`. */
export interface DataConverter {
  payloadConverter?: PayloadConverter;
  /** Applied one after the other, and backwards when decoding. */
  payloadCodecs?: PayloadCodec[];
}

export const defaultDataConverter: DataConverter = { payloadConverter: defaultPayloadConverter, payloadCodecs: [] };

/** Encodes and decodes what crosses the contract. */
export class Coder {
  readonly payloadConverter: PayloadConverter;
  readonly #codecs: PayloadCodec[];

  constructor({ payloadConverter, payloadCodecs }: DataConverter = defaultDataConverter) {
    this.payloadConverter = payloadConverter ?? defaultPayloadConverter;
    this.#codecs = payloadCodecs ?? [];
  }

  encode(values: readonly unknown[]): WirePayload[] {
    return this.seal(values.map((value) => this.payloadConverter.toPayload(value)));
  }

  decode(payloads: WirePayload[]): unknown[] {
    return this.open(payloads).map((payload) => this.payloadConverter.fromPayload(payload));
  }

  /** The first value, `undefined` when there is none. */
  decodeFirst(payloads: WirePayload[]): unknown {
    return this.decode(payloads.slice(0, 1))[0];
  }

  encodeFields(values: Record<string, unknown>): Fields {
    return sortedEntries(values).map(([name, value]) => [name, this.encode([value])[0]!]);
  }

  decodeFields(fields: Fields): Record<string, unknown> {
    return Object.fromEntries(fields.map(([name, payload]) => [name, this.decodeFirst([payload])]));
  }

  /** Payloads that were converted already, through the codecs. */
  seal(payloads: Payload[]): WirePayload[] {
    const encoded = this.#codecs.reduce((it, codec) => now(codec.encode(it), 'encode'), payloads);
    return encoded.map(toWire);
  }

  open(payloads: WirePayload[]): Payload[] {
    return this.#codecs.reduceRight((it, codec) => now(codec.decode(it), 'decode'), payloads.map(fromWire));
  }
}

function now(payloads: Payload[], method: string): Payload[] {
  if (Array.isArray(payloads)) return payloads;
  throw new UnsupportedError(
    `PayloadCodec.${method} gave a promise: in a component a codec returns the payloads themselves, without async`,
  );
}
