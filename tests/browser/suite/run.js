// One run: what it waits for, its views, and what is done to it.

import assert from 'node:assert/strict';

import { activity, child, payloads } from '../harness/api.js';
import { at, command, sees } from '../harness/world.js';

const dialog = (page) => page.getByRole('dialog');
const more = async (page, name) => {
  await page.locator('summary', { hasText: 'More' }).click();
  await page.getByRole('button', { name, exact: true }).click();
};

export const tests = {
  'says what it waits for, and follows a signal without a reload': async (world) => {
    await world.api.order('waits-1', 3_600_000);
    await world.visit(at('workflows', 'waits-1'), async (page) => {
      await sees(page.getByText(/It waits for a timer that fires in (59m|1h)/));
      await sees(page.getByRole('button', { name: /^Timer Timer/ }));
      await world.api.signal('waits-1', 'cancel-order', 'changed my mind');
      await sees(page.getByText(/^Failed after/));
      await sees(page.getByRole('button', { name: /^Signal cancel-order/ }));
      await sees(page.getByRole('button', { name: /^Activity CancelOrder done/ }));
      await world.picture(page, 'run-timeline');
    });
  },

  'is signaled and asked': async (world) => {
    await world.api.order('signaled-1', 3_600_000);
    await world.visit(at('workflows', 'signaled-1'), async (page) => {
      await page.getByRole('button', { name: 'Query', exact: true }).click();
      assert.equal(await dialog(page).getByLabel('Name').inputValue(), 'status');
      await sees(dialog(page).getByText('How far the order is.'));
      await dialog(page).getByRole('button', { name: 'Ask' }).click();
      await sees(dialog(page).getByText('"pausing"'));
      assert.match(await world.server.shell(await command(dialog(page))), /pausing/);
      await dialog(page).getByRole('button', { name: 'Close' }).last().click();
      await page.getByRole('button', { name: 'Signal', exact: true }).click();
      await dialog(page).getByLabel('Name').fill('cancel-order');
      await dialog(page).getByLabel('Input').fill('"no');
      await sees(dialog(page).getByText(/No JSON yet/));
      await dialog(page).getByLabel('Input').fill('"no"');
      const line = await command(dialog(page));
      assert.match(line, /^wrt workflow signal --workflow-id signaled-1 --run-id \S+ --name cancel-order --input '"no"'/);
      await dialog(page).getByRole('button', { name: 'Signal', exact: true }).click();
      await sees(page.getByText(/^Failed after/));
    });
  },

  'is updated, and shows the answer': async (world) => {
    await world.api.start('updated-1', 'Updated', 'by-hand-update');
    await world.api.decide('by-hand-update', []);
    await world.visit(at('workflows', 'updated-1'), async (page) => {
      await page.getByRole('button', { name: 'Update', exact: true }).click();
      await dialog(page).getByLabel('Name').fill('approve');
      await dialog(page).getByLabel('Input').fill('"Ada"');
      await dialog(page).getByRole('button', { name: 'Update', exact: true }).click();
      const task = await world.api.taskWithMessages('by-hand-update');
      const [message] = task.messages;
      const any = (type, fields) => ({ '@type': `type.googleapis.com/temporal.api.update.v1.${type}`, ...fields });
      const instance = message.protocolInstanceId;
      const request = message.body;
      await world.api.by('RespondWorkflowTaskCompleted', {
        taskToken: task.taskToken,
        identity: 'by-hand',
        commands: ['m1', 'm2'].map((messageId) => ({ commandType: 'COMMAND_TYPE_PROTOCOL_MESSAGE', protocolMessageCommandAttributes: { messageId } })),
        messages: [
          { id: 'm1', protocolInstanceId: instance, body: any('Acceptance', { acceptedRequestMessageId: message.id, acceptedRequestSequencingEventId: message.eventId, acceptedRequest: { meta: request.meta, input: request.input } }) },
          { id: 'm2', protocolInstanceId: instance, body: any('Response', { meta: request.meta, outcome: { success: payloads({ approved: 'by Ada' }) } }) },
        ],
      });
      await sees(dialog(page).getByText('"by Ada"'));
      await dialog(page).getByRole('button', { name: 'Close' }).last().click();
      await sees(page.getByRole('button', { name: /^Update approve done/ }));
    });
  },

  'is paused and goes on, is canceled, terminated and deleted': async (world) => {
    await world.api.order('handled-1', 3_600_000);
    await world.visit(at('workflows', 'handled-1'), async (page) => {
      await sees(page.getByText(/It waits for a timer/));
      await more(page, 'Pause');
      await dialog(page).getByLabel('Reason').fill('lunch');
      await dialog(page).getByRole('button', { name: 'Pause', exact: true }).click();
      await sees(page.getByText(/It is paused by wrt-page: lunch/));
      await more(page, 'Let it go on');
      await dialog(page).getByRole('button', { name: 'Go on', exact: true }).click();
      await sees(page.getByText(/It waits for a timer/));
      await more(page, 'Cancel');
      await dialog(page).getByRole('button', { name: 'Cancel the run', exact: true }).click();
      await page.getByText(/^(Failed|Canceled) after/).waitFor();
    });
    await world.api.order('handled-2', 3_600_000);
    await world.visit(at('workflows', 'handled-2'), async (page) => {
      await more(page, 'Terminate');
      await dialog(page).getByLabel('Reason').fill('enough');
      await dialog(page).getByRole('button', { name: 'Terminate', exact: true }).click();
      await sees(page.getByText(/^Terminated after/));
      await more(page, 'Delete');
      await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click();
      await page.waitForURL(/\/workflows$/);
    });
    await world.api.until('it is gone', () => world.api.describe('handled-2').then(() => false, (error) => error.code === 5));
  },

  'is reset, with a preview of what is kept': async (world) => {
    await world.api.order('reset-1', 1);
    await world.api.until('it is over', async () => (await world.api.status('reset-1')) === 'COMPLETED');
    const before = (await world.api.describe('reset-1')).workflowExecutionInfo.execution.runId;
    await world.visit(at('workflows', 'reset-1'), async (page) => {
      await sees(page.getByText(/^Completed after/));
      await more(page, 'Reset…');
      await dialog(page).getByLabel('Keep everything up to').selectOption('4');
      await sees(dialog(page).getByText('4 events are kept, 24 are left behind'));
      await dialog(page).getByRole('button', { name: 'Reset', exact: true }).click();
      await page.waitForURL((url) => url.pathname.includes('/reset-1/') && !url.pathname.includes(before));
      await sees(page.getByText(/^Completed after/));
    });
  },

  'shows its history grouped, compact, event by event and as JSON': async (world) => {
    await world.api.order('told-1', 1, { amount: 990_000_000 });
    await world.api.until('it is over', async () => (await world.api.status('told-1')) === 'FAILED');
    await world.visit(at('workflows', 'told-1', 'history'), async (page) => {
      const events = page.getByRole('region', { name: 'Events' });
      await sees(events.getByText('CreateOrder'));
      await page.getByRole('button', { name: 'Compact' }).click();
      await sees(events.getByText('FreezePayment'));
      await page.getByRole('button', { name: 'Events', exact: true }).click();
      await page.getByLabel('Search the history').fill('insufficientfunds');
      const found = events.locator('button[data-event]');
      await page.waitForFunction(() => document.querySelectorAll('button[data-event]').length === 2);
      await found.first().click();
      const detail = page.getByRole('complementary', { name: /^Event/ });
      await sees(detail.getByText('990000000 is more than 1000000'));
      await detail.getByRole('button', { name: /^event \d+/ }).click();
      await sees(detail.getByText('Activity task scheduled'));
      await page.waitForURL(/event=/);
      await world.picture(page, 'run-history');
      await page.getByLabel('Search the history').fill('');
      await page.getByRole('button', { name: 'Newest first' }).click();
      await page.waitForFunction(() => Number(document.querySelector('button[data-event]')?.dataset.event) > 30);
      await page.getByRole('button', { name: 'JSON', exact: true }).click();
      await sees(page.getByText('"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"'));
    });
  },

  'shows what is pending, and acts on activities': async (world) => {
    const queue = 'by-hand-pending';
    await world.api.start('pending-1', 'Pending', queue);
    const retryPolicy = { initialInterval: '300s', maximumAttempts: 5 };
    await world.api.decide(queue, [activity('a', 'Charge', queue, { retryPolicy }), activity('b', 'Ship', queue, { retryPolicy }), child('pending-child', 'Other', 'nobody-polls')]);
    const task = await world.api.takeActivity(queue);
    await world.api.post('/activity-fail', { taskToken: task.taskToken, identity: 'by-hand', failure: { message: 'the bank is down', stackTrace: 'at Bank.charge', applicationFailureInfo: { type: 'BankDown' } } });
    await world.visit(at('workflows', 'pending-1', 'pending'), async (page) => {
      const charge = page.getByRole('region', { name: `Activity ${task.activityType.name}` });
      await sees(charge.getByText('the bank is down'));
      await sees(charge.getByText('2 of 5'));
      await sees(charge.getByText('at Bank.charge'));
      await sees(page.getByRole('link', { name: 'pending-child' }));
      await sees(page.getByText(/attempt 2 of 5 begins in .*the bank is down/));
      await world.picture(page, 'run-pending');
      await charge.getByRole('button', { name: 'Pause', exact: true }).click();
      await dialog(page).getByLabel('Reason').fill('the bank');
      await dialog(page).getByRole('button', { name: 'Pause', exact: true }).click();
      await sees(charge.getByText('Paused'));
      await charge.getByRole('button', { name: 'Go on' }).click();
      await dialog(page).getByRole('button', { name: 'Go on' }).click();
      await sees(charge.getByRole('button', { name: 'Pause', exact: true }));
      await charge.getByRole('button', { name: 'Options' }).click();
      await dialog(page).getByLabel('Most attempts').fill('9');
      await dialog(page).getByRole('button', { name: 'Change options' }).click();
      await sees(charge.getByText('of 9'));
      await charge.getByRole('button', { name: 'Reset' }).click();
      await dialog(page).getByRole('button', { name: 'Reset' }).click();
      await sees(charge.getByText('1 of 9'));
      await world.api.takeActivity(queue);
      await world.api.takeActivity(queue);
      await charge.getByRole('button', { name: 'Complete' }).click();
      await dialog(page).getByLabel('Result').fill('{"paid": true}');
      await dialog(page).getByRole('button', { name: 'Complete by hand' }).click();
      await charge.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Fail' }).click();
      await dialog(page).getByRole('button', { name: 'Fail by hand' }).click();
      await page.getByRole('button', { name: 'Fail', exact: true }).waitFor({ state: 'detached' });
    });
    const events = await world.api.history('pending-1');
    assert.ok(events.some((event) => event.eventType === 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED'));
    assert.ok(events.some((event) => event.activityTaskFailedEventAttributes?.failure?.applicationFailureInfo?.type === 'FailedByHand'));
  },

  'shows its stack, its state and its metadata': async (world) => {
    await world.api.order('looked-into', 3_600_000);
    await world.visit(at('workflows', 'looked-into', 'stack'), async (page) => {
      await sees(page.getByText(/sleep|timer/i));
      await page.getByRole('link', { name: 'State' }).click();
      await sees(page.getByText('"pausing"'));
      await page.getByRole('link', { name: 'Metadata' }).click();
      await sees(page.getByRole('region', { name: 'Input and result' }).getByText('"keyboard"'));
      await sees(page.getByText('Started by'));
    });
  },

  'shows 500 children as a tree that folds': async (world) => {
    const queue = 'by-hand-tree';
    await world.api.start('tree', 'Tree', queue);
    await world.api.decide(queue, Array.from({ length: 500 }, (_, at) => child(`tree-${String(at).padStart(3, '0')}`, 'Leaf', 'nobody-polls')));
    const count = async () => Number((await world.api.get(`/workflow-count?query=${encodeURIComponent("RootWorkflowId = 'tree'")}`)).count ?? 0);
    await world.api.until('all are there', async () => (await count()) === 501, 60_000);
    await world.visit(at('workflows', 'tree', 'relations'), async (page) => {
      const tree = page.getByRole('region', { name: 'Runs of the process' });
      await sees(page.getByText('501 runs'));
      await sees(tree.getByRole('link', { name: 'tree-000' }));
      assert.ok((await tree.getByRole('link').count()) < 80, 'only what is seen is in the page');
      await world.picture(page, 'run-relations');
      await tree.getByRole('button', { name: 'Children of tree' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.node').length === 1);
      await tree.getByRole('button', { name: 'Children of tree' }).click();
      await tree.getByRole('link', { name: 'tree-001' }).click();
      await sees(page.locator('dt', { hasText: 'Parent' }));
    });
  },

  'starts another one like it': async (world) => {
    await world.api.order('likeable', 1);
    await world.visit(at('workflows', 'likeable'), async (page) => {
      await page.locator('summary', { hasText: 'More' }).click();
      await page.getByRole('link', { name: 'Start one like this' }).click();
      await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('keyboard'));
      await page.getByLabel('Workflow id').last().fill('alike');
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await page.waitForURL(/workflows\/alike\//);
      await sees(page.getByText(/^Completed after/));
    });
  },

  'is not there, and says so': async (world) => {
    await world.visit(at('workflows', 'never-was'), async (page) => {
      await sees(page.getByText('There is no such run'));
    });
  },
};
