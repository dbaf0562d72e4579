/** Servers that never come to a TLS handshake, or never end one. */

import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { type Presented, serveChain } from './https.ts';
import { listen, newLedger, type TestServer } from './listening.ts';

/** Speaks HTTP without TLS. */
export function servePlainHttp(
  respond: RequestListener = (_request, response) => {
    response.end('ok');
  },
): Promise<TestServer> {
  const ledger = newLedger();
  const server = createPlainServer((request, response) => {
    ledger.counters.requests += 1;
    respond(request, response);
  });
  server.on('connection', (socket: Socket) => socket.on('data', ledger.take));
  return listen(server, ledger);
}

/** Accepts, reads, and never says anything. */
export function serveSilence(): Promise<TestServer> {
  return serveBytes(() => undefined);
}

/** Begins a ServerHello and stops: the record announces 122 bytes and brings six. */
export function serveHalfHello(): Promise<TestServer> {
  return serveBytes((socket) => {
    socket.write(Buffer.from('160303007a020000760303', 'hex'));
  });
}

/** Answers the ClientHello with bytes that are no TLS, and hangs up. */
export function serveGarbage(): Promise<TestServer> {
  return serveBytes((socket) => {
    socket.end(Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 97 + 43) % 256)));
  });
}

/** Presents any bytes as certificates in TLS 1.2, which no TLS library would agree to send. */
export function serveUnreadable(presented: readonly Uint8Array[]): Promise<TestServer> {
  return serveBytes((socket) => {
    socket.write(Buffer.concat([handshakeRecord(2, serverHello()), certificates(presented)]));
  });
}

/** A true TLS server of which the client gets only the first bytes, then the end of the connection. */
export async function serveTruncated(chain: Presented, bytes: number): Promise<TestServer> {
  const inner = await serveChain(chain);
  const outer = await serveBytes((socket, hello) => {
    const upstream = connect(inner.port, '127.0.0.1', () => upstream.write(hello));
    let left = bytes;
    upstream.on('data', (chunk) => {
      socket.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      socket.end();
      upstream.destroy();
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  return {
    ...outer,
    async close() {
      await outer.close();
      await inner.close();
    },
  };
}

/** Does one thing at the first bytes of each connection. */
function serveBytes(react: (socket: Socket, first: Buffer) => void): Promise<TestServer> {
  const ledger = newLedger();
  const server = createServer((socket) => {
    socket.on('data', ledger.take);
    socket.once('data', (first) => react(socket, Buffer.from(first)));
  });
  return listen(server, ledger);
}

/** ECDHE-ECDSA-AES128-GCM-SHA256 with a random of zeros and secure renegotiation (RFC 5246 7.4.1.3). */
function serverHello(): Buffer {
  const random = Buffer.alloc(32);
  const renegotiationInfo = Buffer.from('0005ff01000100', 'hex');
  return Buffer.concat([
    Buffer.from('0303', 'hex'),
    random,
    Buffer.from('00c02b00', 'hex'),
    renegotiationInfo,
  ]);
}

function certificates(presented: readonly Uint8Array[]): Buffer {
  const list = Buffer.concat(presented.map((der) => Buffer.concat([length24(der.length), der])));
  return handshakeRecord(11, Buffer.concat([length24(list.length), list]));
}

/** One handshake message in one record (RFC 5246 6.2.1: at most 2^14 bytes, which every case here keeps). */
function handshakeRecord(type: number, body: Buffer): Buffer {
  const header = Buffer.from([0x16, 3, 3, (body.length + 4) >> 8, (body.length + 4) & 0xff, type]);
  return Buffer.concat([header, length24(body.length), body]);
}

function length24(length: number): Buffer {
  return Buffer.from([length >> 16, (length >> 8) & 0xff, length & 0xff]);
}
