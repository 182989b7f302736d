// `console` as lines of the log.
import type { LineWriter } from '../common/logger.ts';
import { fieldText } from '../common/logger.ts';

/** A console that writes where the calling code's lines go; nowhere when `writer` gives nothing. */
export function consoleOf(writer: () => LineWriter | undefined) {
  const at =
    (level: Parameters<LineWriter>[0]) =>
    (...values: unknown[]): void =>
      writer()?.(level, format(values), []);
  return {
    trace: at('trace'),
    debug: at('debug'),
    log: at('info'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    dir: (value: unknown) => at('info')(value),
    assert(holds: unknown, ...values: unknown[]) {
      if (!holds) at('error')('Assertion failed', ...values);
    },
  };
}

/** `%s`, `%d` and their like, and what is left, with spaces between. */
function format([first, ...values]: unknown[]): string {
  if (typeof first !== 'string') return [first, ...values].map(fieldText).join(' ').trim();
  const text = first.replace(/%([sdifjoOc%])/g, (whole, kind: string) => {
    if (kind === '%') return '%';
    if (values.length === 0) return whole;
    const value = values.shift();
    if (kind === 'c') return '';
    if (kind === 'd' || kind === 'f') return String(Number(value));
    if (kind === 'i') return String(Math.trunc(Number(value)));
    return fieldText(value);
  });
  return [text, ...values.map(fieldText)].join(' ');
}
