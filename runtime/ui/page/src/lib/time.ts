// Times and spans, as people read them.

import type { Clock } from './settings.svelte';

/** Milliseconds since 1970, or `undefined`. */
export const millis = (time: string | undefined) => (time && !time.startsWith('0001-') ? Date.parse(time) : undefined);

/** Milliseconds of a protobuf duration such as `1.5s`. */
export const spanMillis = (span: string | undefined) => (span?.endsWith('s') ? Number(span.slice(0, -1)) * 1000 : undefined);

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** `1h 4m`, `2.5s`, `17ms`: the two largest units. */
export function span(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return '';
  const size = Math.abs(ms);
  if (size < 1) return size === 0 ? '0s' : '<1ms';
  if (size < 1000) return `${Math.round(size)}ms`;
  if (size < 10_000) return `${(size / 1000).toFixed(1).replace(/\.0$/, '')}s`;
  const words = [];
  let rest = Math.round(size / 1000) * 1000;
  for (const [name, unit] of UNITS) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count) words.push(`${count}${name}`);
    else if (words.length) break;
    if (words.length === 2) break;
  }
  return words.join(' ');
}

export function relative(time: number, now: number): string {
  const ms = now - time;
  if (Math.abs(ms) < 1000) return 'now';
  const rough = Math.abs(ms) < 60_000 ? `${Math.floor(Math.abs(ms) / 1000)}s` : span(Math.abs(ms));
  return ms > 0 ? `${rough} ago` : `in ${rough}`;
}

const pad = (number: number, digits = 2) => String(number).padStart(digits, '0');

export function local(time: number): string {
  const date = new Date(time);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
}

export const utc = (time: number) => new Date(time).toISOString().replace('T', ' ');

export function shown(time: number | undefined, clock: Clock, now: number): string {
  if (time === undefined) return '';
  if (clock === 'relative') return relative(time, now);
  return clock === 'utc' ? utc(time) : local(time);
}

/** The value of an `<input type="datetime-local">`, as the API wants it. */
export const isoOfInput = (value: string) => (value ? new Date(value).toISOString() : undefined);

/** The zone of the browser. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
