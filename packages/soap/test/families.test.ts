import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as soap from '../src/index.ts';

const received = new Date('2026-11-23T09:00:00.123Z');
const modified = new Date('2026-11-23T10:00:00Z');

/** Carries a body as JSON and back, as a request or a response does. */
function carried(body: soap.Element): soap.Element {
  return soap.decodeRequest(soap.encodeRequest({}, body)).body;
}

const item: soap.SyncItem = {
  kind: 'm',
  id: 257,
  folderId: 2,
  flags: 'uf',
  tags: '64',
  conversationId: -257,
  receivedAt: received,
  modifiedAt: modified,
  changeToken: 12,
  revision: 11,
};

const inbox: soap.Folder = {
  kind: 'folder',
  id: 2,
  name: 'Inbox',
  parentId: 1,
  path: '/Inbox',
  view: 'message',
  unread: 1,
  count: 2,
  sizeBytes: 2048,
  changeToken: 1,
  revision: 1,
  items: { m: [257, 258], cn: [259] },
  folders: [],
};

const root: soap.Folder = {
  ...inbox,
  id: 1,
  name: 'USER_ROOT',
  path: '/',
  parentId: null,
  view: null,
  items: {},
  folders: [inbox],
};

const info: soap.AccountInfo = {
  version: '10.1.0',
  id: '4f',
  name: 'anna@example.test',
  lifetimeMs: 1000,
  usedBytes: 5,
  maxUploadBytes: 10_240_000,
  soapUrl: 'https://mail.example.test/service/soap/',
  publicUrl: null,
  attributes: [['zimbraId', '4f']],
  preferences: [['zimbraPrefLocale', 'de']],
  signatures: [{ id: 's1', name: 'Work', plain: 'Anna', html: null }],
};

const delta: soap.SyncResult = {
  token: '12-257',
  more: true,
  modifiedAt: modified,
  sizeBytes: null,
  tree: null,
  folders: [{ ...inbox, items: {} }],
  tags: [{ id: 64, name: 'red', color: 5, changeToken: 9 }],
  items: [item],
  deletedIds: [300, 301],
  deletedByKind: { m: [300], folder: [301] },
};

const ROUNDTRIPS: readonly {
  name: string;
  body: soap.Element;
  read: (body: soap.Element) => unknown;
  expected: unknown;
}[] = [
  {
    name: 'AuthRequest',
    body: soap.authRequest({
      account: { by: 'name', value: 'a@b.test' },
      password: 'p',
      deviceId: 'd',
    }),
    read: soap.readAuthRequest,
    expected: {
      account: { by: 'name', value: 'a@b.test' },
      password: 'p',
      authToken: null,
      deviceId: 'd',
    },
  },
  {
    name: 'AuthResponse',
    body: soap.authResponse({
      authToken: '0_x',
      lifetimeMs: 172_800_000,
      refer: 'other',
      csrfToken: null,
    }),
    read: soap.readAuthResponse,
    expected: { authToken: '0_x', lifetimeMs: 172_800_000, refer: 'other', csrfToken: null },
  },
  {
    name: 'EndSessionRequest',
    body: soap.endSessionRequest(true),
    read: soap.readEndSessionRequest,
    expected: { logOff: true },
  },
  {
    name: 'GetInfoResponse',
    body: soap.getInfoResponse(info),
    read: soap.readGetInfoResponse,
    expected: info,
  },
  {
    name: 'SyncRequest',
    body: soap.syncRequest({ token: '12', typedDeletes: true, messagesSince: modified }),
    read: soap.readSyncRequest,
    expected: {
      token: '12',
      typedDeletes: true,
      changeLimit: null,
      deleteLimit: null,
      messagesSince: modified,
      folderId: null,
    },
  },
  {
    name: 'SyncResponse after a token',
    body: soap.syncResponse(delta),
    read: soap.readSyncResponse,
    expected: delta,
  },
  {
    name: 'SyncResponse of an initial sync',
    body: soap.syncResponse({ ...delta, tree: root, folders: [], items: [], tags: [] }),
    read: soap.readSyncResponse,
    expected: { ...delta, tree: root, folders: [], items: [], tags: [] },
  },
  {
    name: 'GetFolderRequest',
    body: soap.getFolderRequest({ path: '/Inbox' }),
    read: soap.readGetFolderRequest,
    expected: { path: '/Inbox' },
  },
  {
    name: 'GetFolderResponse',
    body: soap.getFolderResponse(root),
    read: soap.readGetFolderResponse,
    expected: root,
  },
  {
    name: 'SendMsgRequest',
    body: soap.sendMsgRequest({ aid: 'u1', sendUid: 's', answers: { id: 257, kind: 'w' } }),
    read: soap.readSendMsgRequest,
    expected: {
      source: { aid: 'u1', content: null, recipients: [], subject: null, plain: null },
      sendUid: 's',
      noSave: false,
      answers: { id: 257, kind: 'w' },
    },
  },
  {
    name: 'SendMsgResponse',
    body: soap.sendMsgResponse(300),
    read: soap.readSendMsgResponse,
    expected: { savedId: 300 },
  },
  {
    name: 'AddMsgRequest',
    body: soap.addMsgRequest({ aid: 'u1', folderId: 2, flags: 'u', receivedAt: received }),
    read: soap.readAddMsgRequest,
    expected: {
      source: { aid: 'u1', content: null, recipients: [], subject: null, plain: null },
      folder: '2',
      flags: 'u',
      receivedAt: received,
    },
  },
  {
    name: 'SaveDraftResponse',
    body: soap.savedMessageResponse('SaveDraftResponse', item),
    read: soap.readSavedMessageResponse,
    expected: item,
  },
  {
    name: 'GetMsgResponse',
    body: soap.getMsgResponse({ item, content: 'Subject: x\r\n\r\ny' }),
    read: soap.readGetMsgResponse,
    expected: { item, content: 'Subject: x\r\n\r\ny' },
  },
  {
    name: 'SearchResponse',
    body: soap.searchResponse({ more: true, offset: 10, items: [item] }),
    read: soap.readSearchResponse,
    expected: { more: true, offset: 10, items: [item] },
  },
  {
    name: 'MsgActionRequest',
    body: soap.itemActionRequest({ ids: [1, 2], op: 'move', folderId: 3 }),
    read: soap.readItemActionRequest,
    expected: { ids: [1, 2], op: 'move', folderId: 3, flags: null, tag: null },
  },
  {
    name: 'CreateFolderRequest',
    body: soap.createFolderRequest({ name: 'Contracts', parentId: 2, fetchIfExists: true }),
    read: soap.readCreateFolderRequest,
    expected: { name: 'Contracts', parentId: 2, view: null, fetchIfExists: true },
  },
  {
    name: 'FolderActionRequest',
    body: soap.folderActionRequest({ id: 256, op: 'rename', name: 'Old' }),
    read: soap.readFolderActionRequest,
    expected: { id: 256, op: 'rename', name: 'Old', parentId: null, recursive: false },
  },
  {
    name: 'SyncGalResponse',
    body: soap.syncGalResponse({
      token: '20261123:1:7',
      more: true,
      fullSyncRecommended: false,
      entries: [
        {
          id: 'g1',
          fields: [
            ['email', 'a@b.test'],
            ['email', 'a2@b.test'],
          ],
        },
      ],
      deletedIds: ['g2'],
    }),
    read: soap.readSyncGalResponse,
    expected: {
      token: '20261123:1:7',
      more: true,
      fullSyncRecommended: false,
      entries: [
        {
          id: 'g1',
          fields: [
            ['email', 'a@b.test'],
            ['email', 'a2@b.test'],
          ],
        },
      ],
      deletedIds: ['g2'],
    },
  },
  {
    name: 'SearchGalResponse',
    body: soap.searchGalResponse({
      more: false,
      entries: [{ id: 'r', fields: [['fullName', 'Anna']] }],
    }),
    read: soap.readSearchGalResponse,
    expected: { more: false, entries: [{ id: 'r', fields: [['fullName', 'Anna']] }] },
  },
  {
    name: 'CreateWaitSetRequest',
    body: soap.createWaitSetRequest([{ id: '4f', token: '12' }]),
    read: soap.readCreateWaitSetRequest,
    expected: { types: 'all', accounts: [{ id: '4f', token: '12' }] },
  },
  {
    name: 'CreateWaitSetResponse',
    body: soap.createWaitSetResponse({
      waitSet: 'WaitSet1',
      sequence: '0',
      errors: [{ id: 'x', kind: 'NO_SUCH_ACCOUNT' }],
    }),
    read: soap.readCreateWaitSetResponse,
    expected: {
      waitSet: 'WaitSet1',
      sequence: '0',
      errors: [{ id: 'x', kind: 'NO_SUCH_ACCOUNT' }],
    },
  },
  {
    name: 'WaitSetRequest',
    body: soap.waitSetRequest({
      waitSet: 'WaitSet1',
      sequence: '3',
      block: true,
      timeoutMs: 60_000,
      update: [{ id: '4f', token: '13' }],
    }),
    read: soap.readWaitSetRequest,
    expected: {
      waitSet: 'WaitSet1',
      sequence: '3',
      block: true,
      timeoutMs: 60_000,
      add: [],
      update: [{ id: '4f', token: '13' }],
    },
  },
  {
    name: 'WaitSetResponse',
    body: soap.waitSetResponse('WaitSet1', {
      sequence: '4',
      canceled: false,
      changedAccounts: ['4f'],
      errors: [],
    }),
    read: soap.readWaitSetResponse,
    expected: { sequence: '4', canceled: false, changedAccounts: ['4f'], errors: [] },
  },
  {
    name: 'NoOpRequest',
    body: soap.noOpRequest({ timeoutMs: 60_000 }),
    read: soap.readNoOpRequest,
    expected: { wait: true, timeoutMs: 60_000, limitToOneBlocked: true },
  },
  {
    name: 'GetSignaturesResponse',
    body: soap.getSignaturesResponse([
      { id: 's', name: 'Work', plain: 'Anna', html: '<b>Anna</b>' },
    ]),
    read: soap.readGetSignaturesResponse,
    expected: [{ id: 's', name: 'Work', plain: 'Anna', html: '<b>Anna</b>' }],
  },
  {
    name: 'CreateSignatureRequest',
    body: soap.createSignatureRequest({ name: 'Work', html: '<b>Anna</b>' }),
    read: soap.readSignatureRequest,
    expected: { id: null, name: 'Work', plain: null, html: '<b>Anna</b>' },
  },
  {
    name: 'GetWhiteBlackListResponse',
    body: soap.getWhiteBlackListResponse({ allowed: ['a@b.test'], blocked: [] }),
    read: soap.readGetWhiteBlackListResponse,
    expected: { allowed: ['a@b.test'], blocked: [] },
  },
  {
    name: 'ModifyWhiteBlackListRequest',
    body: soap.modifyWhiteBlackListRequest({
      allowed: { kind: 'replace', addresses: [] },
      blocked: { kind: 'edit', added: ['x.test'], removed: ['y.test'] },
    }),
    read: soap.readModifyWhiteBlackListRequest,
    expected: {
      allowed: { kind: 'replace', addresses: [] },
      blocked: { kind: 'edit', added: ['x.test'], removed: ['y.test'] },
    },
  },
  {
    name: 'ModifyPrefsRequest',
    body: soap.modifyPrefsRequest([
      ['zimbraPrefLocale', 'de'],
      ['+zimbraPrefX', 'y'],
    ]),
    read: soap.readModifyPrefsRequest,
    expected: [
      ['zimbraPrefLocale', 'de'],
      ['+zimbraPrefX', 'y'],
    ],
  },
  {
    name: 'GetServerResponse',
    body: soap.serverResponse('GetServerResponse', {
      id: '9',
      name: 'mail.example.test',
      attributes: [['zimbraMailMode', 'https']],
    }),
    read: soap.readServerResponse,
    expected: { id: '9', name: 'mail.example.test', attributes: [['zimbraMailMode', 'https']] },
  },
  {
    name: 'ModifyServerRequest',
    body: soap.modifyServerRequest('9', [['zimbraMailMode', 'both']]),
    read: soap.readModifyServerRequest,
    expected: { id: '9', attributes: [['zimbraMailMode', 'both']] },
  },
];

test('each request and response is read as it was built', async (t) => {
  for (const { name, body, read, expected } of ROUNDTRIPS) {
    await t.test(name, () => assert.deepEqual(read(carried(body)), expected));
  }
});

const UPLOADS: readonly { name: string; text: string; expected: soap.UploadResult }[] = [
  {
    name: 'raw',
    text: "200,'null','a1,a2'\n",
    expected: {
      status: 200,
      requestId: null,
      uploads: ['a1', 'a2'].map((aid) => ({
        aid,
        contentType: null,
        fileName: null,
        sizeBytes: null,
      })),
    },
  },
  {
    name: 'extended',
    text: `200,'r1',[{"aid":"a1","ct":"message/rfc822","filename":"m.eml","s":123}]`,
    expected: {
      status: 200,
      requestId: 'r1',
      uploads: [{ aid: 'a1', contentType: 'message/rfc822', fileName: 'm.eml', sizeBytes: 123 }],
    },
  },
  { name: 'refused', text: "413,'null'", expected: { status: 413, requestId: null, uploads: [] } },
];

test('the answers of the upload servlet are read', async (t) => {
  for (const { name, text, expected } of UPLOADS) {
    await t.test(name, () => assert.deepEqual(soap.readUploadResponse(text), expected));
  }
});

test('an answer of the upload servlet is read as it was written', () => {
  const result: soap.UploadResult = {
    status: 200,
    requestId: null,
    uploads: [{ aid: 'a1', contentType: 'message/rfc822', fileName: 'm.eml', sizeBytes: 9 }],
  };
  assert.deepEqual(soap.readUploadResponse(soap.uploadResponse(result, true)), result);
});

const BROKEN: readonly {
  name: string;
  text: string;
  read: (body: soap.Element) => unknown;
  message: string;
}[] = [
  {
    name: 'a sync without a token',
    text: '{"Body":{"SyncResponse":{}}}',
    read: soap.readSyncResponse,
    message: '"SyncResponse" has no "token"',
  },
  {
    name: 'ids that are no numbers',
    text: '{"Body":{"SyncResponse":{"token":"1","deleted":{"ids":"1,x"}}}}',
    read: soap.readSyncResponse,
    message: '"ids" of "deleted" is not a list of numbers',
  },
  {
    name: 'an item without an id',
    text: '{"Body":{"SyncResponse":{"token":"1","m":[{"l":"2"}]}}}',
    read: soap.readSyncResponse,
    message: '"m" has no "id"',
  },
  {
    name: 'a lifetime of words',
    text: '{"Body":{"AuthResponse":{"authToken":"x","lifetime":"long"}}}',
    read: soap.readAuthResponse,
    message: '"lifetime" of "AuthResponse" is not a whole number',
  },
  {
    name: 'a list that both replaces and edits',
    text: '{"Body":{"R":{"whiteList":{"addr":["a",{"op":"+","_content":"b"}]}}}}',
    read: soap.readModifyWhiteBlackListRequest,
    message: '"whiteList" holds addresses both with and without an operation',
  },
];

test('what a family cannot read is an error that says what and where', async (t) => {
  for (const { name, text, read, message } of BROKEN) {
    await t.test(name, () => {
      assert.throws(
        () => read(soap.decodeRequest(text).body),
        (error) => {
          assert.ok(error instanceof soap.SoapFormatError);
          assert.deepEqual(
            { code: error.code, message: error.message },
            { code: 'ERR_SOAP_INVALID', message },
          );
          return true;
        },
      );
    });
  }
});
