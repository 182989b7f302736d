// Spans of time: numbers of milliseconds, or words such as "1 day".
import type { Option, Span, Timestamp } from '../contract.ts';
import { ValueError } from './errors.ts';

type Unit =
  | 'Years'
  | 'Year'
  | 'Yrs'
  | 'Yr'
  | 'Y'
  | 'Weeks'
  | 'Week'
  | 'W'
  | 'Days'
  | 'Day'
  | 'D'
  | 'Hours'
  | 'Hour'
  | 'Hrs'
  | 'Hr'
  | 'H'
  | 'Minutes'
  | 'Minute'
  | 'Mins'
  | 'Min'
  | 'M'
  | 'Seconds'
  | 'Second'
  | 'Secs'
  | 'Sec'
  | 's'
  | 'Milliseconds'
  | 'Millisecond'
  | 'Msecs'
  | 'Msec'
  | 'Ms';
type UnitAnyCase = Unit | Uppercase<Unit> | Lowercase<Unit>;

/** A span in words: a number and a unit, such as `'1 day'`, `'2.5h'` or `'90 seconds'`. */
export type StringValue = `${number}` | `${number}${UnitAnyCase}` | `${number} ${UnitAnyCase}`;

/** A span of time: milliseconds, or words. */
export type Duration = StringValue | number;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS: [RegExp, number][] = [
  [/^(milliseconds?|msecs?|ms)$/, 1],
  [/^(seconds?|secs?|s)$/, SECOND],
  [/^(minutes?|mins?|m)$/, MINUTE],
  [/^(hours?|hrs?|h)$/, HOUR],
  [/^(days?|d)$/, DAY],
  [/^(weeks?|w)$/, 7 * DAY],
  [/^(years?|yrs?|y)$/, 365.25 * DAY],
];

/** The milliseconds of a span. Throws `ValueError` for what is no span. */
export function msToNumber(duration: Duration): number {
  if (typeof duration === 'number') {
    if (Number.isNaN(duration)) throw new ValueError('a duration is NaN: give milliseconds, or words such as "1 day"');
    return duration;
  }
  const [, number, unit] = /^\s*(-?\d*\.?\d+)\s*([a-z]*)\s*$/i.exec(duration) ?? [];
  const factor = unit ? UNITS.find(([names]) => names.test(unit.toLowerCase()))?.[1] : 1;
  if (number === undefined || factor === undefined) {
    throw new ValueError(`"${duration}" is no duration: give milliseconds, or words such as "1 day"`);
  }
  return Number(number) * factor;
}

/** The same for a span that may be missing. */
export function msOptionalToNumber(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : msToNumber(duration);
}

/** The contract has 32 bits of seconds: longer spans are cut. */
const LONGEST_SECONDS = 2 ** 32 - 1;

/** The span as the contract has it; negative ones count as zero. */
export function toSpan(duration: Duration): Span {
  const milliseconds = Math.max(0, msToNumber(duration));
  if (milliseconds / SECOND > LONGEST_SECONDS) return { seconds: LONGEST_SECONDS, nanos: 0 };
  const seconds = Math.floor(milliseconds / SECOND);
  const nanos = Math.round((milliseconds - seconds * SECOND) * 1e6);
  return nanos < 1e9 ? { seconds, nanos } : { seconds: seconds + 1, nanos: 0 };
}

export function toOptionalSpan(duration: Duration | null | undefined): Span | undefined {
  return duration === undefined || duration === null ? undefined : toSpan(duration);
}

/** Milliseconds of a span of the contract. */
export function fromSpan({ seconds, nanos }: Span): number {
  return seconds * SECOND + nanos / 1e6;
}

export function fromOptionalSpan(span: Option<Span>): number | undefined {
  return span ? fromSpan(span) : undefined;
}

export function toDate(time: Timestamp): Date {
  return new Date(Math.floor(fromSpan(time)));
}
