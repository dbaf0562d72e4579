/** History, time line, certificate, policy and looking at the daemon's API, over a real mail server. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { serveSilence } from '@postern/badcerts';
import { createPolicySource, parseCertificate, parsePem } from '@postern/trust';
import type {
  CertificateLane,
  DiscoveryLine,
  HistoryEntry,
  HistoryPage,
  LookStep,
  PolicyReport,
  ServerCertificateReport,
  TrustReport,
} from '../src/api.ts';
import { type Daemon, daemon, waitFor, withProfile } from './daemon.ts';
import { SERVER_NAME } from './stage.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

async function get<T>({ call }: Daemon, at: string): Promise<T> {
  const { status, body, text } = await call('GET', at);
  assert.equal(status, 200, text);
  return body as unknown as T;
}

/** The person allows what the server shows for a day, and all eight run. */
async function allowed(t: TestContext): Promise<Daemon & { port: number; sha256: string }> {
  const made = await withProfile(t);
  const stream = await made.events('terminal');
  await made.call('POST', '/api/profiles/office/send-receive?wait=0');
  const { question } = await waitFor(stream, 'question');
  const answer = { kind: 'authorizeConnections', interval: '1d', typedFingerprint: null };
  const at = `/api/trust/${question.id}`;
  const { status } = await made.call('POST', at, { ...answer, leafSha256: question.leafSha256 });
  assert.equal(status, 200);
  await waitFor(stream, 'status', (event) => event.status.profiles[0]?.workOffline === null);
  assert.equal((await made.call('POST', '/api/profiles/office/send-receive')).body.outcome, 'done');
  return { ...made, port: made.server.port, sha256: question.leafSha256 ?? '' };
}

test('what a person did is in the history, filtered by kind, server, profile and text', async (t) => {
  const made = await allowed(t);
  const all = await get<HistoryPage>(made, '/api/history?limit=1000');
  assert.equal(all.total, all.entries.length);
  const kinds = new Set(all.entries.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), ['answered', 'granted', 'question', 'verdict']);
  const overridden = all.entries.filter(({ outcome }) => outcome === 'overridden');
  assert.equal(new Set(overridden.map(({ purpose }) => purpose)).size, 8);
  const [granted] = (await get<HistoryPage>(made, '/api/history?kind=granted')).entries;
  assert.deepEqual(
    [granted?.by, granted?.leafSha256, granted?.host, granted?.detail],
    ['person', made.sha256, SERVER_NAME, 'fingerprint-not-checked'],
  );
  const at = `${SERVER_NAME}:${made.port}`;
  const matching: Record<string, number> = {};
  for (const query of [
    'kind=granted,answered',
    `server=${at}`,
    `server=${SERVER_NAME}`,
    'server=other.example.test',
    'profile=office',
    `profile=office&server=${at}`,
    'profile=office&server=other.example.test',
    'text=authorized%20connections',
    `text=${made.sha256.slice(0, 12)}`,
    'text=nothing%20of%20the%20kind',
  ]) {
    matching[query] = (await get<HistoryPage>(made, `/api/history?${query}`)).matching;
  }
  assert.deepEqual(matching, {
    'kind=granted,answered': 2,
    [`server=${at}`]: all.total,
    [`server=${SERVER_NAME}`]: all.total,
    'server=other.example.test': 0,
    'profile=office': all.total,
    [`profile=office&server=${at}`]: all.total,
    'profile=office&server=other.example.test': 0,
    'text=authorized%20connections': 1,
    [`text=${made.sha256.slice(0, 12)}`]: all.total,
    'text=nothing%20of%20the%20kind': 0,
  });
  const page = await get<HistoryPage>(made, '/api/history?limit=3');
  const before = page.entries.at(-1)?.id;
  const next = await get<HistoryPage>(made, `/api/history?limit=3&before=${before}`);
  assert.deepEqual(
    [...page.entries, ...next.entries].map(({ id }) => id),
    all.entries.slice(0, 6).map(({ id }) => id),
  );
});

test('the export has all of it, one entry a line, oldest first, as a file', async (t) => {
  const made = await allowed(t);
  const all = await get<HistoryPage>(made, '/api/history?limit=1000');
  const { text, headers } = await exported(made);
  const lines = text.split('\n');
  assert.equal(lines.pop(), '');
  const entries = lines.map((line) => JSON.parse(line) as HistoryEntry);
  assert.deepEqual(entries, all.entries.toReversed());
  assert.equal(headers['content-disposition'], 'attachment; filename="postern-history.ndjson"');
  assert.equal(headers['content-type'], 'application/x-ndjson; charset=utf-8');
  // Nothing that is secret, and nothing that moves a cursor.
  assert.doesNotMatch(text, /correct horse|ZM_AUTH_TOKEN|authToken/);
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

test('an empty history is an empty file', async (t) => {
  const made = await daemon(t);
  assert.equal((await exported(made)).text, '');
  const page = await get<HistoryPage>(made, '/api/history');
  assert.deepEqual(page, { entries: [], matching: 0, total: 0 });
});

async function exported({
  home,
}: Daemon): Promise<{ text: string; headers: NodeJS.Dict<unknown> }> {
  const outgoing = request({ socketPath: path.join(home, 'control'), path: '/api/history/export' });
  outgoing.end();
  const [incoming] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk;
  return { text, headers: incoming.headers };
}

test('the certificate of a server is there as soon as it was met, with how it stands', async (t) => {
  const made = await withProfile(t);
  const at = `/api/servers/${SERVER_NAME}/${made.server.port}/certificate`;
  const unknown = await made.call('GET', at);
  assert.deepEqual([unknown.status, unknown.body.error?.code], [404, 'ERR_NOT_FOUND']);
  await made.call('POST', '/api/profiles/office/send-receive');
  const report = await get<ServerCertificateReport>(made, at);
  assert.deepEqual([report.verdict, report.until], ['ask', null]);
  assert.equal(report.chain[0]?.sha256, made.server.server.fingerprints?.sha256);
  assert.ok(report.problems.length > 0 && report.path.length > 0);
  for (const { evidence, problem, kind } of report.problems) {
    assert.ok(evidence.length > 0);
    assert.equal(problem.kind, kind);
  }
});

test('under an override the certificate says until when, and after Stop Trusting that it has to be asked about', async (t) => {
  const made = await allowed(t);
  const at = `/api/servers/${SERVER_NAME}/${made.port}/certificate`;
  const report = await get<ServerCertificateReport>(made, at);
  const [trusted] = await get<TrustReport[]>(made, '/api/trust');
  assert.deepEqual([report.verdict, report.until], ['overridden', trusted?.expiresAt]);
  await made.call('POST', '/api/trust/stop', { host: SERVER_NAME, port: made.port });
  const stopped = await get<ServerCertificateReport>(made, at);
  assert.deepEqual([stopped.verdict, stopped.until], ['ask', null]);
});

test('the time line shows the certificate, what was decided, and that it goes on; after Stop Trusting it has ended', async (t) => {
  const made = await allowed(t);
  const at = `/api/servers/${SERVER_NAME}/${made.port}/certificates`;
  const [lane, ...others] = await get<CertificateLane[]>(made, at);
  assert.deepEqual(others, []);
  assert.equal(lane?.sha256, made.sha256);
  assert.equal(lane?.certificate?.sha256, made.sha256);
  assert.deepEqual(
    lane?.spans.map(({ kind, until }) => [kind, until === null]),
    [
      ['refused', false],
      ['overridden', true],
    ],
  );
  assert.deepEqual(
    lane?.marks.map(({ kind }) => kind),
    ['question', 'granted'],
  );
  await made.call('POST', '/api/trust/stop', { host: SERVER_NAME, port: made.port });
  const [ended] = await get<CertificateLane[]>(made, at);
  assert.deepEqual(
    ended?.spans.map(({ kind, until }) => [kind, until === null]),
    [
      ['refused', false],
      ['overridden', false],
    ],
  );
  assert.equal(ended?.marks.at(-1)?.kind, 'stopped');
});

test('an old certificate can be viewed after a restart, before anything is connected', async (t) => {
  const historyFile = path.join(await temporaryFolder(t), 'trust', 'history.db');
  const before = await withProfile(t, { historyFile });
  const { port } = before.server;
  await before.call('POST', '/api/profiles/office/send-receive');
  await before.history.close();
  const after = await daemon(t, { historyFile });
  const [lane] = await get<CertificateLane[]>(
    after,
    `/api/servers/${SERVER_NAME}/${port}/certificates`,
  );
  const sha256 = before.server.server.fingerprints?.sha256 ?? '';
  assert.equal(lane?.certificate?.sha256, sha256);
  const [der = new Uint8Array()] = parsePem(lane?.certificate?.pem ?? '', 'kept');
  assert.equal(parseCertificate(der).sha256, sha256);
  const now = await after.call('GET', `/api/servers/${SERVER_NAME}/${port}/certificate`);
  assert.equal(now.status, 404);
});

test('where the history cannot be kept, mail goes on, and whoever attaches is told', async (t) => {
  const historyFile = path.join(await temporaryFolder(t), 'history.db');
  await fs.writeFile(historyFile, 'no database '.repeat(1000), { mode: 0o600 });
  const made = await withProfile(t, { historyFile });
  const stream = await made.events(null);
  const { text } = await waitFor(stream, 'notice');
  assert.match(text, /^What happens to trust is not being recorded in the history: .*damaged/);
  const page = await made.call('GET', '/api/history');
  assert.deepEqual([page.status, page.body.error?.code], [500, 'ERR_STORE_CORRUPT']);
  const later = await made.events(null);
  await waitFor(later, 'notice');
  const about = { host: SERVER_NAME, port: made.server.port, interval: '1d' };
  const { fingerprints } = made.server.server;
  await made.call('POST', '/api/trust/add', { ...about, sha256: fingerprints?.sha256 });
  assert.equal((await made.call('POST', '/api/profiles/office/send-receive')).body.outcome, 'done');
});

const POLICIES: readonly {
  name: string;
  document: string | null;
  expected: Partial<PolicyReport>;
}[] = [
  { name: 'no policy fixes nothing', document: null, expected: { state: 'readable', fixed: {} } },
  {
    name: 'a policy fixes what it says, with its file, and nothing else',
    document: JSON.stringify({
      RequireSecureConnection: true,
      TrustOverride: 'listed',
      TrustOverrideHosts: ['mail.example.com', 'zimbra.example.com'],
      MaxTrustDays: 7,
      RequireFingerprintCheck: true,
      RootsFromSystem: false,
      Revocation: 'when-available',
      MinimumTlsVersion: 'TLSv1.3',
      ServerName: 'mail.example.com',
      SupportText: 'Ask Carl.',
      DisallowedCertificates: [],
      PinnedKeys: [{ host: 'mail.example.com', spkiSha256: ['ab'.repeat(32)] }],
    }),
    expected: {
      state: 'readable',
      message: null,
      supportText: 'Ask Carl.',
      fixed: Object.fromEntries(
        Object.entries({
          trustOverrideHosts: 'mail.example.com, zimbra.example.com',
          trustOverride: 'listed',
          requireSecureConnection: true,
          maxTrustDays: 7,
          requireFingerprintCheck: true,
          rootsFromSystem: false,
          pinnedKeys: 1,
          disallowedCertificates: 0,
          revocation: 'when-available',
          minimumTlsVersion: 'TLSv1.3',
          serverName: 'mail.example.com',
          supportText: 'Ask Carl.',
        }).map(([key, value]) => [key, { value, source: '/etc/postern/policies.json' }]),
      ),
    },
  },
  {
    name: 'an unreadable policy says so and why',
    document: '{"MaxTrustDays": 31}',
    expected: {
      state: 'unreadable',
      message: 'MaxTrustDays: 31 is not a whole number of days from 0 to 30',
      fixed: {},
      supportText: null,
    },
  },
];

for (const { name, document, expected } of POLICIES) {
  test(name, async (t) => {
    const file = path.join(await temporaryFolder(t), 'policies.json');
    if (document !== null) await fs.writeFile(file, document, { mode: 0o600 });
    const policy = createPolicySource({ machine: file, user: null, file: null });
    const made = await daemon(t, { policy });
    const report = await get<PolicyReport>(made, '/api/policy');
    assert.deepEqual({ ...report, ...expected }, report);
  });
}

const REFUSED: readonly {
  method: string;
  at: string;
  body?: unknown;
  code: string;
  status?: number;
}[] = [
  { method: 'GET', at: '/api/history?kind=always', code: 'ERR_QUERY_INVALID' },
  { method: 'GET', at: '/api/history?kind=toString', code: 'ERR_QUERY_INVALID' },
  { method: 'GET', at: '/api/history?limit=1001', code: 'ERR_QUERY_INVALID' },
  { method: 'GET', at: '/api/history?before=-1', code: 'ERR_QUERY_INVALID' },
  { method: 'GET', at: `/api/history?text=${'x'.repeat(201)}`, code: 'ERR_QUERY_INVALID' },
  { method: 'GET', at: '/api/history?server=two%20words', code: 'ERR_PROFILE_INVALID' },
  { method: 'GET', at: '/api/history?server=a.test:0', code: 'ERR_QUERY_INVALID' },
  { method: 'GET', at: '/api/history?profile=none', code: 'ERR_NOT_FOUND', status: 404 },
  { method: 'GET', at: '/api/servers/a%20b/443/certificate', code: 'ERR_PROFILE_INVALID' },
  { method: 'GET', at: '/api/servers/a.test/x/certificates', code: 'ERR_NOT_FOUND', status: 404 },
  {
    method: 'GET',
    at: '/api/servers/a.test/99999/certificates',
    code: 'ERR_NOT_FOUND',
    status: 404,
  },
  {
    method: 'POST',
    at: '/api/look',
    body: { host: 'https://a.test', port: 443, httpPort: 80 },
    code: 'ERR_PROFILE_INVALID',
  },
  {
    method: 'POST',
    at: '/api/look',
    body: { host: 'a.test', port: 0, httpPort: 80 },
    code: 'ERR_BODY_INVALID',
  },
  {
    method: 'POST',
    at: '/api/look',
    body: { host: 'a.test', port: 443 },
    code: 'ERR_BODY_INVALID',
  },
  { method: 'POST', at: '/api/discover', body: { email: 'anna' }, code: 'ERR_BODY_INVALID' },
  {
    method: 'POST',
    at: '/api/discover',
    body: { email: 'anna@two words' },
    code: 'ERR_BODY_INVALID',
  },
  {
    method: 'POST',
    at: '/api/discover',
    body: { email: 'anna@a.test/x' },
    code: 'ERR_BODY_INVALID',
  },
];

test('what is asked wrongly is refused with a code and a status', async (t) => {
  const made = await daemon(t);
  for (const { method, at, body, code, status = 400 } of REFUSED) {
    const answer = await made.call(method, at, body);
    assert.deepEqual([answer.status, answer.body.error?.code], [status, code], at);
  }
});

test('looking is told step by step, with the certificate in the end and no question', async (t) => {
  const made = await withProfile(t);
  const { port } = made.server;
  const { text } = await made.call('POST', '/api/look', {
    host: 'MAIL.example.test.',
    port,
    httpPort: 1,
  });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LookStep);
  assert.deepEqual(
    lines.map((line) => (line.type === 'step' ? `${line.step} ${line.outcome}` : line.type)),
    ['find asking', 'find fine', 'secure asking', 'secure fine', 'certificate failed', 'looked'],
  );
  const last = lines.at(-1);
  assert.ok(last?.type === 'looked');
  assert.deepEqual([last.host, last.port, last.certificate?.verdict], [SERVER_NAME, port, 'ask']);
  assert.deepEqual(made.gate.questions(), []);
  assert.equal((await get<HistoryPage>(made, '/api/history')).total, 0);
});

test('a front end that goes away while a server says nothing ends the look', async (t) => {
  const silent = await serveSilence();
  afterwards(t, () => silent.close());
  const made = await daemon(t);
  const outgoing = request({
    socketPath: path.join(made.home, 'control'),
    path: '/api/look',
    method: 'POST',
  });
  outgoing.end(JSON.stringify({ host: SERVER_NAME, port: silent.port, httpPort: 1 }));
  const [incoming] = await once(outgoing, 'response');
  await silent.connected(1);
  incoming.destroy();
  // Ten seconds are far away: what ends the socket is that nobody asks any more.
  await silent.quiet();
});

test('discovering says which names inside the mail domain were tried', async (t) => {
  const made = await daemon(t, { addressesOf: () => [] });
  const { text } = await made.call('POST', '/api/discover', { email: 'Anna@Bücher.example' });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DiscoveryLine);
  const domain = 'xn--bcher-kva.example';
  assert.deepEqual(lines.at(-1), {
    type: 'not-found',
    tried: [`mail.${domain}`, `zimbra.${domain}`, domain, `webmail.${domain}`],
  });
  assert.equal(lines.filter(({ type }) => type === 'candidate').length, 4);
});
