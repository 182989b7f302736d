// `TextEncoder` and `TextDecoder` for UTF-8.

const REPLACEMENT = 0xfffd;

export class TextEncoder {
  readonly encoding = 'utf-8';

  encode(text = ''): Uint8Array {
    const bytes: number[] = [];
    for (const letter of String(text)) {
      let code = letter.codePointAt(0)!;
      if (code >= 0xd800 && code <= 0xdfff) code = REPLACEMENT;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), tail(code));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), tail(code >> 6), tail(code));
      else bytes.push(0xf0 | (code >> 18), tail(code >> 12), tail(code >> 6), tail(code));
    }
    return Uint8Array.from(bytes);
  }

  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    let read = 0;
    let written = 0;
    for (const letter of text) {
      const bytes = this.encode(letter);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += letter.length;
    }
    return { read, written };
  }
}

function tail(code: number): number {
  return 0x80 | (code & 0x3f);
}

export class TextDecoder {
  readonly encoding = 'utf-8';
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  /** The beginning of a letter whose end is still to come. */
  #rest: number[] = [];

  constructor(label = 'utf-8', options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
    if (!/^(utf-?8|unicode-1-1-utf-8)$/i.test(label.trim()))
      throw new RangeError(`the encoding "${label}" is not supported: only utf-8 is`);
    this.fatal = options.fatal ?? false;
    this.ignoreBOM = options.ignoreBOM ?? false;
  }

  decode(input?: ArrayBuffer | ArrayBufferView, options: { stream?: boolean } = {}): string {
    const bytes = [...this.#rest, ...toBytes(input)];
    const letters: string[] = [];
    let chunk: number[] = [];
    let at = 0;
    this.#rest = [];
    while (at < bytes.length) {
      const [code, length] = read(bytes, at);
      if (code === undefined && options.stream && at + length >= bytes.length && isBegun(bytes, at)) {
        this.#rest = bytes.slice(at);
        break;
      }
      if (code === undefined && this.fatal) throw new TypeError('the bytes are no valid UTF-8');
      chunk.push(code ?? REPLACEMENT);
      at += length;
      if (chunk.length === 1024) letters.push(String.fromCodePoint(...chunk.splice(0)));
    }
    letters.push(String.fromCodePoint(...chunk));
    const text = letters.join('');
    return !this.ignoreBOM && text.startsWith('\ufeff') ? text.slice(1) : text;
  }
}

function toBytes(input: ArrayBuffer | ArrayBufferView | undefined): Uint8Array {
  if (input === undefined) return new Uint8Array();
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  return new Uint8Array(input);
}

/** The letter at a place and its bytes; no letter, and the bytes to replace, where there is none. */
function read(bytes: number[], at: number): [number | undefined, number] {
  const first = bytes[at]!;
  if (first < 0x80) return [first, 1];
  const length = lengthOf(first);
  if (length === 0) return [undefined, 1];
  let code = first & (0x7f >> length);
  for (let next = 1; next < length; next += 1) {
    const byte = bytes[at + next];
    const [low, high] = next === 1 ? secondRange(first) : [0x80, 0xbf];
    if (byte === undefined || byte < low || byte > high) return [undefined, next];
    code = (code << 6) | (byte & 0x3f);
  }
  return [code, length];
}

function lengthOf(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/** No overlong forms, no surrogates, nothing beyond U+10FFFF. */
function secondRange(first: number): [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  return first === 0xf4 ? [0x80, 0x8f] : [0x80, 0xbf];
}

function isBegun(bytes: number[], at: number): boolean {
  return bytes.length - at < lengthOf(bytes[at]!);
}
