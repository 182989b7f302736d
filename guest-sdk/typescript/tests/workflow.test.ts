import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplicationFailure, CancelledFailure, defineSearchAttributeKey } from '../src/common/index.ts';
import { TestWorkflowEnvironment, WorkflowFailedError, WorkflowTaskFailedError } from '../src/testing/index.ts';
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  currentUpdateInfo,
  defineQuery,
  defineSignal,
  defineUpdate,
  executeChild,
  getExternalWorkflowHandle,
  log,
  patched,
  saga,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
  signalStream,
  sleep,
  startChild,
  Trigger,
  upsertMemo,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '../src/workflow/index.ts';

const go = defineSignal<[number]>('go');
const total = defineQuery<number>('total');
const add = defineUpdate<number, [number]>('add');

const workflows = {
  async adder(goal: number) {
    let sum = 0;
    setHandler(go, (by) => void (sum += by));
    setHandler(total, () => sum);
    setHandler(
      add,
      async (by) => {
        await sleep('1 minute');
        assert.equal(currentUpdateInfo()?.name, 'add');
        return (sum += by);
      },
      {
        validator(by) {
          if (by < 0) throw ApplicationFailure.nonRetryable('refused', 'Refused');
        },
      },
    );
    await condition(() => sum >= goal);
    await condition(allHandlersFinished);
    return sum;
  },
  async timeouts() {
    const before = Date.now();
    const held = await condition(() => false, '10 seconds');
    const timed = await CancellationScope.withTimeout('5 seconds', () => sleep('1 hour')).catch((error) => error.name);
    const callback = await new Promise((resolve) => setTimeout(resolve, 1000, 'called'));
    return [held, timed, callback, Date.now() - before];
  },
  async cleansUp() {
    try {
      await sleep('1 day');
    } finally {
      await CancellationScope.nonCancellable(() => sleep('1 second'));
      log.info('cleaned', { up: true });
    }
  },
  async countdown(n: number): Promise<string> {
    if (n > 0) return await continueAsNew<typeof workflows.countdown>(n - 1);
    return workflowInfo().firstExecutionRunId === workflowInfo().runId ? 'first' : 'later';
  },
  async square(n: number) {
    return n * n;
  },
  async squares() {
    const results = await Promise.all([1, 2, 3].map((n) => executeChild(workflows.square, { args: [n] })));
    const child = await startChild(workflows.adder, { args: [5], workflowId: 'child' });
    await child.signal(go, 5);
    await getExternalWorkflowHandle('nobody')
      .signal('x')
      .catch((error) => results.push(error.type));
    const taken = startChild('adder', { args: [1], workflowId: 'child', workflowIdReusePolicy: 'REJECT_DUPLICATE' });
    await taken.catch((error) => results.push(error.name));
    return [...results, await child.result()];
  },
  async canceledChild() {
    const child = await startChild(workflows.cleansUp);
    const scope = new CancellationScope();
    const running = scope.run(() => executeChild(workflows.cleansUp));
    await sleep(1);
    child.cancel('enough');
    scope.cancel();
    const ends = await Promise.allSettled([child.result(), running]);
    return ends.map((end) => (end as PromiseRejectedResult).reason.cause.name);
  },
  async undone() {
    const done: string[] = [];
    const error = await saga(async (it) => {
      it.addCompensation(async () => done.push('first'));
      await sleep(1);
      it.addCompensation((what: string) => done.push(what), 'second');
      throw ApplicationFailure.create({ message: 'no', type: 'No' });
    }).catch((it) => it);
    return [error.type, ...done];
  },
  async streamed() {
    const items: number[] = [];
    for await (const [n] of signalStream<[number]>('item')) {
      if (n === 0) break;
      items.push(n);
    }
    return items;
  },
  async facts() {
    setCurrentDetails('here');
    upsertMemo({ a: 1, b: null });
    upsertSearchAttributes([{ key: defineSearchAttributeKey('Customer', 'KEYWORD'), value: 'c-7' }]);
    const { memo, typedSearchAttributes, workflowId } = workflowInfo();
    return {
      memo,
      workflowId,
      patched: patched('p'),
      customer: typedSearchAttributes.get(defineSearchAttributeKey('Customer', 'KEYWORD')) ?? null,
      uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/.test(uuid4()),
    };
  },
  async triggered() {
    const trigger = new Trigger<string>();
    setDefaultSignalHandler((name, by) => trigger.resolve(`${name} ${by}`));
    return await trigger;
  },
  async bug() {
    await sleep(1);
    throw new TypeError('a bug');
  },
  async lost() {
    void Promise.reject(new Error('lost'));
    await sleep('1 hour');
  },
  async caught() {
    const error = await CancellationScope.cancellable(async () => {
      CancellationScope.current().cancel();
      await sleep(1);
    }).catch((it) => it);
    return error instanceof CancelledFailure;
  },
};

const environment = () => new TestWorkflowEnvironment({ workflows });
const execute = async (name: keyof typeof workflows, ...args: unknown[]) =>
  await environment().client.workflow.execute(name, { args: args as never });

test('signals, queries and updates change and show the run', async () => {
  const handle = await environment().client.workflow.start(workflows.adder, { args: [10] });
  await handle.signal(go, 3);
  assert.equal(await handle.query(total), 3);
  await assert.rejects(handle.executeUpdate(add, { args: [-1] }), (error) => error.cause.type === 'Refused');
  assert.equal(await handle.executeUpdate(add, { args: [7] }), 10);
  assert.equal(await handle.result(), 10);
  assert.equal(await handle.query(total), 10);
  await assert.rejects(handle.query('other'), /unknown query "other".*total/);
});

test('a signal that comes with the start is there before the workflow begins', async () => {
  const options = { args: [3] as [number], signal: go, signalArgs: [3] };
  const handle = await environment().client.workflow.signalWithStart(workflows.adder, options);
  assert.equal(await handle.result(), 3);
  assert.deepEqual(
    handle.commands.map(({ name }) => name),
    ['execution.complete'],
  );
});

test('time is skipped', async () => {
  assert.deepEqual(await execute('timeouts'), [false, 'CancelledFailure', 'called', 16_000]);
});

test('a canceled workflow cleans up', async () => {
  const handle = await environment().client.workflow.start('cleansUp');
  await handle.cancel('enough');
  await assert.rejects(
    handle.result(),
    (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
  );
  assert.deepEqual(
    handle.log.map(({ message, fields }) => [message, fields.up]),
    [['cleaned', 'true']],
  );
});

test('a workflow goes on in a new run', async () => {
  assert.equal(await execute('countdown', 2), 'later');
});

test('children run, are signaled, and are canceled', async () => {
  const expected = [1, 4, 9, 'ExternalWorkflowExecutionNotFound', 'WorkflowExecutionAlreadyStartedError', 5];
  assert.deepEqual(await execute('squares'), expected);
  assert.deepEqual(await execute('canceledChild'), ['CancelledFailure', 'CancelledFailure']);
});

test('a saga undoes in reverse order', async () => {
  assert.deepEqual(await execute('undone'), ['No', 'second', 'first']);
});

test('signals stream', async () => {
  const handle = await environment().client.workflow.start('streamed');
  for (const n of [1, 2, 0]) await handle.signal('item', n);
  assert.deepEqual(await handle.result(), [1, 2]);
});

test('facts are told and changed', async () => {
  const handle = await environment().client.workflow.start('facts', { workflowId: 'f', memo: { b: 2 } });
  assert.deepEqual(await handle.result(), {
    memo: { a: 1 },
    workflowId: 'f',
    patched: true,
    customer: 'c-7',
    uuid: true,
  });
  assert.equal(handle.currentDetails, 'here');
});

test('a default handler takes what nobody takes', async () => {
  const handle = await environment().client.workflow.start('triggered');
  await handle.signal('anything', 7);
  assert.equal(await handle.result(), 'anything 7');
});

test('an error that is no failure fails the workflow task, with its stack', async () => {
  await assert.rejects(
    execute('bug'),
    (error) => error instanceof WorkflowTaskFailedError && /TypeError: a bug\n\s+at/.test(error.message),
  );
  await assert.rejects(execute('lost'), /nobody has caught it[^]*lost/);
  await assert.rejects(execute('unknown' as never), /unknown workflow type "unknown": this module exports adder/);
});

test('a scope cancels itself', async () => {
  assert.equal(await execute('caught'), true);
});

test('what belongs to a run says so at the top level', () => {
  assert.throws(() => sleep(1), /sleep\(\) was called outside of a workflow/);
});
