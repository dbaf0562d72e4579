import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { readMbox } from '../src/import/mbox.ts';
import {
  addMailMessages,
  createServer,
  generatedMessages,
  homePaths,
  type ImportProgress,
  importMail,
  UsageFault,
} from '../src/index.ts';
import { startFixture, temporaryFolder } from './fixture.ts';

const account = 'anna@example.test';
const dataFolder = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'mail');

async function emlFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.eml'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

test('every message of the shared data, broken ones too, is served byte for byte', async (t) => {
  if (!requireOrSkip(t, existsSync(dataFolder), 'shared data/mail', 'put it beside the repository'))
    return;
  const fixture = await startFixture(t);
  const progress: ImportProgress[] = [];
  const result = await importMail({
    home: fixture.home,
    account,
    files: [dataFolder],
    targetFolder: '/Imported',
    onProgress: (one) => progress.push(one),
  });
  const files = await emlFiles(dataFolder);
  assert.deepEqual(
    { imported: result.imported, skipped: result.skipped },
    { imported: files.length, skipped: [] },
  );
  assert.deepEqual(progress.at(-1), {
    done: files.length,
    total: files.length,
    bytes: result.bytes,
  });
  const { tree } = await fixture.sync();
  const ids = tree?.folders.find((one) => one.name === 'Imported')?.items.m ?? [];
  const wanted = new Map<string, number>();
  for (const file of files) {
    const bytes = await readFile(file, 'latin1');
    wanted.set(bytes, (wanted.get(bytes) ?? 0) + 1);
  }
  for (const id of ids) {
    const bytes = (await fixture.content(id)).toString('latin1');
    wanted.set(bytes, (wanted.get(bytes) ?? 0) - 1);
  }
  assert.deepEqual(
    [...wanted.values()].filter((left) => left !== 0),
    [],
  );
});

const MBOXES: readonly { name: string; text: string; expected: readonly string[] }[] = [
  { name: 'nothing', text: '', expected: [] },
  { name: 'no mbox', text: 'Subject: a\n\nb\n', expected: [] },
  {
    name: 'one message',
    text: 'From a@b Mon Nov 23 09:00:00 2026\nSubject: a\n\nb\n',
    expected: ['Subject: a\n\nb\n'],
  },
  {
    name: 'two messages',
    text: 'From a\nSubject: a\n\nb\n\nFrom c\nSubject: c\n\nd\n\n',
    expected: ['Subject: a\n\nb\n', 'Subject: c\n\nd\n'],
  },
  {
    name: 'From in the middle of a paragraph is text',
    text: 'From a\nSubject: a\n\nb\nFrom here on\n',
    expected: ['Subject: a\n\nb\nFrom here on\n'],
  },
  {
    name: 'quoted From lines lose one quote',
    text: 'From a\nSubject: a\n\n>From b\n>>From c\n>from d\n',
    expected: ['Subject: a\n\nFrom b\n>From c\n>from d\n'],
  },
  {
    name: 'CRLF and no end of line',
    text: 'From a\r\nSubject: a\r\n\r\nb\r\n\r\nFrom c\r\nSubject: c\r\n\r\nd',
    expected: ['Subject: a\r\n\r\nb\r\n', 'Subject: c\r\n\r\nd'],
  },
];

test('an mbox file is split into its messages', async (t) => {
  const folder = await temporaryFolder(t);
  for (const { name, text, expected } of MBOXES) {
    await t.test(name, async () => {
      const file = path.join(folder, 'box');
      await writeFile(file, text, 'latin1');
      const found: string[] = [];
      for await (const message of readMbox(file)) found.push(message?.toString('latin1') ?? 'null');
      assert.deepEqual(found, expected);
    });
  }
});

test('mbox and eml files of a folder are imported together, empty files are told', async (t) => {
  const fixture = await startFixture(t);
  const folder = await temporaryFolder(t);
  await mkdir(path.join(folder, 'sub'));
  await writeFile(path.join(folder, 'a.eml'), 'Subject: a\r\n\r\na');
  await writeFile(path.join(folder, 'empty.eml'), '');
  await writeFile(path.join(folder, 'notes.txt'), 'no mail');
  await writeFile(
    path.join(folder, 'sub', 'Archive'),
    'From x\nSubject: b\n\nb\n\nFrom y\nSubject: c\n\nc\n',
  );
  const result = await importMail({ home: fixture.home, account, files: [folder] });
  assert.deepEqual(
    { imported: result.imported, skipped: result.skipped },
    { imported: 3, skipped: [{ file: path.join(folder, 'empty.eml'), reason: 'empty' }] },
  );
});

const REFUSED: readonly { name: string; account: string; files: string[]; message: string }[] = [
  {
    name: 'no such account',
    account: 'nobody@example.test',
    files: [],
    message: 'there is no account "nobody@example.test"',
  },
  {
    name: 'no such file',
    account,
    files: ['/does/not/exist'],
    message: '"/does/not/exist" cannot be read',
  },
];

test('an import that cannot begin says why', async (t) => {
  const fixture = await startFixture(t);
  for (const { name, message, ...options } of REFUSED) {
    await t.test(name, () =>
      assert.rejects(
        importMail({ home: fixture.home, ...options }),
        (error) => error instanceof UsageFault && error.message === message,
      ),
    );
  }
});

test('an import that is killed leaves whole batches, each message with its bytes', async (t) => {
  const fixture = await startFixture(t);
  const program = `
    const { addMailMessages, generatedMessages } = await import(${JSON.stringify(import.meta.resolve('../src/index.ts'))});
    await addMailMessages({
      home: ${JSON.stringify(fixture.home)}, account: ${JSON.stringify(account)},
      messages: generatedMessages(1_000_000), onProgress: () => process.stdout.write('batch\\n'),
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let batches = 0;
  child.stdout.on('data', () => {
    batches++;
    if (batches === 3) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.once('close', (_, how) => resolve(how)));
  assert.equal(signal, 'SIGKILL');
  const { tree } = await fixture.sync();
  const ids = tree?.folders.find((one) => one.name === 'Inbox')?.items.m ?? [];
  assert.ok(ids.length >= 600 && ids.length % 200 === 0, `${ids.length} messages`);
  const expected = generatedMessages(ids.length);
  for (const id of ids) assert.deepEqual(await fixture.content(id), expected.next().value?.bytes);
  const [more = 0] = await addMailMessages({
    home: fixture.home,
    account,
    messages: generatedMessages(1),
  });
  assert.equal((await fixture.content(more)).length > 0, true);
});

test('a file without a row is swept away at a start, but not while it is young', async (t) => {
  const fixture = await startFixture(t);
  const [id = 0] = await addMailMessages({
    home: fixture.home,
    account,
    messages: generatedMessages(1),
  });
  const folder = path.join(homePaths(fixture.home).store, '0', 'aaa');
  await mkdir(folder, { recursive: true });
  const orphan = path.join(folder, 'orphan.msg');
  await writeFile(orphan, 'left by a crash');
  await fixture.server.stop();
  const later = { now: () => new Date(Date.now() + 7_200_000), setTimer: () => () => undefined };
  for (const [clock, isThere] of [
    [undefined, true],
    [later, false],
  ] as const) {
    const server = createServer({
      home: fixture.home,
      ports: { https: 0, admin: 0 },
      ...(clock ? { clock } : {}),
    });
    await server.start();
    await server.stop();
    assert.equal(existsSync(orphan), isThere);
  }
  await fixture.server.start();
  assert.ok((await fixture.content(id)).length > 0);
  await rm(folder, { recursive: true });
});
