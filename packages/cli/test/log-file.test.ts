import assert from 'node:assert/strict';
import { appendFileSync, closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { MAX_LOG_BYTES, openLogFile } from '../src/log-file.ts';
import { makeHome } from './run-postern.ts';

async function logIn(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-log-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'daemon.log');
}

const read = (file: string): string => readFileSync(file, 'utf8');

test('a log that is full goes on in an empty file, and the lines before are beside it', async (t) => {
  const file = await logIn(t);
  const log = openLogFile(file, 100);
  const lines = Array.from({ length: 15 }, (_, nth) => `line ${String(nth).padStart(4, '0')}`);
  for (const line of lines) log.line(line);
  log.close();
  assert.equal(read(`${file}.1`) + read(file), `${lines.join('\n')}\n`);
  assert.equal(read(`${file}.1`).length, 100);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(`${file}.1`).mode & 0o777, 0o600);
});

test('however much is written, neither file passes the limit', async (t) => {
  const file = await logIn(t);
  const log = openLogFile(file, 100);
  for (let nth = 0; nth < 500; nth++) log.line('x'.repeat(nth));
  log.close();
  assert.ok(statSync(file).size <= 100);
  assert.ok(statSync(`${file}.1`).size <= 100);
});

test('what this process says on stderr is still in the log after it was cut', async (t) => {
  const file = await logIn(t);
  const stderr = openSync(file, 'a', 0o600);
  const log = openLogFile(file, 100);
  log.line('x'.repeat(99));
  log.line('after');
  writeSync(stderr, 'Error: a crash\n');
  log.line('the end');
  closeSync(stderr);
  log.close();
  assert.equal(read(file), 'after\nError: a crash\nthe end\n');
});

test('a log that cannot be written loses its lines and ends nothing', async (t) => {
  const file = await logIn(t);
  const log = openLogFile(file, 100);
  // A folder stands where the lines before should go.
  await mkdir(`${file}.1`);
  appendFileSync(file, 'x'.repeat(100));
  log.line('lost');
  log.close();
  assert.equal(read(file), 'x'.repeat(100));
});

test('a daemon that starts cuts the log that it finds', async (t) => {
  const home = await makeHome();
  t.after(() => home.remove());
  const folder = path.join(home.folder, 'home', 'log');
  const file = path.join(folder, 'daemon.log');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, `${'0123456789abcde\n'.repeat(MAX_LOG_BYTES / 16)}the last line\n`, {
    mode: 0o600,
  });
  assert.equal((await home.run(['start'])).exitCode, 0);
  assert.match(read(file), /^\S+ started, version /);
  assert.equal(statSync(`${file}.1`).size, MAX_LOG_BYTES);
  assert.match(read(`${file}.1`), /the last line\n$/);
  await home.run(['stop']);
  assert.match(read(file), / stopped\n$/);
});
