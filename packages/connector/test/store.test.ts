import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { StoreError } from '@postern/trust';
import type { FetchedItem, ItemChange, MailStore } from '../src/store/records.ts';
import { openStore } from '../src/store/store.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

async function store(t: TestContext): Promise<{ store: MailStore; file: string }> {
  const file = path.join(await temporaryFolder(t), 'mail.db');
  const opened = await openStore(file);
  afterwards(t, () => opened.close());
  return { store: opened, file };
}

const message = (id: number, folderId = 2): { id: number; kind: 'm'; folderId: number } => ({
  id,
  kind: 'm',
  folderId,
});

function fetched(
  id: number,
  raw: string,
  offset = 0,
  about: Partial<FetchedItem> = {},
): FetchedItem {
  return {
    ...message(id),
    flags: 'u',
    tags: '',
    conversationId: null,
    receivedAt: 1_763_884_800_000 + id,
    changeToken: 5,
    revision: 5,
    content: { offset, length: Buffer.byteLength(raw) },
    ...about,
  };
}

const change = (id: number, about: Partial<ItemChange>): ItemChange => ({
  ...message(id),
  flags: null,
  tags: null,
  conversationId: null,
  receivedAt: null,
  changeToken: null,
  revision: null,
  ...about,
});

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

const MAIL =
  'From: =?utf-8?q?J=C3=B6rg?= <joerg@example.test>\r\nSubject: =?utf-8?b?R3LDvMOfZQ==?=\r\n\r\nHallo\r\n';

test('an initial sync remembers its token and everything that must be fetched', async (t) => {
  const { store: mail } = await store(t);
  await mail.beginInitial({ token: '7', items: [message(300), message(301, 5)] });
  assert.deepEqual(await mail.standing(), {
    token: '7',
    pending: 2,
    items: 0,
    messages: 0,
    bytes: 0,
  });
  assert.deepEqual(await mail.pending(10, null), [message(301, 5), message(300)]);
  assert.deepEqual(await mail.pending(10, 301), [message(300)]);
});

test('a stored message is not pending any more and comes back byte for byte', async (t) => {
  const { store: mail } = await store(t);
  await mail.beginInitial({ token: '7', items: [message(300), message(301)] });
  await mail.storeBatch({ items: [fetched(300, MAIL)], goneIds: [301], bytes: bytesOf(MAIL) });
  assert.deepEqual(await mail.standing(), {
    token: '7',
    pending: 0,
    items: 1,
    messages: 1,
    bytes: MAIL.length,
  });
  const item = await mail.item(300);
  assert.equal(Buffer.from(item?.raw ?? []).toString(), MAIL);
  assert.deepEqual(item?.summary, {
    id: 300,
    folderId: 2,
    subject: 'Grüße',
    from: 'Jörg <joerg@example.test>',
    receivedAt: '2025-11-23T08:00:00.300Z',
    sizeBytes: MAIL.length,
    unread: true,
    flagged: false,
    hasAttachment: false,
  });
});

test('a change of metadata moves what is here, new content is fetched, a deletion removes', async (t) => {
  const { store: mail } = await store(t);
  await mail.beginInitial({ token: '5', items: [message(300), message(301), message(302)] });
  const raw = MAIL.repeat(3);
  await mail.storeBatch({
    items: [300, 301, 302].map((id, nth) => fetched(id, MAIL, nth * MAIL.length)),
    goneIds: [],
    bytes: bytesOf(raw),
  });
  const outcome = await mail.applyDelta({
    token: '9',
    items: [
      change(300, { folderId: 3, flags: '', revision: 5 }),
      change(301, { revision: 8 }),
      change(400, { folderId: 2, revision: 9 }),
    ],
    deletedIds: [302, 999],
  });
  assert.deepEqual(outcome, { deleted: 1, updated: 1, pending: 2 });
  const moved = await mail.item(300);
  assert.deepEqual([moved?.summary.folderId, moved?.summary.unread], [3, false]);
  assert.equal(await mail.item(302), null);
  assert.deepEqual(
    (await mail.pending(10, null)).map(({ id }) => id),
    [400, 301],
  );
  assert.equal((await mail.standing()).token, '9');
});

test('a new initial sync forgets what the server does not name any more', async (t) => {
  const { store: mail } = await store(t);
  await mail.storeBatch({ items: [fetched(300, MAIL)], goneIds: [], bytes: bytesOf(MAIL) });
  await mail.beginInitial({ token: '20', items: [message(301)] });
  assert.equal(await mail.item(300), null);
  assert.equal((await mail.standing()).pending, 1);
});

test('messages are listed newest first, page by page', async (t) => {
  const { store: mail } = await store(t);
  const ids = [10, 11, 12, 13, 14];
  await mail.storeBatch({
    items: ids.map((id, nth) => fetched(id, MAIL, nth * MAIL.length)),
    goneIds: [],
    bytes: bytesOf(MAIL.repeat(ids.length)),
  });
  const page = async (beforeId: number | null) =>
    (await mail.messages({ folderId: 2, limit: 2, beforeId })).map(({ id }) => id);
  assert.deepEqual(await page(null), [14, 13]);
  assert.deepEqual(await page(13), [12, 11]);
  assert.deepEqual(await page(11), [10]);
  assert.deepEqual(await mail.messages({ folderId: 3, limit: 2, beforeId: null }), []);
});

test('the address list is searched by name and address, and a percent sign is one', async (t) => {
  const { store: mail } = await store(t);
  const entry = (id: string, name: string, email: string) => ({ id, name, email, fields: [] });
  await mail.applyGal({
    token: 'a',
    isFull: true,
    entries: [entry('1', 'Anna', 'anna@example.test'), entry('2', '100%', 'b@example.test')],
    deletedIds: [],
  });
  const found = async (query: string) => (await mail.searchGal(query, 10)).map(({ id }) => id);
  assert.deepEqual(await found('ann'), ['1']);
  assert.deepEqual(await found('%'), ['2']);
  assert.deepEqual(await found(''), ['2', '1']);
  await mail.applyGal({ token: 'b', isFull: false, entries: [], deletedIds: ['1'] });
  assert.deepEqual(await mail.galStanding(), { token: 'b', entries: 1 });
});

test('the outbox gives the oldest message and forgets the bytes of what was sent', async (t) => {
  const { store: mail } = await store(t);
  await mail.enqueue({ id: 'a', raw: bytesOf(MAIL), createdAt: 1 });
  await mail.enqueue({ id: 'b', raw: bytesOf(MAIL), createdAt: 2 });
  assert.equal((await mail.nextToSend())?.id, 'a');
  await mail.recordAttempt('a', 'later');
  assert.equal((await mail.nextToSend())?.id, 'b');
  await mail.recordFailure('b', 'no such address');
  await mail.recordSent('a', 77);
  assert.equal(await mail.nextToSend(), null);
  const list = await mail.outbox();
  assert.deepEqual(
    list.map(({ id, state, attempts, error, subject }) => ({
      id,
      state,
      attempts,
      error,
      subject,
    })),
    [
      { id: 'a', state: 'sent', attempts: 2, error: null, subject: 'Grüße' },
      { id: 'b', state: 'failed', attempts: 1, error: 'no such address', subject: 'Grüße' },
    ],
  );
});

test('the file of a new store is closed to other users', async (t) => {
  const { file } = await store(t);
  assert.equal((await fs.stat(file)).mode & 0o777, 0o600);
});

test('a store that is open is locked to a second opener, in this process and in another', async (t) => {
  const { file } = await store(t);
  await assert.rejects(openStore(file), { code: 'ERR_STORE_LOCKED' });
  const child = fork(new URL('./store-crash.child.ts', import.meta.url), [file, '1']);
  const [told] = await once(child, 'message');
  await once(child, 'exit');
  assert.equal(told, 'ERR_STORE_LOCKED');
});

const DAMAGES: readonly { name: string; code: string; damage: (file: string) => Promise<void> }[] =
  [
    {
      name: 'a file of noise',
      code: 'ERR_STORE_CORRUPT',
      damage: (file) => fs.writeFile(file, Buffer.alloc(8192, 7), { mode: 0o600 }),
    },
    {
      name: 'another program’s database',
      code: 'ERR_STORE_CORRUPT',
      async damage(file) {
        await fs.writeFile(file, '', { mode: 0o600 });
        const other = new DatabaseSync(file);
        other.exec('CREATE TABLE something(a)');
        other.close();
      },
    },
    {
      name: 'a store of a later version',
      code: 'ERR_STORE_VERSION',
      async damage(file) {
        await (await openStore(file)).close();
        const later = new DatabaseSync(file);
        later.exec('PRAGMA user_version=99');
        later.close();
      },
    },
    {
      name: 'a file that others may read',
      code: 'ERR_STORE_UNSAFE',
      async damage(file) {
        await fs.writeFile(file, '');
        await fs.chmod(file, 0o644);
      },
    },
  ];

for (const { name, code, damage } of DAMAGES) {
  test(`${name} is refused and left as it is`, async (t) => {
    const file = path.join(await temporaryFolder(t), 'mail.db');
    await damage(file);
    const before = await fs.readFile(file);
    await assert.rejects(
      openStore(file),
      (error) => error instanceof StoreError && error.code === code,
    );
    assert.deepEqual(await fs.readFile(file), before);
  });
}

test('a damaged page is met when it is read, and told as damage', async (t) => {
  const file = path.join(await temporaryFolder(t), 'mail.db');
  const first = await openStore(file);
  const ids = Array.from({ length: 200 }, (_, nth) => nth + 1);
  await first.storeBatch({
    items: ids.map((id, nth) => fetched(id, MAIL, nth * MAIL.length)),
    goneIds: [],
    bytes: bytesOf(MAIL.repeat(ids.length)),
  });
  await first.close();
  const bytes = await fs.readFile(file);
  // All but the first page, where the schema is.
  bytes.fill(0xff, 4096);
  await fs.writeFile(file, bytes);
  const damaged = await openStore(file).catch((error: unknown) => error);
  const failure =
    damaged instanceof StoreError
      ? damaged
      : await (damaged as MailStore).standing().catch((error: unknown) => error);
  assert.equal(failure instanceof StoreError && failure.code, 'ERR_STORE_CORRUPT');
  if (!(damaged instanceof StoreError)) await (damaged as MailStore).close();
});
