// `crypto`, as far as it is randomness.

type Random = (length: number) => Uint8Array;

const MOST_BYTES = 65536;

export function cryptoOver(randomBytes: Random) {
  return {
    getRandomValues<T extends ArrayBufferView>(into: T): T {
      if (into.byteLength > MOST_BYTES) throw new RangeError(`getRandomValues gives ${MOST_BYTES} bytes at most`);
      new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(randomBytes(into.byteLength));
      return into;
    },
    randomUUID(): string {
      const bytes = Uint8Array.from(randomBytes(16));
      bytes[6] = (bytes[6]! & 0x0f) | 0x40;
      bytes[8] = (bytes[8]! & 0x3f) | 0x80;
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    },
  };
}
