// `atob` and `btoa`.
import { DOMException } from './events.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function btoa(text: string): string {
  const bytes = Array.from(String(text), (letter) => letter.charCodeAt(0));
  if (bytes.some((byte) => byte > 0xff)) {
    throw new DOMException('btoa takes letters up to U+00FF: encode the text first', 'InvalidCharacterError');
  }
  let out = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.slice(at, at + 3);
    const bits = (a << 16) | (b << 8) | c;
    const letters = [18, 12, 6, 0].map((shift) => ALPHABET[(bits >> shift) & 63]!);
    const used = Math.min(3, bytes.length - at) + 1;
    out += letters.slice(0, used).join('').padEnd(4, '=');
  }
  return out;
}

export function atob(base64: string): string {
  let letters = String(base64).replace(/[\t\n\f\r ]/g, '');
  if (letters.length % 4 === 0) letters = letters.replace(/={1,2}$/, '');
  if (letters.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(letters)) {
    throw new DOMException('the text is no base64', 'InvalidCharacterError');
  }
  let out = '';
  let bits = 0;
  let count = 0;
  for (const letter of letters) {
    bits = ((bits << 6) | ALPHABET.indexOf(letter)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += String.fromCharCode((bits >> count) & 0xff);
  }
  return out;
}
