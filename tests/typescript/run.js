// Runs the tests of the folder `suite` against a real `wrt`, many at a time. See README.md for the environment.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { emptied, runSuite } from '../node/suite.mjs';
import * as logs from './harness/logs.js';
import { scratch } from './harness/places.js';

// Tests that run at the same time: most of them wait for the server most of the time.
const AT_A_TIME = 8;

emptied(scratch);
logs.writeTo(path.join(scratch, 'client.log'));

const { World } = await import('./harness/world.js');
const suite = fileURLToPath(new URL('suite', import.meta.url));
await runSuite(suite, AT_A_TIME, () => World.open(path.join(scratch, 'shared')));
