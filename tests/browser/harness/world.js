// A server with the order saga, and a browser.

import fs from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { Api } from './api.js';
import * as places from './places.js';
import { Server, books } from './server.js';

// The longest that anything on a page may take to appear.
const PATIENCE_MS = 15_000;

export class World {
  static async open(folder) {
    const world = new World();
    world.folder = folder;
    world.server = await Server.start(folder);
    world.books = await books(folder);
    world.api = new Api(world.server);
    world.browser = await chromium.launch({ executablePath: places.chromium(), args: ['--no-sandbox'] });
    fs.mkdirSync(places.screenshots, { recursive: true });
    const granted = ['--allow-http', world.books.address, '--env', `BOOKS_URL=http://${world.books.address}`];
    await world.server.command('deploy', places.guest('order-saga-workflow'), '--task-queue', 'orders');
    await world.server.command('deploy', places.guest('order-saga-activities'), '--task-queue', 'orders', ...granted);
    return world;
  }

  async close() {
    await this.browser?.close();
    await this.books?.close();
    await this.server?.crash();
  }

  /** Shows a path in a browser of its own, gives it to the test, and fails if the page has broken anything. */
  async visit(address, test, { server = this.server, quiet = false, ...options } = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: `http://${server.address}`, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const wrongs = [];
    page.on('pageerror', (error) => wrongs.push(error.stack));
    page.on('console', (message) => {
      // A refusal that the page shows is no mistake of the page.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isRefusal) wrongs.push(message.text());
    });
    try {
      await page.goto(address);
      await test(page, context);
      if (!quiet && wrongs.length) throw new Error(`the page has complained: ${wrongs.join('\n')}`);
    } catch (error) {
      await page.screenshot({ path: path.join(places.screenshots, `failed-${Date.now()}.png`) }).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
  }

  async picture(page, name) {
    await page.screenshot({ path: path.join(places.screenshots, `${name}.png`) });
  }
}

/** The path of a page in the namespace. */
export const at = (...parts) => `/namespaces/default/${parts.map(encodeURIComponent).join('/')}`;

/** What the button "Copy as CLI command" copies. */
export const command = (scope) => scope.getByRole('button', { name: 'Copy as CLI command' }).first().getAttribute('data-command');

export const sees = (locator) => locator.first().waitFor({ state: 'visible' });
