// Whatever people put into names and payloads.

import assert from 'node:assert/strict';
import http from 'node:http';

import { binary, payload } from '../harness/api.js';
import { at, sees } from '../harness/world.js';

const HOSTILE = [
  '<img src=x onerror="window.broken=1"><script>window.broken=1</script>',
  "\"><svg onload=window.broken=1>'",
  '\u202Eright to left \u0627\u0644\u0633\u0644\u0627\u0645',
  '🚀 emoji 👩‍👩‍👧‍👦',
  '../../etc/passwd?query=1#hash%2F',
  '{{7*7}} ${7*7} `code`',
];

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FAAhKDveksOjmAAAAAElFTkSuQmCC', 'base64');
const metadata = (id) => at('workflows', id, 'metadata');
const shown = (page) => page.getByRole('region', { name: 'Input and result' });

export const tests = {
  'hostile names are words': async (world) => {
    for (const name of HOSTILE) {
      await world.api.start(name, name, 'hostile', { text: name });
      await world.api.signal(name, name, name);
    }
    await world.visit(`${at('workflows')}?query=${encodeURIComponent("TaskQueue = 'hostile'")}`, async (page) => {
      await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length === count, HOSTILE.length);
      await world.picture(page, 'hostile');
      for (const name of HOSTILE) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.waitForFunction((name) => document.querySelector('h1')?.textContent === name, name);
        await sees(page.locator('button.line.signal'));
        await page.getByRole('link', { name: 'Metadata' }).click();
        await sees(shown(page).getByText('"text"'));
        await page.getByRole('link', { name: 'History', exact: true }).click();
        await sees(page.getByRole('region', { name: 'Events' }));
        await page.goBack();
        await page.goBack();
        await page.goBack();
        await page.waitForFunction(() => document.querySelectorAll('tbody tr').length);
      }
      assert.equal(await page.evaluate('window.broken'), undefined);
    });
  },

  '2 MB are shown on demand, and only the lines that are seen': async (world) => {
    const lines = Array.from({ length: 24_000 }, (_, at) => `${at}: ${'x'.repeat(70)}`);
    await world.api.start('large', 'Large', 'nobody-polls', lines);
    await world.visit(metadata('large'), async (page) => {
      await shown(page).getByRole('button', { name: /Show input of (1\.9|2)/ }).click();
      await sees(shown(page).getByText('"0: xxx'));
      assert.ok((await shown(page).locator('.line').count()) < 100);
      const box = shown(page).getByRole('region', { name: 'Input' });
      await box.evaluate((box) => (box.scrollTop = box.scrollHeight));
      await sees(shown(page).getByText('"23999: xxx'));
    });
  },

  'images, bytes, Markdown and text are shown as such': async (world) => {
    const text = '# A title\n\nSome **bold** words, `code`, and [a link](https://example.com).\n\n- one\n- two\n\n<img src=x onerror="window.broken=1">';
    const input = { payloads: [binary(PNG), binary([0, 1, 2, 250, 255]), payload(text), binary(Buffer.from('plain words')), { metadata: { encoding: btoa('binary/null') } }] };
    await world.api.start('kinds', 'Kinds', 'nobody-polls', input);
    await world.visit(metadata('kinds'), async (page) => {
      await sees(shown(page).locator('img'));
      await page.waitForFunction(() => document.querySelector('.payload img')?.naturalWidth === 10);
      await sees(shown(page).getByText('00 01 02 fa ff'));
      await sees(shown(page).locator('strong', { hasText: 'bold' }));
      assert.equal(await shown(page).getByRole('link', { name: 'a link' }).getAttribute('rel'), 'noreferrer noopener');
      await sees(shown(page).getByText('plain words'));
      await shown(page).getByRole('button', { name: 'Source' }).click();
      await sees(shown(page).getByText('**bold**'));
      assert.equal(await page.evaluate('window.broken'), undefined);
      await world.picture(page, 'payloads');
    });
  },

  'a codec server decodes': async (world) => {
    const asked = [];
    const codec = http.createServer(async (request, response) => {
      const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
      if (request.method === 'OPTIONS') return response.writeHead(204, headers).end();
      let body = '';
      for await (const part of request) body += part;
      asked.push(request.headers['x-namespace'], request.url);
      const { payloads } = JSON.parse(body);
      response.writeHead(200, { ...headers, 'content-type': 'application/json' });
      response.end(JSON.stringify({ payloads: payloads.map(() => payload({ secret: 'is out' })) }));
    });
    await new Promise((resolve) => codec.listen(0, '127.0.0.1', resolve));
    await world.api.start('encoded', 'Encoded', 'nobody-polls', { payloads: [binary('???', 'binary/encrypted')] });
    try {
      await world.visit(metadata('encoded'), async (page) => {
        await sees(shown(page).getByText('binary/encrypted'));
        await page.getByRole('button', { name: 'Settings' }).click();
        await page.getByLabel('Codec endpoint').fill(`http://127.0.0.1:${codec.address().port}/{namespace}`);
        await page.getByRole('button', { name: 'Done', exact: true }).click();
        await page.reload();
        await sees(shown(page).getByText('"is out"'));
      });
      assert.deepEqual(asked.slice(0, 2), ['default', '/default/decode']);
    } finally {
      codec.close();
    }
  },
};
