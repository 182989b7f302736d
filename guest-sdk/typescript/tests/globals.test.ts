// What the library brings for engines without it, compared with what Node has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Io } from '../src/activity/io.ts';
import { atob, btoa } from '../src/globals/base64.ts';
import { cryptoOver } from '../src/globals/crypto.ts';
import * as events from '../src/globals/events.ts';
import { fetchOver } from '../src/globals/fetch.ts';
import { Headers, Response } from '../src/globals/http.ts';
import { structuredClone } from '../src/globals/structured-clone.ts';
import { TextDecoder, TextEncoder } from '../src/globals/text-encoding.ts';
import { URLSearchParams } from '../src/globals/url-search-params.ts';
import { URL } from '../src/globals/url.ts';
import type { WireRequest, WireResponse } from '../src/host.ts';
import '../src/testing/index.ts';

const PARTS = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const;
const PART = (url: URL | globalThis.URL) => Object.fromEntries(PARTS.map((part) => [part, url[part]]));

test('URLs are read as Node reads them', () => {
  const all: [string, string?][] = [
    ['http://example.com'],
    ['HTTPS://User:p%40ss@Example.COM:443/a/./b/../c?x=1&y=ä#Ü ber'],
    ['http://127.0.0.1:8080/effects?a=b c'],
    ['http://[::1]:3000/x'],
    ['http:example.com/x'],
    ['http://example.com/%7Efoo/%2e%2e/bar'],
    ['http://example.com/a b/"c"<d>`{e}'],
    ['../up?q', 'http://example.com/a/b/c'],
    ['/root', 'http://example.com/a/b/c?x#y'],
    ['?q=1', 'http://example.com/a/b/c?x#y'],
    ['#h', 'http://example.com/a/b/c?x#y'],
    ['//other.org/z', 'https://example.com'],
    ['mailto:ada@example.com'],
    ['file:///etc/hosts'],
    ['ws://example.com:80/chat'],
    ['custom://host/path/../x?y'],
    ['http://example.com:0080/'],
    ['http://example.com/..'],
    ['http://example.com/a/..'],
    ['http://example.com?'],
  ];
  for (const [url, base] of all) assert.deepEqual(PART(new URL(url, base)), PART(new globalThis.URL(url, base)), url);
  for (const url of ['', 'example.com', 'http://', 'http://a b/', 'http://x:99999/', 'http://x:y/']) {
    assert.throws(() => new URL(url), TypeError);
    assert.equal(globalThis.URL.canParse(url), false);
  }
  const url = new URL('http://example.com/?a=1');
  url.searchParams.append('b', 'x y&z');
  url.hash = 'end';
  url.port = '8080';
  assert.equal(url.href, 'http://example.com:8080/?a=1&b=x+y%26z#end');
});

test('parameters are read and written as Node does', () => {
  for (const query of ['a=1&b=2&a=3', '?x=%C3%A4+y&=z&&q', "k=~!*()'", 'bad=%zz%ff']) {
    const [ours, theirs] = [new URLSearchParams(query), new globalThis.URLSearchParams(query)];
    assert.deepEqual([...ours], [...theirs]);
    assert.equal(ours.toString(), theirs.toString());
    ours.set('a', 'ü');
    theirs.set('a', 'ü');
    ours.sort();
    theirs.sort();
    assert.equal(ours.toString(), theirs.toString());
  }
});

test('text becomes bytes and comes back', () => {
  const texts = ['', 'plain', 'Grüße, Żółć', '日本語', '👩‍🚀 𝄞', '\ud800 lone', '\ufeffmark', 'x'.repeat(5000)];
  for (const text of texts) {
    const bytes = new globalThis.TextEncoder().encode(text);
    assert.deepEqual(new TextEncoder().encode(text), bytes);
    assert.equal(new TextDecoder().decode(bytes), new globalThis.TextDecoder().decode(bytes));
  }
  const broken = [
    [0xff],
    [0xc3],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf0, 0x9f, 0x91],
    [0xc0, 0x80, 0x41],
    [0xf4, 0x90, 0x80, 0x80],
  ];
  for (const bytes of broken) {
    const array = Uint8Array.from(bytes);
    assert.equal(new TextDecoder().decode(array), new globalThis.TextDecoder().decode(array), String(bytes));
    assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(array), TypeError);
  }
  const decoder = new TextDecoder();
  const parts = [...new TextEncoder().encode('ä€👩')].map((byte) =>
    decoder.decode(Uint8Array.of(byte), { stream: true }),
  );
  assert.equal(parts.join(''), 'ä€👩');
});

test('base64 goes both ways', () => {
  for (const text of ['', 'a', 'ab', 'abc', '\x00\xff\x80', 'any carnal pleas']) {
    assert.equal(btoa(text), globalThis.btoa(text));
    assert.equal(atob(btoa(text)), text);
  }
  assert.equal(atob(' YQ = = '), 'a');
  assert.throws(
    () => atob('a'),
    (error) => error.name === 'InvalidCharacterError',
  );
  assert.throws(
    () => btoa('€'),
    (error) => error.name === 'InvalidCharacterError',
  );
});

test('values are cloned with all that they refer to', () => {
  const value: any = {
    date: new Date(5),
    map: new Map([[{ a: 1 }, new Set([1])]]),
    list: [1, , 3],
    bytes: Uint8Array.of(1, 2),
    r: /x/gi,
  };
  value.self = value;
  value.error = new RangeError('r', { cause: 1 });
  const clone = structuredClone(value);
  assert(clone !== value && clone.self === clone && clone.date !== value.date);
  assert.deepEqual(clone, value);
  assert.throws(
    () => structuredClone({ f() {} }),
    (error) => error.name === 'DataCloneError',
  );
});

test('signals abort once, and tell everybody', () => {
  const controller = new events.AbortController();
  const heard: unknown[] = [];
  const any = events.AbortSignal.any([controller.signal]);
  any.addEventListener('abort', () => heard.push(any.reason));
  controller.signal.addEventListener('abort', (event) => heard.push(event.type), { once: true });
  controller.abort('why');
  controller.abort('again');
  assert.deepEqual(heard, ['why', 'abort']);
  assert.throws(
    () => events.AbortSignal.abort().throwIfAborted(),
    (error) => error.name === 'AbortError',
  );
});

test('headers are found in any case', () => {
  const headers = new Headers([
    ['X-A', '1'],
    ['x-a', ' 2 '],
  ]);
  headers.set('Content-Type', 'text/plain');
  assert.deepEqual(
    [...headers],
    [
      ['content-type', 'text/plain'],
      ['x-a', '1, 2'],
    ],
  );
  assert.throws(() => headers.set('a b', 'x'), TypeError);
  assert.throws(() => headers.set('a', 'x\ny'), TypeError);
});

test('a response is read once', async () => {
  const response = Response.json({ a: 1 }, { status: 201 });
  assert.deepEqual(
    [response.ok, response.status, response.headers.get('content-type')],
    [true, 201, 'application/json'],
  );
  assert.deepEqual(await response.clone().json(), { a: 1 });
  assert.equal(await response.text(), '{"a":1}');
  await assert.rejects(response.text(), TypeError as never);
});

test('fetch sends a request, follows redirects, and aborts', async () => {
  const sent: WireRequest[] = [];
  const canceled: number[] = [];
  const answers: (WireResponse | string)[] = [];
  const io: Io = new Io({
    startTimer: () => 0,
    startRequest(request) {
      const id = sent.push(request);
      const answer = answers.shift();
      if (answer !== undefined) {
        const outcome =
          typeof answer === 'string' ? ({ tag: 'err', val: answer } as const) : ({ tag: 'ok', val: answer } as const);
        queueMicrotask(() => io.settle(id, outcome));
      }
      return id;
    },
    cancel: (id) => void canceled.push(id),
  });
  const fetch = fetchOver(() => io);
  answers.push({ status: 303, headers: [['Location', '/b']], body: new Uint8Array() });
  answers.push({ status: 200, headers: [['X-Y', 'z']], body: new TextEncoder().encode('"ok"') });
  const body = JSON.stringify({ a: 1 });
  const response = await fetch('http://h/a#x', {
    method: 'post',
    body,
    headers: { 'content-type': 'application/json' },
  });
  assert.deepEqual([response.redirected, response.url, response.headers.get('x-y')], [true, 'http://h/b', 'z']);
  assert.equal(await response.json(), 'ok');
  assert.deepEqual(
    sent.map(({ method, url, headers }) => [method, url, headers.length]),
    [
      ['POST', 'http://h/a', 1],
      ['GET', 'http://h/b', 0],
    ],
  );
  answers.push('connection refused');
  await assert.rejects(
    fetch('http://h/c'),
    (error) => error instanceof TypeError && /connection refused/.test(error.message),
  );
  const controller = new AbortController();
  const pending = fetch('http://h/d', { signal: controller.signal });
  await Promise.resolve();
  controller.abort(new Error('enough'));
  await assert.rejects(pending, (error) => error.message === 'enough');
  assert.deepEqual(canceled, [4]);
});

test('UUIDs have their form', () => {
  const crypto = cryptoOver((length) => new Uint8Array(length).fill(255));
  assert.equal(crypto.randomUUID(), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  assert.deepEqual(crypto.getRandomValues(new Uint16Array(2)), Uint16Array.of(65535, 65535));
});
