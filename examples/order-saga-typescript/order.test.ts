// The order story, natively, against activities that stand in for the books.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure } from '@wrt/sdk/common';
import { TestWorkflowEnvironment } from '@wrt/sdk/testing';
import * as orders from './order.ts';

const PAUSE_MS = 10_000;
const ORDER = { user_id: 'ada', items: ['cable', 'keyboard', 'cable'], amount: 4200, pause_ms: PAUSE_MS };
const CREATE = 'create for ada';
const RESERVE = 'reserve 2 cable, 1 keyboard for o';
const FREEZE = 'freeze 4200 of ada for o';

/** Activities that work, and write down what they did. */
function environment(instead: Partial<Record<keyof typeof orders.activities, () => Promise<never>>> = {}) {
  const effects: string[] = [];
  const note = <T>(effect: string, result: T): T => (effects.push(effect), result);
  const lines = (all: { item: string; quantity: number }[]) =>
    all.map((line) => `${line.quantity} ${line.item}`).join(', ');
  const activities: typeof orders.activities = {
    CreateOrder: async (order) => note(`create for ${order.user_id}`, { order_id: 'o' }),
    ReserveInventory: async (it) => note(`reserve ${lines(it.lines)} for ${it.order_id}`, { reserve_id: 'r' }),
    FreezePayment: async (it) => note(`freeze ${it.amount} of ${it.user_id} for ${it.order_id}`, { freeze_id: 'f' }),
    CancelOrder: async ({ order_id }) => note(`cancel ${order_id}`, undefined),
    ReleaseInventory: async ({ reserve_id }) => note(`release ${reserve_id}`, undefined),
    UnfreezePayment: async ({ freeze_id }) => note(`unfreeze ${freeze_id}`, undefined),
    ...instead,
  };
  return { test: new TestWorkflowEnvironment({ workflows: orders, activities }), effects };
}

const failsWith = (type: string) => (error: any) => {
  while (error.cause) error = error.cause;
  return error.type === type;
};

test('every step feeds the next one', async () => {
  const { test, effects } = environment();
  const started = await test.currentTimeMs();
  const receipt = await test.client.workflow.execute(orders.OrderWorkflow, { args: [ORDER] });
  assert.deepEqual(receipt, { order_id: 'o', reserve_id: 'r', freeze_id: 'f' });
  assert.deepEqual(effects, [CREATE, RESERVE, FREEZE]);
  assert.equal((await test.currentTimeMs()) - started, PAUSE_MS);
});

test('the status can be asked at any time and after the end', async () => {
  const { test } = environment();
  const order = await test.client.workflow.start(orders.OrderWorkflow, { args: [ORDER] });
  assert.equal((await order.query(orders.getStatus)).step, 'pausing');
  await order.result();
  assert.deepEqual(await order.query(orders.getStatus), { step: 'completed', error: null });
});

test('a failed step undoes the ones before in reverse order', async () => {
  const soldOut = async () => {
    throw ApplicationFailure.nonRetryable('sold out', 'OutOfStock');
  };
  const check = async (activity: keyof typeof orders.activities, expected: string[]) => {
    const { test, effects } = environment({ [activity]: soldOut });
    const order = await test.client.workflow.start(orders.OrderWorkflow, { args: [ORDER] });
    await assert.rejects(order.result(), failsWith('OutOfStock'));
    assert.deepEqual(effects, expected);
    assert.deepEqual(await order.query(orders.getStatus), { step: 'compensated', error: 'OutOfStock: sold out' });
  };
  await check('CreateOrder', []);
  await check('ReserveInventory', [CREATE, 'cancel o']);
  await check('FreezePayment', [CREATE, RESERVE, 'release r', 'cancel o']);
});

test('a step is tried three times', async () => {
  let attempts = 0;
  const unavailable = async () => {
    attempts += 1;
    throw ApplicationFailure.retryable('no answer', 'BankUnavailable');
  };
  const { test } = environment({ FreezePayment: unavailable });
  await assert.rejects(
    test.client.workflow.execute(orders.OrderWorkflow, { args: [ORDER] }),
    failsWith('BankUnavailable'),
  );
  assert.equal(attempts, 3);
});

test('the signal undoes what was done until then', async () => {
  const { test, effects } = environment();
  const order = await test.client.workflow.start(orders.OrderWorkflow, { args: [ORDER] });
  await test.sleep('5 seconds');
  await order.signal(orders.cancelOrder, 'changed my mind');
  await assert.rejects(order.result(), failsWith('OrderCanceled'));
  assert.deepEqual(effects, [CREATE, RESERVE, 'release r', 'cancel o']);
  const status = await order.query(orders.getStatus);
  assert.deepEqual(status, { step: 'compensated', error: 'OrderCanceled: changed my mind' });
});

test('the signal with the start lets nothing begin', async () => {
  const { test, effects } = environment();
  const options = { args: [ORDER] as [orders.Order], signal: orders.cancelOrder, signalArgs: ['too fast'] };
  const order = await test.client.workflow.signalWithStart(orders.OrderWorkflow, options);
  await assert.rejects(order.result(), failsWith('OrderCanceled'));
  assert.deepEqual(effects, []);
});

test('a canceled run is undone too', async () => {
  const { test, effects } = environment();
  const order = await test.client.workflow.start(orders.OrderWorkflow, { args: [ORDER] });
  await order.cancel('maintenance');
  await assert.rejects(order.result(), (error) => error.cause.name === 'CancelledFailure');
  assert.deepEqual(effects, [CREATE, RESERVE, 'release r', 'cancel o']);
});
