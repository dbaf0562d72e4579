/** HTTPS servers that count: one case, or one certificate after another. */

import type { KeyObject } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { BadCertCase } from '../case.ts';
import { type Ledger, listen, newLedger, type TestServer } from './listening.ts';

/** What a server needs to present a chain. */
export interface Presented {
  presented: readonly Uint8Array[];
  key: KeyObject;
}

/** A server whose certificate can be exchanged while it runs. */
export interface ChangingServer extends TestServer {
  /** Presents the next chain from the next handshake on. Open connections go on. */
  swap(): void;
}

const answersOk: RequestListener = (_request, response) => {
  response.end('ok');
};

/** Presents a case's chain over real TLS, in the versions that the case names. */
export async function serveCase(
  one: BadCertCase,
  respond: RequestListener = answersOk,
): Promise<TestServer> {
  return serveChain(await one.make(), respond, one.tls);
}

/** Presents a chain over real TLS. */
export function serveChain(
  chain: Presented,
  respond: RequestListener = answersOk,
  tls: BadCertCase['tls'] = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' },
): Promise<TestServer> {
  const { server, ledger } = counting(secureOptions(chain, tls), respond);
  return listen(server, ledger);
}

/** Presents each chain in turn: A until the first `swap()`, then B, and so on round. */
export async function serveChanging(
  chains: readonly Presented[],
  respond: RequestListener = answersOk,
): Promise<ChangingServer> {
  const [first] = chains;
  if (first === undefined) throw new TypeError('a changing server needs chains');
  const tls = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const;
  const { server, ledger } = counting(secureOptions(first, tls), respond);
  let turn = 0;
  return {
    ...(await listen(server, ledger)),
    swap() {
      turn += 1;
      server.setSecureContext(secureOptions(chains[turn % chains.length] ?? first, tls));
    },
  };
}

function counting(
  options: ServerOptions,
  respond: RequestListener,
): { server: Server; ledger: Ledger } {
  const ledger = newLedger();
  const server = createServer(options, (request, response) => {
    ledger.counters.requests += 1;
    respond(request, response);
  });
  server.on('secureConnection', (socket) => {
    ledger.counters.handshakes += 1;
    socket.on('data', ledger.take);
    socket.on('error', () => socket.destroy());
  });
  return { server, ledger };
}

/** Security level 0, because the server must agree to present what no client should accept. */
function secureOptions(chain: Presented, tls: NonNullable<BadCertCase['tls']>): ServerOptions {
  return {
    ...tls,
    ciphers: 'DEFAULT@SECLEVEL=0',
    cert: chain.presented.map(pem).join(''),
    key: chain.key.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/** DER as PEM (RFC 7468). */
export function pem(der: Uint8Array): string {
  const base64 = Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}
