/**
 * The daemon's API as the page speaks to it: the one file that sends requests. The one-time code of
 * the address is exchanged for a token, which lives in sessionStorage: unlike a cookie it belongs to
 * this origin with its port, and is sent nowhere by itself.
 */

const TOKEN_KEY = 'postern.session';

/** A request that the daemon refused, or that did not reach it (status 0, code `ERR_UNREACHABLE`). */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

let token = sessionStorage.getItem(TOKEN_KEY);
let lost: () => void = () => {};

/** Calls back when the daemon does not know this window's session any more. */
export function onSessionLost(listener: () => void): void {
  lost = listener;
}

/** Whether this window has a session; whether it still holds shows at the first request. */
export function hasSession(): boolean {
  return token !== null;
}

/**
 * Takes the one-time code out of the address, before anything else can see it there, and exchanges
 * it. Resolves with the profile that the address names, or null. Throws ApiFailure for a code that is used up.
 */
export async function takeCode(): Promise<string | null> {
  const named = new URLSearchParams(location.hash.slice(1));
  const code = named.get('code');
  if (code === null) return null;
  history.replaceState(null, '', location.pathname);
  token = null;
  sessionStorage.removeItem(TOKEN_KEY);
  const session = await send<{ token: string }>('POST', '/api/session', { code });
  token = session.token;
  sessionStorage.setItem(TOKEN_KEY, token);
  return named.get('profile');
}

/** Path segments from names that may hold anything: `pathOf('profiles', name, 'folders')`. */
export function pathOf(...segments: readonly (number | string)[]): string {
  return `/api/${segments.map((segment) => encodeURIComponent(segment)).join('/')}`;
}

/** Sends JSON and reads JSON. Throws ApiFailure. */
export async function send<T>(
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await request(method, path, body, signal);
  return (await response.json()) as T;
}

/** Reads one JSON value a line for as long as the daemon sends them. Throws ApiFailure. */
export async function* lines<T>(
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const response = await request(method, path, body, signal);
  if (response.body === null) return;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let rest = '';
  for (;;) {
    const part = await reader.read().catch((error: unknown) => {
      throw unreachable(error);
    });
    const complete = (rest + decoder.decode(part.value, { stream: !part.done })).split('\n');
    rest = complete.pop() ?? '';
    for (const line of complete) if (line !== '') yield JSON.parse(line) as T;
    if (part.done) return;
  }
}

async function request(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const headers = new Headers();
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  // The daemon takes a body from nobody who does not say that it is JSON.
  if (method !== 'GET') headers.set('Content-Type', 'application/json');
  const init: RequestInit = { method, headers, cache: 'no-store', redirect: 'error' };
  if (method !== 'GET') init.body = JSON.stringify(body ?? {});
  if (signal !== undefined) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    throw unreachable(error);
  }
  if (response.ok) return response;
  const failure = await failureOf(response);
  if (response.status === 401 && path !== '/api/session') {
    token = null;
    sessionStorage.removeItem(TOKEN_KEY);
    lost();
  }
  throw failure;
}

function unreachable(error: unknown): unknown {
  if (error instanceof DOMException && error.name === 'AbortError') return error;
  return new ApiFailure(0, 'ERR_UNREACHABLE', 'Postern does not answer');
}

async function failureOf(response: Response): Promise<ApiFailure> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return new ApiFailure(response.status, error.code, error.message);
  } catch {
    return new ApiFailure(response.status, `ERR_HTTP_${response.status}`, response.statusText);
  }
}
