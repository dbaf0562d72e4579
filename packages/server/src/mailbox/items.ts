/** Items of a mailbox: adding messages, acting on items, deleting them. */

import { FOLDER, type ItemKind, type SyncItem } from '@postern/soap';
import { fault } from '../faults.ts';
import type { ItemsTable } from '../store/schema.ts';
import type { MailboxChange } from '../store/store.ts';
import { folderRow } from './folder-rows.ts';
import type { MessageHeaders } from './message-headers.ts';
import { tagFor } from './tags.ts';

/** Flags that an item may have beside `u`, which is kept apart for counting (ZCS: Flag.java). */
const FLAGS = 'farwsdn!';

/** A message whose body is stored already. */
export interface NewMessage {
  body: string;
  size: number;
  headers: MessageHeaders;
  folderId: number;
  /** With `u` for unread. */
  flags: string;
  receivedAt: Date;
}

/** Adds messages in one change and returns their ids, in order. Throws mail.NO_SUCH_FOLDER. */
export async function addMessages(
  change: MailboxChange,
  messages: readonly NewMessage[],
): Promise<readonly number[]> {
  const { tx, mailboxId } = change;
  if (messages.length === 0) return [];
  for (const id of new Set(messages.map((one) => one.folderId))) await folderRow(tx, mailboxId, id);
  const token = await change.token();
  const first = await change.newIds(messages.length);
  const ids: number[] = [];
  for (const [index, message] of messages.entries()) {
    const id = first + index;
    const { headers } = message;
    await tx
      .insertInto('items')
      .values({
        mailbox_id: mailboxId,
        id,
        kind: 'm',
        folder_id: message.folderId,
        body: message.body,
        size: message.size,
        received_at: message.receivedAt.getTime(),
        modified_at: change.at.getTime(),
        mod_metadata: token,
        mod_content: token,
        unread: message.flags.includes('u') ? 1 : 0,
        flags: keptFlags(message.flags),
        tags: '',
        conversation_id: await conversationFor(change, headers, id),
        message_id: headers.messageId,
        subject: headers.subject,
        sender: headers.sender,
      })
      .execute();
    ids.push(id);
  }
  return ids;
}

/**
 * The conversation of a new message: that of the nearest message that it refers to. A message alone has the
 * virtual conversation of its own id, negative; the second one makes it a real one (ZCS: VirtualConversation).
 */
async function conversationFor(
  change: MailboxChange,
  headers: MessageHeaders,
  id: number,
): Promise<number> {
  const { tx, mailboxId } = change;
  for (const reference of headers.references) {
    const found = await tx
      .selectFrom('items')
      .select(['id', 'conversation_id'])
      .where('mailbox_id', '=', mailboxId)
      .where('message_id', '=', reference)
      .limit(1)
      .executeTakeFirst();
    if (found === undefined) continue;
    if (found.conversation_id > 0) return found.conversation_id;
    const conversationId = await change.newIds(1);
    await updateItem(change, found.id, { conversation_id: conversationId });
    return conversationId;
  }
  return -id;
}

/** Puts other bytes in a message's place, as a draft that is saved again. */
export async function replaceMessage(
  change: MailboxChange,
  id: number,
  message: Pick<NewMessage, 'body' | 'headers' | 'receivedAt' | 'size'>,
): Promise<void> {
  const before = await itemRow(change, id);
  const { headers } = message;
  change.dropBody(before.body);
  await updateItem(change, id, {
    body: message.body,
    size: message.size,
    received_at: message.receivedAt.getTime(),
    mod_content: await change.token(),
    message_id: headers.messageId,
    subject: headers.subject,
    sender: headers.sender,
  });
}

/** An item; throws mail.NO_SUCH_ITEM. */
export async function itemRow(
  { tx, mailboxId }: Pick<MailboxChange, 'mailboxId' | 'tx'>,
  id: number,
): Promise<ItemsTable> {
  const row = await tx
    .selectFrom('items')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw fault.noSuchItem(id);
  return row;
}

/** Changes an item's columns under this change's token. */
async function updateItem(
  change: MailboxChange,
  id: number,
  columns: Partial<ItemsTable>,
): Promise<void> {
  await change.tx
    .updateTable('items')
    .set({ ...columns, mod_metadata: await change.token(), modified_at: change.at.getTime() })
    .where('mailbox_id', '=', change.mailboxId)
    .where('id', '=', id)
    .execute();
}

/** What to do to items: the `op` of MsgAction and ItemAction with its arguments. */
export interface ActionOnItems {
  op: string;
  folderId: number | null;
  flags: string | null;
  tag: string | null;
}

/**
 * Acts on items in one change. Throws mail.NO_SUCH_ITEM where one is not there (nothing is then done to any), and
 * service.INVALID_REQUEST for an operation that is not known.
 */
export async function actOnItems(
  change: MailboxChange,
  ids: readonly number[],
  action: ActionOnItems,
): Promise<void> {
  const { op } = action;
  const rows: ItemsTable[] = [];
  for (const id of new Set(ids)) rows.push(await itemRow(change, id));
  const on = !op.startsWith('!');
  switch (op) {
    case 'read':
    case '!read':
      return forEach(rows, (row) => set(change, row, { unread: on ? 0 : 1 }));
    case 'flag':
    case '!flag':
      return forEach(rows, (row) => set(change, row, { flags: withFlag(row.flags, 'f', on) }));
    case 'tag':
    case '!tag':
      return tagItems(change, rows, action.tag, on);
    case 'move':
      return moveItems(change, rows, action.folderId);
    case 'trash':
      return moveItems(change, rows, FOLDER.trash);
    case 'spam':
      return moveItems(change, rows, FOLDER.junk);
    case '!spam':
      return moveItems(change, rows, action.folderId ?? FOLDER.inbox);
    case 'delete':
      return deleteItems(
        change,
        rows.map((row) => row.id),
      );
    case 'update':
      return updateItems(change, rows, action);
    default:
      throw fault.invalidRequest(`unknown operation: ${op.slice(0, 40)}`);
  }
}

async function forEach<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const one of all) await work(one);
}

/** Changes what differs; a row that is so already keeps its token. */
async function set(
  change: MailboxChange,
  row: ItemsTable,
  columns: Partial<Pick<ItemsTable, 'flags' | 'folder_id' | 'tags' | 'unread'>>,
): Promise<void> {
  const differs = Object.entries(columns).some(
    ([name, value]) => row[name as keyof ItemsTable] !== value,
  );
  if (differs) await updateItem(change, row.id, columns);
}

async function moveItems(
  change: MailboxChange,
  rows: readonly ItemsTable[],
  folderId: number | null,
): Promise<void> {
  if (folderId === null) throw fault.invalidRequest('missing required attribute: l');
  await folderRow(change.tx, change.mailboxId, folderId);
  if (folderId === FOLDER.root) throw fault.cannotContain();
  await forEach(rows, (row) => set(change, row, { folder_id: folderId }));
}

async function tagItems(
  change: MailboxChange,
  rows: readonly ItemsTable[],
  name: string | null,
  on: boolean,
): Promise<void> {
  if (name === null) throw fault.invalidRequest('missing required attribute: tn');
  const tagId = String(await tagFor(change, name, on));
  await forEach(rows, (row) => {
    const tags = new Set(row.tags === '' ? [] : row.tags.split(','));
    if (on) tags.add(tagId);
    else tags.delete(tagId);
    return set(change, row, { tags: [...tags].join(',') });
  });
}

async function updateItems(
  change: MailboxChange,
  rows: readonly ItemsTable[],
  { folderId, flags }: ActionOnItems,
): Promise<void> {
  if (folderId !== null) await moveItems(change, rows, folderId);
  if (flags === null) return;
  const unread = flags.includes('u') ? 1 : 0;
  await forEach(rows, (row) => set(change, row, { unread, flags: keptFlags(flags) }));
}

/** Deletes items for good: rows go, tombstones stay, bodies follow the commit. */
export async function deleteItems(change: MailboxChange, ids: readonly number[]): Promise<void> {
  const { tx, mailboxId } = change;
  for (const id of ids) {
    const row = await itemRow(change, id);
    await tx.deleteFrom('items').where('mailbox_id', '=', mailboxId).where('id', '=', id).execute();
    await tx
      .insertInto('tombstones')
      .values({
        mailbox_id: mailboxId,
        sequence: await change.token(),
        id,
        kind: row.kind,
        deleted_at: change.at.getTime(),
      })
      .execute();
    change.dropBody(row.body);
  }
}

/** Marks the message that was answered (`r`) or forwarded (`w`); one that is gone is no error. */
export async function markAnswered(
  change: MailboxChange,
  id: number,
  flag: 'r' | 'w',
): Promise<void> {
  const row = await change.tx
    .selectFrom('items')
    .selectAll()
    .where('mailbox_id', '=', change.mailboxId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row !== undefined) await set(change, row, { flags: withFlag(row.flags, flag, true) });
}

function withFlag(flags: string, flag: string, on: boolean): string {
  const without = flags.replaceAll(flag, '');
  return keptFlags(on ? without + flag : without);
}

function keptFlags(flags: string): string {
  return [...FLAGS].filter((flag) => flags.includes(flag)).join('');
}

/** All flags of an item, `u` first. */
export function flagsOf(row: Pick<ItemsTable, 'flags' | 'unread'>): string {
  return (row.unread === 1 ? 'u' : '') + row.flags;
}

/** An item with all that is known of it. */
export function syncItem(row: Omit<ItemsTable, 'mailbox_id'>): SyncItem {
  return {
    kind: row.kind as ItemKind,
    id: row.id,
    folderId: row.folder_id,
    flags: flagsOf(row),
    tags: row.tags,
    conversationId: row.conversation_id,
    receivedAt: new Date(row.received_at),
    modifiedAt: new Date(row.modified_at),
    changeToken: row.mod_metadata,
    revision: row.mod_content,
  };
}
