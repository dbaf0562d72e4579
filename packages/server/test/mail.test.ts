import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as soap from '@postern/soap';
import { addMailMessages, addMessage } from '../src/index.ts';
import { type Fixture, faultOf, ManualClock, startFixture } from './fixture.ts';

const { inbox, trash, sent, drafts } = soap.FOLDER;

function message(n: number, more = ''): Buffer {
  return Buffer.from(
    `From: bob@example.test\r\nMessage-ID: <m${n}@example.test>\r\n${more}Subject: ${n}\r\n\r\nbody ${n}\r\n`,
  );
}

async function add(fixture: Fixture, count: number): Promise<readonly number[]> {
  const messages = Array.from({ length: count }, (_, n) => ({ bytes: message(n), flags: 'u' }));
  return addMailMessages({ home: fixture.home, account: 'anna@example.test', messages });
}

async function act(fixture: Fixture, action: soap.ItemAction): Promise<void> {
  await fixture.soap(soap.itemActionRequest(action));
}

test('an initial sync holds the whole tree with the ids of all messages', async (t) => {
  const fixture = await startFixture(t);
  const ids = await add(fixture, 3);
  const { tree, token, items, more } = await fixture.sync();
  assert.deepEqual(
    tree?.folders.map(({ id, name, items: held }) => ({ id, name, held })),
    [
      'Inbox',
      'Trash',
      'Junk',
      'Sent',
      'Drafts',
      'Contacts',
      'Calendar',
      'Emailed Contacts',
      'Tasks',
      'Briefcase',
    ].map((name, index) => ({
      id: [2, 3, 4, 5, 6, 7, 10, 13, 15, 16][index],
      name,
      held: name === 'Inbox' ? { m: ids } : {},
    })),
  );
  assert.deepEqual({ more, items }, { more: false, items: [] });
  const again = await fixture.sync(token);
  assert.deepEqual(
    {
      token: again.token,
      items: again.items,
      folders: again.folders,
      deletedIds: again.deletedIds,
    },
    { token, items: [], folders: [], deletedIds: [] },
  );
});

test('a delta names new messages by revision, changed ones by flags, deleted ones by kind', async (t) => {
  const fixture = await startFixture(t);
  const [first = 0, second = 0, third = 0] = await add(fixture, 3);
  const { token } = await fixture.sync();
  await act(fixture, { ids: [first], op: 'read' });
  await act(fixture, { ids: [second], op: 'delete' });
  await act(fixture, { ids: [third], op: 'move', folderId: trash });
  const fresh = await addMessage({
    home: fixture.home,
    account: 'anna@example.test',
    message: message(9),
  });
  const delta = await fixture.sync(token, { typedDeletes: true });
  const found = delta.items.map(({ id, folderId, flags, revision }) => ({
    id,
    folderId,
    flags,
    isNew: (revision ?? 0) > Number(token),
  }));
  assert.deepEqual(found, [
    { id: first, folderId: inbox, flags: '', isNew: false },
    { id: third, folderId: trash, flags: 'u', isNew: false },
    { id: fresh, folderId: inbox, flags: null, isNew: true },
  ]);
  assert.deepEqual(delta.deletedIds, [second]);
  assert.deepEqual(delta.deletedByKind, { m: [second] });
});

test('a long delta comes in parts that hold each change once', async (t) => {
  const fixture = await startFixture(t);
  const { token: start } = await fixture.sync();
  const ids = await add(fixture, 25);
  await act(fixture, { ids: ids.slice(20), op: 'delete' });
  const seen: number[] = [];
  const deleted: number[] = [];
  const parts: boolean[] = [];
  let token = start;
  for (let more = true; more; ) {
    const part = await fixture.sync(token, { changeLimit: 7, deleteLimit: 2 });
    seen.push(...part.items.map((one) => one.id));
    deleted.push(...part.deletedIds);
    ({ token, more } = part);
    parts.push(more);
  }
  assert.deepEqual(seen, ids.slice(0, 20));
  assert.deepEqual(deleted, ids.slice(20));
  assert.deepEqual(parts, [true, true, false]);
  assert.match(token, /^\d+$/);
});

test('a change between two parts of a delta is in a later part', async (t) => {
  const fixture = await startFixture(t);
  const { token: start } = await fixture.sync();
  const ids = await add(fixture, 10);
  const first = await fixture.sync(start, { changeLimit: 4 });
  await act(fixture, { ids: ids.slice(0, 1), op: 'read' });
  await act(fixture, { ids: ids.slice(9), op: 'delete' });
  const rest = await fixture.sync(first.token);
  assert.deepEqual(
    rest.items.map((one) => one.id),
    [...ids.slice(4, 9), ids[0]],
  );
  assert.deepEqual(rest.deletedIds, ids.slice(9));
  assert.equal(rest.more, false);
});

const BAD_TOKENS: readonly { token: string; code: string; reason: string }[] = [
  {
    token: 'x',
    code: 'service.INVALID_REQUEST',
    reason: 'invalid request: malformed sync token: x',
  },
  {
    token: '1-',
    code: 'service.INVALID_REQUEST',
    reason: 'invalid request: malformed sync token: 1-',
  },
  {
    token: '1:d',
    code: 'service.INVALID_REQUEST',
    reason: 'invalid request: malformed sync token: 1:d',
  },
  {
    token: '-1',
    code: 'service.INVALID_REQUEST',
    reason: 'invalid request: malformed sync token: -1',
  },
  { token: '999999', code: 'mail.MUST_RESYNC', reason: 'sync token is newer than the mailbox' },
];

test('a bad token is a fault that says so', async (t) => {
  const fixture = await startFixture(t);
  for (const { token, ...expected } of BAD_TOKENS) {
    await t.test(token, async () => assert.deepEqual(await faultOf(fixture.sync(token)), expected));
  }
});

test('a token older than the tombstones must begin anew; a newer one need not', async (t) => {
  const clock = new ManualClock(new Date('2026-06-01T08:00:00Z'));
  const fixture = await startFixture(t, { clock });
  const { token } = await fixture.sync();
  const [id = 0] = await addMailMessages({
    home: fixture.home,
    clock,
    account: 'anna@example.test',
    messages: [{ bytes: message(1) }],
  });
  await act(fixture, { ids: [id], op: 'delete' });
  const { token: later } = await fixture.sync(token);
  // Tombstones are kept for 90 days.
  clock.advance(91 * 86_400_000);
  await fixture.server.stop();
  await fixture.server.start();
  await fixture.logIn();
  assert.deepEqual(await faultOf(fixture.sync(token)), {
    code: 'mail.MUST_RESYNC',
    reason: 'sync token too old; tombstones have already been expired',
  });
  assert.deepEqual((await fixture.sync(later)).deletedIds, []);
});

test('fmt=sync gives the item’s place and flags, in the headers and before the message', async (t) => {
  const fixture = await startFixture(t);
  const [id = 0] = await add(fixture, 1);
  const { status, headers, body } = await fixture.call(`/service/home/~/?id=${id}&fmt=sync`, {
    headers: fixture.cookie,
  });
  assert.equal(status, 200);
  assert.equal(headers['x-zimbra-folderid'], '2');
  assert.equal(headers['x-zimbra-flags'], 'u');
  const text = body.toString();
  assert.ok(text.startsWith(`X-Zimbra-ItemId: ${id}\r\nX-Zimbra-FolderId: 2\r\n`));
  assert.ok(text.endsWith(message(0).toString()));
  assert.deepEqual(await fixture.content(id), message(0));
});

test('content needs a token, and another account’s item is not there', async (t) => {
  const fixture = await startFixture(t);
  const [id = 0] = await add(fixture, 1);
  const path = `/service/home/~/?id=${id}&fmt=sync`;
  const refused = await fixture.call(path);
  assert.equal(refused.status, 401);
  assert.equal(refused.headers['www-authenticate'], 'BASIC realm="Zimbra"');
  assert.equal(
    (await fixture.call(path.replace(String(id), '99999'), { headers: fixture.cookie })).status,
    404,
  );
  assert.equal(
    (await fixture.call(path.replace(String(id), '../1'), { headers: fixture.cookie })).status,
    404,
  );
});

test('answers to a message share its conversation', async (t) => {
  const fixture = await startFixture(t);
  const { token } = await fixture.sync();
  const account = 'anna@example.test';
  const first = await addMessage({ home: fixture.home, account, message: message(1) });
  const alone = await fixture.sync(token);
  assert.equal(alone.items[0]?.conversationId, -first);
  const second = await addMessage({
    home: fixture.home,
    account,
    message: message(2, 'In-Reply-To: <m1@example.test>\r\n'),
  });
  const third = await addMessage({
    home: fixture.home,
    account,
    message: message(3, 'References: <m1@example.test> <m2@example.test>\r\n'),
  });
  const { items } = await fixture.sync(token);
  const conversations = new Set(items.map((one) => one.conversationId));
  assert.deepEqual(
    items.map((one) => one.id),
    [first, second, third],
  );
  assert.equal(conversations.size, 1);
  assert.ok(([...conversations][0] ?? 0) > 0);
});

test('actions on messages', async (t) => {
  const fixture = await startFixture(t);
  const [id = 0] = await add(fixture, 1);
  const state = async (): Promise<Partial<soap.SyncItem>> => {
    const response = await fixture.soap(soap.getMsgRequest(id));
    const { flags, folderId, tags } = soap.readGetMsgResponse(response.body).item;
    return { flags, folderId, tags: tags === '' ? '' : 'tagged' };
  };
  const steps: readonly {
    action: Omit<soap.ItemAction, 'ids'>;
    expected: Partial<soap.SyncItem>;
  }[] = [
    { action: { op: 'read' }, expected: { flags: '', folderId: inbox, tags: '' } },
    { action: { op: '!read' }, expected: { flags: 'u', folderId: inbox, tags: '' } },
    { action: { op: 'flag' }, expected: { flags: 'uf', folderId: inbox, tags: '' } },
    {
      action: { op: 'tag', tag: 'red' },
      expected: { flags: 'uf', folderId: inbox, tags: 'tagged' },
    },
    { action: { op: '!tag', tag: 'red' }, expected: { flags: 'uf', folderId: inbox, tags: '' } },
    { action: { op: 'update', flags: 'r' }, expected: { flags: 'r', folderId: inbox, tags: '' } },
    { action: { op: 'move', folderId: sent }, expected: { flags: 'r', folderId: sent, tags: '' } },
    { action: { op: 'spam' }, expected: { flags: 'r', folderId: 4, tags: '' } },
    { action: { op: '!spam' }, expected: { flags: 'r', folderId: inbox, tags: '' } },
    { action: { op: 'trash' }, expected: { flags: 'r', folderId: trash, tags: '' } },
  ];
  for (const { action, expected } of steps) {
    await act(fixture, { ids: [id], ...action });
    assert.deepEqual(await state(), expected, action.op);
  }
  const { token } = await fixture.sync();
  await act(fixture, { ids: [id], op: 'trash' });
  assert.equal((await fixture.sync(token)).token, token, 'a change of nothing takes no token');
});

const BAD_ACTIONS: readonly { name: string; action: soap.ItemAction; code: string }[] = [
  { name: 'no such item', action: { ids: [99_999], op: 'read' }, code: 'mail.NO_SUCH_ITEM' },
  {
    name: 'no such folder',
    action: { ids: [257], op: 'move', folderId: 999 },
    code: 'mail.NO_SUCH_FOLDER',
  },
  {
    name: 'into the root',
    action: { ids: [257], op: 'move', folderId: 1 },
    code: 'mail.CANNOT_CONTAIN',
  },
  { name: 'unknown', action: { ids: [257], op: 'explode' }, code: 'service.INVALID_REQUEST' },
];

test('an action that cannot be done is a fault and changes nothing', async (t) => {
  const fixture = await startFixture(t);
  await add(fixture, 1);
  const { token } = await fixture.sync();
  for (const { name, action, code } of BAD_ACTIONS) {
    await t.test(name, async () => assert.equal((await faultOf(act(fixture, action))).code, code));
  }
  assert.equal((await fixture.sync(token)).token, token);
});

test('folders are made, renamed, moved, emptied and deleted', async (t) => {
  const fixture = await startFixture(t);
  const create = async (name: string, parentId: number): Promise<soap.Folder> =>
    soap.readCreateFolderResponse(
      (await fixture.soap(soap.createFolderRequest({ name, parentId }))).body,
    );
  const action = (one: soap.FolderAction): Promise<unknown> =>
    fixture.soap(soap.folderActionRequest(one));
  const contracts = await create('Contracts', inbox);
  const old = await create('Old', contracts.id);
  assert.equal(old.path, '/Inbox/Contracts/Old');
  await addMessage({
    home: fixture.home,
    account: 'anna@example.test',
    message: message(1),
    targetFolder: '/inbox/contracts/old',
  });
  const { token } = await fixture.sync();
  await action({ id: contracts.id, op: 'rename', name: 'Verträge' });
  const renamed = await fixture.sync(token);
  assert.deepEqual(
    renamed.folders.map((one) => one.path),
    ['/Inbox/Verträge'],
  );
  await action({ id: old.id, op: 'read' });
  await action({ id: old.id, op: 'move', parentId: 1 });
  const { body } = await fixture.soap(soap.getFolderRequest({ path: '/Old' }));
  const moved = soap.readGetFolderResponse(body);
  assert.deepEqual(
    { id: moved.id, count: moved.count, unread: moved.unread },
    { id: old.id, count: 1, unread: 0 },
  );
  await action({ id: old.id, op: 'trash' });
  await action({ id: contracts.id, op: 'delete' });
  await action({ id: trash, op: 'empty', recursive: true });
  const end = await fixture.sync(renamed.token, { typedDeletes: true });
  assert.deepEqual(end.deletedByKind.folder, [contracts.id, old.id]);
  assert.equal(end.deletedByKind.m?.length, 1);
});

const BAD_FOLDERS: readonly { name: string; request: soap.Element; code: string }[] = [
  {
    name: 'a name that is there',
    request: soap.createFolderRequest({ name: 'INBOX', parentId: 1 }),
    code: 'mail.ALREADY_EXISTS',
  },
  {
    name: 'a name with a slash',
    request: soap.createFolderRequest({ name: 'a/b', parentId: 1 }),
    code: 'mail.INVALID_NAME',
  },
  {
    name: 'an empty name',
    request: soap.createFolderRequest({ name: '', parentId: 1 }),
    code: 'mail.INVALID_NAME',
  },
  {
    name: 'a parent that is not there',
    request: soap.createFolderRequest({ name: 'a', parentId: 999 }),
    code: 'mail.NO_SUCH_FOLDER',
  },
  {
    name: 'renaming Inbox',
    request: soap.folderActionRequest({ id: inbox, op: 'rename', name: 'x' }),
    code: 'mail.IMMUTABLE_OBJECT',
  },
  {
    name: 'deleting Trash',
    request: soap.folderActionRequest({ id: trash, op: 'delete' }),
    code: 'mail.IMMUTABLE_OBJECT',
  },
  {
    name: 'a folder that is not there',
    request: soap.getFolderRequest({ id: 999 }),
    code: 'mail.NO_SUCH_FOLDER',
  },
];

test('a folder that cannot be is a fault', async (t) => {
  const fixture = await startFixture(t);
  for (const { name, request, code } of BAD_FOLDERS) {
    await t.test(name, async () => assert.equal((await faultOf(fixture.soap(request))).code, code));
  }
});

test('a folder cannot be moved into itself', async (t) => {
  const fixture = await startFixture(t);
  const { body } = await fixture.soap(soap.createFolderRequest({ name: 'a', parentId: 1 }));
  const outer = soap.readCreateFolderResponse(body);
  const inner = soap.readCreateFolderResponse(
    (await fixture.soap(soap.createFolderRequest({ name: 'b', parentId: outer.id }))).body,
  );
  const move = soap.folderActionRequest({ id: outer.id, op: 'move', parentId: inner.id });
  assert.equal((await faultOf(fixture.soap(move))).code, 'mail.CANNOT_CONTAIN');
});

test('search finds what is in a folder, the newest first', async (t) => {
  const fixture = await startFixture(t);
  const ids = await add(fixture, 12);
  await act(fixture, { ids: ids.slice(0, 2), op: 'read' });
  const find = async (query: string, offset = 0): Promise<soap.SearchResult> =>
    soap.readSearchResponse((await fixture.soap(soap.searchRequest({ query, offset }))).body);
  const first = await find('in:inbox');
  assert.deepEqual(
    { more: first.more, ids: first.items.map((one) => one.id) },
    { more: true, ids: [...ids].reverse().slice(0, 10) },
  );
  assert.equal((await find('in:inbox', 10)).items.length, 2);
  assert.equal((await find('in:"/Inbox" is:read')).items.length, 2);
  assert.equal((await faultOf(find('has:everything'))).code, 'mail.QUERY_PARSE_ERROR');
});

test('a draft is saved, and saved again in its place', async (t) => {
  const fixture = await startFixture(t);
  const save = async (bytes: Buffer, id?: number): Promise<soap.SyncItem> => {
    const request = soap.saveDraftRequest({
      aid: await fixture.upload(bytes),
      ...(id === undefined ? {} : { id }),
    });
    return soap.readSavedMessageResponse((await fixture.soap(request)).body);
  };
  const draft = await save(message(1));
  assert.equal(draft.folderId, drafts);
  const again = await save(message(2), draft.id);
  assert.equal(again.id, draft.id);
  assert.ok((again.revision ?? 0) > (draft.revision ?? 0));
  assert.deepEqual(await fixture.content(draft.id), message(2));
});

test('a message is added to a folder byte for byte', async (t) => {
  const fixture = await startFixture(t);
  const bytes = Buffer.from([...message(1), 0, 255, 13, 10, 10]);
  const receivedAt = new Date('2020-02-29T12:00:00.500Z');
  const request = soap.addMsgRequest({
    aid: await fixture.upload(bytes),
    folderId: inbox,
    flags: 'f',
    receivedAt,
  });
  const item = soap.readSavedMessageResponse((await fixture.soap(request)).body);
  assert.deepEqual({ flags: item.flags, receivedAt: item.receivedAt }, { flags: 'f', receivedAt });
  assert.deepEqual(await fixture.content(item.id), bytes);
});
