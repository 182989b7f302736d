// `fetch`, for activities.
import type { Io } from '../activity/io.ts';
import { IllegalStateError } from '../common/errors.ts';
import { maybeScope } from '../workflow/context.ts';
import { Request, Response, type RequestInit } from './http.ts';

const MOST_REDIRECTS = 20;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Requests go out to the hosts that the deployment grants. */
export function fetchOver(io: () => Io | undefined) {
  return async (input: string | { href: string } | Request, init?: RequestInit): Promise<Response> => {
    if (maybeScope())
      throw new IllegalStateError('fetch() was called in a workflow, which has no network: call an activity that does');
    const connection = io();
    if (!connection)
      throw new IllegalStateError('fetch() was called at the top level of a module: call it in an activity');
    let request = new Request(input, init);
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(connection, request);
      const location = response.headers.get('location');
      if (!REDIRECTS.includes(response.status) || location === null || request.redirect === 'manual') {
        response.redirected = redirects > 0;
        return response;
      }
      if (request.redirect === 'error') throw new TypeError(`fetch failed: ${request.url} redirects`);
      if (redirects === MOST_REDIRECTS) throw new TypeError(`fetch failed: more than ${MOST_REDIRECTS} redirects`);
      request = redirected(request, new URL(location, request.url).href, response.status);
    }
  };
}

async function send(io: Io, request: Request): Promise<Response> {
  const { method, url, headers, signal } = request;
  const body = request._peek();
  const wire = { method, url: url.replace(/#.*$/, ''), headers: [...headers], ...(body ? { body } : {}) };
  const answer = await io.request(wire, signal);
  const bytes = answer.body instanceof Uint8Array ? answer.body : Uint8Array.from(answer.body);
  const response = new Response(bytes, { status: answer.status, headers: answer.headers });
  response.url = url;
  return response;
}

/** A request for another page goes without its body, and one to another host without its secrets. */
function redirected(request: Request, url: string, status: number): Request {
  const { signal, redirect } = request;
  const asGet = status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST';
  const headers = new Map(request.headers);
  if (asGet) for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name);
  if (new URL(url).origin !== new URL(request.url).origin)
    for (const name of ['authorization', 'cookie']) headers.delete(name);
  const method = asGet ? 'GET' : request.method;
  const body = asGet ? undefined : request._peek();
  return new Request(url, { method, headers, signal, redirect, ...(body ? { body } : {}) });
}
