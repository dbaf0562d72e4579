/** Bytes of the eight connections, counted over real TLS sockets that are pooled and that wait. */

import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain, serveChain, type TestServer } from '@postern/badcerts';
import { createGate, createMemoryOverrides, fixedAnchors, fixedPolicy } from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import type { ProfileReport } from '../src/api.ts';
import { createHttp, type Http, type HttpRequest } from '../src/http.ts';
import { createTraffic, type Traffic } from '../src/traffic.ts';
import { withProfile } from './daemon.ts';
import { nobody, SERVER_NAME } from './stage.ts';
import { afterwards } from './temporary.ts';

const HOST = 'mail.example.test';
/** Monday 23 November 2026, 08:00 UTC: the first second of a minute. */
const AT = new Date('2026-11-23T08:00:00Z');
const MINUTE_MS = 60_000;
const GET: HttpRequest = {
  purpose: 'mail',
  initiatedBy: 'person',
  method: 'GET',
  path: '/x',
  maxBytes: 1_000_000,
};
const NOTHING = Array<number>(60).fill(0);

interface Link {
  http: Http;
  server: TestServer;
  clock: ManualClock;
  traffic: Traffic;
}

async function link(t: TestContext, respond: RequestListener): Promise<Link> {
  const chain = await makeChain(goodPlan('traffic', HOST));
  const server = await serveChain(chain, respond);
  const clock = createManualClock(AT);
  const gate = createGate({
    anchors: fixedAnchors(chain.anchors),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(),
    ask: nobody,
    clock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const traffic = createTraffic(clock);
  const http = createHttp({
    gate,
    clock,
    origin: () => ({ host: HOST, port: server.port, isSecure: true }),
    userAgent: 'Postern/0.1.0',
    traffic,
  });
  afterwards(t, () => server.close());
  afterwards(t, () => gate.close());
  afterwards(t, () => http.close());
  return { http, server, clock, traffic };
}

/** An answer of exactly so many bytes after its header. */
const answersWith =
  (bytes: number): RequestListener =>
  (_request, response) => {
    response.sendDate = false;
    response.end(Buffer.alloc(bytes, 'x'));
  };

test('before the first request nothing is counted', () => {
  const traffic = createTraffic(createManualClock(AT));
  assert.deepEqual(traffic.report('gal'), {
    receivedBytes: 0,
    sentBytes: 0,
    lastUsedAt: null,
    lastHour: NOTHING,
  });
});

test('what was sent is what the server received, and each connection has its own count', async (t) => {
  const { http, server, traffic } = await link(t, answersWith(10_000));
  await http.request({ ...GET, method: 'POST', body: Buffer.alloc(5000, 'y') });
  const mail = traffic.report('mail');
  assert.equal(mail.sentBytes, server.counters.applicationBytes);
  assert.ok(mail.sentBytes > 5000 && mail.sentBytes < 5500, `${mail.sentBytes} sent`);
  assert.ok(
    mail.receivedBytes > 10_000 && mail.receivedBytes < 10_500,
    `${mail.receivedBytes} received`,
  );
  assert.equal(mail.lastUsedAt, AT.toISOString());
  assert.deepEqual(mail.lastHour, [...NOTHING.slice(1), mail.sentBytes + mail.receivedBytes]);
  assert.equal(traffic.report('folders').receivedBytes, 0);
});

test('a pooled socket is counted once, however many requests go over it, and after it closed', async (t) => {
  const { http, server, traffic } = await link(t, answersWith(1000));
  await http.request(GET);
  const one = traffic.report('mail');
  for (let more = 0; more < 4; more++) await http.request(GET);
  const five = traffic.report('mail');
  assert.equal(server.counters.connections, 1);
  assert.deepEqual(
    [five.sentBytes, five.receivedBytes],
    [5 * one.sentBytes, 5 * one.receivedBytes],
  );
  http.close();
  await server.quiet();
  assert.deepEqual(traffic.report('mail'), five);
  // Another socket adds to the same count.
  await http.request(GET);
  assert.equal(traffic.report('mail').receivedBytes, 6 * one.receivedBytes);
});

test('a request that waits for minutes is counted while it waits', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const answers = Promise.withResolvers<void>();
  const { http, clock, traffic } = await link(t, async (_request, response) => {
    arrived.resolve();
    await answers.promise;
    response.sendDate = false;
    response.end('changed');
  });
  const changes = { ...GET, purpose: 'changes', answerWithinMs: 330_000 } as const;
  const waiting = http.request(changes);
  await arrived.promise;
  const asked = traffic.report('changes');
  assert.ok(asked.sentBytes > 0 && asked.receivedBytes === 0);
  await clock.advance(4 * MINUTE_MS);
  const waited = traffic.report('changes');
  assert.deepEqual([waited.sentBytes, waited.lastUsedAt], [asked.sentBytes, AT.toISOString()]);
  assert.deepEqual(waited.lastHour.slice(-5), [asked.sentBytes, 0, 0, 0, 0]);
  answers.resolve();
  await waiting;
  const told = traffic.report('changes');
  assert.equal(told.lastUsedAt, new Date(AT.getTime() + 4 * MINUTE_MS).toISOString());
  assert.deepEqual(told.lastHour.slice(-5), [asked.sentBytes, 0, 0, 0, told.receivedBytes]);
});

const LATER: readonly { name: string; byMs: number; nth: number | null }[] = [
  { name: 'within the same minute', byMs: MINUTE_MS - 1, nth: 59 },
  { name: 'a minute later', byMs: MINUTE_MS, nth: 58 },
  { name: '59 minutes later', byMs: 59 * MINUTE_MS, nth: 0 },
  { name: 'an hour later', byMs: 60 * MINUTE_MS, nth: null },
  { name: 'a year later', byMs: 525_600 * MINUTE_MS, nth: null },
  { name: 'when the clock was put back by a minute', byMs: -MINUTE_MS, nth: 59 },
  { name: 'when the clock was put back by a year', byMs: -525_600 * MINUTE_MS, nth: 59 },
];

for (const { name, byMs, nth } of LATER) {
  const where = nth === null ? 'is out of the hour' : `stands at place ${nth} of 60`;
  test(`${name}, what went over the connection ${where}, and its total stays`, async (t) => {
    const { http, clock, traffic } = await link(t, answersWith(1000));
    await http.request(GET);
    const { receivedBytes, sentBytes } = traffic.report('mail');
    clock.setWallClock(new Date(AT.getTime() + byMs));
    const later = traffic.report('mail');
    const expected: number[] = [...NOTHING];
    if (nth !== null) expected[nth] = receivedBytes + sentBytes;
    assert.deepEqual(later.lastHour, expected);
    assert.deepEqual([later.receivedBytes, later.sentBytes], [receivedBytes, sentBytes]);
    // From there on it is counted as ever.
    await http.request(GET);
    const after = traffic.report('mail');
    assert.equal(after.lastHour[59], (expected[59] ?? 0) + receivedBytes + sentBytes);
  });
}

test('all eight connections of a profile are counted, and go on when the profile is changed', async (t) => {
  const made = await withProfile(t);
  const { fingerprints } = made.server.server;
  const about = { host: SERVER_NAME, port: made.server.port, interval: '1d' };
  await made.call('POST', '/api/trust/add', { ...about, sha256: fingerprints?.sha256 });
  const sent = await made.call('POST', '/api/profiles/office/send-receive');
  const counts = ({ connections }: ProfileReport): [string, number, number][] =>
    connections.map(({ purpose, traffic }) => [purpose, traffic.sentBytes, traffic.receivedBytes]);
  const before = counts(sent.body.profile as ProfileReport);
  assert.equal(before.length, 8);
  for (const [purpose, out, back] of before) {
    // What waits for changes may have had no answer yet.
    assert.ok(out > 0 && (back > 0 || purpose === 'changes'), `${purpose}: ${out}, ${back}`);
  }
  const change = { advanced: { lookForUpgrades: false } };
  const { report } = (await made.call('PATCH', '/api/profiles/office', change)).body;
  for (const [nth, [purpose, out, back]] of counts(report as ProfileReport).entries()) {
    const [, outBefore = 0, backBefore = 0] = before[nth] ?? [];
    assert.ok(out >= outBefore && back >= backBefore, purpose);
  }
});
