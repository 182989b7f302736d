// What the client and its workers log, which includes each failure that a test wants to happen.

import fs from 'node:fs';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Sends everything to a file, the messages of the SDK's native part included. */
export function writeTo(file) {
  const stream = fs.createWriteStream(file, { flags: 'a' });
  const write = ({ level, message, meta }) => stream.write(`${level} ${message} ${JSON.stringify(meta ?? {})}\n`);
  Runtime.install({
    logger: new DefaultLogger('INFO', write),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
    shutdownSignals: [],
  });
}
