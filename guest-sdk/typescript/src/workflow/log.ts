// The log of the workflow, which is silent on replay.
import type { LogLevel } from '../contract.ts';
import { loggerOf, fieldText, type Logger } from '../common/logger.ts';
import { activeRun } from './context.ts';
import { intercept, type OutboundCalls } from './interceptors.ts';

/** Writes lines with named values: `log.info('paid', { amount })`. */
export const log: Logger = loggerOf((level, message, fields) => write(level, message, fields));

function write(level: LogLevel, message: string, fields: [string, string][]): void {
  const run = activeRun('log');
  const { outbound } = run.interceptors;
  const extra = outbound.length
    ? intercept<OutboundCalls, 'getLogAttributes'>(outbound, 'getLogAttributes', (attributes) => attributes)({})
    : {};
  const more = Object.entries(extra).map(([name, value]): [string, string] => [name, fieldText(value)]);
  run.host.log.log(level, message, [...fields, ...more]);
}
