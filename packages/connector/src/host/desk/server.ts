/** An HTTP server that no client can make wait, fill, or speak to in anything but HTTP; its refusals have the desk's headers, too. */

import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { DESK_HEADERS } from './headers.ts';

/** What a client may take of this process, in ms, bytes and connections. */
export interface DeskLimits {
  /** Until the headers of a request are whole. */
  headersMs: number;
  /** Until its body is, too. What is sent back, the event stream above all, may take for ever. */
  requestMs: number;
  headerBytes: number;
  /** A browser has six to one address. */
  connections: number;
}

const LIMITS: DeskLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  headerBytes: 16 * 1024,
  connections: 64,
};

/** How often Node.js looks for requests that take too long, in ms. */
const LOOK_MS = 1_000;

/** What becomes of requests. */
export interface DeskListeners {
  request: RequestListener;
  /** A request with an expectation other than `100-continue`. */
  expectation: RequestListener;
  /** One that wants another protocol; its connection is closed. */
  upgrade: (request: Parameters<RequestListener>[0]) => void;
}

/** Makes the server; it does not listen yet. */
export function createDeskServer(given: Partial<DeskLimits>, listeners: DeskListeners): Server {
  const limits = { ...LIMITS, ...given };
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.min(LOOK_MS, limits.headersMs),
      maxHeaderSize: limits.headerBytes,
      // Refused by the guard, with all headers, instead of by Node.js without.
      requireHostHeader: false,
    },
    listeners.request,
  );
  server.maxConnections = limits.connections;
  // No limit to their number: beyond one they would fall away unseen. Their size has a limit.
  server.maxHeadersCount = 0;
  server.on('clientError', refuseBytes);
  server.on('checkExpectation', listeners.expectation);
  server.on('upgrade', (request, socket) => {
    listeners.upgrade(request);
    socket.destroy();
  });
  return server;
}

/** Status of what Node.js does not take for a request at all. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Bytes that are no request, or one that comes too slowly. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  // Nothing may be written into an answer that has begun.
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const headers = Object.entries(DESK_HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = UNREADABLE[error.code ?? ''] ?? '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\n${headers.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`,
  );
}
