/**
 * What a request to the desk's address must be before anything looks at it: from this computer's own
 * page and nobody else's. A pure function of what was sent, so that the table of attacks runs on paper.
 */

/** A request as it was sent. */
export interface Asked {
  method: string;
  /** The request target, as it stands in the first line. */
  target: string;
  /** Names and values in turn, duplicates kept. */
  rawHeaders: readonly string[];
}

/** Why a request goes no further. */
export interface Refusal {
  status: number;
  code: string;
  /** One word for the log. */
  kind: 'body' | 'header' | 'host' | 'method' | 'origin' | 'site' | 'target';
  message: string;
}

/** Where a browser arrives from the file that hands it a code: the one address that another site may lead to. */
export const ENTRY_PATH = '/enter';

/** Headers that decide something here: twice in one request, nobody can say which one counts. */
const DECISIVE = [
  'authorization',
  'content-length',
  'content-type',
  'host',
  'origin',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'transfer-encoding',
];

const METHODS = ['DELETE', 'GET', 'PATCH', 'POST'];

/** Largest body of any call, in bytes; most calls allow less. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Says why this request is refused, or null. `authority` is the listener's own `127.0.0.1:PORT`; `framePath` begins the addresses of frames. */
export function refusalOf(asked: Asked, authority: string, framePath: string): Refusal | null {
  const headers = headersOf(asked.rawHeaders);
  const one = (name: string): string | undefined => headers.get(name)?.[0];
  const { method, target } = asked;
  const isRead = method === 'GET';

  // Host before everything: by it a rebound name is told from this address (DNS rebinding).
  const hosts = headers.get('host') ?? [];
  if (hosts.length !== 1 || hosts[0] !== authority)
    return refusal(421, 'host', 'this is not the address that was asked for');
  const twice = DECISIVE.find((name) => (headers.get(name)?.length ?? 0) > 1);
  if (twice !== undefined) return refusal(400, 'header', `"${twice}" stands there twice`);
  if (!isPlainTarget(target, authority))
    return refusal(400, 'target', 'the request target is not a plain path');

  const origin = one('origin');
  if (origin !== undefined && origin !== `http://${authority}`)
    return refusal(403, 'origin', 'the request comes from another origin');
  if (!METHODS.includes(method))
    return { ...refusal(405, 'method', 'this cannot be done here'), code: 'ERR_METHOD' };
  if (origin === undefined && !isRead)
    return refusal(403, 'origin', 'the request does not say where it comes from');

  const fetched = {
    site: one('sec-fetch-site'),
    mode: one('sec-fetch-mode'),
    dest: one('sec-fetch-dest'),
  };
  if (!mayFetch(fetched, isRead, pathOf(target), framePath))
    return refusal(403, 'site', 'the request does not come from the page itself');
  return bodyRefusal(isRead, one);
}

interface Fetched {
  site: string | undefined;
  mode: string | undefined;
  dest: string | undefined;
}

/** The browser's own word on who asks. One that sends none proves nothing: Host and Origin decide there. */
function mayFetch(
  { site, mode, dest }: Fetched,
  isRead: boolean,
  path: string,
  framePath: string,
): boolean {
  const isVisit = isRead && mode === 'navigate' && dest === 'document';
  if (path.startsWith(framePath))
    return (site === undefined || site === 'same-origin') && (dest ?? 'iframe') === 'iframe';
  if (site === undefined || site === 'same-origin') return true;
  // Typed, or from a bookmark; and the way in from the file, whose origin is nobody's.
  return isVisit && (site === 'none' || path === ENTRY_PATH);
}

/** Bodies are JSON of a length that is known before it is read; a GET has none. */
function bodyRefusal(isRead: boolean, one: (name: string) => string | undefined): Refusal | null {
  const length = one('content-length') ?? '0';
  if (one('transfer-encoding') !== undefined || !/^\d{1,15}$/.test(length))
    return refusal(411, 'body', 'a body has to say its length');
  if (isRead) return length === '0' ? null : refusal(400, 'body', 'a GET has no body');
  if (one('content-type') !== 'application/json')
    return { ...refusal(415, 'body', 'the body is not application/json'), code: 'ERR_BODY_TYPE' };
  if (Number(length) <= MAX_BODY_BYTES) return null;
  return {
    ...refusal(413, 'body', `body is larger than ${MAX_BODY_BYTES} bytes`),
    code: 'ERR_BODY_LIMIT',
  };
}

/** One `/`, then a path that means what it says: nothing that a reader of URLs would take for another one. */
function isPlainTarget(target: string, authority: string): boolean {
  if (!target.startsWith('/') || target.includes('#')) return false;
  const origin = `http://${authority}`;
  if (!URL.canParse(target, origin)) return false;
  // Two slashes, or one and a backslash, would name a host.
  const read = new URL(target, origin);
  return read.origin === origin && read.pathname === pathOf(target);
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? '';
}

function headersOf(rawHeaders: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const values = headers.get(name) ?? [];
    values.push(rawHeaders[index + 1] ?? '');
    headers.set(name, values);
  }
  return headers;
}

function refusal(status: number, kind: Refusal['kind'], message: string): Refusal {
  return { status, code: 'ERR_DESK_REFUSED', kind, message };
}
