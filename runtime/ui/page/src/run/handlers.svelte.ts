// The signals, queries and updates that a run is known to take: what its component says, and what the run says itself.

import type { Api } from '../lib/api';
import { content } from '../lib/payload';
import type { Component, DeploymentEntry, HandlerDefinition, Payloads, TypeDefinition } from '../lib/types';

export type Handling = 'signals' | 'queries' | 'updates';

export interface Handlers {
  readonly type: TypeDefinition | undefined;
  names(kind: Handling): string[];
  of(kind: Handling, name: string): HandlerDefinition | undefined;
  load(api: Api, type: string, digest: string | undefined, queue: string | undefined): void;
  /** Asks the run itself, which workers of every language answer. */
  ask(api: Api, workflowId: string, runId: string): Promise<void>;
}

export function handlers(): Handlers {
  let type = $state.raw<TypeDefinition>();
  let told = $state.raw<Record<Handling, HandlerDefinition[]>>({ signals: [], queries: [], updates: [] });
  let asked = '';

  const all = (kind: Handling) => [...(type?.[kind] ?? []), ...told[kind].filter((other) => !type?.[kind]?.some(({ name }) => name === other.name))];
  return {
    get type() {
      return type;
    },
    names: (kind) => all(kind).map(({ name }) => name).filter((name) => name && !name.startsWith('__')),
    of: (kind, name) => all(kind).find((handler) => handler.name === name),
    load(api, name, digest, queue) {
      const key = `${name}/${digest}`;
      if (asked === key) return;
      asked = key;
      api.wrt<{ deployments?: DeploymentEntry[] }>('ComponentService/ListDeployments')
        .then(({ deployments = [] }) => {
          const serving = deployments.filter(({ deployment }) => deployment.taskQueue === queue || deployment.versions?.some((version) => version.digest === digest));
          const components = serving.map(({ component }) => component).filter((component): component is Component => !!component);
          type = components.flatMap((component) => component.types ?? []).find((each) => each.name === name);
        })
        .catch(() => {});
    },
    async ask(api, workflowId, runId) {
      const name = '__temporal_workflow_metadata';
      const answer = await api.act<{ queryResult?: Payloads }>(workflowId, `/query/${name}`, { execution: { workflowId, runId }, query: { queryType: name } });
      const payload = answer.queryResult?.payloads?.[0];
      const found = payload && content(payload);
      if (found?.kind !== 'json') return;
      const definition = (found.value as { definition?: Record<string, HandlerDefinition[]> }).definition ?? {};
      told = { signals: definition.signalDefinitions ?? [], queries: definition.queryDefinitions ?? [], updates: definition.updateDefinitions ?? [] };
    },
  };
}
