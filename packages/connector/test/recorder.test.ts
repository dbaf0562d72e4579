/** What the history says of a real gate: every verdict, question, answer, end and change, over real TLS. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  AT,
  fingerprint,
  goodPlan,
  type MadeParts,
  makeChain,
  pem,
  serveChanging,
  servePlainHttp,
} from '@postern/badcerts';
import {
  type Asker,
  createAnchors,
  createGate,
  createMemoryOverrides,
  createPolicySource,
  type Gate,
  openUserRoots,
  StoreError,
  type TrustInterval,
  type UserRoots,
} from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import type { HistoryEntry } from '../src/api.ts';
import { type History, openHistory } from '../src/history/history.ts';
import { recordGate } from '../src/history/recorder.ts';
import { EVERYTHING } from './history-facts.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

const HOST = 'mail.example.test';

/** Answers in turn; a period authorizes what is drawn, null says no, and after the last nobody is there. */
function answersInTurn(...answers: readonly (TrustInterval | null)[]): Asker {
  const left = [...answers];
  return {
    async ask({ leafSha256, endpoint }) {
      const interval = left.shift();
      if (interval === undefined) return null;
      assert.equal(endpoint.host, HOST);
      if (interval === null) return { kind: 'workOffline' };
      const typedFingerprint = interval === '7d' ? leafSha256 : null;
      return { kind: 'authorizeConnections', leafSha256, interval, typedFingerprint };
    },
  };
}

interface Scene {
  gate: Gate;
  history: History;
  clock: ManualClock;
  roots: UserRoots;
  overrides: ReturnType<typeof createMemoryOverrides>;
  port: number;
  parts: readonly MadeParts[];
  swap(): void;
  /** A connection of a purpose, made and ended; what it came to. */
  connect(purpose?: string): Promise<string>;
  setPolicy(document: object): Promise<void>;
  /** The history as kind, outcome, who and sentence, with the port and the instants left out. */
  told(): Promise<string[]>;
  entries(): Promise<readonly HistoryEntry[]>;
}

async function scene(t: TestContext, ask: Asker): Promise<Scene> {
  const chains = [
    await makeChain(goodPlan('recorder', HOST)),
    await makeChain(goodPlan('another', HOST)),
  ];
  const server = await serveChanging(chains);
  afterwards(t, () => server.close());
  const file = path.join(await temporaryFolder(t), 'policies.json');
  const policy = createPolicySource({ machine: file, user: null, file: null });
  const roots = openUserRoots(':memory:');
  const overrides = createMemoryOverrides();
  const clock = createManualClock(AT);
  const history = openHistory(':memory:', { clock });
  const gate = createGate({
    anchors: createAnchors({ system: null, policy, userRoots: roots }),
    overrides,
    policy,
    ask,
    clock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const stop = recordGate({ gate, history, overrides, policy, roots });
  afterwards(t, async () => {
    await gate.close();
    stop();
    await history.close();
    roots.close();
  });
  const endpoint = { host: HOST, port: server.port };
  const entries = async (): Promise<readonly HistoryEntry[]> =>
    (await history.page(EVERYTHING)).entries.toReversed();
  return {
    ...{ gate, history, clock, roots, overrides, port: server.port },
    parts: chains.map(({ parts }) => parts),
    swap: server.swap,
    async connect(purpose = 'mail') {
      try {
        (await gate.connect({ ...endpoint, purpose, initiatedBy: 'person' })).destroy();
        return 'through';
      } catch (error) {
        return String((error as { code?: unknown }).code);
      }
    },
    async setPolicy(document) {
      await fs.writeFile(file, JSON.stringify(document), { mode: 0o600 });
      await gate.reload();
    },
    entries,
    told: async () =>
      (await entries()).map(({ kind, outcome, by, text }) =>
        [kind, outcome, by, text.replaceAll(`:${server.port}`, '')].join(' | '),
      ),
  };
}

test('a question that is refused, and one that is answered with a checked fingerprint', async (t) => {
  const { connect, told, entries, parts } = await scene(t, answersInTurn(null, '7d'));
  assert.equal(await connect('folders'), 'ERR_TRUST_REFUSED');
  assert.equal(await connect('folders'), 'through');
  assert.equal(await connect('gal'), 'through');
  assert.equal(await connect('gal'), 'through');
  const asked = [
    `verdict | ask | postern | While synchronizing folders Postern could not verify ${HOST}: The issuer of certificate 2 of the chain could not be found.`,
    `question |  | postern | While synchronizing folders Postern asked about ${HOST}, whose certificate could not be verified.`,
  ];
  assert.deepEqual(await told(), [
    ...asked,
    `refused |  | person | You chose to work offline instead of trusting ${HOST}.`,
    `answered | answered | person | The question about ${HOST} was answered.`,
    ...asked,
    `granted |  | person | You authorized connections to ${HOST} until 2026-11-30T08:00:00.000Z, after comparing its fingerprint.`,
    `answered | answered | person | The question about ${HOST} was answered.`,
    `verdict | overridden | postern | While synchronizing folders Postern connected to ${HOST}, whose certificate you trust until 2026-11-30T08:00:00.000Z.`,
    `verdict | overridden | postern | While synchronizing the Global Address List Postern connected to ${HOST}, whose certificate you trust until 2026-11-30T08:00:00.000Z.`,
  ]);
  const all = await entries();
  const leafSha256 = fingerprint(parts[0]?.leaf.der ?? new Uint8Array());
  assert.deepEqual(new Set(all.map((one) => one.leafSha256)), new Set([leafSha256]));
  assert.deepEqual(new Set(all.map(({ host }) => host)), new Set([HOST]));
  assert.deepEqual(
    all.map(({ detail }) => detail),
    ['first', 'first', null, 'first', 'first', 'first', 'fingerprint-checked', 'first', null, null],
  );
  assert.deepEqual(all[6]?.until, '2026-11-30T08:00:00.000Z');
  assert.deepEqual(
    [all[6]?.problems, all[9]?.problems, all[9]?.count],
    [['issuer-not-found@1'], ['issuer-not-found@1'], 2],
  );
});

test('the end of what was allowed is told once, however it is noticed', async (t) => {
  const { connect, told, clock, gate, port } = await scene(t, answersInTurn('1h'));
  assert.equal(await connect(), 'through');
  const request = { host: HOST, port, purpose: 'mail', initiatedBy: 'person' } as const;
  // A socket that lives to the end is ended by the gate's own timer.
  const socket = await gate.connect(request);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await clock.advance(3_600_000);
  await closed;
  assert.equal(await connect(), 'ERR_TRUST_UNANSWERED');
  assert.equal(await connect(), 'ERR_TRUST_UNANSWERED');
  const after = (await told()).slice(4);
  assert.deepEqual(after, [
    `verdict | overridden | postern | While sending and receiving mail Postern connected to ${HOST}, whose certificate you trust until 2026-11-23T09:00:00.000Z.`,
    `expired |  | postern | The time for which you trusted ${HOST} has ended.`,
    `verdict | ask | postern | While sending and receiving mail Postern could not verify ${HOST}: The issuer of certificate 2 of the chain could not be found.`,
    `question |  | postern | While sending and receiving mail Postern asked about ${HOST}, for which your authorization had ended.`,
  ]);
});

test('an end that came while nothing was connected is told by the next connection', async (t) => {
  const { connect, entries, clock } = await scene(t, answersInTurn('1h'));
  await connect();
  clock.setWallClock(new Date(AT.getTime() + 7_200_000));
  await connect();
  await connect();
  const ends = (await entries()).filter(({ kind }) => kind === 'expired');
  assert.deepEqual(
    ends.map(({ at, until }) => ({ at, until })),
    [{ at: '2026-11-23T10:00:00.000Z', until: '2026-11-23T09:00:00.000Z' }],
  );
});

test('another certificate, then Stop Trusting while its question is open', async (t) => {
  const { connect, told, entries, swap, gate, port, parts } = await scene(t, answersInTurn('1d'));
  await connect();
  swap();
  assert.equal(await connect(), 'ERR_TRUST_UNANSWERED');
  await gate.stopTrusting({ host: HOST, port });
  assert.deepEqual((await told()).slice(5), [
    `verdict | ask | postern | While sending and receiving mail Postern could not verify ${HOST}: The issuer of certificate 2 of the chain could not be found.`,
    `question |  | postern | While sending and receiving mail Postern asked about ${HOST}, whose certificate has changed.`,
    `question | void | postern | The question about ${HOST} was withdrawn without an answer.`,
    `stopped |  | person | You stopped trusting ${HOST}.`,
  ]);
  const all = await entries();
  const [first, second] = parts.map(({ leaf }) => fingerprint(leaf.der));
  assert.deepEqual(
    all.map(({ leafSha256 }) => leafSha256),
    [first, first, first, first, first, second, second, second, second],
  );
  assert.deepEqual(all[6]?.detail, 'changed');
});

test('a root that is added makes the server verify: the question closes, the override retires', async (t) => {
  const { connect, told, clock, gate, roots, parts, swap } = await scene(t, answersInTurn('1d'));
  await connect();
  const root = parts[0]?.root.der ?? new Uint8Array();
  roots.add(pem(root), HOST, fingerprint(root), clock.now());
  await gate.reload();
  assert.equal(await connect(), 'through');
  swap();
  assert.equal(await connect(), 'ERR_TRUST_UNANSWERED');
  swap();
  assert.equal(await connect(), 'through');
  roots.removeAll(HOST);
  await gate.reload();
  const subject = 'CN=recorder Root';
  const all = await told();
  const from = all.findIndex((line) => line.startsWith('roots-changed'));
  assert.deepEqual(
    all.slice(from).map((line) => line.replace(/"[^"]*Root[^"]*"/, `"${subject}"`)),
    [
      `roots-changed | added | person | The root CA certificate "${subject}" was added for ${HOST}.`,
      `verdict | secure | postern | While sending and receiving mail Postern verified ${HOST}: the connection is SECURE.`,
      `retired |  | postern | Your trust in ${HOST} is not needed any more, because the server verifies now.`,
      `verdict | ask | postern | While sending and receiving mail Postern could not verify ${HOST}: The issuer of certificate 2 of the chain could not be found.`,
      `question |  | postern | While sending and receiving mail Postern asked about ${HOST}, which was verified before and no longer is.`,
      `verdict | secure | postern | While sending and receiving mail Postern verified ${HOST}: the connection is SECURE.`,
      `question | recovered | postern | The question about ${HOST} was closed because the server verifies again.`,
      `roots-changed | removed | person | The root CA certificate "${subject}" was removed for ${HOST}.`,
    ],
  );
});

test('a server that is looked at again and verifies is told as recovered', async (t) => {
  const { connect, told, clock, roots, parts } = await scene(t, answersInTurn(null));
  assert.equal(await connect(), 'ERR_TRUST_REFUSED');
  const root = parts[0]?.root.der ?? new Uint8Array();
  roots.add(pem(root), HOST, fingerprint(root), clock.now());
  // The look goes over a real socket, which no clock can hurry.
  await clock.advance(30_000);
  let all = await told();
  while (!all.at(-1)?.startsWith('recovered')) {
    await new Promise((resolve) => setImmediate(resolve));
    all = await told();
  }
  assert.deepEqual(
    all.slice(-2).map((line) => line.replace(/"[^"]*"/, 'the root')),
    [
      `roots-changed | added | person | The root CA certificate the root was added for ${HOST}.`,
      `recovered |  | postern | The server ${HOST} verifies again.`,
    ],
  );
});

test('a policy that changes, forbids and becomes unreadable', async (t) => {
  const { connect, told, entries, setPolicy } = await scene(t, answersInTurn());
  await connect();
  await setPolicy({ MaxTrustDays: 7, TrustOverride: 'off' });
  assert.equal(await connect(), 'ERR_TRUST_POLICY');
  await setPolicy({ Nonsense: true });
  assert.equal(await connect(), 'ERR_TRUST_POLICY');
  await setPolicy({ MaxTrustDays: 7 });
  await setPolicy({ MaxTrustDays: 6 });
  const all = await told();
  assert.deepEqual(
    all.slice(2).filter((line) => !line.startsWith('question')),
    [
      'policy-changed | readable | administrator | The policy changed: TrustOverride, MaxTrustDays.',
      `verdict | refuse | postern | While sending and receiving mail Postern refused ${HOST} because of the policy "TrustOverride".`,
      'policy-changed | unreadable | administrator | The policy cannot be read, and so nothing may be trusted: key "Nonsense" is not one of RequireSecureConnection, TrustOverride, TrustOverrideHosts, MaxTrustDays, RequireFingerprintCheck, RootsFromSystem, ExtraRoots, PinnedKeys, DisallowedCertificates, Revocation, RevocationLists, MinimumTlsVersion, ServerName, SupportText, SupportUrl.',
      `verdict | refuse | postern | While sending and receiving mail Postern refused ${HOST} because of the policy "unreadable policy".`,
      'policy-changed | readable | administrator | The policy changed.',
      'policy-changed | readable | administrator | The policy changed: MaxTrustDays.',
    ],
  );
  const policies = (await entries()).filter(({ kind }) => kind === 'policy-changed');
  assert.deepEqual(
    [policies[0]?.detail, policies[2]?.detail, policies[0]?.host],
    ['TrustOverride, MaxTrustDays', null, null],
  );
});

test('plain HTTP leaves its question, its confirmation and its end, and no certificate', async (t) => {
  const plain = await servePlainHttp();
  afterwards(t, () => plain.close());
  const { gate, told, entries } = await scene(t, answersInTurn('until-stop'));
  const request = { host: HOST, port: plain.port, purpose: 'mail', initiatedBy: 'person' } as const;
  (await gate.danger.connectPlainHttp(request)).destroy();
  await gate.stopTrusting({ host: HOST, port: plain.port });
  assert.deepEqual(
    (await told()).map((line) => line.replaceAll(`:${plain.port}`, '')),
    [
      `question |  | postern | While sending and receiving mail Postern asked about ${HOST}, whose connection would be unprotected.`,
      `granted | until-stop | person | You confirmed unprotected connections to ${HOST} until Postern stops, 2026-11-24T08:00:00.000Z at the latest.`,
      `answered | answered | person | The question about ${HOST} was answered.`,
      `stopped |  | person | You stopped trusting ${HOST}.`,
    ],
  );
  assert.deepEqual(
    (await entries()).map(({ leafSha256 }) => leafSha256),
    ['plain-http', 'plain-http', 'plain-http', null],
  );
});

test('an answer that could not be kept is told with its reason', async (t) => {
  const { connect, told, entries, overrides } = await scene(t, answersInTurn('1d'));
  overrides.grant = () => {
    throw new StoreError('ERR_STORE_FAILED', 'no room on the disk', { path: 'overrides.db' });
  };
  assert.equal(await connect(), 'ERR_STORE_FAILED');
  assert.deepEqual((await told()).slice(2), [
    `refused |  | person | You authorized connections to ${HOST}, which could not be kept: no room on the disk.`,
    `answered | answered | person | The question about ${HOST} was answered.`,
  ]);
  assert.equal((await entries())[2]?.detail, 'ERR_STORE_FAILED');
});

test('a history that cannot be written stops no connection', async (t) => {
  const { connect, history } = await scene(t, answersInTurn('1d'));
  await history.close();
  assert.equal(await connect(), 'through');
  assert.equal(await connect('gal'), 'through');
});
