// Payloads as all languages write them in scenarios: null is "no value", and fields stand in the order of their names.
import {
  BinaryPayloadConverter,
  CompositePayloadConverter,
  type DataConverter,
  JsonPayloadConverter,
  type Payload,
  type PayloadConverterWithEncoding,
  UndefinedPayloadConverter,
} from '@wrt/sdk/common';

class NullConverter extends UndefinedPayloadConverter {
  override toPayload(value: unknown): Payload | undefined {
    return super.toPayload(value ?? undefined);
  }
  override fromPayload<T>(_payload: Payload): T {
    return null as T;
  }
}

class SortedJsonConverter extends JsonPayloadConverter {
  override toPayload(value: unknown): Payload | undefined {
    return super.toPayload(sorted(value));
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}

const converters: PayloadConverterWithEncoding[] = [
  new NullConverter(),
  new BinaryPayloadConverter(),
  new SortedJsonConverter(),
];

export const dataConverter: DataConverter = { payloadConverter: new CompositePayloadConverter(...converters) };
