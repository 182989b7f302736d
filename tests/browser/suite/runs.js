// The list of runs: filters, columns, pages, and what is done to many runs.

import assert from 'node:assert/strict';

import { at, command, sees } from '../harness/world.js';

const list = (query) => `${at('workflows')}?query=${encodeURIComponent(query)}`;
const rows = (page) => page.getByRole('region', { name: 'Table of runs' }).locator('tbody tr');

async function many(world, type, count) {
  await Promise.all(Array.from({ length: count }, (_, at) => world.api.start(`${type}-${String(at).padStart(3, '0')}`, type, 'nobody-polls')));
}

export const tests = {
  'lists, counts by status, and keeps its state in the address': async (world) => {
    await world.api.order('listed-1', 1);
    await world.api.order('listed-2', 600_000);
    await world.api.until('it is over', async () => (await world.api.status('listed-1')) === 'COMPLETED');
    await world.visit(list("WorkflowId STARTS_WITH 'listed-'"), async (page) => {
      await sees(page.getByRole('link', { name: 'listed-1' }));
      assert.equal(await rows(page).count(), 2);
      await page.getByRole('button', { name: /^Completed 1/ }).click();
      await page.waitForURL(/ExecutionStatus/);
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
      await page.goBack();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2);
      await page.getByRole('button', { name: 'Workflow id' }).click();
      await page.waitForURL(/ORDER(\+|%20)BY(\+|%20)WorkflowId/);
      await page.getByRole('link', { name: 'listed-2' }).click();
      await page.waitForURL(/workflows\/listed-2\//);
    });
  },

  'shows new runs and new states by itself': async (world) => {
    await world.visit(list("WorkflowId = 'comes-later'"), async (page) => {
      await sees(page.getByText('No run matches the filter'));
      await world.api.order('comes-later', 600_000);
      await sees(page.getByRole('link', { name: 'comes-later' }));
      await world.api.post('/workflows/comes-later/terminate', { reason: 'enough' });
      await sees(rows(page).getByText('Terminated'));
    });
  },

  'says where a filter is wrong': async (world) => {
    await world.visit(at('workflows'), async (page) => {
      await page.getByLabel('Filter, in the list language').fill("Colour = 'red'");
      await page.getByRole('button', { name: 'Filter', exact: true }).click();
      await sees(page.getByRole('alert').getByText('unknown search attribute Colour'));
      assert.equal(await page.locator('mark').textContent(), 'Colour');
    });
  },

  'builds a filter, completes words, and saves a view': async (world) => {
    await world.api.start('blue-one', 'Painted', 'nobody-polls', undefined, { searchAttributes: { indexedFields: { Color: { metadata: { encoding: btoa('json/plain') }, data: btoa('"blue"') } } } });
    await world.visit(at('workflows'), async (page) => {
      await page.getByRole('button', { name: 'Add a condition' }).click();
      await page.getByLabel('Field', { exact: true }).selectOption('Color');
      await page.getByLabel('Value', { exact: true }).fill('blue');
      await page.getByRole('button', { name: 'Add', exact: true }).click();
      await page.waitForURL(/Color/);
      await sees(page.getByRole('link', { name: 'blue-one' }));
      page.once('dialog', (dialog) => dialog.accept('Blue ones'));
      await page.getByRole('button', { name: 'Save view' }).click();
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.getByRole('button', { name: 'Blue ones', exact: true }).click();
      await page.waitForURL(/Color/);
      const box = page.getByLabel('Filter, in the list language');
      await box.fill('');
      await box.pressSequentially('Workflow');
      await page.getByRole('button', { name: 'WorkflowType', exact: true }).click();
      assert.equal(await box.inputValue(), 'WorkflowType ');
    });
  },

  'shows the columns that one chooses, also after a visit': async (world) => {
    await world.api.start('column-one', 'Columns', 'nobody-polls', undefined, { searchAttributes: { indexedFields: { Color: { metadata: { encoding: btoa('json/plain') }, data: btoa('"teal"') } } } });
    await world.visit(list("WorkflowId = 'column-one'"), async (page) => {
      await page.locator('summary', { hasText: 'Columns' }).click();
      await page.getByLabel('Color', { exact: true }).check();
      await page.getByLabel('TaskQueue', { exact: true }).check();
      await page.reload();
      await sees(rows(page).getByText('teal'));
      await sees(rows(page).getByText('nobody-polls'));
    });
  },

  'turns pages': async (world) => {
    await many(world, 'Paged', 120);
    await world.visit(list("WorkflowType = 'Paged'"), async (page) => {
      await sees(page.getByRole('link', { name: 'Paged-' }));
      assert.equal(await rows(page).count(), 50);
      const first = await rows(page).first().textContent();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForURL(/page=/);
      await page.waitForFunction((first) => document.querySelector('tbody tr')?.textContent !== first, first);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 20);
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
    });
  },

  'cancels, signals, resets, terminates and deletes many, with progress': async (world) => {
    const act = async (type, name, all, fill, expected) => {
      await many(world, type, 55);
      await world.visit(list(`WorkflowType = '${type}'`), async (page) => {
        await sees(rows(page).first());
        await page.getByLabel('Choose all runs of this page').check();
        if (all) await page.getByRole('button', { name: 'Choose all 55 that match' }).click();
        await page.getByRole('toolbar').getByRole('button', { name, exact: true }).click();
        const dialog = page.getByRole('dialog');
        await fill(dialog);
        assert.match(await command(dialog), new RegExp(`^wrt workflow ${name.toLowerCase()} --query`));
        await dialog.getByRole('button', { name, exact: true }).click();
        await page.waitForURL(/\/batch\//);
        await sees(page.getByText(`of ${all ? 55 : 50} done`));
        await sees(page.getByText('Completed'));
      });
      await world.api.until(expected.name, expected);
    };
    const reason = (dialog) => dialog.getByLabel('Reason').fill('because');
    const count = async (query) => Number((await world.api.get(`/workflow-count?query=${encodeURIComponent(query)}`)).count ?? 0);
    await act('BulkTerminate', 'Terminate', true, reason, async () => (await count("WorkflowType = 'BulkTerminate' AND ExecutionStatus = 'Terminated'")) === 55);
    await act('BulkCancel', 'Cancel', false, reason, async () => true);
    const first = await world.api.history('BulkCancel-054');
    assert.ok(first.some((event) => event.eventType.endsWith('CANCEL_REQUESTED')));
    await act('BulkSignal', 'Signal', true, async (dialog) => {
      await dialog.getByLabel('Signal').fill('wake');
      await dialog.getByLabel('Input').fill('{"now": true}');
    }, async () => (await world.api.history('BulkSignal-001')).some((event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'wake'));
    await act('BulkDelete', 'Delete', true, reason, async () => (await count("WorkflowType = 'BulkDelete'")) === 0);
  },

  'resets many': async (world) => {
    await world.api.order('bulk-reset-1', 1);
    await world.api.until('it is over', async () => (await world.api.status('bulk-reset-1')) === 'COMPLETED');
    await world.visit(list("WorkflowId = 'bulk-reset-1'"), async (page) => {
      await page.getByLabel('Choose bulk-reset-1').check();
      await page.getByRole('toolbar').getByRole('button', { name: 'Reset' }).click();
      await page.getByRole('dialog').getByLabel('Reset to').selectOption('FirstWorkflowTask');
      await page.getByRole('dialog').getByRole('button', { name: 'Reset', exact: true }).click();
      await sees(page.getByText('of 1 done'));
    });
    const events = await world.api.history('bulk-reset-1');
    assert.ok(events.some((event) => event.workflowTaskFailedEventAttributes?.cause === 'WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW'));
  },

  'copies itself as a command that finds the same': async (world) => {
    await world.api.start("it's-quoted", 'Quoted', 'nobody-polls');
    await world.visit(list("WorkflowId = 'it\\'s-quoted'"), async (page) => {
      await sees(page.getByRole('link', { name: "it's-quoted" }));
      const printed = await world.server.shell(await command(page));
      assert.match(printed, /it's-quoted/);
    });
  },
};
