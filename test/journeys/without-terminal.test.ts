/** The main job without a terminal: no terminal means no, and the way on is the administrator's fingerprint. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeHome, type PosternHome } from '../../packages/cli/test/run-postern.ts';
import { demoEndpoint, readFingerprints, readStatus } from './demo.ts';

async function home(t: { after: (end: () => Promise<void>) => void }): Promise<PosternHome> {
  const made = await makeHome();
  t.after(() => made.remove());
  return made;
}

/** Text without what stands between the digits of a fingerprint, in lower case. */
const digitsOf = (text: string): string => text.replace(/[:\s]/g, '').toLowerCase();

test('without a terminal start refuses, prints the line for the fingerprint and never the presented one', async (t) => {
  const postern = await home(t);
  const { stdout, stderr, exitCode } = await postern.run(['start', '--demo']);
  assert.equal(exitCode, 4);
  const at = await demoEndpoint(postern);
  assert.ok(
    stderr.includes(
      `postern: hint: postern trust add ${at} --sha256 <fingerprint from your administrator> --for 1d\n`,
    ),
    stderr,
  );
  const { sha256 } = await readFingerprints(postern);
  const status = await postern.run(['status']);
  const all = stdout + stderr + status.stdout + status.stderr;
  assert.ok(!digitsOf(all).includes(sha256));
  // The same words as in the dialog: the account, not the profile's name.
  const { email } = (await readStatus(postern)).profiles[0] ?? {};
  const sentence = new RegExp(`While [a-zA-Z ]+ for (.*), Postern could not verify ${at}\\.`);
  assert.match(email ?? '', /^anna@/);
  assert.equal(sentence.exec(stderr)?.[1], email);
  assert.equal(sentence.exec(status.stdout)?.[1], email);
  assert.equal(status.exitCode, 4);
});

test('the administrator’s fingerprint lets it run, asks nothing more, and another one is refused', async (t) => {
  const postern = await home(t);
  const first = await postern.run(['start', '--demo']);
  const held = Number(/The sample mailbox holds ([0-9]+) messages/.exec(first.stderr)?.[1]);
  assert.ok(held > 300);
  const at = await demoEndpoint(postern);
  const { sha256, authoritySha256 } = await readFingerprints(postern);

  const wrong = await postern.run(['trust', 'add', at, '--sha256', authoritySha256, '--for', '1d']);
  assert.equal(wrong.exitCode, 4);
  assert.ok(wrong.stderr.includes('x The issuer of this certificate could not be found.'));
  assert.ok(
    wrong.stderr.includes(`the certificate that ${at} presents does not have this fingerprint`),
  );
  assert.ok(!digitsOf(wrong.stderr).includes(sha256));

  const right = await postern.run(['trust', 'add', at, '--sha256', sha256, '--for', '1d']);
  assert.equal(right.exitCode, 0);
  const again = await postern.run(['start', '--demo', '--json']);
  assert.equal(again.exitCode, 0, again.stderr);
  const [demo] = JSON.parse(again.stdout).profiles;
  assert.match(demo.connectionStatus, /^trusted by you until /);
  const messages = JSON.parse(
    (await postern.run(['mail', 'list', '--limit', '999', '--json'])).stdout,
  );
  assert.equal(messages.messages.length, held);
});

test('Stop Trusting works offline, keeps the mail, and the next Send/Receive is refused again', async (t) => {
  const postern = await home(t);
  await postern.run(['start', '--demo']);
  const at = await demoEndpoint(postern);
  const { sha256 } = await readFingerprints(postern);
  await postern.run(['trust', 'add', at, '--sha256', sha256, '--for', '1h']);
  assert.equal((await postern.run(['sync'])).exitCode, 0);

  const stopped = await postern.run(['trust', 'stop', at]);
  assert.equal(stopped.exitCode, 0, stopped.stderr);
  assert.match(
    stopped.stdout,
    /^Stopped trusting .*: withdrew the trusted certificate, ended [1-9]/,
  );
  const [demo] = (await readStatus(postern)).profiles;
  assert.equal(demo?.workOffline?.reason, 'stopped-trusting');
  const mail = JSON.parse((await postern.run(['mail', 'list', '--json'])).stdout);
  assert.equal(mail.messages.length, 20);
  assert.equal((await postern.run(['sync'])).exitCode, 4);
});

test('once the root is installed for the name a whole run asks nothing and says SECURE', async (t) => {
  const postern = await home(t);
  await postern.run(['start', '--demo']);
  const at = await demoEndpoint(postern);
  const { authoritySha256, rootFile } = await readFingerprints(postern);
  const added = await postern.run([
    'roots',
    'add',
    rootFile,
    '--name',
    'localhost',
    '--sha256',
    authoritySha256,
  ]);
  assert.equal(added.exitCode, 0, added.stderr);

  const run = await postern.run(['start', '--demo']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(run.stdout, /^Connection Status: SECURE$/m);
  const { profiles, questions } = await readStatus(postern);
  assert.equal(questions.length, 0);
  for (const { purpose, security } of profiles[0]?.connections ?? []) {
    assert.deepEqual(security, { kind: 'SECURE' }, purpose);
  }
  const check = await postern.run(['check', at]);
  assert.match(check.stdout, /^localhost:[0-9]+ {3}SECURE\n/);
  assert.equal(check.exitCode, 0);
});

test('--fresh begins anew with another CA, and what was trusted before counts no more', async (t) => {
  const postern = await home(t);
  await postern.run(['start', '--demo']);
  const before = await readFingerprints(postern);
  const at = await demoEndpoint(postern);
  await postern.run(['trust', 'add', at, '--sha256', before.sha256, '--for', '1d']);
  const fresh = await postern.run(['start', '--demo', '--fresh']);
  assert.equal(fresh.exitCode, 4, fresh.stderr);
  const after = await readFingerprints(postern);
  assert.notEqual(after.sha256, before.sha256);
  assert.notEqual(after.authoritySha256, before.authoritySha256);
});

test('a user whose old profile allowed invalid certificates, always, is asked now', async (t) => {
  const postern = await home(t);
  const { ports, hostName } = JSON.parse((await postern.run(['server', 'start', '--json'])).stdout);
  const account = `anna@${hostName}`;
  await postern.run(['server', 'account', 'add', account, '--password-stdin'], {
    stdin: 'a password',
  });
  const old = {
    profile: 'old',
    email: account,
    server: 'localhost',
    port: ports.https,
    usessl: true,
    AllowInvalidCertificates: true,
    TrustInterval: 'Always',
  };
  await writeFile(path.join(postern.folder, 'old.json'), JSON.stringify(old));
  const imported = await postern.run(['profile', 'import', 'old.json', '--json']);
  assert.equal(imported.exitCode, 0, imported.stderr);
  const { notices } = JSON.parse(imported.stdout);
  assert.equal(
    notices.filter((notice: string) => /Allow Invalid Certificates/.test(notice)).length,
    1,
  );

  await postern.run(['profile', 'set', 'old', '--password-stdin'], { stdin: 'a password' });
  const { stderr, exitCode } = await postern.run(['sync']);
  assert.match(stderr, /The issuer of this certificate could not be found\./);
  assert.equal(exitCode, 4);
  assert.deepEqual(JSON.parse((await postern.run(['trust', 'list', '--json'])).stdout).trusted, []);
});

test('the report for the administrator can be sent: all about the certificate, nothing about the account', async (t) => {
  const postern = await home(t);
  const started = await postern.run(['start', '--demo']);
  assert.match(started.stderr, /hint: The certificate may come from a private authority/);
  const at = await demoEndpoint(postern);
  const { sha256 } = await readFingerprints(postern);
  const { stdout, exitCode } = await postern.run(['trust', 'show', at, '--report']);
  assert.equal(exitCode, 4);
  assert.ok(stdout.startsWith(`Report on the server certificate of ${at}\n`), stdout);
  assert.ok(digitsOf(stdout).includes(sha256));
  assert.match(stdout, /What the cause may be\n {2}- The certificate may come from a private/);
  assert.ok(stdout.endsWith(`  postern check ${at}\n`));
  const [account = ''] = ((await readStatus(postern)).profiles[0]?.email ?? '').split('@');
  assert.ok(account.length > 3);
  assert.ok(!stdout.includes(account));
  assert.ok(!stdout.includes(postern.folder));
  const plain = await postern.run(['trust', 'show', at]);
  assert.match(plain.stdout, /What it may be\n {2}- The certificate may come/);
  assert.doesNotMatch(plain.stdout, /Enter {2,}|Connect Despite/);
});
