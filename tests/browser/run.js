// Runs the tests of the folder `suite` in a browser against a real `wrt`. See README.md for the environment.

import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { scratch } from './harness/places.js';
import { World } from './harness/world.js';

// Tests that run at the same time; a browser keeps a processor busy.
const AT_A_TIME = 2;

// The longest that a test may take, on a busy machine.
const TEST_MS = 240_000;

fs.rmSync(scratch, { recursive: true, force: true });
fs.mkdirSync(scratch, { recursive: true });

const suites = {};
for (const file of fs.readdirSync(new URL('suite', import.meta.url)).sort()) {
  suites[path.basename(file, '.js')] = (await import(`./suite/${file}`)).tests;
}

describe('', { concurrency: AT_A_TIME }, () => {
  let world;
  before(async () => void (world = await World.open(path.join(scratch, 'shared'))));
  after(() => world?.close());
  for (const [suite, tests] of Object.entries(suites)) {
    for (const [name, test] of Object.entries(tests)) {
      it(`${suite}: ${name}`, { timeout: TEST_MS }, () => test(world));
    }
  }
});
