// Where things lie that were built before. The environment says it.

import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { place } from '../../node/suite.mjs';

export { guest } from '../../node/suite.mjs';

/** The program `wrt`. */
export const wrt = place('WRT_BIN');

/** The service outside that orders are written into. */
export const books = place('WRT_BOOKS_BIN');

/** A folder for logs, databases and compiled components. */
export const scratch = path.join(place('WRT_SCRATCH_DIR'), 'browser');

/** A folder for pictures of the pages. */
export const screenshots = place('WRT_SCREENSHOTS_DIR');

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
