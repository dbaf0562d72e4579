import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, readdir, readFile, stat } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import {
  createWaitSetRequest,
  noOpRequest,
  readCreateWaitSetResponse,
  readWaitSetResponse,
  waitSetRequest,
} from '@postern/soap';
import { formatFingerprint, StoreError } from '@postern/trust';
import { requireOrSkip } from '../../../test/require.ts';
import {
  createServer,
  homePaths,
  initializeHome,
  type MailMode,
  serverFingerprint,
  setPassword,
} from '../src/index.ts';
import { startFixture, temporaryFolder } from './fixture.ts';

const run = promisify(execFile);

const MODES: readonly { mode: MailMode; https: boolean; http: boolean }[] = [
  { mode: 'http', https: false, http: true },
  { mode: 'https', https: true, http: false },
  { mode: 'both', https: true, http: true },
  { mode: 'mixed', https: true, http: true },
  { mode: 'redirect', https: true, http: true },
];

test('each mode opens its own listeners, and the admin one always', async (t) => {
  const home = await temporaryFolder(t);
  for (const { mode, ...expected } of MODES) {
    await t.test(mode, async () => {
      const server = createServer({ home, mode, ports: { https: 0, http: 0, admin: 0 } });
      await server.start();
      const { addresses } = server;
      await server.stop();
      assert.deepEqual(
        { https: addresses?.https != null, http: addresses?.http != null },
        expected,
      );
      assert.ok((addresses?.admin.port ?? 0) > 0);
    });
  }
});

test('a fresh home is https, private, and laid out as Zimbra’s', async (t) => {
  const fixture = await startFixture(t, { home: await temporaryFolder(t) });
  assert.equal(fixture.server.mode, 'https');
  const paths = homePaths(fixture.home);
  assert.equal(
    path.relative(fixture.home, paths.authorityCertificate),
    path.join('ssl', 'zimbra', 'ca', 'ca.pem'),
  );
  for (const file of [
    paths.authorityKey,
    paths.serverKey,
    paths.tokenKey,
    paths.database,
    paths.configuration,
  ]) {
    assert.equal((await stat(file)).mode & 0o077, 0, file);
  }
  assert.equal(JSON.parse(await readFile(paths.configuration, 'utf8')).zimbraMailMode, 'https');
});

test('the certificates are as zmcertmgr makes them', async (t) => {
  const home = await temporaryFolder(t);
  await initializeHome({
    home,
    hostName: 'mail.example.test',
    clock: { now: () => new Date('2026-11-23T09:00:00Z'), setTimer: () => () => undefined },
  });
  const paths = homePaths(home);
  const authority = new X509Certificate(await readFile(paths.authorityCertificate));
  const server = new X509Certificate(await readFile(paths.serverCertificate));
  assert.equal(authority.subject, 'O=CA\nOU=Zimbra Collaboration Server\nCN=mail.example.test');
  assert.equal(server.subject, 'OU=Zimbra Collaboration Server\nCN=mail.example.test');
  assert.equal(server.issuer, authority.subject);
  assert.equal(authority.ca, true);
  assert.equal(server.ca, false);
  assert.equal(server.verify(authority.publicKey), true);
  assert.equal(server.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  assert.equal(authority.serialNumber, '1795424400');
  assert.equal(server.validTo, 'Nov 22 09:00:00 2031 GMT');
  for (const name of ['mail.example.test', 'localhost']) assert.equal(server.checkHost(name), name);
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal((await initializeHome({ home })).created, false);
});

test('openssl verifies the chain and reads the extensions of zmcertmgr', async (t) => {
  const available = await run('openssl', ['version']).then(
    () => true,
    () => false,
  );
  if (!requireOrSkip(t, available, 'openssl', 'apt-get install openssl')) return;
  const home = await temporaryFolder(t);
  await initializeHome({ home, hostName: 'mail.example.test' });
  const { authorityCertificate, serverCertificate } = homePaths(home);
  await run('openssl', [
    'verify',
    '-purpose',
    'sslserver',
    '-CAfile',
    authorityCertificate,
    serverCertificate,
  ]);
  const { stdout: ca } = await run('openssl', [
    'x509',
    '-in',
    authorityCertificate,
    '-noout',
    '-text',
  ]);
  assert.match(
    ca,
    /X509v3 Authority Key Identifier: ?\n\s+keyid:[0-9A-F:]+\n\s+DirName:\/O=CA\/OU=Zimbra Collaboration Server\/CN=mail\.example\.test\n\s+serial:/,
  );
  assert.match(ca, /X509v3 Basic Constraints: ?\n\s+CA:TRUE\n/);
  assert.doesNotMatch(ca, /Key Usage/);
  const { stdout: leaf } = await run('openssl', [
    'x509',
    '-in',
    serverCertificate,
    '-noout',
    '-text',
  ]);
  assert.match(
    leaf,
    /X509v3 Key Usage: ?\n\s+Digital Signature, Non Repudiation, Key Encipherment\n/,
  );
  assert.doesNotMatch(leaf, /Extended Key Usage/);
});

test('the fingerprint that the administrator reads is the one that the server presents', async (t) => {
  const fixture = await startFixture(t);
  const told = await serverFingerprint(fixture.home);
  const socket = tls.connect({
    port: fixture.port('https'),
    host: '127.0.0.1',
    ca: await readFile(homePaths(fixture.home).authorityCertificate),
  });
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) =>
    socket.once('secureConnect', resolve).once('error', reject),
  );
  assert.equal(socket.authorized, true);
  const presented = socket.getPeerX509Certificate();
  assert.equal(formatFingerprint(told.sha256), presented?.fingerprint256);
  assert.equal(formatFingerprint(told.sha1), presented?.fingerprint);
  // One line, however many attributes: `node:crypto` puts each on a line of its own.
  assert.equal(told.subject, 'OU=Zimbra Collaboration Server, CN=mail.example.test');
  assert.deepEqual(told.notAfter, new Date(presented?.validTo ?? ''));
  assert.deepEqual(fixture.server.fingerprints, told);
});

test('TLS 1.1 is refused', async (t) => {
  const fixture = await startFixture(t);
  const socket = tls.connect({
    port: fixture.port('https'),
    host: '127.0.0.1',
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false,
  });
  const outcome = await new Promise((resolve) =>
    socket
      .once('secureConnect', () => resolve('connected'))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
  );
  assert.equal(outcome, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});

test('a new certificate is presented after it is read again, without a restart', async (t) => {
  const fixture = await startFixture(t);
  const other = await temporaryFolder(t);
  await initializeHome({ home: other, hostName: 'mail.example.test' });
  const [from, to] = [homePaths(other), homePaths(fixture.home)];
  const before = fixture.server.fingerprints?.sha256;
  await copyFile(from.serverCertificate, to.serverCertificate);
  await copyFile(from.serverKey, to.serverKey);
  await fixture.server.reloadCertificate();
  const agent = new https.Agent({ ca: await readFile(from.authorityCertificate) });
  const fingerprint = await new Promise((resolve, reject) => {
    https
      .get({ host: '127.0.0.1', port: fixture.port('https'), path: '/', agent }, (response) => {
        const socket = response.socket as tls.TLSSocket;
        resolve(socket.getPeerX509Certificate()?.fingerprint256);
        response.resume();
      })
      .once('error', reject);
  });
  agent.destroy();
  assert.notEqual(fingerprint, before);
  assert.equal(fingerprint, formatFingerprint((await serverFingerprint(other)).sha256));
});

test('a second server on the same home is refused', async (t) => {
  const fixture = await startFixture(t);
  const second = createServer({ home: fixture.home, ports: { https: 0, http: 0, admin: 0 } });
  await assert.rejects(
    second.start(),
    (error) => error instanceof StoreError && error.code === 'ERR_STORE_LOCKED',
  );
});

test('a server that was killed leaves its home free, and what it stored', async (t) => {
  const home = await temporaryFolder(t);
  const program = `
    const { addMailMessages, createAccount, createServer, generatedMessages } =
      await import(${JSON.stringify(import.meta.resolve('../src/index.ts'))});
    const home = ${JSON.stringify(home)};
    await createServer({ home, ports: { https: 0, admin: 0 } }).start();
    await createAccount({ home, name: 'bob@example.test' });
    await addMailMessages({ home, account: 'bob@example.test', messages: generatedMessages(10) });
    process.stdout.write('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  const fixture = await startFixture(t, { home });
  const { password } = await setPassword({ home, account: 'bob@example.test' });
  await fixture.logIn('bob@example.test', password);
  const { tree } = await fixture.sync();
  assert.equal(tree?.folders.find((one) => one.name === 'Inbox')?.count, 10);
});

test('a home that others can write to is refused', async (t) => {
  const home = await temporaryFolder(t);
  await chmod(home, 0o777);
  await assert.rejects(
    createServer({ home, ports: { https: 0, http: 0, admin: 0 } }).start(),
    (error) => error instanceof StoreError && error.code === 'ERR_STORE_UNSAFE',
  );
});

test('a port that is taken is an error, and leaves nothing locked', async (t) => {
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const home = await temporaryFolder(t);
  const refused = createServer({ home, ports: { https: port, admin: 0 } });
  await assert.rejects(refused.start(), { code: 'EADDRINUSE' });
  const server = createServer({ home, ports: { https: 0, admin: 0 } });
  await server.start();
  await server.stop();
});

test('stopping answers those who wait, then refuses new connections', async (t) => {
  const fixture = await startFixture(t);
  const created = await fixture.soap(
    createWaitSetRequest([{ id: fixture.accountId, token: null }]),
  );
  const { waitSet, sequence } = readCreateWaitSetResponse(created.body);
  const port = fixture.port('https');
  const waiting = fixture.soap(
    waitSetRequest({ waitSet, sequence, block: true, timeoutMs: 300_000 }),
  );
  // A request on another connection is answered after the wait has begun: they come in by order of sending.
  await fixture.soap(noOpRequest());
  const startedAt = performance.now();
  await fixture.server.stop();
  assert.ok(performance.now() - startedAt < 4000, 'it does not wait for its grace period');
  assert.deepEqual(readWaitSetResponse((await waiting).body).changedAccounts, []);
  await assert.rejects(
    new Promise((resolve, reject) =>
      net.connect(port, '127.0.0.1', () => resolve(null)).once('error', reject),
    ),
    { code: 'ECONNREFUSED' },
  );
});

test('what was stored is there after a restart, and the token still counts', async (t) => {
  const fixture = await startFixture(t);
  const before = await fixture.sync();
  await fixture.server.stop();
  await fixture.server.start();
  const after = await fixture.sync();
  assert.deepEqual(after.tree, before.tree);
});

test('no password or token is in anything that the server writes', async (t) => {
  const fixture = await startFixture(t);
  await assert.rejects(fixture.logIn('anna@example.test', 'a-wrong-password'));
  const token = fixture.token;
  await fixture.server.stop();
  for (const entry of await readdir(fixture.home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = await readFile(path.join(entry.parentPath, entry.name), 'latin1');
    for (const secret of ['correct horse battery staple', 'a-wrong-password', token]) {
      assert.ok(!text.includes(secret), `${entry.name} holds a secret`);
    }
  }
});
