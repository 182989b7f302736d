// Prints a line for each test, and "PASSED n tests" or "FAILED n tests" in the end.

import { inspect } from 'node:util';

/** A reporter of `node:test`. */
export default async function* report(events) {
  let passed = 0;
  const failed = [];
  for await (const { type, data } of events) {
    if (data.details?.type === 'suite' || data.skip !== undefined) continue;
    if (type === 'test:pass') {
      passed++;
      yield `test ${data.name} ... ok (${(data.details.duration_ms / 1000).toFixed(2)} s)\n`;
    } else if (type === 'test:fail') {
      failed.push(data.name);
      yield `test ${data.name} ... FAILED\n${inspect(data.details.error?.cause ?? data.details.error)}\n`;
    }
  }
  yield failed.length ? `FAILED ${failed.length} tests: ${failed.join('; ')}\n` : `PASSED ${passed} tests\n`;
}
