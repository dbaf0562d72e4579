/** The password: in the daemon's memory and nowhere else, whatever happens during a run. */

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { hasPseudoTerminals } from '../../packages/cli/test/pseudo-terminal.ts';
import { makeHome } from '../../packages/cli/test/run-postern.ts';
import { requireOrSkip } from '../require.ts';
import { AUTHORIZE, authorize, LIVE, openTerminal, readFingerprints, serverHome } from './demo.ts';

const PASSWORD = 'Zwetschgen-4711-kuchen';
const ACCOUNT = 'anna@mail.example.test';

/** Every form in which a careless program leaves a password behind. */
const FORMS = [
  PASSWORD,
  Buffer.from(PASSWORD).toString('base64').replace(/=+$/, ''),
  Buffer.from(PASSWORD).toString('hex'),
  encodeURIComponent(PASSWORD),
];

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

async function assertNowhere(bytes: Buffer, where: string): Promise<void> {
  for (const form of FORMS) assert.ok(!bytes.includes(form), `the password is in ${where}`);
}

test('a password is in no file, log, argument, environment or output of a whole run', async (t) => {
  if (!requireOrSkip(t, hasPseudoTerminals(), 'python3 with pty', 'apt-get install python3'))
    return;
  const home = await makeHome();
  t.after(() => home.remove());
  const started = await home.run(['server', 'start', '--json']);
  const { ports } = JSON.parse(started.stdout);
  const added = await home.run(['server', 'account', 'add', ACCOUNT, '--password-stdin'], {
    stdin: `${PASSWORD}\n`,
  });
  assert.equal(added.exitCode, 0, added.stderr);

  const terminal = openTerminal(home, [
    'start',
    '--server',
    `localhost:${ports.https}`,
    '--user',
    ACCOUNT,
  ]);
  t.after(() => terminal.kill());
  await terminal.waitFor(/Password of anna@mail\.example\.test: /);
  terminal.type(`${PASSWORD}\r`);
  await authorize(terminal);
  await terminal.waitFor(LIVE);

  const pid = (await readFile(path.join(home.folder, 'home', 'run', 'pid'), 'utf8')).trim();
  if (process.platform === 'linux') {
    for (const about of ['cmdline', 'environ']) {
      await assertNowhere(await readFile(`/proc/${pid}/${about}`), `${about} of the daemon`);
    }
  }
  terminal.type('\u0003');
  assert.equal(await terminal.ended, 0);
  await assertNowhere(Buffer.from(terminal.shown), 'what the terminal showed');
  const status = await home.run(['status', '--json']);
  await assertNowhere(Buffer.from(status.stdout + status.stderr), 'the status');
  await home.run(['stop']);
  for (const file of await filesBelow(home.folder)) await assertNowhere(await readFile(file), file);
});

test('a wrong password is said to be wrong, with exit code 4, and is asked for again', async (t) => {
  if (!requireOrSkip(t, hasPseudoTerminals(), 'python3 with pty', 'apt-get install python3'))
    return;
  const home = await makeHome();
  t.after(() => home.remove());
  const { ports } = JSON.parse((await home.run(['server', 'start', '--json'])).stdout);
  await home.run(['server', 'account', 'add', ACCOUNT, '--password-stdin'], { stdin: PASSWORD });
  const { authoritySha256, rootFile } = await readFingerprints(home);
  assert.ok(rootFile.startsWith(serverHome(home)));
  await home.run(['roots', 'add', rootFile, '--name', 'localhost', '--sha256', authoritySha256]);
  const server = ['--server', `localhost:${ports.https}`, '--user', ACCOUNT, '--password-stdin'];
  const wrong = await home.run(['start', ...server], { stdin: 'not this one' });
  assert.equal(wrong.exitCode, 4, wrong.stdout + wrong.stderr);
  assert.match(wrong.stderr, /the server did not accept the password/);

  const terminal = openTerminal(home, ['sync']);
  t.after(() => terminal.kill());
  await terminal.waitFor(/Password of anna@mail\.example\.test: /);
  terminal.type(`${PASSWORD}\r`);
  await terminal.waitFor(/Connection Status: SECURE/);
  assert.equal(await terminal.ended, 0, terminal.shown);
  assert.doesNotMatch(terminal.shown, AUTHORIZE);
});
