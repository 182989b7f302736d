// Where things lie that were built before. The environment says it.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program `wrt`. */
export const wrt = place('WRT_BIN');

/** A folder for logs, databases and compiled components. */
export const scratch = path.join(place('WRT_SCRATCH_DIR'), 'typescript');

/** The module whose functions are the workflows. */
export const workflows = fileURLToPath(new URL('../workflows/index.js', import.meta.url));

/** A component, by its name without extension. */
export function guest(name) {
  return path.join(place('WRT_GUESTS_DIR'), `${name}.wasm`);
}

function place(variable) {
  const value = process.env[variable];
  if (!value) throw new Error(`the environment has no ${variable}; run the tests with \`cargo xtask test typescript\``);
  return value;
}
