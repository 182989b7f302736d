// `URLSearchParams`.

type Init = string | Iterable<[string, string] | string[]> | Record<string, string> | URLSearchParams | undefined;

export class URLSearchParams {
  #pairs: [string, string][] = [];
  /** Told of changes: the URL that the parameters belong to. */
  _changed: () => void = () => undefined;

  constructor(init?: Init) {
    if (typeof init === 'string') this._parse(init);
    else if (init && Symbol.iterator in init) for (const [key, value] of init) this.#pairs.push([`${key}`, `${value}`]);
    else if (init) this.#pairs = Object.entries(init).map(([key, value]) => [key, `${value}`]);
  }

  get size(): number {
    return this.#pairs.length;
  }
  append(name: string, value: string): void {
    this.#pairs.push([`${name}`, `${value}`]);
    this._changed();
  }
  delete(name: string, value?: string): void {
    this.#pairs = this.#pairs.filter(([key, it]) => key !== name || (value !== undefined && it !== value));
    this._changed();
  }
  get(name: string): string | null {
    return this.#pairs.find(([key]) => key === name)?.[1] ?? null;
  }
  getAll(name: string): string[] {
    return this.#pairs.filter(([key]) => key === name).map(([, value]) => value);
  }
  has(name: string, value?: string): boolean {
    return this.#pairs.some(([key, it]) => key === name && (value === undefined || it === value));
  }
  set(name: string, value: string): void {
    const at = this.#pairs.findIndex(([key]) => key === name);
    if (at < 0) return this.append(name, value);
    this.#pairs = this.#pairs.filter(([key], index) => key !== name || index === at);
    this.#pairs[at] = [name, `${value}`];
    this._changed();
  }
  sort(): void {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this._changed();
  }
  forEach(visit: (value: string, name: string, params: URLSearchParams) => void): void {
    for (const [name, value] of this.#pairs) visit(value, name, this);
  }
  entries(): IterableIterator<[string, string]> {
    return this.#pairs.map(([key, value]): [string, string] => [key, value])[Symbol.iterator]();
  }
  keys(): IterableIterator<string> {
    return this.#pairs.map(([key]) => key)[Symbol.iterator]();
  }
  values(): IterableIterator<string> {
    return this.#pairs.map(([, value]) => value)[Symbol.iterator]();
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
  toString(): string {
    return this.#pairs.map((pair) => pair.map(encode).join('=')).join('&');
  }

  /** Takes the parameters of a query, with or without its `?`. */
  _parse(query: string): void {
    const parts = query.replace(/^\?/, '').split('&').filter(Boolean);
    this.#pairs = parts.map((part) => {
      const [name = '', ...rest] = part.split('=');
      return [decode(name), decode(rest.join('='))];
    });
  }
}

/** As forms are encoded: a space is `+`. */
function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What is no valid encoding stays as it is. */
function decode(text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => parseInt(hex, 16));
    return new TextDecoder().decode(bytes);
  });
}
