// Where things lie that were built before. The environment says it.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** The program `wrt`. */
export const wrt = place('WRT_BIN');

/** The service outside that orders are written into. */
export const books = place('WRT_BOOKS_BIN');

/** A folder for logs, databases and compiled components. */
export const scratch = path.join(place('WRT_SCRATCH_DIR'), 'browser');

/** A folder for pictures of the pages. */
export const screenshots = place('WRT_SCREENSHOTS_DIR');

/** A component, by its name without extension. */
export const guest = (name) => path.join(place('WRT_GUESTS_DIR'), `${name}.wasm`);

/** The browser's program. */
export function chromium() {
  if (process.env.WRT_CHROMIUM) return process.env.WRT_CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error('there is no Chromium; install it with `cargo xtask setup --tests`, or name its program in WRT_CHROMIUM');
}

function place(variable) {
  const value = process.env[variable];
  if (!value) throw new Error(`the environment has no ${variable}; run the tests with \`cargo xtask test browser\``);
  return value;
}
