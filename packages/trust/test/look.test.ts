/** Looking at servers that no connection by the gate's rules is possible with: why, and never a socket. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import tls, { type TlsOptions } from 'node:tls';
import {
  AT,
  goodPlan,
  keyPair,
  leaf,
  type MadeChain,
  makeChain,
  pem,
  SERVER_NAME,
  servePlainHttp,
} from '@postern/badcerts';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  problemKey,
} from '@postern/trust';
import { createManualClock } from '../../../test/manual-clock.ts';

const DAY_MS = 86_400_000;
const good = await makeChain(goodPlan('look', SERVER_NAME));
const rsa = await makeChain(
  leaf({ key: keyPair('rsa2048', 'look leaf') })(goodPlan('look rsa', SERVER_NAME)),
);
const expired = await makeChain(
  leaf({ notAfter: new Date(AT.getTime() - DAY_MS) })(goodPlan('look expired', SERVER_NAME)),
);

function gateUnder({ anchors }: MadeChain): Gate {
  return createGate({
    anchors: fixedAnchors(anchors),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(),
    clock: createManualClock(AT),
    ask: { ask: async () => null },
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
}

/** A TLS server at level 0 that counts connections and application bytes. */
async function serve(
  t: TestContext,
  chain: MadeChain | null,
  options: TlsOptions,
): Promise<{ port: number; counted: { connections: number; bytes: number } }> {
  const counted = { connections: 0, bytes: 0 };
  const server = tls.createServer({
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...(chain === null
      ? {}
      : {
          key: chain.key.export({ type: 'pkcs8', format: 'pem' }),
          cert: chain.presented.map(pem).join(''),
        }),
    ...options,
  });
  server.on('connection', (socket) => {
    counted.connections += 1;
    socket.on('error', () => socket.destroy());
  });
  server.on('secureConnection', (socket) =>
    socket
      .on('error', () => socket.destroy())
      .on('data', (data) => {
        counted.bytes += data.length;
      }),
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, counted };
}

const cases: readonly {
  name: string;
  chain: MadeChain;
  options: TlsOptions;
  expected: readonly string[];
  protocol: string;
}[] = [
  {
    name: 'TLS 1.0 alone is an old protocol',
    chain: good,
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1' },
    expected: ['old-protocol@connection'],
    protocol: 'TLSv1',
  },
  {
    name: 'TLS 1.1 alone is an old protocol',
    chain: good,
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
    expected: ['old-protocol@connection'],
    protocol: 'TLSv1.1',
  },
  {
    name: 'the old protocol does not hide what is wrong with the certificate',
    chain: expired,
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1' },
    expected: ['expired@0', 'old-protocol@connection'],
    protocol: 'TLSv1',
  },
  {
    name: 'a good certificate behind signatures by SHA-1 alone is not secure',
    chain: rsa,
    options: { maxVersion: 'TLSv1.2', sigalgs: 'RSA+SHA1' },
    expected: ['refused-by-openssl@connection'],
    protocol: 'TLSv1.2',
  },
  {
    name: 'a good certificate without encryption is not secure',
    chain: good,
    options: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0' },
    expected: ['refused-by-openssl@connection'],
    protocol: 'TLSv1.2',
  },
];

describe('a server with which no handshake by the rules is possible', () => {
  for (const { name, chain, options, expected, protocol } of cases) {
    test(name, async (t) => {
      const { port, counted } = await serve(t, chain, options);
      const gate = gateUnder(chain);
      const at = { host: SERVER_NAME, port };
      const { diagnosis, verdict } = await gate.look({ ...at, evenIfTooWeak: true });
      assert.deepEqual(diagnosis.problems.map(problemKey), expected);
      assert.equal(diagnosis.protocol, protocol);
      assert.notEqual(verdict.kind, 'secure');
      assert.equal(counted.connections, 2);

      const failure = { name: 'TransportError', code: 'ERR_HANDSHAKE_FAILED' };
      await assert.rejects(gate.look(at), failure);
      await assert.rejects(
        gate.connect({ ...at, purpose: 'mail', initiatedBy: 'person' }),
        failure,
      );
      const granting = {
        ...at,
        sha256: diagnosis.chain[0]?.sha256 ?? '',
        interval: '1h',
        evenIfTooWeak: true,
      } as const;
      await assert.rejects(gate.authorize(granting), failure);
      assert.equal(counted.bytes, 0);
      await gate.close();
    });
  }

  test('who has no certificate at all is told so', async (t) => {
    const { port } = await serve(t, null, {
      maxVersion: 'TLSv1.2',
      ciphers: 'AECDH-AES128-SHA:@SECLEVEL=0',
    });
    await assert.rejects(gateUnder(good).look({ host: SERVER_NAME, port, evenIfTooWeak: true }), {
      code: 'ERR_TRUST_NO_CERTIFICATE',
    });
  });

  test('what speaks no TLS is not dialled a second time', async (t) => {
    const server = await servePlainHttp();
    t.after(() => server.close());
    await assert.rejects(
      gateUnder(good).look({ host: SERVER_NAME, port: server.port, evenIfTooWeak: true }),
      { code: 'ERR_HANDSHAKE_FAILED', message: /: ERR_SSL_WRONG_VERSION_NUMBER$/ },
    );
    assert.equal(server.counters.connections, 1);
  });

  test('the error of a connection says that the protocol is too old', async (t) => {
    const { port } = await serve(t, good, { minVersion: 'TLSv1', maxVersion: 'TLSv1' });
    await assert.rejects(
      gateUnder(good).connect({ host: SERVER_NAME, port, purpose: 'mail', initiatedBy: 'person' }),
      {
        message: `no TLS handshake with "${SERVER_NAME}:${port}": ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION (it speaks no TLS from 1.2 on)`,
      },
    );
  });
});
