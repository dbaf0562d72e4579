/**
 * The only file of the connector that makes HTTP requests, and every one of them over a socket that
 * the gate handed out. Never follows a redirect, never reads more than was allowed, never waits for
 * ever. Unprotected HTTP goes through the gate's `danger` and nowhere else.
 */

import type { Agent } from 'node:http';
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import {
  type Clock,
  type ConnectionPurpose,
  type Gate,
  PosternError,
  TransportError,
} from '@postern/trust';
import { ServerError } from './errors.ts';
import { excerpt } from './text.ts';
import type { Traffic } from './traffic.ts';

/** Where requests go, and whether over TLS. */
export interface Origin {
  host: string;
  port: number;
  isSecure: boolean;
}

/** Who asks, and for what: decides through which agent a request goes. */
export interface Errand {
  purpose: ConnectionPurpose;
  initiatedBy: 'background' | 'person';
  signal?: AbortSignal | undefined;
}

/** One request. */
export interface HttpRequest extends Errand {
  method: 'GET' | 'POST';
  /** Path and query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** Largest answer, in bytes. */
  maxBytes: number;
  /** Longest wait from the handed-out socket to the answer's first byte, in ms; default {@link ANSWER_WITHIN_MS}. */
  answerWithinMs?: number;
}

/** One answer, read whole. */
export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The eight connections' way to the server. */
export interface Http {
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Resolves after a verdict lets the connection through; not a byte of a request is sent. */
  reach(errand: Errand): Promise<void>;
  /** Ends pooled sockets; later requests dial anew. */
  close(): void;
}

/** What {@link createHttp} is made of. */
export interface HttpOptions {
  gate: Gate;
  clock: Clock;
  /** Asked for every request, because a tick in Use Secure Connection takes effect at once. */
  origin: () => Origin;
  /** `User-Agent`. */
  userAgent: string;
  /** Counts what goes over the sockets. */
  traffic: Traffic;
}

/** Longest wait for an answer to begin, in ms: a first SyncRequest of a big mailbox takes ZCS some ten seconds. */
export const ANSWER_WITHIN_MS = 60_000;

/** Longest pause within an answer, in ms: ten round trips of a bad mobile line. */
const IDLE_MS = 30_000;

/** Sockets for each purpose; mail fetches items in a window of this size (a browser takes 6, ZCS's DoSFilter 30 requests a second for each session by default). */
export const SOCKETS_PER_PURPOSE = 8;

/** Makes the way to the server; dials nothing yet. */
export function createHttp({ gate, clock, origin, userAgent, traffic }: HttpOptions): Http {
  const agents = new Map<string, Agent>();

  function agentFor({ isSecure }: Origin, { purpose, initiatedBy }: Errand): Agent {
    const key = `${isSecure} ${purpose} ${initiatedBy}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const about = { purpose, initiatedBy, maxSockets: SOCKETS_PER_PURPOSE };
    const agent = isSecure ? gate.agent(about) : gate.danger.plainHttpAgent(about);
    agents.set(key, agent);
    return agent;
  }

  function once(wanted: HttpRequest): Promise<HttpAnswer> {
    const { body, signal } = wanted;
    // What is over already must not even dial: for the gate it would be something new that begins.
    if (signal?.aborted) return Promise.reject(abortError(signal));
    const to = origin();
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        protocol: to.isSecure ? 'https:' : 'http:',
        host: to.host,
        port: to.port,
        agent: agentFor(to, wanted),
        method: wanted.method,
        path: wanted.path,
        headers: {
          'User-Agent': userAgent,
          ...wanted.headers,
          ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        },
      });
      const exchange = createExchange(outgoing, wanted, to, clock, resolve, reject);
      outgoing.once('socket', (socket) => {
        // Whatever a socket of the pool carried since its last request, then this one's bytes.
        traffic.look(wanted.purpose, socket);
        outgoing.once('close', () => traffic.look(wanted.purpose, socket));
      });
      if (signal !== undefined) {
        const abort = (): void => exchange.fail(abortError(signal));
        signal.addEventListener('abort', abort, { once: true });
        outgoing.once('close', () => signal.removeEventListener('abort', abort));
      }
      outgoing.end(body);
    });
  }

  return {
    async request(wanted) {
      try {
        return await once(wanted);
      } catch (error) {
        // A server may close an idle socket at the moment we write to it (RFC 9112 9.3.1).
        if (error instanceof StaleSocketError) return once(wanted).catch(unwrap);
        throw error;
      }
    },
    async reach({ purpose, initiatedBy, signal }) {
      const { host, port, isSecure } = origin();
      const request = {
        host,
        port,
        purpose,
        initiatedBy,
        ...(signal === undefined ? {} : { signal }),
      };
      const socket = isSecure
        ? await gate.connect(request)
        : await gate.danger.connectPlainHttp(request);
      socket.destroy();
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

/** A pooled socket was closed before any of the answer came: the request may be sent once more. */
class StaleSocketError extends Error {}

function unwrap(error: unknown): never {
  throw error instanceof StaleSocketError ? error.cause : error;
}

/** One request under way: ends once, with an answer or with a typed error. */
function createExchange(
  outgoing: ClientRequest,
  wanted: HttpRequest,
  to: Origin,
  clock: Clock,
  resolve: (answer: HttpAnswer) => void,
  reject: (error: unknown) => void,
): { fail: (error: unknown) => void } {
  const { purpose } = wanted;
  let isOver = false;
  let cancelTimer: (() => void) | null = null;

  const finish = (): boolean => {
    if (isOver) return false;
    isOver = true;
    cancelTimer?.();
    return true;
  };
  const fail = (error: unknown): void => {
    if (!finish()) return;
    reject(error);
    outgoing.destroy();
  };
  const timeOut = (phase: 'request' | 'response', ms: number): void =>
    fail(
      new TransportError('ERR_CONNECT_TIMEOUT', `no answer within ${ms} ms`, { phase, purpose }),
    );

  outgoing.once('socket', () => {
    const withinMs = wanted.answerWithinMs ?? ANSWER_WITHIN_MS;
    if (!isOver) cancelTimer = clock.setTimer(() => timeOut('request', withinMs), withinMs);
  });
  outgoing.on('error', (error) => fail(connectionError(outgoing, error, purpose, 'request')));
  outgoing.once('response', (incoming) => {
    cancelTimer?.();
    incoming.on('error', (error) => fail(connectionError(outgoing, error, purpose, 'response')));
    const refusal = refusalOf(incoming, wanted, to);
    if (refusal !== null) return fail(refusal);
    const chunks: Buffer[] = [];
    let length = 0;
    let lastLength = -1;
    const watch = (): void => {
      if (length === lastLength) timeOut('response', IDLE_MS);
      else cancelTimer = clock.setTimer(watch, IDLE_MS);
      lastLength = length;
    };
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > wanted.maxBytes) return fail(tooLarge(wanted, length));
      chunks.push(chunk);
      // Most answers are over before a timer would be worth its while.
      if (lastLength === -1) watch();
    });
    incoming.on('end', () => {
      if (!finish()) return;
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        body:
          chunks.length === 1 && chunks[0] !== undefined
            ? chunks[0]
            : Buffer.concat(chunks, length),
      });
    });
    incoming.on('close', () =>
      fail(connectionError(outgoing, new Error('answer is incomplete'), purpose, 'response')),
    );
  });
  return { fail };
}

/** Why an answer is not even read: it points elsewhere, or says that it is too large. */
function refusalOf(incoming: IncomingMessage, wanted: HttpRequest, to: Origin): ServerError | null {
  const status = incoming.statusCode ?? 0;
  if (status >= 300 && status < 400 && status !== 304) {
    const where = redirectTarget(incoming.headers.location, to);
    return new ServerError(
      'ERR_REDIRECT_REFUSED',
      `server "${to.host}:${to.port}" redirects ${wanted.purpose} to ${where}, redirects are not followed`,
      { purpose: wanted.purpose, status },
    );
  }
  const announced = Number(incoming.headers['content-length'] ?? 0);
  return announced > wanted.maxBytes ? tooLarge(wanted, announced) : null;
}

/** Where a redirect points, and how that differs from here. */
function redirectTarget(location: string | undefined, to: Origin): string {
  if (location === undefined) return 'nowhere';
  const shown = `"${excerpt(location)}"`;
  try {
    const base = `${to.isSecure ? 'https' : 'http'}://${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`;
    const target = new URL(location, base);
    if (target.origin === new URL(base).origin) return `${shown} at the same server`;
    return to.isSecure && target.protocol === 'http:'
      ? `${shown} over unprotected HTTP`
      : `${shown} at another server`;
  } catch {
    return shown;
  }
}

function tooLarge({ maxBytes, path, purpose }: HttpRequest, length: number): ServerError {
  return new ServerError(
    'ERR_ANSWER_LIMIT',
    `answer to "${path.split('?')[0]}" has at least ${length} bytes, at most ${maxBytes} allowed`,
    { purpose },
  );
}

/** The gate's own error where it ended the socket, else a transport error with the foreign one as its cause. */
function connectionError(
  outgoing: ClientRequest,
  error: Error,
  purpose: ConnectionPurpose,
  phase: 'request' | 'response',
): Error {
  if (error instanceof PosternError) return error;
  const behind = outgoing.socket?.errored;
  if (behind instanceof PosternError) return behind;
  const code = 'code' in error ? String(error.code) : error.message;
  const failure = new TransportError(
    'ERR_CONNECTION_CLOSED',
    `connection ended: ${excerpt(code)}`,
    {
      phase,
      purpose,
      cause: error,
    },
  );
  const isStale = outgoing.reusedSocket && phase === 'request';
  return isStale ? new StaleSocketError('stale socket', { cause: failure }) : failure;
}

function abortError(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException('aborted', 'AbortError');
}
