import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { AT } from '@postern/badcerts';
import { fixedPolicy, type TransportError, type TrustError } from '@postern/trust';
import { dialPlain } from '../src/danger.ts';
import { plainGet } from '../src/plain-get.ts';
import {
  alwaysRefuses,
  authorization,
  authorizesFor,
  endOf,
  endpointAt,
  nobody,
  SERVER_NAME,
  type Stage,
  stage,
} from './gate-stage.ts';

const HOUR_MS = 3_600_000;

interface PlainServer {
  port: number;
  readonly connections: number;
  readonly requests: number;
}

/** A plain HTTP server that counts, with a gate beside it. */
async function withPlainServer(
  about: Parameters<typeof stage>[0],
  body: (on: Stage & { server: PlainServer }) => Promise<void>,
): Promise<void> {
  const counted = { connections: 0, requests: 0 };
  const server = http.createServer((_request, response) => {
    counted.requests += 1;
    response.end('plain');
  });
  server.on('connection', () => {
    counted.connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const on = stage(about);
  try {
    await body({
      ...on,
      server: {
        port,
        get connections() {
          return counted.connections;
        },
        get requests() {
          return counted.requests;
        },
      },
    });
  } finally {
    await on.gate.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

function connectPlain({ gate }: Stage, port: number): Promise<Socket> {
  return gate.danger.connectPlainHttp({
    host: SERVER_NAME,
    port,
    purpose: 'mail',
    initiatedBy: 'person',
  });
}

function ask(agent: http.Agent, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: SERVER_NAME, port, agent }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve(body);
    });
    request.on('error', reject);
  });
}

const hasCode = (code: string) => (error: unknown) =>
  (error as TrustError | TransportError).code === code;

test('plain HTTP is not even dialled before a person confirmed it', async () => {
  await withPlainServer({ ask: alwaysRefuses }, async (on) => {
    await assert.rejects(connectPlain(on, on.server.port), hasCode('ERR_TRUST_REFUSED'));
    assert.equal(on.server.connections, 0);
  });
});

test('a confirmation holds for its period and ends the socket at its end', async () => {
  const asker = authorizesFor('1h');
  await withPlainServer({ ask: asker }, async (on) => {
    const socket = await connectPlain(on, on.server.port);
    assert.deepEqual(
      asker.questions.map(({ because, leafSha256 }) => ({ because, leafSha256 })),
      [{ because: 'plain-http', leafSha256: null }],
    );
    const status = on.gate.status(endpointAt(on.server.port));
    assert.equal(status.state, 'plain-http');
    assert.deepEqual(status.until, new Date(AT.getTime() + HOUR_MS));
    const end = endOf(socket);
    await on.clock.advance(HOUR_MS);
    assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
    await connectPlain(on, on.server.port);
    assert.equal(asker.questions.length, 2);
  });
});

test('a confirmation for one port says nothing about another', async () => {
  const asker = authorizesFor('1h');
  await withPlainServer({ ask: asker }, async (on) => {
    await withPlainServer({ ask: nobody }, async (other) => {
      await connectPlain(on, on.server.port);
      await connectPlain(on, other.server.port);
      assert.equal(asker.questions.length, 2);
    });
  });
});

test('Stop Trusting withdraws the confirmation and ends the pooled socket', async () => {
  await withPlainServer({ ask: authorizesFor('1d') }, async (on) => {
    const { gate, server } = on;
    const agent = gate.danger.plainHttpAgent({ purpose: 'mail', initiatedBy: 'background' });
    assert.equal(await ask(agent, server.port), 'plain');
    assert.equal(await ask(agent, server.port), 'plain');
    assert.equal(server.connections, 1);
    const stopped = await gate.stopTrusting(endpointAt(server.port));
    assert.deepEqual(stopped, { override: true, roots: 0, sockets: 1 });
    await assert.rejects(ask(agent, server.port), hasCode('ERR_TRUST_STOPPED'));
    assert.equal(server.requests, 2);
  });
});

test('policy RequireSecureConnection forbids plain HTTP, whatever was confirmed before', async () => {
  const policy = fixedPolicy({ requireSecureConnection: true });
  await withPlainServer({ ask: authorizesFor('1h'), policy }, async (on) => {
    await assert.rejects(connectPlain(on, on.server.port), hasCode('ERR_TRUST_POLICY'));
    assert.equal(on.server.connections, 0);
  });
});

test('a policy that comes while plain HTTP is being dialled forbids it before a byte is sent', async () => {
  let state = fixedPolicy({}).current();
  let isHeld = true;
  let dialled = (): void => {};
  const resolve = async () => {
    await new Promise<void>((done) => {
      dialled = done;
      if (!isHeld) done();
    });
    return [{ address: '127.0.0.1', family: 4 as const }];
  };
  const policy = { current: () => state, reload: () => state };
  const ask = authorizesFor('1h');
  await withPlainServer({ ask, policy, resolve }, async (on) => {
    const connecting = assert.rejects(
      connectPlain(on, on.server.port),
      hasCode('ERR_TRUST_POLICY'),
    );
    while (dialled.name === 'dialled') await new Promise((turn) => setImmediate(turn));
    state = { ...fixedPolicy({ requireSecureConnection: true }).current(), generation: 2 };
    await on.gate.reload();
    isHeld = false;
    dialled();
    await connecting;
    assert.equal(on.gate.status(endpointAt(on.server.port)).openSockets, 0);
  });
});

test('a policy that comes after the confirmation shortens it, or ends it', async () => {
  for (const [stated, endsAfterMs] of [
    [{ maxTrustDays: 1 }, 24 * HOUR_MS],
    [{ requireFingerprintCheck: true }, 0],
  ] as const) {
    let state = fixedPolicy({}).current();
    const policy = { current: () => state, reload: () => state };
    await withPlainServer({ ask: authorizesFor('30d'), policy }, async (on) => {
      const socket = await connectPlain(on, on.server.port);
      const end = endOf(socket);
      state = { ...fixedPolicy(stated).current(), generation: 2 };
      await on.gate.reload();
      assert.equal(socket.destroyed, endsAfterMs === 0);
      await on.clock.advance(endsAfterMs);
      assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
    });
  }
});

test('a fingerprint typed where there is no certificate is rejected', async () => {
  await withPlainServer({ ask: nobody }, async (on) => {
    await assert.rejects(connectPlain(on, on.server.port), hasCode('ERR_TRUST_UNANSWERED'));
    const [question] = on.gate.questions();
    assert.ok(question);
    const outcome = on.gate.answer(question.id, authorization(question, '1h', 'AA:BB'));
    assert.deepEqual(outcome, { kind: 'rejected', why: 'fingerprint-differs' });
  });
});

test('what only explains goes over a plain socket to the address it was given', async () => {
  await withPlainServer({ ask: nobody }, async ({ server }) => {
    const { status, body } = await plainGet((address) => dialPlain(address, server.port), {
      address: '127.0.0.1',
      host: 'elsewhere.example.test',
      path: '/',
      maxBytes: 100,
      signal: new AbortController().signal,
    });
    assert.deepEqual([status, Buffer.from(body).toString()], [200, 'plain']);
  });
});
