// When a schedule acts, in a line of words.

import { span, spanMillis } from './time';
import type { Attributes, ScheduleSpec } from './types';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const pad = (value: number) => String(value).padStart(2, '0');

type Ranges = { start?: number; end?: number; step?: number }[] | undefined;

function ranges(given: Ranges, name: (value: number) => string): string {
  return (given ?? [])
    .map(({ start = 0, end = 0, step = 1 }) => {
      const both = end > start ? `${name(start)}–${name(end)}` : name(start);
      return step > 1 ? `${both} by ${step}` : both;
    })
    .join(', ');
}

const isOne = (given: Ranges) => given?.length === 1 && !(given[0]!.end! > (given[0]!.start ?? 0));
const isAll = (given: Ranges, first: number, last: number) => given?.length === 1 && (given[0]!.start ?? 0) === first && given[0]!.end === last && (given[0]!.step ?? 1) <= 1;

function calendar(of: Attributes): string {
  const plain = (value: number) => String(value);
  const time = isOne(of.hour) && isOne(of.minute) ? `${pad(of.hour[0].start ?? 0)}:${pad(of.minute[0].start ?? 0)}` : undefined;
  const words = [time ? `at ${time}` : isAll(of.hour, 0, 23) && isOne(of.minute) ? `every hour at minute ${of.minute[0].start ?? 0}` : isAll(of.hour, 0, 23) && isAll(of.minute, 0, 59) ? 'every minute' : `at hours ${ranges(of.hour, plain)}, minutes ${ranges(of.minute, plain)}`];
  if (of.dayOfWeek?.length && !isAll(of.dayOfWeek, 0, 6)) words.push(`on ${ranges(of.dayOfWeek, (day) => DAYS[day] ?? plain(day))}`);
  if (of.dayOfMonth?.length && !isAll(of.dayOfMonth, 1, 31)) words.push(`on day ${ranges(of.dayOfMonth, plain)}`);
  if (of.month?.length && !isAll(of.month, 1, 12)) words.push(`in month ${ranges(of.month, plain)}`);
  if (words.length === 1 && time) words.push('every day');
  return of.comment && /^[\d*@]/.test(of.comment) ? `${words.join(' ')} (${of.comment})` : words.join(' ');
}

export function spoken(spec: ScheduleSpec | undefined): string {
  const parts = [
    ...(spec?.cronString ?? []),
    ...(spec?.structuredCalendar ?? []).map(calendar),
    ...(spec?.interval ?? []).map(({ interval, phase }) => `every ${span(spanMillis(interval))}${spanMillis(phase) ? `, ${span(spanMillis(phase))} later` : ''}`),
  ];
  const zone = spec?.timezoneName && parts.length ? `, in ${spec.timezoneName}` : '';
  return (parts.join('; ') || 'Only when it is triggered') + zone;
}
