// What the user has chosen for this browser, and what the server says about itself.

import { call } from './api';
import type { Settings } from './types';

type Theme = 'system' | 'light' | 'dark';
export type Clock = 'relative' | 'local' | 'utc';

interface Kept {
  theme: Theme;
  clock: Clock;
  codec: string;
  columns: string[];
  views: { name: string; query: string }[];
}

const KEY = 'wrt';
const defaults: Kept = {
  theme: 'system',
  clock: 'relative',
  codec: '',
  columns: ['Status', 'WorkflowId', 'WorkflowType', 'StartTime', 'Duration', 'HistoryLength'],
  views: [],
};

function read(): Kept {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return { ...defaults };
  }
}

export const settings = $state(read());
export const server = $state<{ settings: Settings; away: boolean; now: number }>({ settings: {}, away: false, now: Date.now() });

/** Keeps what was chosen, and shows it. To be called when something has changed. */
export function keep() {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing forgets the choice with the page.
  }
  dress();
}

export function dress() {
  const dark = settings.theme === 'dark' || (settings.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

export async function readServer() {
  try {
    server.settings = await call<Settings>('/settings');
  } catch {
    // Another server than wrt has no such route.
  }
}

/** The codec server that payloads are decoded by; the user's choice wins. */
export const codecEndpoint = () => settings.codec || server.settings.Codec?.Endpoint || '';
