// How many runs are open, by what.

import { ApiError, type Api } from './api';
import { plain } from './payload';
import type { Payload, Run } from './types';

type Counted = { groups?: { count?: string; groupValues?: Payload[] }[] };

/**
 * Open runs by type or by task queue, the most first. Temporal's server groups by the status alone; there, the latest
 * thousand are counted here.
 */
export async function running(api: Api, field: 'WorkflowType' | 'TaskQueue', signal: AbortSignal): Promise<[string, number][]> {
  const open = "ExecutionStatus = 'Running'";
  let found: [string, number][];
  try {
    const counted = await api.get<Counted>('/workflow-count', { query: `${open} GROUP BY ${field}` }, signal);
    found = (counted.groups ?? []).map((group) => [plain(group.groupValues?.[0]), Number(group.count ?? 0)]);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 3) throw error;
    const listed = await api.get<{ executions?: Run[] }>('/workflows', { query: open, pageSize: 1000 }, signal);
    const counts = new Map<string, number>();
    for (const run of listed.executions ?? []) {
      const name = (field === 'TaskQueue' ? run.taskQueue : run.type?.name) ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    found = [...counts];
  }
  return found.sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}
