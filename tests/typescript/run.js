// Runs the tests of the folder `suite` against a real `wrt`, many at a time. See README.md for the environment.

import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import * as logs from './harness/logs.js';
import { scratch } from './harness/places.js';

// Tests that run at the same time: most of them wait for the server most of the time.
const AT_A_TIME = 8;

// The longest that a test may take, on a busy machine.
const TEST_MS = 240_000;

fs.rmSync(scratch, { recursive: true, force: true });
fs.mkdirSync(scratch, { recursive: true });
logs.writeTo(path.join(scratch, 'client.log'));

const { World } = await import('./harness/world.js');
const suites = {};
for (const file of fs.readdirSync(new URL('suite', import.meta.url)).sort()) {
  suites[path.basename(file, '.js')] = (await import(`./suite/${file}`)).tests;
}

describe('', { concurrency: AT_A_TIME }, () => {
  let world;
  before(async () => void (world = await World.open(path.join(scratch, 'shared'))));
  after(() => world.close());
  for (const [suite, tests] of Object.entries(suites)) {
    for (const [name, test] of Object.entries(tests)) {
      it(`${suite}: ${name}`, { timeout: TEST_MS }, () => test(world));
    }
  }
});
