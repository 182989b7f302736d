// `Headers`, `Request` and `Response`, for bodies that are there as a whole.
import { URLSearchParams } from './url-search-params.ts';

export type HeadersInit = Headers | Iterable<readonly [string, string]> | Record<string, string>;

export class Headers {
  readonly #values = new Map<string, string>();

  constructor(init?: HeadersInit) {
    if (!init) return;
    const pairs = Symbol.iterator in init ? init : Object.entries(init as Record<string, string>);
    for (const [name, value] of pairs as Iterable<readonly [string, string]>) this.append(name, value);
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${String(value).trim()}`);
  }
  set(name: string, value: string): void {
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name)) throw new TypeError(`"${name}" is no name of a header`);
    const text = String(value).trim();
    if (/[\0\r\n]/.test(text)) throw new TypeError(`the value of the header ${name} has a line break`);
    this.#values.set(name.toLowerCase(), text);
  }
  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }
  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }
  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }
  forEach(visit: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this) visit(value, name, this);
  }
  entries(): IterableIterator<[string, string]> {
    return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1))[Symbol.iterator]();
  }
  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }
  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

export type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams | null | undefined;

/** The bytes of a body, and the type that goes with it unless a header says another. */
export function bodyOf(body: BodyInit): { bytes: Uint8Array | undefined; type: string | undefined } {
  if (body === null || body === undefined) return { bytes: undefined, type: undefined };
  if (typeof body === 'string') return { bytes: new TextEncoder().encode(body), type: 'text/plain;charset=UTF-8' };
  if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body.slice(0)), type: undefined };
  if (ArrayBuffer.isView(body)) {
    return { bytes: new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice(), type: undefined };
  }
  if ([URLSearchParams, globalThis.URLSearchParams].some((form) => (body as unknown) instanceof form)) {
    const type = 'application/x-www-form-urlencoded;charset=UTF-8';
    return { bytes: new TextEncoder().encode(String(body)), type };
  }
  throw new TypeError(
    'a body is text, bytes or URLSearchParams: streams, blobs and forms with files are not supported',
  );
}

/** What requests and responses have in common: a body that is read once. */
class Message {
  readonly headers: Headers;
  readonly #bytes: Uint8Array | undefined;
  #used = false;

  constructor(body: BodyInit, headers: HeadersInit | undefined) {
    const { bytes, type } = bodyOf(body);
    this.#bytes = bytes;
    this.headers = new Headers(headers);
    if (type && !this.headers.has('content-type')) this.headers.set('content-type', type);
  }

  get bodyUsed(): boolean {
    return this.#used;
  }
  /** Always null: bodies come as a whole. Read `bytes`, `text` or `json`. */
  get body(): null {
    return null;
  }
  async bytes(): Promise<Uint8Array> {
    if (this.#used) throw new TypeError('the body was read before');
    this.#used = this.#bytes !== undefined;
    return this.#bytes ?? new Uint8Array();
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).slice().buffer as ArrayBuffer;
  }
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }
  async json(): Promise<any> {
    return JSON.parse(await this.text());
  }
  /** The body, whether it was read or not. */
  _peek(): Uint8Array | undefined {
    return this.#bytes;
  }
}

export interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit;
  signal?: AbortSignal | null;
  redirect?: 'follow' | 'error' | 'manual';
}

export class Request extends Message {
  readonly url: string;
  readonly method: string;
  readonly signal: AbortSignal | null;
  readonly redirect: 'follow' | 'error' | 'manual';

  constructor(input: string | { href: string } | Request, init: RequestInit = {}) {
    const from = input instanceof Request ? input : undefined;
    super(init.body ?? from?._peek(), init.headers ?? from?.headers);
    this.url = from
      ? from.url
      : new globalThis.URL(typeof input === 'string' ? input : (input as { href: string }).href).href;
    this.method = normalizeMethod(init.method ?? from?.method ?? 'GET');
    this.signal = init.signal ?? from?.signal ?? null;
    this.redirect = init.redirect ?? from?.redirect ?? 'follow';
    if (this._peek() && (this.method === 'GET' || this.method === 'HEAD')) {
      throw new TypeError(`a ${this.method} request has no body`);
    }
  }
  clone(): Request {
    return new Request(this);
  }
}

/** Methods of old are known in any case; others are written as they are meant. */
function normalizeMethod(method: string): string {
  return /^(get|head|post|put|delete|options)$/i.test(method) ? method.toUpperCase() : method;
}

export interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

export class Response extends Message {
  readonly status: number;
  readonly statusText: string;
  readonly type = 'default';
  url = '';
  redirected = false;

  constructor(body?: BodyInit, { status = 200, statusText = '', headers }: ResponseInit = {}) {
    super(body, headers);
    this.status = status;
    this.statusText = statusText;
  }
  static json(value: unknown, init: ResponseInit = {}): Response {
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(JSON.stringify(value), { ...init, headers });
  }
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  clone(): Response {
    if (this.bodyUsed) throw new TypeError('the body was read before');
    const { status, statusText, headers, url, redirected } = this;
    return Object.assign(new Response(this._peek(), { status, statusText, headers }), { url, redirected });
  }
}
