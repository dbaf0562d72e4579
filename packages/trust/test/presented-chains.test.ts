/** What a handshake showed, over real sockets: a chain is read again wherever it may be another one. */

import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import { caseById, type MadeChain, type Presented, serveChanging } from '@postern/badcerts';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  problemKey,
  systemClock,
} from '@postern/trust';
import { SERVER_NAME } from './gate-stage.ts';

function gateFor(anchors: readonly Uint8Array[]): Gate {
  return createGate({
    anchors: fixedAnchors(anchors),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(),
    ask: { ask: async () => null },
    clock: systemClock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
}

/** The same leaf, with what is said to stand beside it. */
function withBeside(chain: MadeChain, beside: readonly Uint8Array[]): Presented {
  const [leaf = new Uint8Array()] = chain.presented;
  return { key: chain.key, presented: [leaf, ...beside] };
}

suite('the chain of a server that shows the same leaf again', async () => {
  const chain = await caseById('chain::good').make();
  const [leaf, issuing = new Uint8Array()] = chain.presented;
  const whole = withBeside(chain, [issuing]);
  const bare = withBeside(chain, []);

  /** How many certificates were seen and what was said of them, chain by chain. */
  async function seen(chains: readonly Presented[]): Promise<[number, string[]][]> {
    const server = await serveChanging(chains);
    const gate = gateFor(chain.anchors);
    const found: [number, string[]][] = [];
    try {
      for (const _ of chains) {
        const { diagnosis } = await gate.look({ host: SERVER_NAME, port: server.port });
        found.push([diagnosis.chain.length, diagnosis.problems.map(problemKey)]);
        server.swap();
      }
      return found;
    } finally {
      await gate.close();
      await server.close();
    }
  }

  test('is read again once the intermediate that was missing is sent', async () => {
    assert.deepEqual(await seen([bare, whole, whole]), [
      [1, ['issuer-not-found@0']],
      [2, []],
      [2, []],
    ]);
  });

  test('is read again once an intermediate that was sent is missing', async () => {
    assert.deepEqual(await seen([whole, bare, whole]), [
      [2, []],
      [1, ['issuer-not-found@0']],
      [2, []],
    ]);
  });

  test('may be told as it was before where OpenSSL authorised the leaf both times', async () => {
    const root = chain.anchors[0] ?? new Uint8Array();
    assert.deepEqual(await seen([whole, withBeside(chain, [issuing, root])]), [
      [2, []],
      [2, []],
    ]);
  });

  test('leaves the socket able to show its certificate, each time', async () => {
    const server = await serveChanging([whole]);
    const gate = gateFor(chain.anchors);
    try {
      for (let time = 0; time < 2; time += 1) {
        const socket = await gate.connect({
          host: SERVER_NAME,
          port: server.port,
          purpose: 'test',
          initiatedBy: 'person',
        });
        assert.deepEqual(
          Buffer.from(socket.getPeerX509Certificate()?.raw ?? []),
          Buffer.from(leaf ?? []),
        );
        assert.deepEqual(socket.getPeerCertificate().raw, Buffer.from(leaf ?? []));
        socket.destroy();
      }
    } finally {
      await gate.close();
      await server.close();
    }
  });
});
