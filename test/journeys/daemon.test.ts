/** One daemon for each user, whatever happens around it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { controlAddress } from '../../packages/cli/src/control.ts';
import { LAUNCHER, makeHome, type PosternHome } from '../../packages/cli/test/run-postern.ts';

async function home(t: TestContext): Promise<PosternHome> {
  const made = await makeHome();
  t.after(() => made.remove());
  return made;
}

async function pidOf(postern: PosternHome): Promise<number> {
  return Number(await readFile(path.join(postern.folder, 'home', 'run', 'pid'), 'utf8'));
}

test('several starts at the same moment make one daemon', async (t) => {
  const postern = await home(t);
  const starts = await Promise.all([1, 2, 3].map(() => postern.run(['start'])));
  assert.deepEqual(
    starts.map(({ exitCode }) => exitCode),
    [0, 0, 0],
  );
  const started = starts.filter(({ stderr }) => stderr.includes('Postern runs in the background.'));
  assert.equal(started.length, 1);
});

test('after a kill the next start takes over the socket and the lock that were left', async (t) => {
  const postern = await home(t);
  await postern.run(['start']);
  const killed = await pidOf(postern);
  process.kill(killed, 'SIGKILL');
  const { exitCode, stderr } = await postern.run(['start']);
  assert.equal(exitCode, 0, stderr);
  assert.notEqual(await pidOf(postern), killed);
  assert.equal((await postern.run(['status'])).exitCode, 0);
});

test('a home whose path is too long for a socket works all the same', async (t) => {
  const postern = await home(t);
  const long = path.join(postern.folder, 'a'.repeat(90), 'home');
  await mkdir(path.dirname(long));
  postern.env.POSTERN_HOME = long;
  assert.equal((await postern.run(['start'])).exitCode, 0);
  assert.equal((await postern.run(['status'])).exitCode, 0);
  const { folder } = controlAddress(path.join(long, 'run'));
  if (folder === null) throw new TypeError('a Unix socket has a folder');
  assert.ok(folder.startsWith(os.tmpdir()));
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  await postern.run(['stop']);
  assert.equal(existsSync(folder), false);
});

test('a run folder that others can write to is refused by both ends', async (t) => {
  const postern = await home(t);
  await postern.run(['start']);
  const run = path.join(postern.folder, 'home', 'run');
  await chmod(run, 0o777);
  const client = await postern.run(['status']);
  const daemon = await postern.run(['daemon']);
  await chmod(run, 0o700);
  assert.equal(client.exitCode, 4);
  assert.match(client.stderr, /^postern: error: .*mode 0777/);
  assert.equal(daemon.exitCode, 4);
});

test('SIGTERM ends the daemon in order', async (t) => {
  const postern = await home(t);
  const child = spawn(process.execPath, [LAUNCHER, 'daemon'], {
    env: postern.env,
    cwd: postern.folder,
  });
  let log = '';
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  const started = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('started')) resolve();
    });
  });
  await Promise.race([started, ended]);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(log, /stopping\n.* stopped\n$/);
});

test('a store that another process has locked is a typed error with exit code 3, and nothing is lost', async (t) => {
  const postern = await home(t);
  await postern.run(['start']);
  await postern.run([
    ...['profile', 'create', 'work', '--email', 'anna@example.test'],
    ...['--server', 'localhost:1', '--secure', 'on'],
  ]);
  await postern.run(['stop']);
  const file = path.join(postern.folder, 'home', 'profiles', 'work', 'mail.db');
  const other = new DatabaseSync(file);
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  await postern.run(['start']);
  const locked = await postern.run(['mail', 'list', '--json']);
  assert.equal(locked.exitCode, 3, locked.stderr);
  assert.equal(JSON.parse(locked.stdout).error.code, 'ERR_STORE_LOCKED');
  other.close();
  assert.equal((await postern.run(['mail', 'list'])).exitCode, 0);
});

test('a profile file with nonsense is a typed error with exit code 2 that names the file and the key', async (t) => {
  const postern = await home(t);
  const folder = path.join(postern.folder, 'home', 'profiles', 'work');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, 'profile.json');
  await writeFile(file, '{"schema": 1, "name": "work", "email": 7}', { mode: 0o600 });
  assert.equal((await postern.run(['start'])).exitCode, 0);
  const { stderr, exitCode } = await postern.run(['profile', 'show', 'work']);
  assert.match(stderr, /^postern: error: "email" in ".*profile\.json" must be an address/);
  assert.equal(exitCode, 2);
  assert.equal(await readFile(file, 'utf8'), '{"schema": 1, "name": "work", "email": 7}');
  await rm(folder, { recursive: true });
});
