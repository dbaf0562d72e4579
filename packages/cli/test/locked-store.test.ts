import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { makeHome } from './run-postern.ts';

test('a store that another process holds is told with its file and exit code 3, and costs the other profiles nothing', async (t) => {
  const home = await makeHome();
  t.after(() => home.remove());
  for (const name of ['held', 'free']) {
    const account = ['--email', `${name}@example.test`, '--server', 'localhost:1'];
    await home.run(['profile', 'create', name, ...account, '--secure', 'on']);
  }
  await home.run(['stop']);
  const file = path.join(home.folder, 'home', 'profiles', 'held', 'mail.db');
  const holder = new DatabaseSync(file);
  t.after(() => holder.isOpen && holder.close());
  holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');

  const refused = await home.run(['sync', '--profile', 'held', '--password-stdin'], {
    stdin: 'some password',
  });
  assert.equal(refused.exitCode, 3, refused.stdout + refused.stderr);
  assert.ok(
    refused.stderr.includes(`postern: error: store "${file}" is in use by another process\n`),
    refused.stderr,
  );
  const status = await home.run(['status']);
  assert.match(status.stdout, /free@example\.test/);
  assert.match(status.stderr, /^Profile held cannot be used: ERR_STORE_LOCKED: store ".*mail\.db"/);

  holder.close();
  assert.equal((await home.run(['mail', 'list', '--profile', 'held'])).exitCode, 0);
  assert.equal((await home.run(['status'])).stderr, '');
});
