/** The daemon's log after a run in which things went well and wrong: what happened, and nothing of anybody's. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { makeHome } from '../../packages/cli/test/run-postern.ts';
import { readFingerprints } from './demo.ts';

const ACCOUNT = 'anna@mail.example.test';
const SECRETS = {
  password: 'Zwetschgen-4711-kuchen',
  wrongPassword: 'Pflaumen-0815-mus',
  subject: 'Geheimplan-77',
  body: 'Treffpunkt-am-Kanal',
  searched: 'Gesuchter-Mensch',
};

test('the log says what was decided, and holds no password, token, message text or search', async (t) => {
  const home = await makeHome();
  t.after(() => home.remove());
  const { ports } = JSON.parse((await home.run(['server', 'start', '--json'])).stdout);
  await home.run(['server', 'account', 'add', ACCOUNT, '--password-stdin'], {
    stdin: SECRETS.password,
  });
  const at = `localhost:${ports.https}`;
  const account = ['--email', ACCOUNT, '--server', at, '--secure', 'on'];
  await home.run(['profile', 'create', 'work', ...account]);
  const sync = async (password: string): Promise<number> =>
    (await home.run(['sync', '--password-stdin'], { stdin: password })).exitCode;
  assert.equal(await sync(SECRETS.wrongPassword), 4);
  const { sha256 } = await readFingerprints(home);
  await home.run(['trust', 'add', at, '--sha256', sha256, '--for', '1h']);
  assert.equal(await sync(SECRETS.wrongPassword), 4);
  assert.equal(await sync(SECRETS.password), 0);
  const message = `To: ${ACCOUNT}\nSubject: ${SECRETS.subject}\n\n${SECRETS.body}\n`;
  assert.equal((await home.run(['mail', 'send', '-'], { stdin: message })).exitCode, 0);
  assert.equal(await sync(SECRETS.password), 0);
  await home.run(['gal', 'search', SECRETS.searched]);
  await home.run(['mail', 'show', '99999999']);
  await home.run(['trust', 'stop', at]);
  await home.run(['stop']);

  const log = await readFile(path.join(home.folder, 'home', 'log', 'daemon.log'), 'utf8');
  for (const told of [
    `gate ${at} question-opened because first for `,
    `gate ${at} override-granted ${sha256} until `,
    `gate ${at} mail overridden`,
    'work: work offline, wrong-password: ',
    `gate ${at} stopped`,
  ]) {
    assert.ok(log.includes(told), `${told}\n${log}`);
  }
  for (const [what, secret] of Object.entries(SECRETS)) {
    const forms = [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')];
    for (const form of forms) assert.ok(!log.includes(form), `${what} is in the log`);
  }
  // A token is a long word; the one long word that belongs here is a fingerprint.
  const words = log.match(/[A-Za-z0-9_+/=.]{40,}/g) ?? [];
  assert.deepEqual(
    words.filter((word) => word !== sha256),
    [],
  );
});
