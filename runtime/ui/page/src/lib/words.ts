// Names of the API in words for people.

/** `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED` without its prefix, as `Activity task scheduled`. */
export function words(name: string | undefined, prefix = ''): string {
  const plain = (name ?? '').replace(prefix, '').replaceAll('_', ' ').toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

export const STATUSES = ['Running', 'Paused', 'Completed', 'Failed', 'TimedOut', 'Canceled', 'Terminated', 'ContinuedAsNew'];

/** `WORKFLOW_EXECUTION_STATUS_TIMED_OUT` as queries name it: `TimedOut`. */
export function status(name: string | undefined): string {
  const plain = (name ?? '').replace('WORKFLOW_EXECUTION_STATUS_', '');
  return plain
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('');
}

const SHOWN: Record<string, string> = { TimedOut: 'Timed out', ContinuedAsNew: 'Continued as new' };
export const statusWords = (status: string) => SHOWN[status] ?? status;

export function size(bytes: number | string | undefined): string {
  let count = Number(bytes ?? 0);
  for (const unit of ['B', 'kB', 'MB']) {
    if (count < 1000) return `${unit === 'B' ? count : count.toFixed(1).replace(/\.0$/, '')} ${unit}`;
    count /= 1000;
  }
  return `${count.toFixed(1)} GB`;
}

export const number = (count: number | string | undefined) => Number(count ?? 0).toLocaleString('en');

export const plural = (count: number, noun: string) => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;

export const short = (digest: string | undefined) => (digest ?? '').slice(0, 12);
