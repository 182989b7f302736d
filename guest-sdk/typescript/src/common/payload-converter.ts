// From values to payloads and back, as Temporal's SDKs do by default.
import { PayloadConverterError, ValueError } from './errors.ts';
import { encodingOf, encodingTypes, payloadOf, str, u8, type Payload } from './payload.ts';

/** Turns a value into a payload and back. */
export interface PayloadConverter {
  /** Throws `ValueError` for a value that it cannot encode. */
  toPayload<T>(value: T): Payload;
  fromPayload<T>(payload: Payload): T;
}

/** A converter of one format; what it does not take is left to the next one. */
export interface PayloadConverterWithEncoding {
  readonly encodingType: string;
  /** Nothing for a value of another kind. */
  toPayload<T>(value: T): Payload | undefined;
  fromPayload<T>(payload: Payload): T;
}

/** A payload that passes the converter untouched. */
export class RawValue {
  readonly payload: Payload;
  constructor(payload: Payload) {
    this.payload = payload;
  }
  static fromPayload(payload: Payload): RawValue {
    return new RawValue(payload);
  }
}

/** Asks converters in their order, and decodes with the one whose format the payload has. */
export class CompositePayloadConverter implements PayloadConverter {
  readonly converters: readonly PayloadConverterWithEncoding[];

  constructor(...converters: PayloadConverterWithEncoding[]) {
    if (converters.length === 0) throw new PayloadConverterError('a CompositePayloadConverter needs a converter');
    this.converters = converters;
  }

  toPayload<T>(value: T): Payload {
    if (value instanceof RawValue) return value.payload;
    for (const converter of this.converters) {
      const payload = converter.toPayload(value);
      if (payload !== undefined) return payload;
    }
    throw new ValueError(`no converter takes a value of the type ${typeof value}`);
  }

  fromPayload<T>(payload: Payload): T {
    const encoding = encodingOf(payload);
    const converter = this.converters.find(({ encodingType }) => encodingType === encoding);
    if (!converter) {
      const known = this.converters.map(({ encodingType }) => encodingType).join(', ');
      throw new ValueError(`decode a payload of encoding "${encoding}": the converters know ${known}`);
    }
    return converter.fromPayload(payload);
  }
}

/** `undefined` as "no value". */
export class UndefinedPayloadConverter implements PayloadConverterWithEncoding {
  readonly encodingType = encodingTypes.METADATA_ENCODING_NULL;

  toPayload(value: unknown): Payload | undefined {
    return value === undefined ? payloadOf(this.encodingType, new Uint8Array()) : undefined;
  }

  fromPayload<T>(_payload: Payload): T {
    return undefined as T;
  }
}

/** Bytes as they are. */
export class BinaryPayloadConverter implements PayloadConverterWithEncoding {
  readonly encodingType = encodingTypes.METADATA_ENCODING_RAW;

  toPayload(value: unknown): Payload | undefined {
    return value instanceof Uint8Array ? payloadOf(this.encodingType, value) : undefined;
  }

  fromPayload<T>(payload: Payload): T {
    return (payload.data ?? new Uint8Array()) as T;
  }
}

/** Everything else as JSON. */
export class JsonPayloadConverter implements PayloadConverterWithEncoding {
  readonly encodingType = encodingTypes.METADATA_ENCODING_JSON;

  toPayload(value: unknown): Payload | undefined {
    if (value === undefined) return undefined;
    let json: string | undefined;
    try {
      json = JSON.stringify(value);
    } catch (error) {
      throw new ValueError(`a value cannot be written as JSON: ${(error as Error).message}`, error);
    }
    return json === undefined ? undefined : payloadOf(this.encodingType, u8(json));
  }

  fromPayload<T>(payload: Payload): T {
    if (!payload.data?.length) throw new ValueError('decode a payload of encoding "json/plain": it has no data');
    return JSON.parse(str(payload.data)) as T;
  }
}

/** `json/plain` for values, `binary/plain` for bytes, `binary/null` for `undefined`. */
export class DefaultPayloadConverter extends CompositePayloadConverter {
  constructor() {
    super(new UndefinedPayloadConverter(), new BinaryPayloadConverter(), new JsonPayloadConverter());
  }
}

export const defaultPayloadConverter: PayloadConverter = new DefaultPayloadConverter();

// === Many at once ===

export function toPayloads(converter: PayloadConverter, ...values: unknown[]): Payload[] | undefined {
  return values.length === 0 ? undefined : values.map((value) => converter.toPayload(value));
}

export function arrayFromPayloads(converter: PayloadConverter, payloads?: Payload[] | null): unknown[] {
  return (payloads ?? []).map((payload) => converter.fromPayload(payload));
}

export function fromPayloadsAtIndex<T>(converter: PayloadConverter, index: number, payloads?: Payload[] | null): T {
  const payload = payloads?.[index];
  return payload ? converter.fromPayload<T>(payload) : (undefined as T);
}

export function mapToPayloads(converter: PayloadConverter, values: Record<string, unknown>): Record<string, Payload> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, converter.toPayload(value)]));
}

export function mapFromPayloads(
  converter: PayloadConverter,
  payloads?: Record<string, Payload> | null,
): Record<string, unknown> | undefined {
  if (!payloads) return undefined;
  return Object.fromEntries(Object.entries(payloads).map(([name, it]) => [name, converter.fromPayload(it)]));
}
