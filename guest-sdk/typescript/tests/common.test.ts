import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coder } from '../src/common/data-converter.ts';
import { toSpan } from '../src/common/duration.ts';
import { toError, toFailure } from '../src/common/failure-converter.ts';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  defineSearchAttributeKey,
  isCancellation,
  msToNumber,
  type Payload,
  rootCause,
  ServerFailure,
  TerminatedFailure,
  TimeoutFailure,
  TypedSearchAttributes,
} from '../src/common/index.ts';
import {
  decodeSearchAttributes,
  decodeTypedSearchAttributes,
  encodeSearchAttributes,
} from '../src/common/search-attributes.ts';
import { str } from '../src/common/payload.ts';

test('durations are words or milliseconds', () => {
  const check = (duration: any, expected: number) => assert.equal(msToNumber(duration), expected);
  check(1500, 1500);
  check('1500', 1500);
  check('1 day', 86_400_000);
  check('2.5h', 9_000_000);
  check('90 seconds', 90_000);
  check('3 Weeks', 3 * 7 * 86_400_000);
  check('-1m', -60_000);
  assert.throws(() => msToNumber('soon' as never), /"soon" is no duration/);
  assert.throws(() => msToNumber(NaN), /NaN/);
  assert.deepEqual(toSpan(1.5), { seconds: 0, nanos: 1_500_000 });
  assert.deepEqual(toSpan(-5), { seconds: 0, nanos: 0 });
  assert.deepEqual(toSpan(Infinity), { seconds: 2 ** 32 - 1, nanos: 0 });
});

test('values are encoded as Temporal does', () => {
  const coder = new Coder();
  const check = (value: unknown, encoding: string, data: string) => {
    const [payload] = coder.encode([value]);
    assert.deepEqual([str(payload!.metadata[0]![1]), str(payload!.data)], [encoding, data]);
    assert.deepEqual(coder.decode([payload!]), [value]);
  };
  check({ a: [1, null, 'ü'] }, 'json/plain', '{"a":[1,null,"ü"]}');
  check(null, 'json/plain', 'null');
  check(undefined, 'binary/null', '');
  check(Uint8Array.of(65, 66), 'binary/plain', 'AB');
  assert.throws(() => coder.encode([1n]), /cannot be written as JSON/);
  assert.throws(
    () => coder.decode([{ metadata: [['encoding', Uint8Array.of(120)]], data: new Uint8Array() }]),
    /encoding "x"/,
  );
});

test('codecs are applied and taken off in reverse', () => {
  const around = (mark: number) => ({
    encode: (payloads: Payload[]) => payloads.map((it) => ({ ...it, data: Uint8Array.of(mark, ...it.data!) })),
    decode: (payloads: Payload[]) => payloads.map((it) => ({ ...it, data: it.data!.slice(1) })),
  });
  const coder = new Coder({ payloadCodecs: [around(1), around(2)] });
  const [payload] = coder.encode([7]);
  assert.deepEqual([...payload!.data], [2, 1, 55]);
  assert.deepEqual(coder.decode([payload!]), [7]);
  const late = new Coder({ payloadCodecs: [{ encode: async () => [], decode: async () => [] } as never] });
  assert.throws(() => late.encode([1]), /gave a promise/);
});

test('every kind of failure survives the contract', () => {
  const coder = new Coder();
  const chain = [
    new TimeoutFailure('late', { at: 3 }, 'HEARTBEAT', new ServerFailure('server', true)),
    new ActivityFailure('activity error', 'A', '1', 'TIMEOUT', 'w', new CancelledFailure('canceled', [1])),
    new ChildWorkflowFailure(undefined, { workflowId: 'w', runId: 'r' }, 'W', undefined, new TerminatedFailure('gone')),
    ApplicationFailure.create({
      message: 'm',
      type: 'T',
      nonRetryable: true,
      details: [1, 'x'],
      nextRetryDelay: '1.5s',
      cause: new Error('c'),
    }),
  ];
  for (const error of chain) {
    const links = toFailure(error, coder);
    const back = toError(links, coder);
    assert.equal(back.constructor, error.constructor);
    assert.deepEqual(toFailure(back, coder), links);
    delete back.failure;
    delete (back.cause as { failure?: unknown }).failure;
    assert.deepEqual(
      toFailure(back, coder).map(({ info }) => info),
      links.map(({ info }) => info),
    );
  }
  assert.equal(isCancellation(chain[1]), true);
  assert.equal(isCancellation(chain[0]), false);
  assert.equal(rootCause(chain[2]), 'gone');
});

test('search attributes carry their types', () => {
  const customer = defineSearchAttributeKey('Customer', 'KEYWORD');
  const day = defineSearchAttributeKey('Day', 'DATETIME');
  const value = new Date(Date.UTC(2026, 0, 2));
  const fields = encodeSearchAttributes([
    { key: day, value },
    { key: customer, value: 'c' },
  ]);
  assert.deepEqual(
    fields.map(([name, { metadata, data }]) => [name, str(metadata[1]![1]), str(data)]),
    [
      ['Customer', 'Keyword', '"c"'],
      ['Day', 'Datetime', '"2026-01-02T00:00:00.000Z"'],
    ],
  );
  const typed = decodeTypedSearchAttributes(fields);
  assert.deepEqual([typed.get(customer), typed.get(day)], ['c', value]);
  assert.deepEqual(decodeSearchAttributes(fields), { Customer: ['c'], Day: [value] });
  assert.deepEqual(typed.updateCopy([{ key: day, value: null }]).getAll().length, 1);
  assert.throws(() => new TypedSearchAttributes([{ key: customer, value: 1 as never }]), /of type KEYWORD/);
});
