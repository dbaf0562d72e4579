/**
 * The desk's own address: HTTP on 127.0.0.1 for a browser of this computer. It gives the page, the part
 * of the API that is meant for it, and mail in frames; to whoever is not that page, a refusal. It listens
 * from the first time that a desk is opened.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@postern/trust';
import {
  answer,
  answerFailure,
  type Caller,
  HostError,
  readObject,
  textField,
} from '../exchange.ts';
import { DESK_CALLS } from './calls.ts';
import { ENTRY_PAGE, ENTRY_SCRIPT, ENTRY_SCRIPT_PATH, LATE_PAGE } from './entry.ts';
import { ENTRY_PATH, type Refusal, refusalOf } from './guard.ts';
import { createHandover } from './handover.ts';
import { DESK_HEADERS, viewHeaders } from './headers.ts';
import { type Page, readPage } from './page.ts';
import { createPatience } from './patience.ts';
import { LOOPBACK, listenOnLoopback } from './port.ts';
import { createDeskServer, type DeskLimits } from './server.ts';
import { createDeskSessions, type DeskSession } from './sessions.ts';
import { VIEW_PATH, type ViewTickets } from './view-tickets.ts';

/** Most of a header that is told to the log, in characters. */
const TOLD_LENGTH = 120;

/** What the desk's address needs. */
export interface DeskOptions {
  clock: Clock;
  tickets: ViewTickets;
  /** Folder of the built page. */
  page: string;
  /** A private folder, for the files that hand a code to a browser. */
  folder: string;
  /** Answers a request to the API. */
  handle: (request: IncomingMessage, response: ServerResponse, caller: Caller) => void;
  log?: (line: string) => void;
  limits?: Partial<DeskLimits>;
}

/** The desk's address. */
export interface Desk {
  /** Makes a one-time code and gives the address with it. Throws HostError ERR_DESK_NOT_BUILT. */
  open(profile: string | null): Promise<{ url: string }>;
  /** The same, as a file that leads a browser there; it is gone when the code is. */
  handOver(profile: string | null): Promise<{ file: string }>;
  /** Ends every session and stops listening. */
  close(): Promise<void>;
}

/** Makes the desk's address; it does not listen yet. */
export function createDesk(options: DeskOptions): Desk {
  const { clock, tickets, handle } = options;
  const log = options.log ?? (() => {});
  const sessions = createDeskSessions(clock, log);
  const patience = createPatience(clock, log);
  const handover = createHandover(options.folder);
  let page: Page = new Map();
  let authority = '';
  let listening: Promise<void> | null = null;
  let isClosed = false;

  const server = createDeskServer(options.limits ?? {}, {
    request(request, response) {
      serve(request, response).catch((error: unknown) => {
        if (!(error instanceof HostError)) log(`desk: ${String(error)}`);
        answerFailure(response, error);
      });
    },
    expectation(_request, response) {
      addHeaders(response, DESK_HEADERS);
      response.setHeader('Connection', 'close');
      answerFailure(response, new HostError(417, 'ERR_DESK_REFUSED', 'nothing is expected here'));
    },
    upgrade: (request) => tell('upgrade', request),
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    addHeaders(response, DESK_HEADERS);
    const { method = '', url: target = '', rawHeaders } = request;
    const refusal = refusalOf({ method, target, rawHeaders }, authority, VIEW_PATH);
    if (refusal !== null) {
      tell(refusal.kind, request);
      refuse(response, refusal);
      return;
    }
    const { pathname } = new URL(target, `http://${authority}`);
    if (pathname === '/api/session') await openSession(request, response);
    else if (pathname.startsWith('/api/')) callApi(request, response);
    else if (method !== 'GET') throw new HostError(405, 'ERR_METHOD', 'this cannot be done here');
    else if (pathname.startsWith(VIEW_PATH)) showView(pathname.slice(VIEW_PATH.length), response);
    else showPage(pathname, response);
  }

  async function openSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST')
      throw new HostError(405, 'ERR_METHOD', 'this cannot be done here');
    const token = sessions.exchange(textField(await readObject(request), 'code'));
    if (token === null) {
      refuseUnknown(
        request,
        response,
        new HostError(401, 'ERR_SESSION_CODE', 'this code is used or over, or never was one'),
      );
    } else answer(response, 200, { token });
  }

  function callApi(request: IncomingMessage, response: ServerResponse): void {
    const { authorization = '' } = request.headers;
    const [, token] = /^Bearer ([\w-]{1,100})$/.exec(authorization) ?? [];
    const session = token === undefined ? null : sessions.find(token);
    if (session === null) {
      refuseUnknown(
        request,
        response,
        new HostError(401, 'ERR_SESSION_NONE', 'this window is not signed in'),
      );
      return;
    }
    session.hold(response);
    handle(request, response, callerOf(session, request));
  }

  function refuseUnknown(
    request: IncomingMessage,
    response: ServerResponse,
    error: HostError,
  ): void {
    tell(error.code === 'ERR_SESSION_CODE' ? 'code' : 'token', request);
    patience.slowly(() => {
      if (response.destroyed) return;
      response.setHeader('WWW-Authenticate', 'Bearer');
      answerFailure(response, error);
    });
  }

  function showView(ticket: string, response: ServerResponse): void {
    const view = tickets.take(ticket);
    if (view === null) throw new HostError(404, 'ERR_NOT_FOUND', 'there is nothing here');
    addHeaders(response, viewHeaders(view.pictures));
    send(response, 'text/html; charset=utf-8', Buffer.from(view.html));
  }

  function showPage(pathname: string, response: ServerResponse): void {
    if (pathname === ENTRY_PATH) {
      const text = sessions.isExpecting ? ENTRY_PAGE : LATE_PAGE;
      send(response, 'text/html; charset=utf-8', Buffer.from(text));
      return;
    }
    if (pathname === ENTRY_SCRIPT_PATH) {
      send(response, 'text/javascript; charset=utf-8', Buffer.from(ENTRY_SCRIPT));
      return;
    }
    const file = page.get(pathname);
    if (file === undefined) throw new HostError(404, 'ERR_NOT_FOUND', 'there is nothing here');
    if (file.isImmutable)
      response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    send(response, file.type, file.bytes);
  }

  /** What was refused, and where it said it came from. Never a token, a code or the address of a frame. */
  function tell(kind: string, { method, headers }: IncomingMessage): void {
    const told = (value: string | undefined): string => `"${(value ?? '').slice(0, TOLD_LENGTH)}"`;
    patience.tell(
      `desk: refused ${kind}, ${method} host ${told(headers.host)} origin ${told(headers.origin)}`,
    );
  }

  async function start(): Promise<void> {
    handover.clear();
    const port = await listenOnLoopback(server);
    authority = `${LOOPBACK}:${port}`;
    log(`desk: listening on ${authority}`);
  }

  async function ready(): Promise<void> {
    // Listening again would keep a process alive that is ending.
    if (isClosed) throw new HostError(503, 'ERR_NOT_RUNNING', 'Postern is stopping');
    // Each time, so that a page that was built meanwhile is the one that is shown.
    page = readPage(options.page);
    listening ??= start();
    try {
      await listening;
    } catch (error) {
      listening = null;
      throw error;
    }
  }

  const fragment = (code: string, profile: string | null): string =>
    `#code=${code}${profile === null ? '' : `&profile=${encodeURIComponent(profile)}`}`;

  return {
    async open(profile) {
      await ready();
      const code = sessions.issueCode(() => {});
      return { url: `http://${authority}/${fragment(code, profile)}` };
    },
    async handOver(profile) {
      await ready();
      let remove = (): void => {};
      const code = sessions.issueCode(() => remove());
      const written = handover.write(`http://${authority}${ENTRY_PATH}${fragment(code, profile)}`);
      remove = written.remove;
      return { file: written.file };
    },
    async close() {
      isClosed = true;
      patience.close();
      tickets.close();
      sessions.close();
      await listening?.catch(() => {});
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** What a window may do at the API, and whether somebody sits before it. */
function callerOf(session: DeskSession, request: IncomingMessage): Caller {
  return {
    admit({ method, path: pattern }) {
      const call = DESK_CALLS[`${method} ${pattern}`];
      if (call === undefined) throw new HostError(404, 'ERR_NOT_FOUND', 'there is nothing here');
      const { maxBodyBytes, by } = call;
      if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
        throw new HostError(413, 'ERR_BODY_LIMIT', `body is larger than ${maxBodyBytes} bytes`);
      }
      const { isIdle } = session;
      if (by === 'person') session.touch();
      return { isIdle };
    },
  };
}

function addHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function send(response: ServerResponse, type: string, bytes: Buffer): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(bytes);
}

/** Refuses and hangs up: what else comes on this connection is not read. */
function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  response.setHeader('Connection', 'close');
  answerFailure(response, new HostError(status, code, message));
}
