import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { addMessage, changeGal } from '@postern/server';
import { parseCertificate, parsePem } from '@postern/trust';
import type { ProfileReport, StatusReport } from '../src/api.ts';
import { daemon, waitFor, withProfile } from './daemon.ts';
import { ACCOUNT, PASSWORD, SERVER_NAME } from './stage.ts';
import { afterwards } from './temporary.ts';

const MAIL = 'From: Bob <bob@example.test>\r\nSubject: Hello\r\n\r\nHello Anna\r\n';

test('a front end sees the question, answers it, and the connections run', async (t) => {
  const { call, events, server } = await withProfile(t);
  await addMessage({ home: server.home, account: ACCOUNT, message: Buffer.from(MAIL) });
  await changeGal({
    home: server.home,
    set: [{ id: 'z', name: 'Zoë', fields: [['email', 'zoe@example.test']] }],
  });
  const stream = await events('terminal');
  const first = await waitFor(stream, 'status');
  assert.deepEqual(first.status.questions, []);

  const sending = await call('POST', '/api/profiles/office/send-receive');
  assert.equal(sending.body.outcome, 'waiting-for-decision');
  const { question } = await waitFor(stream, 'question');
  assert.deepEqual([question.profile, question.email], ['office', ACCOUNT]);
  assert.equal(question.supportText, 'Ask Carl.');
  assert.equal(question.host, SERVER_NAME);
  assert.ok(
    question.problems.length > 0 && question.chain[0]?.pem.startsWith('-----BEGIN CERTIFICATE'),
  );

  const at = `/api/trust/${question.id}`;
  const wrong = {
    kind: 'authorizeConnections',
    leafSha256: '00',
    interval: '1d',
    typedFingerprint: null,
  };
  const rejected = await call('POST', at, wrong);
  assert.deepEqual([rejected.status, rejected.body.error?.code], [409, 'other-certificate']);
  const long = { ...wrong, leafSha256: question.leafSha256, interval: '30d' };
  assert.equal((await call('POST', at, long)).body.error?.code, 'fingerprint-needed');
  const granted = await call('POST', at, {
    ...long,
    typedFingerprint: server.server.fingerprints?.sha256,
  });
  assert.deepEqual([granted.status, granted.body.kind], [200, 'granted']);

  const closed = await waitFor(stream, 'question-closed');
  assert.deepEqual([closed.id, closed.how], [question.id, 'answered']);
  await waitFor(stream, 'status', ({ status }) => status.profiles[0]?.workOffline === null);
  assert.equal((await call('POST', '/api/profiles/office/send-receive')).body.outcome, 'done');

  const [trusted] = (await call('GET', '/api/trust')).body as unknown as {
    host: string;
    state: string;
  }[];
  assert.deepEqual([trusted?.host, trusted?.state], [SERVER_NAME, 'live']);
  const list = (await call('GET', '/api/profiles/office/messages?folder=2&limit=5'))
    .body as unknown as { id: number; subject: string }[];
  assert.deepEqual(
    list.map(({ subject }) => subject),
    ['Hello'],
  );
  const id = list[0]?.id;
  assert.equal(
    (await call('GET', `/api/profiles/office/messages/${id}`)).body.text,
    'Hello Anna\n',
  );
  assert.equal((await call('GET', `/api/profiles/office/messages/${id}/raw`)).text, MAIL);
  const gal = (await call('GET', '/api/profiles/office/gal?query=zo')).body as unknown as {
    email: string;
  }[];
  assert.deepEqual(
    gal.map(({ email }) => email),
    ['zoe@example.test'],
  );
  for (const what of ['folders', 'signatures', 'senders', 'preferences', 'upgrade', 'outbox']) {
    assert.equal((await call('GET', `/api/profiles/office/${what}`)).status, 200, what);
  }

  const stop = await call('POST', '/api/trust/stop', { host: SERVER_NAME, port: server.port });
  assert.equal(stop.body.override, true);
  const status = (await call('GET', '/api/status')).body as unknown as StatusReport;
  assert.equal(status.profiles[0]?.workOffline?.reason, 'stopped-trusting');
});

test('a profile that cannot be read is told with its file and reason, and the others go on', async (t) => {
  const { call, home } = await withProfile(t);
  const folder = path.join(home, 'profiles', 'torn');
  const file = path.join(folder, 'profile.json');
  await fs.mkdir(folder, { mode: 0o700 });
  await fs.writeFile(file, '{"name": "torn", "email": "an', { mode: 0o600 });
  const unreadable = {
    name: 'torn',
    path: file,
    code: 'ERR_PROFILE_INVALID',
    message: `"${file}" is not JSON`,
  };
  const all = (await call('GET', '/api/profiles')).body as unknown as {
    profile: { name: string } | null;
  }[];
  assert.deepEqual(all[0]?.profile?.name, 'office');
  assert.deepEqual(all.slice(1), [{ profile: null, unreadable }]);
  const status = (await call('GET', '/api/status')).body as unknown as StatusReport;
  assert.deepEqual(status.unreadable, [unreadable]);
  assert.deepEqual(
    status.profiles.map(({ profile }) => profile),
    ['office'],
  );
  const asked = await call('GET', '/api/profiles/torn');
  assert.deepEqual([asked.status, asked.body.error?.code], [400, 'ERR_PROFILE_INVALID']);

  // Repaired, it is a profile like any other.
  const repaired = { name: 'torn', email: 'anna@example.test', serverName: SERVER_NAME };
  await fs.writeFile(file, JSON.stringify(repaired));
  assert.equal((await call('GET', '/api/profiles/torn/outbox')).status, 200);
  const after = (await call('GET', '/api/status')).body as unknown as StatusReport;
  assert.deepEqual(after.unreadable, []);
  assert.equal(after.profiles.length, 2);
});

test('a root that is added with its fingerprint makes the profile SECURE without a question', async (t) => {
  const { call, server } = await withProfile(t);
  const der = parsePem(server.authority, 'ca')[0] ?? new Uint8Array();
  const { sha256 } = parseCertificate(der);
  const root = { certificate: server.authority, serverName: SERVER_NAME, sha256: '00'.repeat(32) };
  const refused = await call('POST', '/api/roots', root);
  assert.deepEqual([refused.status, refused.body.error?.code], [403, 'ERR_TRUST_CHANGED']);
  const rooted = await call('POST', '/api/roots', { ...root, sha256 });
  assert.equal(rooted.status, 200, rooted.text);
  const sending = await call('POST', '/api/profiles/office/send-receive');
  assert.equal(sending.body.outcome, 'done');
  assert.equal((sending.body.profile as ProfileReport).connectionStatus, 'SECURE');
  assert.equal(
    (await call('DELETE', `/api/roots/${sha256}?serverName=${SERVER_NAME}`)).status,
    200,
  );
  assert.equal((await call('DELETE', `/api/roots/${sha256}`)).status, 404);
});

test('trust is added only for the fingerprint that is presented', async (t) => {
  const { call, server } = await withProfile(t);
  const about = { host: SERVER_NAME, port: server.port, interval: '7d' };
  const wrong = await call('POST', '/api/trust/add', { ...about, sha256: 'ab'.repeat(32) });
  assert.deepEqual([wrong.status, wrong.body.error?.code], [403, 'ERR_TRUST_CHANGED']);
  const added = await call('POST', '/api/trust/add', {
    ...about,
    sha256: server.server.fingerprints?.sha256,
  });
  assert.equal(added.status, 200, added.text);
  assert.equal((await call('POST', '/api/profiles/office/send-receive')).body.outcome, 'done');
});

test('a legacy user gets the question, whatever the old profile allowed', async (t) => {
  const { call, server } = await withProfile(t);
  const legacy = JSON.stringify({
    profileName: 'old',
    server: SERVER_NAME,
    port: String(server.port),
    useSSL: '1',
    email: ACCOUNT,
    allowInvalidCertificates: true,
    trustInterval: 'Always',
    password: PASSWORD,
  });
  const created = await call('POST', '/api/profiles', { legacy });
  assert.equal(created.status, 201, created.text);
  assert.equal((created.body.notices as string[]).length, 3);
  assert.equal((await call('GET', '/api/profiles/old')).body.hasPassword, false);
  const sending = await call('POST', '/api/profiles/old/send-receive');
  assert.equal(sending.body.outcome, 'waiting-for-decision');
  assert.deepEqual((await call('GET', '/api/trust')).body, []);
});

const REFUSALS: readonly {
  name: string;
  method: string;
  at: string;
  body?: unknown;
  status: number;
  code: string;
}[] = [
  {
    name: 'an unknown path',
    method: 'GET',
    at: '/api/nothing',
    status: 404,
    code: 'ERR_NOT_FOUND',
  },
  { name: 'another method', method: 'DELETE', at: '/api/status', status: 405, code: 'ERR_METHOD' },
  {
    name: 'an unknown profile',
    method: 'GET',
    at: '/api/profiles/none/folders',
    status: 404,
    code: 'ERR_NOT_FOUND',
  },
  {
    name: 'a profile outside of its folder',
    method: 'GET',
    at: '/api/profiles/..%2F..%2Fetc',
    status: 404,
    code: 'ERR_NOT_FOUND',
  },
  {
    name: 'a profile with nonsense',
    method: 'POST',
    at: '/api/profiles',
    body: { name: 'x' },
    status: 400,
    code: 'ERR_PROFILE_INVALID',
  },
  {
    name: 'a body that is no JSON',
    method: 'POST',
    at: '/api/profiles',
    body: Buffer.from('{'),
    status: 400,
    code: 'ERR_BODY_INVALID',
  },
  {
    name: 'a body that is too large',
    method: 'POST',
    at: '/api/profiles',
    body: Buffer.alloc(1024 * 1024 + 1, 32),
    status: 413,
    code: 'ERR_BODY_LIMIT',
  },
  {
    name: 'an answer to no question',
    method: 'POST',
    at: '/api/trust/1',
    body: { kind: 'workOffline' },
    status: 404,
    code: 'no-such-question',
  },
  {
    name: 'an answer that is none',
    method: 'POST',
    at: '/api/trust/1',
    body: { kind: 'yes' },
    status: 400,
    code: 'ERR_BODY_INVALID',
  },
  {
    name: 'an answer that does not say what was shown',
    method: 'POST',
    at: '/api/trust/1',
    body: { kind: 'authorizeConnections', interval: '1d' },
    status: 400,
    code: 'ERR_BODY_INVALID',
  },
  {
    name: 'the period Always',
    method: 'POST',
    at: '/api/trust/1',
    body: { kind: 'authorizeConnections', leafSha256: null, interval: 'always' },
    status: 400,
    code: 'ERR_BODY_INVALID',
  },
];

test('what the API refuses, it refuses with a code and a status', async (t) => {
  const { call } = await daemon(t);
  for (const { name, method, at, body, status, code } of REFUSALS) {
    const answer = await call(method, at, body);
    assert.deepEqual([answer.status, answer.body.error?.code], [status, code], name);
  }
});

test('a profile is changed at once, keeps its account, and goes with its store', async (t) => {
  const { call } = await withProfile(t);
  const changed = await call('PATCH', '/api/profiles/office', {
    advanced: { detectChanges: false },
  });
  assert.equal(changed.status, 200, changed.text);
  const { profile } = (await call('GET', '/api/profiles/office')).body as {
    profile: { advanced: object };
  };
  assert.deepEqual(profile.advanced, {
    detectChanges: false,
    lookForUpgrades: true,
    messageCutoffDays: 0,
  });
  const other = await call('PATCH', '/api/profiles/office', { serverName: 'other.test' });
  assert.deepEqual([other.status, other.body.error?.code], [409, 'ERR_OTHER_ACCOUNT']);
  const again = { name: 'office', email: ACCOUNT, serverName: SERVER_NAME };
  assert.equal((await call('POST', '/api/profiles', again)).status, 409);
  assert.equal((await call('DELETE', '/api/profiles/office')).status, 200);
  assert.deepEqual((await call('GET', '/api/profiles')).body, []);
});

test('the daemon is told to stop after the answer has left', async (t) => {
  const { call, stopped } = await daemon(t);
  assert.equal((await call('POST', '/api/stop')).status, 200);
  while (!stopped()) await new Promise((resolve) => setImmediate(resolve));
});

test('a profile works offline and online by hand, and a message waits in the outbox meanwhile', async (t) => {
  const { call, server } = await withProfile(t);
  const sha256 = server.server.fingerprints?.sha256;
  const about = { host: SERVER_NAME, port: server.port, interval: '1d', sha256 };
  assert.equal((await call('POST', '/api/trust/add', about)).status, 200);
  assert.equal((await call('POST', '/api/profiles/office/send-receive')).body.outcome, 'done');

  const at = '/api/profiles/office/work-offline';
  assert.equal((await call('POST', at, { on: 'yes' })).body.error?.code, 'ERR_BODY_INVALID');
  const offline = (await call('POST', at, { on: true })).body as unknown as ProfileReport;
  assert.equal(offline.workOffline?.reason, 'by-hand');

  const mail = Buffer.from(`From: ${ACCOUNT}\r\nTo: ${ACCOUNT}\r\nSubject: Later\r\n\r\nx\r\n`);
  const sent = await call('POST', '/api/profiles/office/outbox', mail);
  assert.deepEqual([sent.status, typeof sent.body.id], [201, 'string']);
  const states = async (): Promise<string[]> =>
    ((await call('GET', '/api/profiles/office/outbox')).body as unknown as { state: string }[]).map(
      ({ state }) => state,
    );
  assert.deepEqual(await states(), ['queued']);
  assert.equal((await call('POST', '/api/profiles/office/send-receive')).body.outcome, 'done');
  assert.deepEqual(await states(), ['sent']);
  assert.equal((await call('POST', '/api/profiles/office/outbox', Buffer.alloc(0))).status, 400);
  assert.equal((await call('POST', '/api/profiles/office/send-receive?wait=0')).status, 202);
  assert.equal((await call('GET', '/api/profiles/office/messages?limit=x')).status, 400);
  assert.equal((await call('GET', '/api/profiles/office/messages/999999')).status, 404);
});

test('a stream without a front end hears of questions, and nobody counts as asked', async (t) => {
  const { call, events } = await withProfile(t);
  const stream = await events(null);
  await waitFor(stream, 'status');
  const sending = await call('POST', '/api/profiles/office/send-receive');
  assert.equal(sending.body.outcome, 'waiting-for-decision');
  const { question } = await waitFor(stream, 'question');
  const refused = await call('POST', `/api/trust/${question.id}`, { kind: 'workOffline' });
  assert.deepEqual(refused.body, { kind: 'refused' });
  const { status } = await waitFor(
    stream,
    'status',
    (event) => event.status.profiles[0]?.workOffline?.reason === 'refused',
  );
  assert.deepEqual(status.questions, []);
});

test('what is found out about an open question reaches whoever watches', async (t) => {
  const portal = createServer((_, response) => response.writeHead(511).end());
  portal.listen(0, '127.0.0.1');
  await once(portal, 'listening');
  afterwards(t, () => portal.close());
  const { call, events } = await withProfile(t, {
    portalPort: (portal.address() as AddressInfo).port,
  });
  const stream = await events(null);
  await call('POST', '/api/profiles/office/send-receive');
  const { question } = await waitFor(stream, 'question', (event) =>
    event.question.causes.some(({ kind }) => kind === 'sign-in-page'),
  );
  const [cause] = question.causes;
  assert.deepEqual(cause, {
    kind: 'sign-in-page',
    certainty: 'proof',
    status: 511,
    location: null,
    sentence: 'This network lets nothing through before you have signed in to it.',
    cure: 'Open any page in a web browser, sign in to the network there, then try again. Do not enter the password of your mail there.',
    administrator: null,
  });
  assert.ok(question.administratorReport.includes('This network lets nothing through'));
  const status = (await call('GET', '/api/status')).body as unknown as StatusReport;
  assert.deepEqual(status.questions[0]?.causes, question.causes);
});
