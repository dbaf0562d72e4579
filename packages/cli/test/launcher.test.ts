/** The launcher: which Node.js runs Postern, and what reaches it. */

import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { requireOrSkip } from '../../../test/require.ts';
import { LAUNCHER, makeHome } from './run-postern.ts';

const run = promisify(execFile);

/** A Node.js on this machine that is too old for Postern and new enough for the launcher. */
function olderNode(): string | null {
  for (const folder of ['/usr/bin', '/usr/local/bin', '/opt/node/bin']) {
    const file = path.join(folder, 'node');
    const found = spawnSync(file, ['--version'], { encoding: 'utf8' });
    const major = Number(/^v([0-9]+)\./.exec(found.stdout ?? '')?.[1] ?? 0);
    if (major >= 18 && major < 24) return file;
  }
  return null;
}

test('the version is printed without reading a command', async (t) => {
  const home = await makeHome();
  t.after(() => home.remove());
  const { stdout, stderr, exitCode } = await home.run(['--version']);
  assert.match(stdout, /^[0-9]+\.[0-9]+\.[0-9]+\n$/);
  assert.equal(stderr, '');
  assert.equal(exitCode, 0);
});

test('an older Node.js hands over to the one that npm brought, with arguments and exit code', async (t) => {
  const node = olderNode();
  if (!requireOrSkip(t, node !== null, 'a Node.js from 18 to 23', 'apt-get install nodejs')) return;
  const { stdout } = await run(node ?? '', [LAUNCHER, '--version']);
  assert.match(stdout, /^[0-9]+\.[0-9]+\.[0-9]+\n$/);
  const failing = spawnSync(node ?? '', [LAUNCHER, 'no-such-command'], { encoding: 'utf8' });
  assert.equal(failing.status, 2);
  assert.match(failing.stderr, /unknown command/);
});

test('where no Node.js is new enough it says what is missing and exits with 70', async (t) => {
  const node = olderNode();
  if (!requireOrSkip(t, node !== null, 'a Node.js from 18 to 23', 'apt-get install nodejs')) return;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-launcher-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(path.join(folder, 'bin'));
  await cp(LAUNCHER, path.join(folder, 'bin', 'postern.js'));
  await cp(
    path.join(path.dirname(LAUNCHER), '..', 'package.json'),
    path.join(folder, 'package.json'),
  );
  const { status, stderr } = spawnSync(node ?? '', [path.join(folder, 'bin', 'postern.js')], {
    encoding: 'utf8',
  });
  assert.match(
    stderr,
    /^postern: error: Node\.js 24\.17 is needed, this is .*\npostern: hint: install Node\.js 24/,
  );
  assert.equal(status, 70);
});

test('a signal to the launcher reaches the daemon, which ends in order', async (t) => {
  const node = olderNode();
  if (!requireOrSkip(t, node !== null, 'a Node.js from 18 to 23', 'apt-get install nodejs')) return;
  const home = await makeHome();
  t.after(() => home.remove());
  const child = spawn(node ?? '', [LAUNCHER, 'daemon'], { env: home.env, cwd: home.folder });
  let log = '';
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)));
  const started = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('started')) resolve();
    });
  });
  await Promise.race([started, ended]);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.match(log, /stopped\n$/);
});

test('what is packed runs the built program, also where no compiled code can be kept', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-launcher-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const packed = path.join(folder, 'packages', 'cli');
  await mkdir(path.join(packed, 'bin'), { recursive: true });
  await mkdir(path.join(packed, 'dist'));
  await mkdir(path.join(folder, 'node_modules'));
  await cp(LAUNCHER, path.join(packed, 'bin', 'postern.js'));
  await writeFile(path.join(packed, 'package.json'), '{"type": "module"}');
  await writeFile(
    path.join(packed, 'dist', 'main.js'),
    "export async function main(args) { console.log('built', args.join()); process.exitCode = 1; }",
  );
  // Files where the folders of the caches would be: not even root can write there.
  await writeFile(path.join(folder, 'node_modules', '.cache'), '');
  await writeFile(path.join(folder, '.cache'), '');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(packed, 'bin', 'postern.js'), 'check', 'x'],
    { encoding: 'utf8', env: { HOME: folder } },
  );
  assert.deepEqual(
    { status, stdout, stderr },
    { status: 1, stdout: 'built check,x\n', stderr: '' },
  );
});
