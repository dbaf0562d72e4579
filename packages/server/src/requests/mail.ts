/** Requests of `urn:zimbraMail`: folders, sync, items, sending, waiting. */

import {
  createFolderResponse,
  createWaitSetResponse,
  destroyWaitSetResponse,
  type Element,
  FOLDER,
  folderActionResponse,
  getFolderResponse,
  getMsgResponse,
  itemActionResponse,
  type MessageSource,
  noOpResponse,
  readAddMsgRequest,
  readCreateFolderRequest,
  readCreateWaitSetRequest,
  readDestroyWaitSetRequest,
  readFolderActionRequest,
  readGetFolderRequest,
  readGetMsgRequest,
  readItemActionRequest,
  readNoOpRequest,
  readSaveDraftRequest,
  readSearchRequest,
  readSendMsgRequest,
  readSyncRequest,
  readWaitSetRequest,
  savedMessageResponse,
  searchResponse,
  sendMsgResponse,
  syncResponse,
  waitSetResponse,
} from '@postern/soap';
import type { Identity } from '../access/tokens.ts';
import { fault } from '../faults.ts';
import { composeMessage } from '../mailbox/compose.ts';
import { sendMessage } from '../mailbox/delivery.ts';
import {
  folderAtPath,
  folderCounts,
  folderOf,
  folderPath,
  folderRows,
  folderTree,
} from '../mailbox/folder-rows.ts';
import {
  createFolder,
  deleteFolder,
  emptyFolder,
  moveFolder,
  readFolderItems,
  trashFolder,
} from '../mailbox/folders.ts';
import { actOnItems, addMessages, itemRow, replaceMessage, syncItem } from '../mailbox/items.ts';
import { readMessageHeaders } from '../mailbox/message-headers.ts';
import { search } from '../mailbox/search.ts';
import { syncMailbox } from '../mailbox/sync.ts';
import { changeMailbox, type MailboxChange } from '../store/store.ts';
import { MAX_UPLOAD_BYTES } from '../upload-limit.ts';
import type { Exchange, Handlers } from './context.ts';

/** The handlers of the mail namespace. */
export const MAIL_HANDLERS: Handlers = {
  GetFolderRequest: async ({ services }, request, { mailboxId }) => {
    const selector = readGetFolderRequest(request);
    return services.store.database.read(async (tx) => {
      const rows = await folderRows(tx, mailboxId);
      const id =
        selector === null
          ? FOLDER.root
          : 'id' in selector
            ? selector.id
            : (folderAtPath(rows, selector.path)?.id ?? -1);
      const tree = folderTree(rows, id, await folderCounts(tx, mailboxId));
      if (tree === null) {
        throw fault.noSuchFolder(selector !== null && 'path' in selector ? selector.path : id);
      }
      return getFolderResponse(tree);
    });
  },

  SyncRequest: async ({ services }, request, { mailboxId }) => {
    const query = readSyncRequest(request);
    return syncResponse(
      await services.store.database.read((tx) => syncMailbox(tx, mailboxId, query)),
    );
  },

  GetMsgRequest: async ({ services }, request, { mailboxId }) => {
    const { id, raw, read } = readGetMsgRequest(request);
    const { store } = services;
    if (read) await actOn(services.store, mailboxId, [id], 'read');
    const row = await store.database.read((tx) => itemRow({ tx, mailboxId }, id));
    if (row.kind !== 'm') throw fault.noSuchMessage(id);
    const content = raw ? (await store.bodies.read(row.body, row.size)).toString('utf8') : null;
    return getMsgResponse({ item: syncItem(row), content });
  },

  SearchRequest: async ({ services }, request, { mailboxId }) =>
    searchResponse(
      await services.store.database.read((tx) => search(tx, mailboxId, readSearchRequest(request))),
    ),

  MsgActionRequest: ({ services }, request, who) =>
    itemAction(services.store, request, who, 'MsgAction'),
  ItemActionRequest: ({ services }, request, who) =>
    itemAction(services.store, request, who, 'ItemAction'),

  CreateFolderRequest: async ({ services }, request, { mailboxId }) => {
    const draft = readCreateFolderRequest(request);
    return changeMailbox(services.store, mailboxId, async (change) => {
      const before = await folderRows(change.tx, mailboxId);
      const parent = before.find((row) => row.id === draft.parentId);
      const path = parent === undefined ? '' : `${folderPath(before, parent)}/${draft.name}`;
      const existing = draft.fetchIfExists && parent ? folderAtPath(before, path) : null;
      const row = existing ?? (await createFolder(change, draft));
      const rows = existing === null ? [...before, row] : before;
      const counts = await folderCounts(change.tx, mailboxId);
      return createFolderResponse(folderOf(row, folderPath(rows, row), counts));
    });
  },

  FolderActionRequest: async ({ services }, request, { mailboxId }) => {
    const action = readFolderActionRequest(request);
    await changeMailbox(services.store, mailboxId, (change) => actOnFolder(change, action));
    return folderActionResponse(action);
  },

  SendMsgRequest: async (exchange, request, who) => {
    const { source, sendUid, noSave, answers } = readSendMsgRequest(request);
    const { store, configuration } = exchange.services;
    if (sendUid !== null && sendUid.length > 256) throw fault.invalidRequest('suid is too long');
    const savedId = await sendMessage(store, {
      mailboxId: who.mailboxId,
      name: who.name,
      message: await messageBytes(exchange, source, who),
      sendUid,
      save: !noSave,
      answers,
      hostName: configuration.hostName,
    });
    return sendMsgResponse(savedId);
  },

  SaveDraftRequest: async (exchange, request, who) => {
    const { source, id } = readSaveDraftRequest(request);
    const message = await messageBytes(exchange, source, who);
    const about = { folder: String(FOLDER.drafts), flags: 'sd', receivedAt: null };
    return savedMessageResponse(
      'SaveDraftResponse',
      await saveMessage(exchange, who, message, about, id),
    );
  },

  AddMsgRequest: async (exchange, request, who) => {
    const { source, ...about } = readAddMsgRequest(request);
    const message = await messageBytes(exchange, source, who);
    return savedMessageResponse(
      'AddMsgResponse',
      await saveMessage(exchange, who, message, about, null),
    );
  },

  NoOpRequest: async ({ services, session, signal }, request, who) => {
    const { wait, timeoutMs } = readNoOpRequest(request);
    if (!wait) return noOpResponse();
    if (session === null) {
      throw fault.invalidRequest('Cannot execute a NoOpRequest with wait="1" without a session.');
    }
    const { id, isNew } = session;
    const { displaced } = await services.sessions.wait(who, id, isNew, timeoutMs, signal);
    return noOpResponse(displaced);
  },

  CreateWaitSetRequest: async ({ services }, request, who) => {
    const { types, accounts } = readCreateWaitSetRequest(request);
    return createWaitSetResponse(await services.waitSets.create(who, accounts), types);
  },

  WaitSetRequest: async ({ services, signal }, request, who) => {
    const wait = readWaitSetRequest(request);
    return waitSetResponse(wait.waitSet, await services.waitSets.wait(who, wait, signal));
  },

  DestroyWaitSetRequest: async ({ services }, request, who) => {
    const { waitSet } = readDestroyWaitSetRequest(request);
    services.waitSets.destroy(who, waitSet);
    return destroyWaitSetResponse(waitSet);
  },
};

async function itemAction(
  store: Exchange['services']['store'],
  request: Element,
  { mailboxId }: Identity,
  door: 'ItemAction' | 'MsgAction',
): Promise<Element> {
  const action = readItemActionRequest(request);
  await changeMailbox(store, mailboxId, (change) => actOnItems(change, action.ids, action));
  return itemActionResponse(action, door);
}

function actOn(
  store: Exchange['services']['store'],
  mailboxId: number,
  ids: readonly number[],
  op: string,
): Promise<void> {
  const action = { op, folderId: null, flags: null, tag: null };
  return changeMailbox(store, mailboxId, (change) => actOnItems(change, ids, action));
}

function actOnFolder(
  change: MailboxChange,
  action: {
    id: number;
    op: string;
    name: string | null;
    parentId: number | null;
    recursive: boolean;
  },
): Promise<void> {
  switch (action.op) {
    case 'rename':
      if (action.name === null) throw fault.invalidRequest('missing required attribute: name');
      return moveFolder(change, action.id, { name: action.name, parentId: action.parentId });
    case 'move':
      if (action.parentId === null) throw fault.invalidRequest('missing required attribute: l');
      return moveFolder(change, action.id, { parentId: action.parentId });
    case 'trash':
      return trashFolder(change, action.id);
    case 'delete':
      return deleteFolder(change, action.id);
    case 'empty':
      return emptyFolder(change, action.id, action.recursive);
    case 'read':
      return readFolderItems(change, action.id);
    default:
      throw fault.invalidRequest(`unknown operation: ${action.op.slice(0, 40)}`);
  }
}

/** The bytes of a message: uploaded, in the request, or composed of its parts. */
async function messageBytes(
  { services }: Exchange,
  source: MessageSource,
  who: Identity,
): Promise<Uint8Array> {
  if (source.aid !== null) return services.uploads.read(who.accountId, source.aid);
  const bytes =
    source.content === null
      ? composeMessage(source, {
          from: who.name,
          hostName: services.configuration.hostName,
          at: services.store.clock.now(),
        })
      : Buffer.from(source.content, 'utf8');
  if (bytes.length > MAX_UPLOAD_BYTES) {
    throw fault.invalidRequest(`message of ${bytes.length} bytes, at most ${MAX_UPLOAD_BYTES}`);
  }
  return bytes;
}

async function saveMessage(
  { services: { store } }: Exchange,
  { mailboxId }: Identity,
  message: Uint8Array,
  about: { folder: string; flags: string; receivedAt: Date | null },
  replaces: number | null,
): Promise<ReturnType<typeof syncItem>> {
  const headers = readMessageHeaders(message);
  const [body = ''] = await store.bodies.put([message]);
  try {
    return await changeMailbox(store, mailboxId, async (change) => {
      const receivedAt = about.receivedAt ?? change.at;
      const draft = { body, size: message.length, headers, receivedAt };
      const rows = await folderRows(change.tx, mailboxId);
      const folderId = /^\d{1,15}$/.test(about.folder)
        ? Number(about.folder)
        : folderAtPath(rows, about.folder)?.id;
      if (folderId === undefined) throw fault.noSuchFolder(about.folder.slice(0, 200));
      let id = replaces;
      if (id === null) {
        [id = 0] = await addMessages(change, [{ ...draft, folderId, flags: about.flags }]);
      } else await replaceMessage(change, id, draft);
      return syncItem(await itemRow(change, id));
    });
  } catch (error) {
    await store.bodies.remove([body]);
    throw error;
  }
}
