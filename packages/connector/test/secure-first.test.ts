import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { servePlainHttp } from '@postern/badcerts';
import { createAccount, createServer, type MailMode } from '@postern/server';
import { fixedPolicy, ZIMBRA_PURPOSES } from '@postern/trust';
import {
  ACCOUNT,
  activities,
  authorizesForOneDay,
  nobody,
  PASSWORD,
  SERVER_NAME,
  type Stage,
  stage,
  until,
} from './stage.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

/** Nothing listens there: only root may. */
const CLOSED_PORT = 1;

async function unticked(
  t: TestContext,
  mode: MailMode,
): Promise<Stage & { httpPort: number; httpsPort: number }> {
  const home = path.join(await temporaryFolder(t), 'server');
  const server = createServer({
    home,
    mode,
    hostName: SERVER_NAME,
    ports: { https: 0, http: 0, admin: 0 },
  });
  await createAccount({ home, name: ACCOUNT, password: PASSWORD });
  await server.start();
  afterwards(t, () => server.stop());
  const httpPort = server.addresses?.http?.port ?? CLOSED_PORT;
  const httpsPort = server.addresses?.https?.port ?? CLOSED_PORT;
  const staged = await stage(t, {
    port: httpsPort,
    ask: nobody,
    profile: { httpPort, useSecureConnection: false },
  });
  return { ...staged, httpPort, httpsPort };
}

const isRunning = (engine: Stage['engine']) => (): boolean =>
  Object.values(activities(engine)).every((one) => one === 'idle' || one === 'watching');

test('where TLS answers, the box ticks itself, is saved and said, and the certificate is asked about', async (t) => {
  const { engine, gate, saved, httpsPort } = await unticked(t, 'both');
  assert.equal((await engine.start('person')).outcome, 'waiting-for-decision');
  assert.deepEqual(
    saved.map(({ useSecureConnection, port }) => ({ useSecureConnection, port })),
    [{ useSecureConnection: true, port: httpsPort }],
  );
  const report = engine.report();
  assert.deepEqual([report.useSecureConnection, report.port], [true, httpsPort]);
  assert.deepEqual(report.notices, [
    `"${SERVER_NAME}" answers secure connections on port ${httpsPort}: Use Secure Connection was ticked.`,
  ]);
  assert.deepEqual(
    gate.questions().map(({ because, endpoint }) => [because, endpoint.port]),
    [['first', httpsPort]],
  );
});

test('where only HTTP answers, nothing is sent until it is confirmed; then eight connections run, NOT SECURE until its end, and Stop Trusting ends them', async (t) => {
  const { engine, gate, overrides, saved, httpPort } = await unticked(t, 'http');
  assert.equal((await engine.start('person')).outcome, 'waiting-for-decision');
  const [question] = gate.questions();
  assert.deepEqual([question?.because, question?.endpoint.port], ['plain-http', httpPort]);
  assert.equal(gate.status({ host: SERVER_NAME, port: httpPort }).openSockets, 0);
  gate.answer(question?.id ?? '', {
    kind: 'authorizeConnections',
    leafSha256: null,
    interval: '1h',
    typedFingerprint: null,
  });
  await until(engine, isRunning(engine));
  const [confirmed] = overrides.list(new Date());
  const until1h = (confirmed?.value.grantedAt.getTime() ?? 0) + 3_600_000;
  assert.equal(confirmed?.value.expiresAt.getTime(), until1h);
  const report = engine.report();
  assert.equal(report.connectionStatus, 'NOT SECURE');
  assert.deepEqual(
    report.connections.map(({ purpose, security, lastSuccessAt }) => ({
      purpose,
      security,
      hasRun: lastSuccessAt !== null,
    })),
    ZIMBRA_PURPOSES.map((purpose) => ({
      purpose,
      security: { kind: 'NOT SECURE', until: new Date(until1h).toISOString() },
      hasRun: true,
    })),
  );
  assert.deepEqual(saved, []);

  const stopped = await gate.stopTrusting({ host: SERVER_NAME, port: httpPort });
  assert.equal(stopped.override, true);
  assert.ok(stopped.sockets > 0);
  assert.equal(engine.report().workOffline?.reason, 'stopped-trusting');
  assert.deepEqual(new Set(Object.values(activities(engine))), new Set(['offline']));
  assert.equal(gate.status({ host: SERVER_NAME, port: httpPort }).openSockets, 0);
  assert.equal((await engine.goOnline()).outcome, 'waiting-for-decision');
});

for (const { name, policy, rule } of [
  {
    name: 'RequireSecureConnection',
    policy: fixedPolicy({ requireSecureConnection: true }),
    rule: 'RequireSecureConnection',
  },
  {
    name: 'TrustOverride off',
    policy: fixedPolicy({ trustOverride: 'off' }),
    rule: 'TrustOverride',
  },
]) {
  test(`where policy says ${name}, plain HTTP is not even asked about and no request is sent`, async (t) => {
    const server = await servePlainHttp();
    afterwards(t, () => server.close());
    const { engine, gate } = await stage(t, {
      port: CLOSED_PORT,
      ask: authorizesForOneDay(),
      policy,
      profile: { httpPort: server.port, useSecureConnection: false },
    });
    const { outcome, profile } = await engine.start('person');
    assert.equal(outcome, 'offline');
    assert.equal(profile.workOffline?.reason, 'refused');
    assert.match(profile.workOffline?.detail ?? '', new RegExp(`policy "${rule}" forbids`));
    assert.deepEqual(gate.questions(), []);
    assert.equal(server.counters.requests, 0);
    // What did arrive is the question whether TLS is spoken there: a handshake record (22), no request.
    const seen = server.received();
    assert.equal(seen[0], 22);
    assert.doesNotMatch(seen.toString('latin1'), /POST|HTTP\/1|anna|correct horse/);
  });
}

test('a ticked box is never unticked: a server that lost TLS is away', async (t) => {
  const { engine, httpPort } = await unticked(t, 'http');
  const ticked = await stage(t, {
    port: CLOSED_PORT,
    ask: nobody,
    profile: { httpPort, useSecureConnection: true },
  });
  assert.equal((await ticked.engine.start('person')).outcome, 'offline');
  assert.equal(ticked.engine.report().workOffline?.reason, 'server-away');
  assert.equal(ticked.engine.report().useSecureConnection, true);
  assert.deepEqual(ticked.gate.questions(), []);
  assert.equal(engine.report().workOffline?.reason, 'starting');
});
