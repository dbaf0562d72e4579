/** The code's way to a browser: a file of this user's, and the entry where it leads. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { deskStage } from './desk-stage.ts';
import { temporaryFolder } from './temporary.ts';

const AT = new Date('2026-11-23T08:00:00Z');

/** The address in a file. */
const addressIn = (html: string): string =>
  (/content="0; url=([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&');

const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await fs.readdir(folder)).filter((name) => name.endsWith('.html'));

test('the file is for this user alone and leads to the entry, with the code behind the #', async (t) => {
  const { desk, ask, authority, folder } = await deskStage(t);
  const { file } = await desk.handOver('büro & co');
  assert.equal(path.dirname(file), folder);
  assert.equal((await fs.stat(file)).mode & 0o777, 0o600);
  const url = addressIn(await fs.readFile(file, 'utf8'));
  const code =
    /^#code=([\w-]{43})&profile=b%C3%BCro%20%26%20co$/.exec(new URL(url).hash)?.[1] ?? '';
  assert.equal(url.split('#')[0], `http://${authority}/enter`);
  assert.ok(!file.includes(code));
  const { status } = await ask('POST', '/api/session', { body: { code } });
  assert.equal(status, 200);
});

test('the file goes when its code is used, when the code is over, and when the daemon ends', async (t) => {
  const clock = createManualClock(AT);
  const { desk, ask, folder } = await deskStage(t, { clock });
  const first = await desk.handOver(null);
  const code = new URLSearchParams(
    new URL(addressIn(await fs.readFile(first.file, 'utf8'))).hash.slice(1),
  ).get('code');
  await desk.handOver(null);
  assert.equal((await filesIn(folder)).length, 2);
  await ask('POST', '/api/session', { body: { code } });
  assert.equal((await filesIn(folder)).length, 1);
  await clock.advance(60_000);
  assert.deepEqual(await filesIn(folder), []);
  await desk.handOver(null);
  await desk.close();
  assert.deepEqual(await filesIn(folder), []);
});

test('what a crash left is removed when a desk is opened again, and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const left = 'desk-0b0e7a52-3c1f-4a86-9a34-2f1f6f6f9e11.html';
  await fs.writeFile(path.join(folder, left), 'left', { mode: 0o600 });
  await fs.writeFile(path.join(folder, 'desk-notes.html'), 'kept', { mode: 0o600 });
  await deskStage(t, { folder });
  assert.deepEqual(await filesIn(folder), ['desk-notes.html']);
});

test('the entry leads on while a code waits, and says that it is late when none does', async (t) => {
  const clock = createManualClock(AT);
  const { ask, desk } = await deskStage(t, { clock });
  const visit = {
    headers: {
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    },
  };
  await desk.handOver(null);
  assert.match((await ask('GET', '/enter', visit)).body, /<script src="\/enter\.js">/);
  const script = await ask('GET', '/enter.js');
  assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8');
  await clock.advance(61_000);
  const late = await ask('GET', '/enter', visit);
  assert.doesNotMatch(late.body, /script/);
  assert.match(late.body, /open for one minute/);
  assert.equal((await ask('GET', '/', visit)).status, 403);
});
