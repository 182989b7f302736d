// `URL`, for hosts in ASCII. Names with other letters have to be written in Punycode.
import { URLSearchParams } from './url-search-params.ts';

const PORTS: Record<string, string> = {
  'http:': '80',
  'https:': '443',
  'ws:': '80',
  'wss:': '443',
  'ftp:': '21',
  'file:': '',
};

interface Parts {
  protocol: string;
  username: string;
  password: string;
  /** Nothing for URLs without `//`, such as `mailto:`. */
  hostname: string | undefined;
  port: string;
  pathname: string;
  search: string;
  hash: string;
}

export class URL {
  #parts: Parts;
  readonly searchParams = new URLSearchParams();

  constructor(url: string | URL, base?: string | URL) {
    this.#parts = parse(String(url).trim(), base === undefined ? undefined : new URL(base).#parts);
    this.searchParams._parse(this.#parts.search);
    this.searchParams._changed = () => {
      const query = this.searchParams.toString();
      this.#parts.search = query && `?${query}`;
    };
  }

  static canParse(url: string, base?: string): boolean {
    return URL.parse(url, base) !== null;
  }
  static parse(url: string, base?: string): URL | null {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }

  get href(): string {
    const { protocol, username, password, hostname, pathname, search, hash } = this.#parts;
    const user = username || password ? `${username}${password && `:${password}`}@` : '';
    const authority = hostname === undefined ? '' : `//${user}${this.host}`;
    return `${protocol}${authority}${pathname}${search}${hash}`;
  }
  set href(url: string) {
    this.#parts = parse(url, undefined);
    this.searchParams._parse(this.#parts.search);
  }
  get origin(): string {
    const { protocol } = this.#parts;
    return PORTS[protocol] ? `${protocol}//${this.host}` : 'null';
  }
  get host(): string {
    return this.hostname + (this.port && `:${this.port}`);
  }
  set host(host: string) {
    const { hostname, port } = splitHost(host, this.#parts.protocol, host);
    Object.assign(this.#parts, { hostname, port });
  }
  get protocol(): string {
    return this.#parts.protocol;
  }
  set protocol(protocol: string) {
    this.#parts.protocol = `${protocol.replace(/:.*$/, '').toLowerCase()}:`;
  }
  get username(): string {
    return this.#parts.username;
  }
  set username(name: string) {
    this.#parts.username = encodeURIComponent(name);
  }
  get password(): string {
    return this.#parts.password;
  }
  set password(password: string) {
    this.#parts.password = encodeURIComponent(password);
  }
  get hostname(): string {
    return this.#parts.hostname ?? '';
  }
  set hostname(name: string) {
    this.#parts.hostname = checkHost(name, name);
  }
  get port(): string {
    return this.#parts.port;
  }
  set port(port: string | number) {
    this.#parts.port = checkPort(`${port}`, this.#parts.protocol, `${port}`);
  }
  get pathname(): string {
    return this.#parts.pathname;
  }
  set pathname(path: string) {
    this.#parts.pathname = normalize(path.startsWith('/') ? path : `/${path}`);
  }
  get search(): string {
    return this.#parts.search.replace(/^\?$/, '');
  }
  set search(query: string) {
    this.#parts.search = query.replace(/^\?/, '') && `?${escape(query.replace(/^\?/, ''), QUERY)}`;
    this.searchParams._parse(query);
  }
  get hash(): string {
    return this.#parts.hash.replace(/^#$/, '');
  }
  set hash(hash: string) {
    this.#parts.hash = hash.replace(/^#/, '') && `#${escape(hash.replace(/^#/, ''), FRAGMENT)}`;
  }
  toString(): string {
    return this.href;
  }
  toJSON(): string {
    return this.href;
  }
}

// === Parsing ===

function parse(url: string, base: Parts | undefined): Parts {
  const [, scheme, rest = ''] = /^(?:([a-z][a-z0-9+.-]*):)?(.*)$/is.exec(url)!;
  const [, before = '', query, fragment] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest)!;
  // A lone `?` or `#` stays in the text of the URL.
  const hash = fragment === undefined ? '' : `#${escape(fragment, FRAGMENT)}`;
  const search = query === undefined ? '' : `?${escape(query, QUERY)}`;
  if (!scheme) return relative(url, before, search, hash, base, query !== undefined);
  const protocol = `${scheme.toLowerCase()}:`;
  const isSpecial = protocol in PORTS;
  const path = isSpecial ? before.replaceAll('\\', '/') : before;
  if (!isSpecial && !path.startsWith('//')) {
    const pathname = path.startsWith('/') ? normalize(path) : escape(path, PATH);
    return { protocol, ...NOBODY, hostname: undefined, pathname, search, hash };
  }
  const slashes = isSpecial && protocol !== 'file:' ? /^\/*/ : /^\/\//;
  return absolute(url, protocol, path.replace(slashes, ''), search, hash);
}

const NOBODY = { username: '', password: '', port: '' };

function absolute(url: string, protocol: string, rest: string, search: string, hash: string): Parts {
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest)!;
  const at = authority.lastIndexOf('@');
  const [username = '', ...password] = at < 0 ? [] : authority.slice(0, at).split(':');
  const host = splitHost(authority.slice(at + 1), protocol, url);
  const pathname = normalize(path || (protocol in PORTS ? '/' : ''));
  return {
    protocol,
    username: escape(username, USER),
    password: escape(password.join(':'), USER),
    ...host,
    pathname,
    search,
    hash,
  };
}

function relative(
  url: string,
  path: string,
  search: string,
  hash: string,
  base: Parts | undefined,
  hasQuery: boolean,
): Parts {
  if (!base || base.hostname === undefined) throw invalid(url, base ? 'its base has no host' : 'it has no scheme');
  const here = base.protocol in PORTS ? path.replaceAll('\\', '/') : path;
  if (here.startsWith('//')) return absolute(url, base.protocol, here.slice(2), search, hash);
  if (here === '') return { ...base, search: hasQuery ? search : base.search, hash };
  const folder = base.pathname.slice(0, base.pathname.lastIndexOf('/') + 1);
  return { ...base, pathname: normalize(here.startsWith('/') ? here : folder + here), search, hash };
}

function splitHost(host: string, protocol: string, url: string): { hostname: string; port: string } {
  const [, hostname = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(host) ?? [];
  if (!hostname && protocol !== 'file:' && protocol in PORTS) throw invalid(url, 'it has no host');
  return { hostname: checkHost(hostname, url), port: checkPort(port, protocol, url) };
}

function checkHost(hostname: string, url: string): string {
  const host = hostname.startsWith('[') ? hostname : decodeURIComponent(hostname);
  if (/[^\x21-\x7e]/.test(host)) throw invalid(url, 'write the host in Punycode (xn--…)');
  if (/[#/<>?@\\^|%]/.test(host)) throw invalid(url, `${host} is no host`);
  return host.toLowerCase();
}

function checkPort(port: string, protocol: string, url: string): string {
  if (!/^\d*$/.test(port) || Number(port) > 65535) throw invalid(url, `${port} is no port`);
  const number = port && String(Number(port));
  return number === PORTS[protocol] ? '' : number;
}

function invalid(url: string, why: string): TypeError {
  return Object.assign(new TypeError(`Invalid URL "${url}": ${why}`), { code: 'ERR_INVALID_URL' });
}

/** Without `.` and `..`. */
function normalize(path: string): string {
  const kept: string[] = [];
  const steps = path.split('/').slice(1);
  steps.forEach((step, index) => {
    const plain = step.replace(/%2e/gi, '.');
    if (plain === '..') kept.pop();
    else if (plain !== '.') kept.push(escape(step, PATH));
    if ((plain === '..' || plain === '.') && index === steps.length - 1) kept.push('');
  });
  return path === '' ? '' : `/${kept.join('/')}`;
}

const PATH = /[^\x21\x24-\x3b\x3d\x40-\x5f\x61-\x7a\x7c\x7e%]/gu;
const QUERY = /[^\x21\x24-\x26\x28-\x3b\x3d\x3f-\x7e%]/gu;
const FRAGMENT = /[^\x21\x23-\x3b\x3d\x3f-\x5f\x61-\x7e%]/gu;
const USER = /[^\x21\x24-\x2e\x30-\x39\x41-\x5a\x5f\x61-\x7a\x7e%]/gu;

/** Letters that may not stand there, percent-encoded. */
function escape(text: string, forbidden: RegExp): string {
  return text.replace(forbidden, (letter) => {
    const bytes = Array.from(new TextEncoder().encode(letter));
    return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  });
}
