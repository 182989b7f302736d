// The other rooms: overview, start, schedules, components, queues, batches, namespaces, import.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { guest, scratch } from '../harness/places.js';
import { at, command, sees } from '../harness/world.js';

const dialog = (page) => page.getByRole('dialog');

/** A version of its own: the component with a section more that says nothing. */
function variant(letter) {
  const file = path.join(scratch, 'uploaded.wasm');
  fs.writeFileSync(file, Buffer.concat([fs.readFileSync(guest('order-saga-workflow')), Buffer.from([0, 2, 1, letter])]));
  return file;
}

export const tests = {
  'the overview counts, and each number leads to its list': async (world) => {
    await world.api.order('seen-1', 1, { items: ['out-of-stock'] });
    await world.api.until('it has failed', async () => (await world.api.status('seen-1')) === 'FAILED');
    await world.visit('/', async (page) => {
      await sees(page.getByRole('heading', { name: 'Overview' }));
      await sees(page.getByRole('region', { name: 'Failures' }).getByText('OutOfStock'));
      await sees(page.getByRole('region', { name: 'Latest runs' }).getByRole('listitem'));
      await sees(page.getByRole('region', { name: 'The server' }).getByText('Decisions committed'));
      await sees(page.getByRole('region', { name: 'The last hour' }).getByRole('link'));
      await world.picture(page, 'overview');
      await page.getByRole('link', { name: /^Failed/ }).click();
      await page.waitForURL(/ExecutionStatus/);
      await sees(page.getByRole('link', { name: 'seen-1' }));
    });
  },

  'a workflow is started, with its options': async (world) => {
    await world.visit(at('start'), async (page) => {
      await page.getByRole('button', { name: /^OrderWorkflow/ }).click();
      await sees(page.getByText(/Takes an order/));
      assert.equal(await page.getByLabel('Task queue').inputValue(), 'orders');
      await page.getByLabel('Workflow id').last().fill('started-1');
      await page.getByLabel('Input', { exact: true }).fill('{"user_id": "ada", "items": ["lamp"], "amount": 100, "pause_ms": 1}');
      await page.locator('summary', { hasText: 'Options' }).click();
      await page.getByLabel('Run timeout, in seconds').fill('600');
      await page.getByLabel('Memo').fill('{"note": "from the page"}');
      await page.getByLabel('Search attributes').fill('{"Color": "red"}');
      await world.picture(page, 'start');
      assert.match(await command(page), /^wrt workflow start --type OrderWorkflow --task-queue orders --workflow-id started-1 --input /);
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await page.waitForURL(/workflows\/started-1\//);
      await sees(page.getByText(/^Completed after/));
      await page.getByRole('link', { name: 'Metadata' }).click();
      await sees(page.getByRole('region', { name: 'Search attributes' }).getByText('red'));
      await sees(page.getByRole('region', { name: 'Memo' }).getByText('from the page'));
    });
    await world.visit(at('start'), async (page) => {
      await page.getByLabel('Type', { exact: true }).fill('OrderWorkflow');
      await page.getByLabel('Task queue').fill('elsewhere');
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await sees(page.getByRole('alert').getByText(/orders/));
    });
    await world.visit(at('start'), async (page) => {
      await page.getByLabel('Type', { exact: true }).fill('Signaled');
      await page.getByLabel('Task queue').fill('nobody-polls');
      await page.getByLabel('Workflow id').last().fill('started-2');
      await page.locator('summary', { hasText: 'Options' }).click();
      await page.getByLabel('With a signal').fill('wake');
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await sees(page.getByRole('button', { name: /^Signal wake/ }));
    });
  },

  'a schedule is created, triggered, paused, backfilled, edited and deleted': async (world) => {
    await world.visit(at('schedules'), async (page) => {
      await page.getByRole('link', { name: 'Create a schedule' }).click();
      await page.getByLabel('Schedule id').fill('nightly');
      await page.getByLabel('Cron').fill('30 2 * * *');
      await page.getByLabel('Time zone').fill('Europe/Berlin');
      await page.getByLabel('Type', { exact: true }).fill('OrderWorkflow');
      await page.getByLabel('Task queue').fill('orders');
      await page.getByLabel('Workflow id').last().fill('night-order');
      await page.getByLabel('Input').fill('{"user_id": "ada", "items": ["lamp"], "amount": 100, "pause_ms": 1}');
      await page.getByLabel('Notes').fill('while people sleep');
      assert.match(await command(page), /^wrt schedule create --schedule-id nightly --cron '30 2 \* \* \*' --time-zone Europe\/Berlin/);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.waitForURL(/schedules\/nightly$/);
      await sees(page.getByText('at 02:30 every day, in Europe/Berlin'));
      await sees(page.getByRole('region', { name: 'Next times' }).getByText('02:30:00'));
      await sees(page.getByText('while people sleep'));
      await page.getByRole('button', { name: 'Trigger' }).click();
      await dialog(page).getByRole('button', { name: 'Trigger now' }).click();
      await sees(page.getByRole('region', { name: 'Recent runs' }).getByRole('link', { name: /^night-order-/ }));
      await world.picture(page, 'schedule');
      await page.getByRole('button', { name: 'Backfill' }).click();
      await dialog(page).getByLabel('From').fill('2026-01-01T00:00:00');
      await dialog(page).getByLabel('To').fill('2026-01-04T00:00:00');
      await sees(dialog(page).getByText('3 times'));
      await dialog(page).getByRole('button', { name: 'Backfill' }).click();
      await page.waitForFunction(() => document.querySelectorAll('[aria-label="Recent runs"] tbody tr').length >= 4);
      await page.getByRole('button', { name: 'Pause' }).click();
      await dialog(page).getByLabel('Reason').fill('holidays');
      await dialog(page).getByRole('button', { name: 'Pause the schedule' }).click();
      await sees(page.getByText('holidays'));
      await page.getByRole('link', { name: 'Edit' }).click();
      await page.waitForFunction(() => [...document.querySelectorAll('input')].some((input) => input.value === 'night-order'));
      await page.getByLabel('Times').selectOption('interval');
      await page.getByLabel('Every').fill('6');
      await page.getByLabel('Unit').selectOption('3600');
      await page.getByRole('button', { name: 'Save' }).click();
      await sees(page.getByText('every 6h'));
      await page.getByRole('button', { name: 'Unpause' }).click();
      await dialog(page).getByRole('button', { name: 'Let it act again' }).click();
      await sees(page.getByText('Active', { exact: true }));
      await page.getByRole('link', { name: 'Schedules' }).last().click();
      await sees(page.getByRole('link', { name: 'nightly' }));
      await world.picture(page, 'schedules');
      await page.getByRole('link', { name: 'nightly' }).click();
      await page.getByRole('button', { name: 'Delete' }).click();
      await dialog(page).getByRole('button', { name: 'Delete the schedule' }).click();
      await page.waitForURL(/schedules$/);
      await page.getByRole('link', { name: 'nightly' }).waitFor({ state: 'detached' });
    });
  },

  'a component is uploaded, described, made current and deleted': async (world) => {
    await world.visit(at('components'), async (page) => {
      await sees(page.getByRole('link', { name: /order-saga-workflow/ }));
      await world.picture(page, 'components');
      await page.getByLabel('A component, as a .wasm file').setInputFiles(variant(121));
      await dialog(page).getByLabel('Deployment').fill('uploaded');
      await dialog(page).getByLabel('Task queue').fill('uploads');
      await dialog(page).getByRole('button', { name: 'Deploy' }).click();
      await page.getByRole('link', { name: /^uploaded/ }).click();
      await sees(page.getByRole('region', { name: 'Versions' }).getByText('current'));
      await sees(page.getByRole('region', { name: 'Type OrderWorkflow' }).getByText('How far the order is.'));
      await world.picture(page, 'component');
      await page.getByLabel('A component, as a .wasm file').setInputFiles(variant(120));
      await dialog(page).getByLabel('Make it the current version').uncheck();
      await dialog(page).getByRole('button', { name: 'Deploy' }).click();
      await page.waitForFunction(() => document.querySelectorAll('[aria-label="Versions"] tbody tr').length === 2);
      await page.getByRole('button', { name: 'Make current' }).click();
      await dialog(page).getByRole('button', { name: 'Make current' }).click();
      await sees(page.getByText('It is current now'));
      const versions = page.getByRole('region', { name: 'Versions' });
      await sees(versions.getByRole('row').nth(1).getByText('current', { exact: true }));
      await versions.getByRole('row').nth(2).getByRole('button', { name: 'Delete' }).click();
      assert.match(await command(dialog(page)), /^wrt module delete-version uploaded --build-id [0-9a-f]{64}/);
      await dialog(page).getByRole('button', { name: 'Delete' }).click();
      await page.waitForFunction(() => document.querySelectorAll('[aria-label="Versions"] tbody tr').length === 1);
    });
    const nonsense = path.join(scratch, 'nonsense.wasm');
    fs.writeFileSync(nonsense, 'no component');
    await world.visit(at('components'), async (page) => {
      await page.getByLabel('A component, as a .wasm file').setInputFiles(nonsense);
      await dialog(page).getByRole('button', { name: 'Deploy' }).click();
      await sees(dialog(page).getByRole('alert'));
    });
  },

  'task queues show who polls and what waits, and take a limit': async (world) => {
    await world.api.start('queued-1', 'Queued', 'backlog');
    await world.visit(at('task-queues'), async (page) => {
      await page.getByRole('link', { name: 'backlog' }).click();
      const tasks = page.getByRole('region', { name: 'Workflow tasks' });
      await sees(tasks.getByText(/^1, the oldest for/));
      await sees(tasks.getByText('Nobody polls'));
      await page.getByRole('button', { name: 'Limit' }).click();
      await dialog(page).getByLabel('Tasks in a second').fill('7');
      await dialog(page).getByRole('button', { name: 'Set' }).click();
      await sees(page.getByRole('region', { name: 'Activity tasks' }).getByText('7 a second'));
      await page.goto(at('task-queues', 'orders'));
      await sees(page.getByText('the server itself'));
      await world.picture(page, 'task-queue');
    });
  },

  'a batch operation is listed': async (world) => {
    await world.api.start('batched', 'Batched', 'nobody-polls');
    await world.api.post('/batch-operations/job-1', { jobId: 'job-1', visibilityQuery: "WorkflowType = 'Batched'", reason: 'spring cleaning', terminationOperation: {} });
    await world.visit(at('batch'), async (page) => {
      await page.getByRole('link', { name: 'job-1' }).click();
      await sees(page.getByText('spring cleaning'));
      await sees(page.getByText('of 1 done'));
      await world.picture(page, 'batch');
    });
  },

  'a namespace is registered, and gets limits and search attributes': async (world) => {
    await world.visit('/namespaces', async (page) => {
      await page.getByRole('button', { name: 'Register a namespace' }).click();
      await dialog(page).getByLabel('Name').fill('shop');
      await dialog(page).getByLabel('Description').fill('Where things are sold');
      await dialog(page).getByRole('button', { name: 'Register' }).click();
      await sees(page.getByRole('link', { name: 'shop' }));
      await page.getByRole('button', { name: 'Details of shop' }).click();
      await page.getByRole('button', { name: 'Set history_count_error' }).click();
      await dialog(page).getByLabel('history_count_error').fill('777');
      await dialog(page).getByRole('button', { name: 'Save' }).click();
      await sees(page.getByRole('region', { name: 'Limits' }).getByText('777'));
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await dialog(page).getByLabel('Name').fill('Size');
      await dialog(page).getByLabel('Type').selectOption('INDEXED_VALUE_TYPE_INT');
      await dialog(page).getByRole('button', { name: 'Save' }).click();
      await sees(page.getByRole('region', { name: 'Search attributes' }).getByText('Size'));
      await world.picture(page, 'namespaces');
      await page.getByRole('button', { name: 'Change' }).click();
      await dialog(page).getByLabel('Days that closed runs are kept').fill('10');
      await dialog(page).getByRole('button', { name: 'Save' }).click();
      await sees(page.getByText('10d'));
      await page.getByRole('link', { name: 'shop' }).click();
      await sees(page.getByText('Everything is well.'));
    });
  },

  'a downloaded history opens without a server': async (world) => {
    await world.api.order('kept', 1);
    await world.api.until('it is over', async () => (await world.api.status('kept')) === 'COMPLETED');
    const file = path.join(scratch, 'kept.json');
    await world.visit(at('workflows', 'kept', 'history'), async (page, context) => {
      await sees(page.getByRole('region', { name: 'Events' }).getByText('CreateOrder'));
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
      await download.saveAs(file);
      await page.goto('/import');
      await context.setOffline(true);
      await page.getByLabel('A history, as a JSON file').setInputFiles(file);
      await sees(page.getByRole('heading', { name: 'kept' }));
      await sees(page.getByRole('button', { name: /^Activity FreezePayment done/ }));
      await page.getByRole('link', { name: 'History', exact: true }).click();
      await sees(page.getByRole('region', { name: 'Events' }).getByText('CreateOrder'));
    });
    const printed = path.join(scratch, 'printed.json');
    fs.writeFileSync(printed, await world.server.command('workflow', 'show', '--workflow-id', 'kept', '-o', 'json'));
    const nonsense = path.join(scratch, 'nonsense.json');
    fs.writeFileSync(nonsense, '{"a": 1}');
    await world.visit('/import', async (page) => {
      await page.getByLabel('A history, as a JSON file').setInputFiles(nonsense);
      await sees(page.getByRole('alert').getByText('holds no history'));
      await page.getByLabel('A history, as a JSON file').setInputFiles(printed);
      await sees(page.getByRole('button', { name: /^Activity FreezePayment done/ }));
    });
  },

  'times and colors are as one chooses': async (world) => {
    await world.api.order('timed', 1);
    await world.visit(at('workflows', 'timed'), async (page) => {
      await sees(page.getByText(/^Completed after/));
      await page.getByRole('button', { name: 'Settings' }).click();
      await dialog(page).getByLabel('Times').selectOption('utc');
      await dialog(page).getByLabel('Appearance').selectOption('dark');
      await page.getByRole('button', { name: 'Done', exact: true }).click();
      await sees(page.getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z$/));
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
      await world.picture(page, 'run-dark');
      await page.reload();
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    });
  },
};
