// Lines for the log.
import type { LogLevel as WireLevel } from '../contract.ts';
import { describeError } from './errors.ts';

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** Named values of a line. */
export type LogMetadata = Record<string | symbol, any>;

export interface Logger {
  log(level: LogLevel, message: string, meta?: LogMetadata): void;
  trace(message: string, meta?: LogMetadata): void;
  debug(message: string, meta?: LogMetadata): void;
  info(message: string, meta?: LogMetadata): void;
  warn(message: string, meta?: LogMetadata): void;
  error(message: string, meta?: LogMetadata): void;
}

/** Where lines go. */
export type LineWriter = (level: WireLevel, message: string, fields: [string, string][]) => void;

export function loggerOf(write: LineWriter): Logger {
  const line = (level: WireLevel, message: unknown, meta: LogMetadata = {}) =>
    write(
      level,
      String(message),
      Object.entries(meta).map(([name, value]) => [name, fieldText(value)]),
    );
  return {
    log: (level, message, meta) => line(level.toLowerCase() as WireLevel, message, meta),
    trace: (message, meta) => line('trace', message, meta),
    debug: (message, meta) => line('debug', message, meta),
    info: (message, meta) => line('info', message, meta),
    warn: (message, meta) => line('warn', message, meta),
    error: (message, meta) => line('error', message, meta),
  };
}

/** Text as it is, errors with their stacks, everything else as JSON. */
export function fieldText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return describeError(value);
  try {
    return JSON.stringify(value, (_, it) => (typeof it === 'bigint' ? `${it}` : it)) ?? String(value);
  } catch {
    return String(value);
  }
}
