import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import * as soap from '@postern/soap';
import {
  changeGal,
  createAccount,
  homePaths,
  setMailMode,
  setPassword,
  UsageFault,
} from '../src/index.ts';
import { type Fixture, faultOf, ManualClock, PASSWORD, startFixture } from './fixture.ts';

const ANNA = 'anna@example.test';
const at = new Date('2026-11-23T09:00:00Z');

function attempt(fixture: Fixture, name: string, password: string): Promise<soap.Response> {
  const request = soap.authRequest({ account: { by: 'name', value: name }, password });
  return fixture.soap(request, { authToken: null });
}

test('a log-in gives a token, in the answer and as a cookie', async (t) => {
  const fixture = await startFixture(t);
  const request = soap.authRequest({
    account: { by: 'name', value: 'ANNA@example.test' },
    password: PASSWORD,
  });
  const answer = await fixture.call('/service/soap/AuthRequest', {
    body: soap.encodeRequest({}, request),
  });
  const grant = soap.readAuthResponse(soap.decodeResponse(answer.body).body);
  assert.equal(grant.lifetimeMs, 172_800_000);
  assert.match(grant.authToken, /^0_[0-9a-f]{64}_[0-9a-f]+$/);
  assert.deepEqual(answer.headers['set-cookie'], [
    `ZM_AUTH_TOKEN=${grant.authToken}; Path=/; HttpOnly; Secure`,
  ]);
});

test('a wrong password and an unknown account are answered alike', async (t) => {
  const fixture = await startFixture(t);
  for (const name of [ANNA, 'nobody@example.test']) {
    assert.deepEqual(await faultOf(attempt(fixture, name, 'wrong')), {
      code: 'account.AUTH_FAILED',
      reason: `authentication failed for [${name}]`,
    });
  }
});

test('after ten wrong passwords the right one waits ten minutes', async (t) => {
  const clock = new ManualClock(at);
  const fixture = await startFixture(t, { clock });
  for (let n = 0; n < 10; n++) await assert.rejects(attempt(fixture, ANNA, 'wrong'));
  assert.equal((await faultOf(attempt(fixture, ANNA, PASSWORD))).code, 'account.AUTH_FAILED');
  clock.advance(10 * 60_000);
  await fixture.logIn();
});

test('a token ends with its time, with log-off, and with a new password', async (t) => {
  const clock = new ManualClock(at);
  const fixture = await startFixture(t, { clock });
  const ask = (): Promise<unknown> => fixture.soap(soap.getPrefsRequest());
  await ask();
  clock.advance(172_800_000);
  assert.deepEqual(await faultOf(ask()), {
    code: 'service.AUTH_EXPIRED',
    reason: 'auth credentials have expired',
  });
  await fixture.logIn();
  await fixture.soap(soap.endSessionRequest(true));
  assert.deepEqual(await faultOf(ask()), {
    code: 'service.AUTH_REQUIRED',
    reason: 'no valid authtoken present',
  });
  clock.advance(1000);
  await fixture.logIn();
  const { password } = await setPassword({ home: fixture.home, clock, account: ANNA });
  clock.advance(1000);
  assert.equal((await faultOf(ask())).code, 'service.AUTH_REQUIRED');
  await fixture.logIn(ANNA, password);
  await ask();
});

const FORGED: readonly { name: string; change: (token: string) => string }[] = [
  { name: 'nothing', change: () => '' },
  { name: 'words', change: () => 'let me in' },
  {
    name: 'another signature',
    change: (token) => token.replace(/^0_./, (head) => (head === '0_0' ? '0_1' : '0_0')),
  },
  {
    name: 'an administrator made of a user',
    change: (token) => {
      const [head, signature, data = ''] = token.split('_');
      const fields = Buffer.from(data, 'hex').toString().replace('type=', 'admin=1:1;type=');
      return [head, signature, Buffer.from(fields).toString('hex')].join('_');
    },
  },
  { name: 'a longer one', change: (token) => token + '0'.repeat(100_000) },
];

test('a forged token opens nothing', async (t) => {
  const fixture = await startFixture(t);
  const { token } = fixture;
  for (const { name, change } of FORGED) {
    await t.test(name, async () => {
      fixture.token = change(token);
      assert.equal((await faultOf(fixture.sync())).code, 'service.AUTH_REQUIRED');
    });
  }
});

test('random passwords differ, and are stored nowhere', async (t) => {
  const fixture = await startFixture(t);
  const bob = await createAccount({ home: fixture.home, name: 'bob@example.test' });
  const eve = await createAccount({ home: fixture.home, name: 'eve@example.test' });
  assert.match(bob.password, /^([A-Za-z2-9]{5}-){3}[A-Za-z2-9]{5}$/);
  assert.notEqual(bob.password, eve.password);
  await fixture.logIn('bob@example.test', bob.password);
  await assert.rejects(createAccount({ home: fixture.home, name: 'bob@example.test' }), UsageFault);
  await assert.rejects(createAccount({ home: fixture.home, name: 'not an address' }), UsageFault);
});

test('GetInfo tells who one is and what was asked for', async (t) => {
  const fixture = await startFixture(t);
  const { body } = await fixture.soap(soap.getInfoRequest(['mbox', 'prefs']));
  const info = soap.readGetInfoResponse(body);
  assert.equal(info.name, ANNA);
  assert.equal(info.id, fixture.accountId);
  assert.equal(info.soapUrl, `https://127.0.0.1:${fixture.port('https')}/service/soap/`);
  assert.ok(info.preferences.length > 0);
  assert.deepEqual(info.attributes, []);
});

test('signatures are made, changed and deleted', async (t) => {
  const fixture = await startFixture(t);
  const all = async (): Promise<readonly soap.Signature[]> =>
    soap.readGetSignaturesResponse((await fixture.soap(soap.getSignaturesRequest())).body);
  const { body } = await fixture.soap(
    soap.createSignatureRequest({ id: 's1', name: 'Work', plain: 'Anna' }),
  );
  assert.deepEqual(soap.readCreateSignatureResponse(body), { id: 's1', name: 'Work' });
  await fixture.soap(soap.modifySignatureRequest({ id: 's1', html: '<b>Anna</b>' }));
  assert.deepEqual(await all(), [{ id: 's1', name: 'Work', plain: 'Anna', html: '<b>Anna</b>' }]);
  const prefs = soap.readGetPrefsResponse(
    (await fixture.soap(soap.getPrefsRequest(['zimbraPrefDefaultSignatureId']))).body,
  );
  assert.deepEqual(prefs, [['zimbraPrefDefaultSignatureId', 's1']]);
  const twin = fixture.soap(soap.createSignatureRequest({ name: 'work' }));
  assert.equal((await faultOf(twin)).code, 'account.SIGNATURE_EXISTS');
  await fixture.soap(soap.deleteSignatureRequest({ name: 'Work' }));
  assert.deepEqual(await all(), []);
  const gone = fixture.soap(soap.deleteSignatureRequest({ id: 's1' }));
  assert.equal((await faultOf(gone)).code, 'account.NO_SUCH_SIGNATURE');
});

test('lists of senders are replaced, edited and cleared', async (t) => {
  const fixture = await startFixture(t);
  const lists = async (): Promise<soap.SenderLists> =>
    soap.readGetWhiteBlackListResponse((await fixture.soap(soap.getWhiteBlackListRequest())).body);
  const change = (
    allowed: soap.SenderListChange | null,
    blocked: soap.SenderListChange | null,
  ): Promise<unknown> => fixture.soap(soap.modifyWhiteBlackListRequest({ allowed, blocked }));
  await change(
    { kind: 'replace', addresses: ['b@x.test', 'A@x.test'] },
    { kind: 'replace', addresses: ['spam.test'] },
  );
  assert.deepEqual(await lists(), { allowed: ['a@x.test', 'b@x.test'], blocked: ['spam.test'] });
  await change({ kind: 'edit', added: ['c@x.test'], removed: ['a@x.test'] }, null);
  assert.deepEqual(await lists(), { allowed: ['b@x.test', 'c@x.test'], blocked: ['spam.test'] });
  await change({ kind: 'replace', addresses: [] }, null);
  assert.deepEqual(await lists(), { allowed: [], blocked: ['spam.test'] });
  const many = Array.from({ length: 101 }, (_, n) => `${n}@x.test`);
  assert.equal(
    (await faultOf(change({ kind: 'replace', addresses: many }, null))).code,
    'service.INVALID_REQUEST',
  );
});

test('preferences are changed, added to and cleared', async (t) => {
  const fixture = await startFixture(t);
  const modify = (...prefs: soap.Preference[]): Promise<unknown> =>
    fixture.soap(soap.modifyPrefsRequest(prefs));
  const read = async (): Promise<readonly soap.Preference[]> =>
    soap.readGetPrefsResponse((await fixture.soap(soap.getPrefsRequest(['zimbraPrefX']))).body);
  await modify(['zimbraPrefX', 'a'], ['zimbraPrefX', 'b']);
  await modify(['+zimbraPrefX', 'c'], ['-zimbraPrefX', 'a']);
  assert.deepEqual(await read(), [
    ['zimbraPrefX', 'b'],
    ['zimbraPrefX', 'c'],
  ]);
  await modify(['zimbraPrefX', '']);
  assert.deepEqual(await read(), []);
  assert.equal(
    (await faultOf(modify(['zimbraIsAdminAccount', 'TRUE']))).code,
    'service.INVALID_REQUEST',
  );
});

test('the address list comes whole, then as changes', async (t) => {
  const fixture = await startFixture(t);
  const sync = async (
    token: string | null,
    limit: number | null = null,
  ): Promise<soap.SyncGalResult> =>
    soap.readSyncGalResponse((await fixture.soap(soap.syncGalRequest({ token, limit }))).body);
  const names = Array.from({ length: 5 }, (_, n) => `Person ${n}`);
  const set = names.map((name, n) => ({
    id: `g${n}`,
    name,
    fields: [
      ['fullName', name],
      ['email', `p${n}@x.test`],
    ] as const,
  }));
  await changeGal({ home: fixture.home, set });
  const first = await sync(null, 4);
  assert.equal(first.more, true);
  const second = await sync(first.token, 4);
  assert.deepEqual(
    { more: second.more, ids: [...first.entries, ...second.entries].map((one) => one.id).slice(1) },
    { more: false, ids: ['g0', 'g1', 'g2', 'g3', 'g4'] },
  );
  await changeGal({ home: fixture.home, set: set.slice(0, 1), removeIds: ['g3'] });
  const delta = await sync(second.token);
  assert.deepEqual(
    { entries: delta.entries.map((one) => one.id), deletedIds: delta.deletedIds },
    { entries: ['g0'], deletedIds: ['g3'] },
  );
  assert.deepEqual((await sync(null)).deletedIds, []);
  const { body } = await fixture.soap(soap.searchGalRequest({ name: 'person x.test 100%' }));
  assert.deepEqual(soap.readSearchGalResponse(body).entries, []);
  const found = soap.readSearchGalResponse(
    (await fixture.soap(soap.searchGalRequest({ name: 'PERSON 2' }))).body,
  );
  assert.deepEqual(
    found.entries.map((one) => one.id),
    ['g2'],
  );
});

test('the administrator logs in at the admin door only, and sets the mode', async (t) => {
  const fixture = await startFixture(t);
  await createAccount({
    home: fixture.home,
    name: 'admin@example.test',
    password: PASSWORD,
    isAdmin: true,
  });
  const logIn = (name: string): Promise<soap.Element> =>
    fixture.adminSoap(
      soap.authRequest({ account: { by: 'name', value: name }, password: PASSWORD }, 'admin'),
    );
  assert.equal((await faultOf(logIn(ANNA))).code, 'service.PERM_DENIED');
  const { authToken, lifetimeMs } = soap.readAuthResponse(await logIn('admin@example.test'));
  assert.equal(lifetimeMs, 43_200_000);
  await fixture.adminSoap(soap.pingRequest());
  const byName = soap.getServerRequest({ by: 'name', value: 'mail.example.test' });
  const server = soap.readServerResponse(await fixture.adminSoap(byName, authToken));
  assert.deepEqual(
    server.attributes.find(([name]) => name === 'zimbraMailMode'),
    ['zimbraMailMode', 'https'],
  );
  const modify = (mode: string): Promise<soap.Element> =>
    fixture.adminSoap(soap.modifyServerRequest(server.id, [['zimbraMailMode', mode]]), authToken);
  assert.deepEqual(await faultOf(modify('HTTPS')), {
    code: 'account.INVALID_ATTR_VALUE',
    reason: 'zimbraMailMode must be one of: http,https,both,mixed,redirect',
  });
  await modify('both');
  const config = soap.readGetConfigResponse(
    await fixture.adminSoap(soap.getConfigRequest('zimbraMailMode'), authToken),
  );
  assert.deepEqual(config, [['zimbraMailMode', 'both']]);
  assert.equal(fixture.server.addresses?.http, null, 'the listeners follow at the next start');
  await fixture.server.stop();
  await fixture.server.start();
  assert.notEqual(fixture.server.addresses?.http, null);
  await assert.rejects(setMailMode({ home: fixture.home, mode: 'HTTPS' }), UsageFault);
});

test('a user’s token opens no admin door, and admin requests are not answered elsewhere', async (t) => {
  const fixture = await startFixture(t);
  const request = soap.getServerRequest({ by: 'name', value: 'mail.example.test' });
  assert.equal(
    (await faultOf(fixture.adminSoap(request, fixture.token))).code,
    'service.PERM_DENIED',
  );
  assert.equal((await faultOf(fixture.soap(request))).code, 'service.UNKNOWN_DOCUMENT');
});

test('downloads need a log-in, and show the newest installers only', async (t) => {
  const fixture = await startFixture(t);
  const { downloads } = homePaths(fixture.home);
  await mkdir(downloads, { recursive: true });
  for (const name of [
    'ZimbraConnectorOLK_9.0.0.1903_x64.msi',
    'ZimbraConnectorOLK_10.0.0.1950_x64.msi',
    'secret.txt',
  ]) {
    await writeFile(path.join(downloads, name), name);
  }
  assert.equal((await fixture.call('/downloads/index.html')).status, 401);
  const page = await fixture.call('/downloads/index.html', { headers: fixture.cookie });
  assert.match(
    page.body.toString(),
    /<a id="zco_64bit" href="\/downloads\/ZimbraConnectorOLK_10\.0\.0\.1950_x64\.msi">/,
  );
  assert.doesNotMatch(page.body.toString(), /9\.0\.0|secret/);
  const basic = { authorization: `Basic ${Buffer.from(`${ANNA}:${PASSWORD}`).toString('base64')}` };
  const file = await fixture.call('/downloads/ZimbraConnectorOLK_9.0.0.1903_x64.msi', {
    headers: basic,
  });
  assert.equal(file.body.toString(), 'ZimbraConnectorOLK_9.0.0.1903_x64.msi');
  for (const name of ['secret.txt', '../conf/authtoken.key', '..%2fconf%2fauthtoken.key']) {
    assert.equal(
      (await fixture.call(`/downloads/${name}`, { headers: fixture.cookie })).status,
      404,
      name,
    );
  }
});
