// Where the page is: the path, and the query, which holds all of a view's state so that an address can be shared.

export const place = $state({ path: location.pathname, query: new URLSearchParams(location.search) });

function read() {
  place.path = location.pathname;
  place.query = new URLSearchParams(location.search);
}

/** Goes to an address of the page. */
export function go(address: string, { replace = false } = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  const before = place.path;
  read();
  if (!replace && before !== place.path) window.scrollTo(0, 0);
}

/** Changes a part of the query; empty values leave it. */
export function setQuery(changes: Record<string, string | null | undefined>, { replace = true } = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(location.pathname + (text ? `?${text}` : ''), { replace });
}

/** A path of encoded parts, with a query. */
export function path(parts: (string | undefined)[], query: Record<string, string | undefined> = {}) {
  const joined = `/${parts.filter((part) => part !== undefined && part !== '').map((part) => encodeURIComponent(part!)).join('/')}`;
  const given = Object.entries(query).filter((entry): entry is [string, string] => !!entry[1]);
  return given.length ? `${joined}?${new URLSearchParams(given)}` : joined;
}

/** The decoded parts of the path. */
export function parts(): string[] {
  return place.path.split('/').filter(Boolean).map(decoded);
}

function decoded(part: string) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Follows links within the page without loading it anew. */
export function followLinks() {
  addEventListener('popstate', read);
  document.addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a');
    const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (!link?.href || event.defaultPrevented || elsewhere || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || url.pathname.startsWith('/api/')) return;
    if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
    event.preventDefault();
    go(url.pathname + url.search);
  });
}
