// Where things lie that were built before. The environment says it.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { place } from '../../node/suite.mjs';

export { guest } from '../../node/suite.mjs';

/** The program `wrt`. */
export const wrt = place('WRT_BIN');

/** A folder for logs, databases and compiled components. */
export const scratch = path.join(place('WRT_SCRATCH_DIR'), 'typescript');

/** The module whose functions are the workflows. */
export const workflows = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
