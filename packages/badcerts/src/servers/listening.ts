/** What every server of the kit is: on a free port of 127.0.0.1, counted, and closed without a trace. */

import { once } from 'node:events';
import type { Server, Socket } from 'node:net';

/** What reached a server. Only application bytes tell whether a client sent something. */
export interface Counters {
  /** TCP connections accepted. */
  connections: number;
  /** TLS handshakes that the server saw end well. */
  handshakes: number;
  /** Bytes received after decryption; on a plain server, every byte. */
  applicationBytes: number;
  /** HTTP requests whose header was complete. */
  requests: number;
}

export interface TestServer {
  readonly port: number;
  readonly counters: Readonly<Counters>;
  /** Every application byte received so far. */
  received(): Buffer;
  /** Resolves when so many TCP connections have been accepted in all. */
  connected(count: number): Promise<void>;
  /** Resolves when no client is connected any more: then everything that was sent has been counted. */
  quiet(): Promise<void>;
  /** Destroys every socket and resolves when the port is free. */
  close(): Promise<void>;
}

/** Counters and the bytes themselves, for one server to write to. */
export interface Ledger {
  counters: Counters;
  take(bytes: Buffer): void;
  received(): Buffer;
}

/** An empty ledger. */
export function newLedger(): Ledger {
  const chunks: Buffer[] = [];
  const counters = { connections: 0, handshakes: 0, applicationBytes: 0, requests: 0 };
  return {
    counters,
    take(bytes) {
      chunks.push(bytes);
      counters.applicationBytes += bytes.length;
    },
    received: () => Buffer.concat(chunks),
  };
}

/** Starts a server on a free port and counts its TCP connections. */
export async function listen(server: Server, ledger: Ledger): Promise<TestServer> {
  const open = new Set<Socket>();
  const waiting = new Set<() => void>();
  server.on('connection', (socket: Socket) => {
    ledger.counters.connections += 1;
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      if (open.size > 0) return;
      for (const resolve of waiting) resolve();
      waiting.clear();
    });
    // A client that hangs up is what most cases are about, not a failure of the server.
    socket.on('error', () => socket.destroy());
  });
  server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return {
    port: address.port,
    counters: ledger.counters,
    received: ledger.received,
    async connected(count) {
      while (ledger.counters.connections < count) await once(server, 'connection');
    },
    async quiet() {
      if (open.size > 0) await new Promise<void>((resolve) => waiting.add(resolve));
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
