// Sinks, as Temporal's workflows reach loggers by them.
import type { LogLevel } from '../contract.ts';
import { UnsupportedError } from '../common/errors.ts';
import { fieldText } from '../common/logger.ts';
import { activeRun } from './context.ts';

export type SinkFunction = (...args: any[]) => void;
export type Sink = Record<string, SinkFunction>;
export type Sinks = Record<string, Sink>;
export interface LoggerSinks extends Sinks {
  defaultWorkerLogger: Record<LogLevel, SinkFunction>;
}

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error'] satisfies LogLevel[];

/**
 * Sinks whose functions are called `trace`, `debug`, `info`, `warn` and `error` write into the log of the workflow. A
 * component has no other sinks: calling one throws.
 */
export function proxySinks<T extends Sinks>(): T {
  return new Proxy({} as T, {
    get: (_, sink) => new Proxy({}, { get: (_, name) => sinkFunction(String(sink), String(name)) }),
  });
}

function sinkFunction(sink: string, name: string): SinkFunction {
  if (!LEVELS.includes(name)) {
    return () => {
      throw new UnsupportedError(
        `the sink ${sink}.${name} cannot be: a component has no worker beside it. Write to the log, or call an activity`,
      );
    };
  }
  return (message: unknown, attributes: Record<string, unknown> = {}) => {
    const fields = Object.entries(attributes).map(([key, value]): [string, string] => [key, fieldText(value)]);
    activeRun(`the sink ${sink}`).host.log.log(name as LogLevel, String(message), [['sink', sink], ...fields]);
  };
}
