// Payloads: what they hold, decoded by a codec server where there is one.

import { bytes } from './api';
import type { Payload, Payloads } from './types';

export type Content =
  | { kind: 'nothing' }
  | { kind: 'json'; text: string; value: unknown }
  | { kind: 'text'; text: string }
  | { kind: 'markdown'; text: string }
  | { kind: 'image'; media: string; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'bytes'; bytes: Uint8Array<ArrayBuffer>; encoding: string };

export const metadata = (payload: Payload, name: string) => {
  const value = payload.metadata?.[name];
  return value === undefined ? undefined : new TextDecoder().decode(bytes(value));
};

const IMAGES: [string, number[]][] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46]],
];

const utf8 = (data: Uint8Array) => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return undefined;
  }
};

/** What a payload holds. Never throws: what is not understood is bytes. */
export function content(payload: Payload): Content {
  const encoding = metadata(payload, 'encoding') ?? '';
  const data = bytes(payload.data);
  if (encoding === 'binary/null') return { kind: 'nothing' };
  const image = IMAGES.find(([, magic]) => magic.every((byte, at) => data[at] === byte));
  if (image) return { kind: 'image', media: image[0], bytes: data };
  const text = encoding === 'binary/encrypted' || encoding === 'binary/protobuf' ? undefined : utf8(data);
  if (encoding.startsWith('json/') && text !== undefined) return ofJson(text);
  if (text !== undefined && isReadable(text)) return isMarkdown(text) ? { kind: 'markdown', text } : { kind: 'text', text };
  return { kind: 'bytes', bytes: data, encoding };
}

function ofJson(text: string): Content {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'text', text };
  }
  if (typeof value !== 'string') return { kind: 'json', text, value };
  const picture = /^data:(image\/(?:png|jpeg|gif|webp));base64,([A-Za-z0-9+/=]+)$/.exec(value);
  if (picture?.[1] && picture[2]) return { kind: 'image', media: picture[1], bytes: bytes(picture[2]) };
  return isMarkdown(value) ? { kind: 'markdown', text: value } : { kind: 'json', text, value };
}

// eslint-disable-next-line no-control-regex
const isReadable = (text: string) => text.length > 0 && !/[\u0000-\u0008\u000e-\u001f]/.test(text.slice(0, 4096));

const isMarkdown = (text: string) => text.includes('\n') && /^(#{1,4} |[-*] |```|> |\d+\. )/m.test(text);

/** One line for tables. */
export function line(payload: Payload, longest = 160): string {
  const found = content(payload);
  switch (found.kind) {
    case 'nothing':
      return 'null';
    case 'json':
      return cut(found.text.length > longest * 4 ? found.text : JSON.stringify(found.value), longest);
    case 'text':
    case 'markdown':
      return cut(found.text.replaceAll('\n', ' '), longest);
    case 'image':
      return `${found.media}, ${found.bytes.length} bytes`;
    case 'bytes':
      return `${found.encoding || 'bytes'}, ${found.bytes.length} bytes`;
  }
}

const cut = (text: string, longest: number) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** A search attribute's or a memo's value, as plain text. */
export function plain(payload: Payload | undefined): string {
  if (!payload) return '';
  const found = content(payload);
  if (found.kind === 'json') return Array.isArray(found.value) ? found.value.join(', ') : typeof found.value === 'string' ? found.value : found.text;
  return line(payload);
}

/** The text that one argument is edited as. */
export function editable(payloads: Payloads | undefined): string {
  const first = payloads?.payloads?.[0];
  const found = first && content(first);
  if (!found) return '';
  if (found.kind === 'json') return JSON.stringify(found.value, null, 2);
  if (found.kind === 'text' || found.kind === 'markdown') return JSON.stringify(found.text);
  return '';
}

/** Whether a codec server has made this, so that only one can read it. */
const isEncoded = (payload: Payload) => {
  const encoding = metadata(payload, 'encoding') ?? '';
  return !['json/plain', 'json/protobuf', 'binary/plain', 'binary/null', 'binary/protobuf'].includes(encoding);
};

const decoded = new WeakMap<Payload, Promise<Payload>>();
let waiting: { payload: Payload; settle: (payload: Payload) => void; fail: (error: unknown) => void }[] = [];

/** The payload as the codec server gives it; payloads that are asked for together travel together. */
export function decode(payload: Payload, endpoint: string, namespace: string): Promise<Payload> {
  if (!endpoint || !isEncoded(payload)) return Promise.resolve(payload);
  const known = decoded.get(payload);
  if (known) return known;
  const promise = new Promise<Payload>((settle, fail) => {
    waiting.push({ payload, settle, fail });
    if (waiting.length === 1) queueMicrotask(() => void ask(endpoint, namespace));
  });
  decoded.set(payload, promise);
  promise.catch(() => decoded.delete(payload));
  return promise;
}

async function ask(endpoint: string, namespace: string) {
  const asked = waiting;
  waiting = [];
  try {
    const url = `${endpoint.replaceAll('{namespace}', encodeURIComponent(namespace)).replace(/\/$/, '')}/decode`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-namespace': namespace },
      body: JSON.stringify({ payloads: asked.map(({ payload }) => payload) }),
    });
    if (!response.ok) throw new Error(`The codec server answers with status ${response.status}.`);
    const { payloads } = (await response.json()) as { payloads: Payload[] };
    if (payloads?.length !== asked.length) throw new Error('The codec server has answered with another number of payloads.');
    asked.forEach(({ settle }, at) => settle(payloads[at]!));
  } catch (error) {
    asked.forEach(({ fail }) => fail(error instanceof TypeError ? new Error(`The codec server at ${endpoint} does not answer.`) : error));
  }
}
