// The page under all conditions: large histories, servers that go, small screens, keyboards, readers of screens, attackers.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { Api } from '../harness/api.js';
import { scratch } from '../harness/places.js';
import { Server, front } from '../harness/server.js';
import { at, sees } from '../harness/world.js';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const EVENTS = 50_000;

/** What axe finds against levels A and AA. */
async function violations(page) {
  const source = page.evaluate(axe);
  await source;
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 4).map((node) => `${node.html.slice(0, 160)} (${node.failureSummary?.split('\n')[1]?.trim()})`).join(' | ')}`);
}

export const tests = {
  'is there within a second, and small': async (world) => {
    await world.api.order('quick', 1);
    for (const [name, address, ready] of [['list', at('workflows'), 'table tbody tr'], ['run', at('workflows', 'quick'), 'button.line']]) {
      await world.visit('about:blank', async (page) => {
        const begin = Date.now();
        await page.goto(address, { waitUntil: 'commit' });
        await page.locator(ready).first().waitFor();
        const took = Date.now() - begin;
        const bytes = await page.evaluate(async () => {
          await document.fonts.ready;
          const loaded = performance.getEntriesByType('resource').filter((entry) => !new URL(entry.name).pathname.startsWith('/api/'));
          return loaded.reduce((sum, entry) => sum + entry.encodedBodySize, performance.getEntriesByType('navigation')[0].encodedBodySize);
        });
        console.error(`${name}: ready after ${took} ms, ${(bytes / 1000).toFixed(1)} kB`);
        assert.ok(bytes > 50_000 && bytes < 400_000, `${bytes} bytes`);
        assert.ok(took < 10_000, `${took} ms, also on a machine that does much else`);
      });
    }
  },

  'a history of 50,000 events stays smooth': async (world) => {
    const server = await Server.start(path.join(scratch, 'long'));
    const api = new Api(server);
    try {
      await api.start('long', 'Long', 'by-hand');
      // Each of these tasks makes as many events as there are commands.
      const marker = { commandType: 'COMMAND_TYPE_RECORD_MARKER', recordMarkerCommandAttributes: { markerName: 'step' } };
      let events = 0;
      while (events < EVENTS - 5010) {
        await api.decide('by-hand', Array.from({ length: 5000 }, () => marker));
        events = Number((await api.describe('long')).workflowExecutionInfo.historyLength);
        await api.signal('long', 'again');
      }
      await api.decide('by-hand', Array.from({ length: EVENTS - events - 10 }, () => marker));
      events = Number((await api.describe('long')).workflowExecutionInfo.historyLength);
      await world.visit(`${at('workflows', 'long', 'history')}?view=all`, async (page) => {
        await sees(page.locator('[data-event="1"]'));
        const list = page.getByRole('region', { name: 'Events' });
        assert.ok((await list.locator('button').count()) < 120, 'only what is seen is in the page');
        await sees(page.getByText(new RegExp(`of ${events.toLocaleString('en')} events`)));
        await page.getByRole('button', { name: 'Newest first' }).click();
        await sees(page.locator(`[data-event="${events}"]`));
        await page.getByRole('button', { name: 'Newest first' }).click();
        // Scrolling on loads all of it, a page at a time.
        const loaded = () => page.evaluate(() => Number(/([\d,]+)(?: of [\d,]+)? events/.exec(document.querySelector('.card-head').textContent)[1].replaceAll(',', '')));
        const end = Date.now() + 90_000;
        while ((await loaded()) < events && Date.now() < end) {
          await list.evaluate((box) => (box.scrollTop = box.scrollHeight));
          await page.waitForTimeout(30);
        }
        assert.equal(await loaded(), events);
        const jumps = await list.evaluate(async (box) => {
          const jumps = [];
          for (let step = 0; step < 60; step++) {
            const begin = performance.now();
            box.scrollTop = (box.scrollHeight * ((step * 37) % 60)) / 60;
            await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
            jumps.push(performance.now() - begin);
          }
          return jumps.sort((a, b) => a - b);
        });
        const [middle, slowest] = [jumps[30], jumps.at(-1)].map(Math.round);
        console.error(`50,000 events: of 60 jumps the middle one took ${middle} ms, the slowest ${slowest} ms`);
        assert.ok(middle < 400, `${middle} ms, also on a busy machine`);
        await page.getByRole('link', { name: 'Timeline' }).click();
        await sees(page.getByRole('button', { name: /^Marker step/ }));
      }, { server });
    } finally {
      await server.crash();
    }
  },

  'a server goes away and comes back': async (world) => {
    const server = await Server.start(path.join(scratch, 'away'));
    const api = new Api(server);
    try {
      await api.start('stays', 'Stays', 'nobody-polls');
      await world.visit(at('workflows'), async (page, context) => {
        await sees(page.getByRole('link', { name: 'stays' }));
        const run = await context.newPage();
        await run.goto(at('workflows', 'stays'));
        await sees(run.getByText(/waits for a worker|Nobody serves/));
        await server.crash();
        await sees(page.getByText(/The server does not answer/));
        await sees(page.getByRole('link', { name: 'stays' }));
        await sees(run.getByText(/The server does not answer/));
        await server.recover();
        await page.getByText(/The server does not answer/).first().waitFor({ state: 'detached' });
        await api.signal('stays', 'hello');
        await sees(run.getByRole('button', { name: /^Signal hello/ }));
        await run.getByText(/The server does not answer/).first().waitFor({ state: 'detached' });
      }, { server, quiet: true });
    } finally {
      await server.crash().catch(() => {});
    }
  },

  'without a network it says so, and goes on later': async (world) => {
    await world.visit(at('workflows'), async (page, context) => {
      await sees(page.locator('tbody tr'));
      await context.setOffline(true);
      await sees(page.getByText(/The server does not answer/));
      await context.setOffline(false);
      await page.getByText(/The server does not answer/).first().waitFor({ state: 'detached' });
    }, { quiet: true });
  },

  'fits a phone': async (world) => {
    await world.api.order('phoned', 1);
    await world.api.until('it is over', async () => (await world.api.status('phoned')) === 'COMPLETED');
    const pages = { overview: at(), runs: at('workflows'), run: at('workflows', 'phoned'), history: at('workflows', 'phoned', 'history'), start: at('start'), schedules: at('schedules'), components: at('components'), queues: at('task-queues'), namespaces: '/namespaces', import: '/import' };
    await world.visit('about:blank', async (page) => {
      for (const [name, address] of Object.entries(pages)) {
        await page.goto(address);
        await sees(page.getByRole('heading', { level: 1 }));
        await page.waitForTimeout(300);
        // The browser makes a page smaller that is too wide, and its window wider.
        const over = (await page.evaluate(() => document.documentElement.scrollWidth)) - page.viewportSize().width;
        await world.picture(page, `phone-${name}`);
        assert.ok(over <= 0, `${name} is ${over} pixels too wide`);
      }
      await page.getByRole('button', { name: 'Menu' }).click();
      await page.getByRole('link', { name: 'Runs', exact: true }).click();
      await sees(page.getByRole('heading', { name: 'Runs' }));
    }, { viewport: { width: 375, height: 740 }, hasTouch: true, isMobile: true });
  },

  'works by keyboard alone': async (world) => {
    await world.api.order('typed-1', 3_600_000);
    await world.visit(at(), async (page) => {
      await sees(page.getByRole('heading', { name: 'Overview' }));
      const focus = async (name, most = 60) => {
        for (let step = 0; step < most; step++) {
          await page.keyboard.press('Tab');
          const focused = await page.evaluate(() => {
            const at = document.activeElement;
            return `${at?.getAttribute('aria-label') ?? ''}|${at?.id}|${at?.textContent?.trim()}`;
          });
          if (name.test(focused)) return;
        }
        throw new Error(`${name} is not reached by the key Tab`);
      };
      await focus(/Skip to the content/);
      await focus(/\|find\|/);
      await page.keyboard.type('typed-1');
      await page.keyboard.press('Enter');
      await sees(page.getByText(/It waits for a timer/));
      await focus(/^\|\|Signal$/);
      await page.keyboard.press('Enter');
      await sees(page.getByRole('dialog'));
      assert.ok(await page.evaluate(() => document.querySelector('dialog').contains(document.activeElement)), 'the focus is in the dialog');
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await focus(/^\|\|More$/);
      await page.keyboard.press('Enter');
      await focus(/^\|\|Terminate$/);
      await page.keyboard.press('Enter');
      await sees(page.getByRole('dialog'));
      await focus(/^\|\|Terminate$/, 8);
      await page.keyboard.press('Enter');
      await sees(page.getByText(/^Terminated after/));
    });
  },

  'axe finds nothing against A and AA, in light and dark': async (world) => {
    await world.api.order('read-1', 3_600_000);
    await world.api.order('read-2', 1, { amount: 990_000_000 });
    await world.api.post('/schedules/read', { schedule: { spec: { interval: [{ interval: '3600s' }] }, action: { startWorkflow: { workflowId: 'x', workflowType: { name: 'OrderWorkflow' }, taskQueue: { name: 'orders' } } } } });
    const run = (id, tab) => at('workflows', id, ...(tab ? [tab] : []));
    const pages = [at(), at('workflows'), run('read-1'), `${run('read-2', 'history')}?event=5`, run('read-1', 'pending'), run('read-1', 'stack'), run('read-1', 'state'), run('read-1', 'relations'), run('read-2', 'metadata'), at('start'), at('schedules'), at('schedules', 'read'), at('create-schedule'), at('components'), at('components', 'order-saga-workflow'), at('task-queues'), at('task-queues', 'orders'), at('batch'), '/namespaces?name=default', '/import'];
    const found = [];
    for (const colorScheme of ['light', 'dark']) {
      // The policy of the page keeps axe out, too; what axe looks at is the same without it.
      await world.visit('about:blank', async (page) => {
        for (const address of pages) {
          await page.goto(address);
          await sees(page.getByRole('heading', { level: 1 }));
          await page.waitForLoadState('load');
          await page.waitForTimeout(500);
          for (const violation of await violations(page)) found.push(`${colorScheme} ${address}: ${violation}`);
        }
        await page.goto(run('read-1'));
        await page.getByRole('button', { name: 'Signal', exact: true }).click();
        await sees(page.getByRole('dialog'));
        for (const violation of await violations(page)) found.push(`${colorScheme} dialog: ${violation}`);
      }, { colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
    }
    assert.deepEqual(found, []);
  },

  'its policy lets no foreign script run': async (world) => {
    await world.visit(at(), async (page) => {
      const response = await page.goto(at('workflows'));
      const policy = response.headers()['content-security-policy'];
      assert.match(policy, /default-src 'none'; script-src 'self';/);
      assert.doesNotMatch(policy, /unsafe/);
      await page.evaluate(() => {
        const inline = document.createElement('script');
        inline.textContent = 'window.broken = 1';
        document.body.append(inline);
        const box = document.createElement('div');
        box.innerHTML = '<img src="x" onerror="window.broken = 1">';
        document.body.append(box);
      });
      await page.waitForTimeout(200);
      assert.equal(await page.evaluate('window.broken'), undefined);
    }, { quiet: true });
  },

  'pages of others may neither frame it nor call its API': async (world) => {
    const base = `http://${world.server.address}`;
    const call = (headers) => fetch(`${base}/api/v1/namespaces/default/components?name=x`, { method: 'POST', headers: { 'content-type': 'application/wasm', ...headers }, body: 'x' });
    assert.equal((await call({ origin: 'http://evil.example' })).status, 403);
    assert.equal((await call({})).status, 400);
    const page = await fetch(`${base}/`);
    assert.equal(page.headers.get('x-frame-options'), 'DENY');
    const wrong = await fetch(`${base}/api/v1/namespaces/default/components`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' });
    assert.equal(wrong.status, 415);
  },

  'files are kept for ever, and the page is asked for anew': async (world) => {
    const base = `http://${world.server.address}`;
    const page = await fetch(`${base}/`);
    assert.equal(page.headers.get('cache-control'), 'no-cache');
    const [file] = /\/assets\/[^"]+\.js/.exec(await page.text());
    const script = await fetch(base + file);
    assert.match(script.headers.get('cache-control'), /immutable/);
    assert.equal(script.headers.get('content-encoding'), 'gzip');
    assert.equal((await fetch(`${base}/assets/gone.js`, { headers: { accept: 'text/html' } })).status, 404);
    const called = await fetch(`${base}/namespaces/default/workflows`);
    assert.match(called.headers.get('content-type'), /json/, 'the short paths of the API stay');
  },

  'stands alone in front of a server': async (world) => {
    const page = await front(scratch, world.server.address);
    try {
      await world.api.order('behind', 1);
      await world.visit(at('workflows', 'behind'), async (page) => {
        await sees(page.getByText(/^Completed after/));
        await page.goto(at('components'));
        await sees(page.getByRole('link', { name: /order-saga-workflow/ }));
      }, { server: page });
      const evil = await fetch(`http://${page.address}/api/v1/namespaces`, { headers: { origin: 'http://evil.example' } });
      assert.equal(evil.status, 403);
    } finally {
      await page.close();
    }
  },
};
