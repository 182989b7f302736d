// What the suites in JavaScript have in common: how their tests are found and run, and where things lie that were built
// before. `wrt_tests::run_node_suite` starts them.

import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

// The longest that a test may take, on a busy machine.
const TEST_MS = 240_000;

/** The value of an environment variable that names a place. */
export function place(variable) {
  const value = process.env[variable];
  if (!value) throw new Error(`the environment has no ${variable}; run the tests with \`cargo xtask test\``);
  return value;
}

/** A component, by its name without extension. */
export const guest = (name) => path.join(place('WRT_GUESTS_DIR'), `${name}.wasm`);

/** A folder, empty now, for logs, databases and compiled components. */
export function emptied(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
}

/** Runs the tests that the files of a folder export, so many at a time, in one world that `open` makes. */
export async function runSuite(folder, atATime, open) {
  const suites = {};
  for (const file of fs.readdirSync(folder).sort()) {
    suites[path.basename(file, '.js')] = (await import(pathToFileURL(path.join(folder, file)))).tests;
  }
  describe('', { concurrency: atATime }, () => {
    let world;
    before(async () => void (world = await open()));
    after(() => world?.close());
    for (const [suite, tests] of Object.entries(suites)) {
      for (const [name, test] of Object.entries(tests)) {
        it(`${suite}: ${name}`, { timeout: TEST_MS }, () => test(world));
      }
    }
  });
}
