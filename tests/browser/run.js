// Runs the tests of the folder `suite` in a browser against a real `wrt`. See README.md for the environment.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { emptied, runSuite } from '../node/suite.mjs';
import { scratch } from './harness/places.js';
import { World } from './harness/world.js';

// Tests that run at the same time; a browser keeps a processor busy.
const AT_A_TIME = 2;

emptied(scratch);
const suite = fileURLToPath(new URL('suite', import.meta.url));
await runSuite(suite, AT_A_TIME, () => World.open(path.join(scratch, 'shared')));
