// Values as payloads, in the encodings that every Temporal client reads.

/** One value as JSON; `undefined` and `null` as the payload that says "no value". */
export function encode(value) {
  if (value === undefined || value === null) return payload('binary/null', '');
  return payload('json/plain', JSON.stringify(value));
}

/** The value of a payload. Throws for an encoding that is neither JSON nor "no value". */
export function decode({ metadata, data }) {
  const encoding = utf8(new Map(metadata).get('encoding') ?? new Uint8Array());
  if (encoding === 'json/plain') return JSON.parse(utf8(data));
  if (encoding === 'binary/null') return null;
  throw new TypeError(`decode a payload of encoding "${encoding}": send json/plain or binary/null`);
}

/** The value of the first payload, `null` when there is none. */
export function decodeFirst(payloads) {
  return payloads.length > 0 ? decode(payloads[0]) : null;
}

function payload(encoding, text) {
  const bytes = (text) => new TextEncoder().encode(text);
  return { metadata: [['encoding', bytes(encoding)]], data: bytes(text) };
}

function utf8(bytes) {
  return new TextDecoder().decode(bytes);
}
