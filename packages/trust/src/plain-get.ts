/**
 * One plain GET whose answer nobody trusts: it explains a question and nothing else. The address is
 * given, not looked up; nothing follows a redirect; no credentials, no cookies, no kept connection.
 */

import { request } from 'node:http';
import type { Socket } from 'node:net';

/** Opens a plain socket to an address. The gate's own is dialPlain (danger.ts); tests bring theirs. */
export type PlainDial = (address: string, port: number) => Socket;

export interface PlainGet {
  address: string;
  /** For the Host header: a name, or an address in the form of a URL. */
  host: string;
  /** Path and query. */
  path: string;
  /** Longest body that is read, in bytes; more is an error. Zero reads none. */
  maxBytes: number;
  signal: AbortSignal;
}

export interface PlainAnswer {
  status: number;
  location: string | null;
  body: Uint8Array;
}

/** RFC 9110 has no limit; Node's own for all headers together. */
const MAX_HEADER_BYTES = 16_384;

/** Asks once, on port 80. Throws whatever went wrong: no caller tells one failure from another. */
export function plainGet(dial: PlainDial, about: PlainGet): Promise<PlainAnswer> {
  const { address, host, path, maxBytes, signal } = about;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = dial(address, 80);
    const fail = (error: unknown): void => {
      socket.destroy();
      reject(error);
    };
    let isAnswered = false;
    // At once: `request` listens only from the next turn on.
    socket.on('error', fail);
    socket.once('close', () => {
      if (!isAnswered) fail(new Error('closed'));
    });
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    const asked = request({
      createConnection: () => socket,
      path,
      maxHeaderSize: MAX_HEADER_BYTES,
      setDefaultHeaders: false,
      headers: { Host: host, Accept: '*/*', Connection: 'close' },
    });
    asked.on('error', fail);
    asked.on('response', (response) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void => {
        // Whatever else would come is of no interest.
        socket.destroy();
        const { statusCode: status = 0, headers } = response;
        resolve({ status, location: headers.location ?? null, body: Buffer.concat(chunks) });
      };
      response.on('error', fail);
      if (maxBytes === 0) return done();
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) return fail(new Error(`more than ${maxBytes} bytes`));
        chunks.push(chunk);
      });
      response.on('end', done);
    });
    asked.end();
  });
}
