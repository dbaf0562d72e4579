import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addMailMessages, addMessage, changeGal, importMail } from '@postern/server';
import {
  createFolderRequest,
  createSignatureRequest,
  type Element,
  itemActionRequest,
  modifyWhiteBlackListRequest,
  readCreateFolderResponse,
} from '@postern/soap';
import { systemClock } from '@postern/trust';
import { requireOrSkip } from '../../../test/require.ts';
import { storedSenders } from '../src/connections/senders.ts';
import { storedSignatures } from '../src/connections/signatures.ts';
import { createHttp } from '../src/http.ts';
import { createSession } from '../src/session.ts';
import { createTraffic } from '../src/traffic.ts';
import {
  ACCOUNT,
  type MailServer,
  mailServer,
  PASSWORD,
  SERVER_NAME,
  type Stage,
  stage,
  until,
} from './stage.ts';

const MAIL_FOLDER = path.resolve(
  fileURLToPath(new URL('../../../..', import.meta.url)),
  'shared',
  'data',
  'mail',
);

const message = (nth: number): Buffer =>
  Buffer.from(`From: bob@example.test\r\nSubject: number ${nth}\r\n\r\nThis is ${nth}.\r\n`);

interface Synced extends Stage, MailServer {
  /** Does something on the server as another client of the same account. */
  asElsewhere(request: Element): Promise<Element>;
}

async function synced(t: TestContext, count = 0): Promise<Synced> {
  const server = await mailServer(t);
  const messages = Array.from({ length: count }, (_, nth) => ({
    bytes: message(nth),
    flags: 'u',
    receivedAt: new Date(1_763_884_800_000 + nth * 1000),
  }));
  if (count > 0) await addMailMessages({ home: server.home, account: ACCOUNT, messages });
  const staged = await stage(t, { port: server.port, roots: [server.authority] });
  await staged.engine.start('background');
  const http = createHttp({
    gate: staged.gate,
    clock: { now: () => new Date(), setTimer: () => () => {} },
    origin: () => ({ host: SERVER_NAME, port: server.port, isSecure: true }),
    userAgent: 'Elsewhere/1',
    traffic: createTraffic(systemClock),
  });
  const session = createSession({
    http,
    email: ACCOUNT,
    serverName: SERVER_NAME,
    password: () => PASSWORD,
    isSecure: () => true,
    version: '1',
  });
  return {
    ...staged,
    ...server,
    asElsewhere: async (request) =>
      (await session.soap({ purpose: 'mail', initiatedBy: 'background' }, request)).body,
  };
}

async function emlFiles(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((one) => one.isFile() && one.name.endsWith('.eml'))
    .map((one) => path.join(one.parentPath, one.name));
}

test('every real message arrives byte for byte', async (t) => {
  const available = existsSync(MAIL_FOLDER);
  if (
    !requireOrSkip(
      t,
      available,
      'shared data/mail',
      'put the collection of real messages beside the repository',
    )
  )
    return;
  const server = await mailServer(t);
  await importMail({ home: server.home, account: ACCOUNT, files: [MAIL_FOLDER] });
  const { engine } = await stage(t, { port: server.port, roots: [server.authority] });
  const { outcome } = await engine.start('background');
  assert.equal(outcome, 'done');
  const files = await emlFiles(MAIL_FOLDER);
  const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  const sent = (
    await Promise.all(files.map(async (file) => digest(await fs.readFile(file))))
  ).sort();
  const list = await engine.store.messages({ folderId: null, limit: 1000, beforeId: null });
  const here = await Promise.all(
    list.map(async ({ id }) => digest((await engine.store.item(id))?.raw ?? new Uint8Array())),
  );
  assert.ok(files.length >= 100, `${files.length} files`);
  assert.deepEqual(here.sort(), sent);
  for (const { id } of list) assert.ok(await engine.store.detail(id));
});

test('a message that is moved, flagged and deleted elsewhere is so here', async (t) => {
  const { engine, asElsewhere } = await synced(t, 3);
  const [newest, middle] = await engine.store.messages({ folderId: 2, limit: 3, beforeId: null });
  assert.ok(newest && middle);
  const folder = readCreateFolderResponse(
    await asElsewhere(createFolderRequest({ name: 'Projects', parentId: 1 })),
  );
  await asElsewhere(itemActionRequest({ ids: [newest.id], op: 'move', folderId: folder.id }));
  await asElsewhere(itemActionRequest({ ids: [newest.id], op: 'flag' }));
  await asElsewhere(itemActionRequest({ ids: [middle.id], op: 'delete' }));
  await until(engine, async () => (await engine.store.item(middle.id)) === null);
  await until(engine, async () => {
    const item = await engine.store.item(newest.id);
    return item?.summary.folderId === folder.id && item.summary.flagged;
  });
  await until(engine, async () =>
    (await engine.store.folders()).some(
      ({ id, stored, path: at }) => id === folder.id && stored === 1 && at === '/Projects',
    ),
  );
  assert.equal((await engine.store.standing()).messages, 2);
});

test('Send/Receive brings signatures, lists and the address list up to date', async (t) => {
  const { engine, asElsewhere, home } = await synced(t);
  await asElsewhere(createSignatureRequest({ name: 'Work', plain: '-- \nAnna' }));
  await asElsewhere(
    modifyWhiteBlackListRequest({
      allowed: { kind: 'replace', addresses: ['bob@example.test'] },
      blocked: { kind: 'replace', addresses: ['spam.test'] },
    }),
  );
  await changeGal({
    home,
    set: [
      {
        id: 'g1',
        name: 'Zoë Ångström',
        fields: [
          ['email', 'zoe@example.test'],
          ['fullName', 'Zoë Ångström'],
        ],
      },
    ],
  });
  const { outcome } = await engine.sendReceive();
  assert.equal(outcome, 'done');
  assert.deepEqual(
    (await storedSignatures(engine.store)).map(({ name, plain }) => ({ name, plain })),
    [{ name: 'Work', plain: '-- \nAnna' }],
  );
  assert.deepEqual(await storedSenders(engine.store), {
    allowed: ['bob@example.test'],
    blocked: ['spam.test'],
  });
  const [zoe] = await engine.store.searchGal('Zo', 10);
  assert.deepEqual([zoe?.name, zoe?.email], ['Zoë Ångström', 'zoe@example.test']);
  await changeGal({ home, removeIds: ['g1'] });
  await engine.sendReceive();
  assert.deepEqual(await engine.store.searchGal('Zo', 10), []);
});

test('a sync that was stopped goes on where it was, and nothing is there twice', async (t) => {
  const server = await mailServer(t);
  const total = 600;
  const messages = Array.from({ length: total }, (_, nth) => ({
    bytes: message(nth),
    flags: '',
    receivedAt: new Date(1_763_884_800_000 + nth * 1000),
  }));
  await addMailMessages({ home: server.home, account: ACCOUNT, messages });
  const first = await stage(t, { port: server.port, roots: [server.authority] });
  void first.engine.start('background');
  await until(first.engine, () => first.events.some(({ type }) => type === 'message'));
  await first.engine.stop();

  const { engine } = await stage(t, {
    port: server.port,
    roots: [server.authority],
    folder: first.folder,
  });
  const before = await engine.store.standing();
  assert.ok(before.messages > 0 && before.pending > 0, JSON.stringify(before));
  assert.equal(before.messages + before.pending, total);
  assert.equal((await engine.start('background')).outcome, 'done');
  const after = await engine.store.standing();
  assert.deepEqual([after.messages, after.pending], [total, 0]);
});

test('mail that arrives while a first sync runs does not wait for its end', async (t) => {
  const server = await mailServer(t);
  const total = 2000;
  const messages = Array.from({ length: total }, (_, nth) => ({
    bytes: message(nth),
    flags: '',
    receivedAt: new Date(1_763_884_800_000 + nth * 1000),
  }));
  await addMailMessages({ home: server.home, account: ACCOUNT, messages });
  const { engine, events } = await stage(t, { port: server.port, roots: [server.authority] });
  const running = engine.start('background');
  await until(engine, () => events.some(({ type }) => type === 'message'));
  const id = await addMessage({ home: server.home, account: ACCOUNT, message: message(9999) });
  await until(engine, async () => (await engine.store.item(id)) !== null);
  const { pending } = await engine.store.standing();
  assert.equal((await running).outcome, 'done');
  assert.ok(pending > 0, 'the new message came before the rest');
  assert.equal((await engine.store.standing()).messages, total + 1);
});

test('a message leaves through the outbox, once, and its copy is in Sent', async (t) => {
  const { engine } = await synced(t);
  const mail = Buffer.from(
    `From: ${ACCOUNT}\r\nTo: ${ACCOUNT}\r\nSubject: To myself\r\n\r\nHello\r\n`,
  );
  const id = await engine.send(mail);
  await until(engine, async () => (await engine.store.outbox())[0]?.state === 'sent');
  await until(engine, async () => (await engine.store.standing()).messages === 2);
  const [sent, second] = await engine.store.outbox();
  assert.deepEqual([sent?.id, sent?.state, second], [id, 'sent', undefined]);
  const folders = (await engine.store.messages({ folderId: null, limit: 10, beforeId: null })).map(
    ({ folderId }) => folderId,
  );
  assert.deepEqual(folders.sort(), [2, 5]);
});

test('a message that was sent but not noted is not sent again', async (t) => {
  const { engine, folder, port, authority } = await synced(t);
  const mail = Buffer.from(`From: ${ACCOUNT}\r\nTo: ${ACCOUNT}\r\nSubject: Once\r\n\r\nHello\r\n`);
  await engine.send(mail);
  await until(engine, async () => (await engine.store.standing()).messages === 2);
  await engine.stop();
  // What a crash between the server's yes and our note of it leaves behind.
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path.join(folder, 'mail.db'));
  database.prepare("UPDATE outbox SET state='queued', raw=?").run(mail);
  database.close();

  const again = await stage(t, { port, roots: [authority], folder });
  await again.engine.start('background');
  assert.equal((await again.engine.store.outbox())[0]?.state, 'sent');
  await again.engine.sendReceive();
  assert.equal((await again.engine.store.standing()).messages, 2);
});

test('a message that the server will never take stays in the outbox as failed, and mail goes on', async (t) => {
  const { engine } = await synced(t);
  const head = `From: ${ACCOUNT}\r\nTo: ${ACCOUNT}\r\nSubject: Too large\r\n\r\n`;
  await engine.send(Buffer.concat([Buffer.from(head), Buffer.alloc(30_000_000, 'x\r\n')]));
  await until(engine, async () => (await engine.store.outbox())[0]?.state !== 'queued');
  const [failed] = await engine.store.outbox();
  assert.deepEqual(
    [failed?.state, failed?.subject, failed?.error],
    ['failed', 'Too large', 'upload was answered with status 413'],
  );
  assert.equal((await engine.sendReceive()).outcome, 'done');
});
