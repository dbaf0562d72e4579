/** The main job on a terminal: `npm start`, as the article tells it, from the question to live mail. */

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { addMessage } from '@postern/server';
import { hasPseudoTerminals } from '../../packages/cli/test/pseudo-terminal.ts';
import { makeHome } from '../../packages/cli/test/run-postern.ts';
import { requireOrSkip } from '../require.ts';
import {
  AUTHORIZE,
  authorize,
  CHOICE,
  demoEndpoint,
  LIVE,
  openTerminal,
  ownPorts,
  readFingerprints,
  readStatus,
  serverHome,
} from './demo.ts';

const canRun = hasPseudoTerminals();
const HOW = 'apt-get install python3';

const NEWS = [
  'From: Bernd <bernd@lindenhof.example>',
  'To: anna@lindenhof.example',
  'Subject: The plans have arrived',
  '',
  'See you at noon.',
  '',
].join('\r\n');

test('npm start asks, authorizes for a day, runs the eight connections and shows new mail as it arrives', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', HOW)) return;
  const home = await makeHome();
  t.after(() => home.remove());
  const terminal = openTerminal(home, ['start', '--demo']);
  t.after(() => terminal.kill());
  await terminal.waitFor(/with a new CA of its own/);
  await terminal.waitFor(/The sample mailbox holds 3[0-9]{2} messages/);
  await terminal.waitFor(/npx postern server fingerprint/);
  await terminal.waitFor(/This connection is not secure/);
  await terminal.waitFor(/x The issuer of this certificate could not be found\./);
  await authorize(terminal);
  await terminal.waitFor(LIVE);

  const { profiles, questions } = await readStatus(home);
  const [demo] = profiles;
  assert.equal(questions.length, 0);
  assert.equal(demo?.connections.length, 8);
  for (const { purpose, activity, security, error } of demo?.connections ?? []) {
    assert.equal(security.kind, 'trusted-by-you', purpose);
    assert.equal(activity, purpose === 'changes' ? 'watching' : 'idle', purpose);
    assert.equal(error, null, purpose);
  }

  const message = Buffer.from(NEWS);
  await addMessage({ home: serverHome(home), account: demo?.email ?? '', message });
  await terminal.waitFor(/New mail: The plans have arrived — Bernd/);

  terminal.type('\u0003');
  await terminal.waitFor(/Postern goes on in the background\. "npx postern stop" ends it\./);
  assert.equal(await terminal.ended, 0);
  assert.equal((await home.run(['status'])).exitCode, 0);
  const stopped = await home.run(['stop']);
  assert.equal(stopped.stdout, 'Postern has stopped.\nThe server on this machine has stopped.\n');
});

test('Enter at the question works offline: nothing is received, and the exit code says refused', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', HOW)) return;
  const home = await makeHome();
  t.after(() => home.remove());
  const terminal = openTerminal(home, ['start', '--demo']);
  t.after(() => terminal.kill());
  await terminal.waitFor(CHOICE);
  terminal.type('\r');
  await terminal.waitFor(/postern: error: Postern works offline: you did not allow the connection/);
  assert.equal(await terminal.ended, 4);
  const [demo] = (await readStatus(home)).profiles;
  assert.equal(demo?.workOffline?.reason, 'refused');
  const mail = JSON.parse((await home.run(['mail', 'list', '--json'])).stdout);
  assert.deepEqual(mail.messages, []);
});

test('a week needs the fingerprint that the administrator reads on the server; a wrong one connects nothing', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', HOW)) return;
  const home = await makeHome();
  t.after(() => home.remove());
  const terminal = openTerminal(home, ['start', '--demo']);
  t.after(() => terminal.kill());
  await terminal.waitFor(CHOICE);
  const { sha256 } = await readFingerprints(home);
  const digit = sha256.startsWith('0') ? '1' : '0';
  terminal.type('c\r');
  await terminal.waitFor(/4 +7 days \(until .*, needs the fingerprint/);
  await terminal.waitFor(CHOICE);
  terminal.type('4\r');
  await terminal.waitFor(/Fingerprint from your administrator \[Work Offline\]: /);
  terminal.type(`${digit}${sha256.slice(1)}\r`);
  await terminal.waitFor(AUTHORIZE);
  terminal.type('authorize\r');
  await terminal.waitFor(/This is not the fingerprint of the certificate/);
  await terminal.waitFor(/Fingerprint from your administrator \[Work Offline\]: /);
  terminal.type(`${sha256}\r`);
  await terminal.waitFor(AUTHORIZE);
  terminal.type('authorize\r');
  await terminal.waitFor(LIVE);
  terminal.type('\u0003');
  assert.equal(await terminal.ended, 0);
  const [trust] = JSON.parse((await home.run(['trust', 'list', '--json'])).stdout).trusted;
  assert.equal(trust.fingerprintChecked, true);
  assert.equal(Date.parse(trust.expiresAt) - Date.parse(trust.grantedAt), 7 * 86_400_000);
});

test('another certificate on the same server is shown beside the old one, and Enter sends it nothing', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', HOW)) return;
  const home = await makeHome();
  t.after(() => home.remove());
  await ownPorts(home);
  await home.run(['start', '--demo']);
  const at = await demoEndpoint(home);
  const before = await readFingerprints(home);
  await home.run(['trust', 'add', at, '--sha256', before.sha256, '--for', '1d']);
  assert.equal((await home.run(['sync'])).exitCode, 0);

  await home.run(['server', 'stop']);
  // A server without them makes new ones when it starts, with a new CA.
  await rm(path.join(serverHome(home), 'ssl'), { recursive: true });
  const terminal = openTerminal(home, ['start', '--demo']);
  t.after(() => terminal.kill());
  await terminal.waitFor(/The server's certificate has changed/);
  await terminal.waitFor(/= To .*\n[\s\S]*≠ SHA-256[\s\S]*= Same {3}≠ Differs/);
  await terminal.waitFor(CHOICE);
  terminal.type('\r');
  assert.equal(await terminal.ended, 4, terminal.shown);
  assert.notEqual((await readFingerprints(home)).sha256, before.sha256);
});

test('a question that the administrator’s fingerprint answers elsewhere closes itself, and a stop ends the view', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', HOW)) return;
  const home = await makeHome();
  t.after(() => home.remove());
  const terminal = openTerminal(home, ['start', '--demo']);
  t.after(() => terminal.kill());
  await terminal.waitFor(CHOICE);
  const { sha256 } = await readFingerprints(home);
  const at = await demoEndpoint(home);
  const added = await home.run(['trust', 'add', at, '--sha256', sha256, '--for', '1h']);
  assert.equal(added.exitCode, 0, added.stderr);
  await terminal.waitFor(/The question is over: it was answered elsewhere/);
  await terminal.waitFor(LIVE);
  await home.run(['stop']);
  await terminal.waitFor(/postern: error: Postern has stopped/);
  assert.equal(await terminal.ended, 3);
});

test('a server without HTTPS is asked about in its own words before anything is sent to it', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', HOW)) return;
  const home = await makeHome();
  t.after(() => home.remove());
  // Not the usual ones: what answers beside 8080 may be the secure server of another test.
  await ownPorts(home);
  const started = await home.run(['server', 'start', '--mode', 'http', '--json']);
  const { ports, hostName } = JSON.parse(started.stdout);
  const account = `anna@${hostName}`;
  await home.run(['server', 'account', 'add', account, '--password-stdin'], {
    stdin: 'a password',
  });
  await home.run(
    [
      ...['profile', 'create', 'plain', '--email', account, '--server', 'localhost:1'],
      ...['--http-port', String(ports.http), '--password-stdin'],
    ],
    { stdin: 'a password' },
  );
  const terminal = openTerminal(home, ['sync']);
  t.after(() => terminal.kill());
  await terminal.waitFor(/would have to use\s+localhost:[0-9]+\s+without\s+protection/);
  await authorize(terminal);
  await terminal.waitFor(/Connection Status: NOT SECURE/);
  assert.equal(await terminal.ended, 0, terminal.shown);
});
