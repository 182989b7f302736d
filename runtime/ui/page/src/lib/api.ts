// The server's API over HTTP and JSON, always of the server that the page comes from.

import type { NamespaceDescription, Payload } from './types';

/** A refusal, or no answer at all (`code` 14). */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly code: number,
    readonly http = 0,
    readonly details: unknown[] = [],
  ) {
    super(message);
  }

  /** The server is away, or on its way back. */
  get isAway() {
    return this.http === 0 || this.code === 14;
  }

  /** The server does not know the call: another one than wrt. */
  get isUnknown() {
    return this.code === 12;
  }

  get isNotFound() {
    return this.code === 5;
  }
}

/** Whether the server answered when it was last asked; views that wait for it watch this. */
const listeners = new Set<(reachable: boolean) => void>();
export function onReachable(listener: (reachable: boolean) => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
const tell = (reachable: boolean) => listeners.forEach((listener) => listener(reachable));

type Query = Record<string, string | number | boolean | string[] | undefined>;

interface Options {
  query?: Query;
  body?: unknown;
  method?: string;
  signal?: AbortSignal;
}

/** Makes a call; the path is below `/api/v1`. Payloads come with their metadata. */
export async function call<T>(path: string, options: Options = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== '') query.append(name, String(each));
    }
  }
  const url = `/api/v1${path}${query.size ? `?${query}` : ''}`;
  const form = 'application/json+no-payload-shorthand';
  const headers: Record<string, string> = { accept: form };
  let body: BodyInit | undefined;
  if (options.body instanceof Blob) {
    body = options.body;
    headers['content-type'] = 'application/wasm';
  } else if (options.body !== undefined) {
    body = JSON.stringify(options.body);
    headers['content-type'] = form;
  }
  return send(url, { method: options.method ?? (body ? 'POST' : 'GET'), headers, body, signal: options.signal });
}

async function send<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    tell(false);
    throw new ApiError('The server does not answer.', 14);
  }
  const value = await response.json().catch(() => ({}));
  if (response.ok) {
    tell(true);
    return value as T;
  }
  tell(!(value.code === 14 || response.status === 502 || response.status === 504));
  throw new ApiError(value.message || `The server answers with status ${response.status}.`, value.code ?? 2, response.status, value.details);
}

/** Calls that no path stands for, by the name of their service. */
export const byName = <T>(method: string, body: unknown, signal?: AbortSignal) => call<T>(`/${method}`, { body, signal, method: 'POST' });

const TEMPORAL = 'temporal.api.workflowservice.v1.WorkflowService';
const OPERATOR = 'temporal.api.operatorservice.v1.OperatorService';
const text = encodeURIComponent;

let isForeign = false;

/** A call that only wrt has. Another server is asked once. */
export async function own<T>(method: string, body: object, signal?: AbortSignal): Promise<T> {
  if (isForeign) throw new ApiError('Only wrt has this; the server is another one.', 12, 501);
  try {
    return await byName<T>(`wrt.v1.${method}`, body, signal);
  } catch (error) {
    if (error instanceof ApiError && error.isUnknown) isForeign = true;
    throw error;
  }
}

/** All namespaces, however many pages they fill. */
export async function namespaces(): Promise<NamespaceDescription[]> {
  const found: NamespaceDescription[] = [];
  let nextPageToken: string | undefined;
  do {
    const page = await call<{ namespaces?: NamespaceDescription[]; nextPageToken?: string }>('/namespaces', { query: { pageSize: 100, nextPageToken } });
    found.push(...(page.namespaces ?? []));
    nextPageToken = page.nextPageToken;
  } while (nextPageToken);
  return found;
}

/** The calls of one namespace. */
export function of(namespace: string) {
  const base = `/namespaces/${text(namespace)}`;
  const run = (id: string) => `${base}/workflows/${text(id)}`;
  return {
    namespace,
    get: <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>(base + path, { query, signal }),
    post: <T>(path: string, body: unknown = {}) => call<T>(base + path, { body, method: 'POST' }),
    delete: <T>(path: string, query?: Query) => call<T>(base + path, { method: 'DELETE', query }),
    run: <T>(id: string, path = '', query?: Query, signal?: AbortSignal) => call<T>(run(id) + path, { query, signal }),
    act: <T>(id: string, path: string, body: unknown) => call<T>(run(id) + path, { body, method: 'POST' }),
    temporal: <T>(method: string, body: object, signal?: AbortSignal) => byName<T>(`${TEMPORAL}/${method}`, { namespace, ...body }, signal),
    operator: <T>(method: string, body: object) => byName<T>(`${OPERATOR}/${method}`, { namespace, ...body }),
    wrt: <T>(method: string, body: object = {}, signal?: AbortSignal) => own<T>(method, { namespace, ...body }, signal),
    upload: <T>(file: Blob, query: Query) => call<T>(`${base}/components`, { body: new Blob([file], { type: 'application/wasm' }), query, method: 'POST' }),
  };
}

export type Api = ReturnType<typeof of>;

/** Who acts, as histories record it. */
export const identity = 'wrt-page';

export const uuid = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let start = 0; start < bytes.length; start += 0x8000) binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(binary);
}

export function bytes(text: string | undefined): Uint8Array<ArrayBuffer> {
  const binary = atob(text ?? '');
  const result = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) result[at] = binary.charCodeAt(at);
  return result;
}

/** A payload that holds JSON. Throws for text that is none. */
export function jsonPayload(text: string): Payload {
  JSON.parse(text);
  return { metadata: { encoding: btoa('json/plain') }, data: base64(new TextEncoder().encode(text)) };
}

/** What is typed into a form: nothing, or one argument as JSON. */
export const argument = (text: string) => (text.trim() ? { payloads: [jsonPayload(text)] } : undefined);

export const message = (error: unknown) => (error instanceof Error ? error.message : String(error));
