/** Changing folders: create, rename, move, delete, empty, mark read. */

import { FOLDER } from '@postern/soap';
import { fault } from '../faults.ts';
import type { FoldersTable } from '../store/schema.ts';
import type { MailboxChange } from '../store/store.ts';
import { FIRST_FOLDERS, folderRow, folderRows } from './folder-rows.ts';
import { deleteItems } from './items.ts';

/** Longest name (ZCS: MailItem.MAX_NAME_LENGTH). */
const MAX_NAME_LENGTH = 128;
/** Folders inside one another; bounds every walk over the tree. */
const MAX_DEPTH = 50;

/** Creates a folder. Throws mail.NO_SUCH_FOLDER, ALREADY_EXISTS, INVALID_NAME. */
export async function createFolder(
  change: MailboxChange,
  folder: { name: string; parentId: number; view?: string | null },
): Promise<FoldersTable> {
  const { tx, mailboxId } = change;
  assertName(folder.name);
  const rows = await folderRows(tx, mailboxId);
  assertPlace(rows, folder.name, folder.parentId, null);
  const token = await change.token();
  const row: FoldersTable = {
    mailbox_id: mailboxId,
    id: await change.newIds(1),
    parent_id: folder.parentId,
    name: folder.name,
    view: folder.view ?? 'message',
    mod_metadata: token,
    mod_content: token,
  };
  await tx.insertInto('folders').values(row).execute();
  return row;
}

/** Renames a folder, moves it, or both. Throws mail.IMMUTABLE_OBJECT for the mailbox's own folders. */
export async function moveFolder(
  change: MailboxChange,
  id: number,
  to: { name?: string | null; parentId?: number | null },
): Promise<void> {
  const { tx, mailboxId } = change;
  const row = await folderRow(tx, mailboxId, id);
  assertMutable(id);
  const name = to.name ?? row.name;
  const parentId = to.parentId ?? row.parent_id ?? FOLDER.root;
  assertName(name);
  const rows = await folderRows(tx, mailboxId);
  if (insideOf(rows, id).some((one) => one.id === parentId)) throw fault.cannotContain();
  assertPlace(rows, name, parentId, id);
  await tx
    .updateTable('folders')
    .set({ name, parent_id: parentId, mod_metadata: await change.token() })
    .where('mailbox_id', '=', mailboxId)
    .where('id', '=', id)
    .execute();
}

/** Moves a folder into Trash, under a name that is free there. */
export async function trashFolder(change: MailboxChange, id: number): Promise<void> {
  const row = await folderRow(change.tx, change.mailboxId, id);
  const rows = await folderRows(change.tx, change.mailboxId);
  const taken = new Set(
    rows
      .filter((one) => one.parent_id === FOLDER.trash && one.id !== id)
      .map((one) => one.name.toLowerCase()),
  );
  let name = row.name;
  for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${row.name} ${n}`;
  await moveFolder(change, id, { name, parentId: FOLDER.trash });
}

/** Deletes a folder, the folders in it and all items in them. */
export async function deleteFolder(change: MailboxChange, id: number): Promise<void> {
  await folderRow(change.tx, change.mailboxId, id);
  assertMutable(id);
  const rows = await folderRows(change.tx, change.mailboxId);
  await emptyFolders(
    change,
    insideOf(rows, id).map((one) => one.id),
  );
  await removeFolders(
    change,
    insideOf(rows, id).map((one) => one.id),
  );
}

/** Deletes all items of a folder and, if `recursive`, the folders in it as well. */
export async function emptyFolder(
  change: MailboxChange,
  id: number,
  recursive: boolean,
): Promise<void> {
  await folderRow(change.tx, change.mailboxId, id);
  const rows = await folderRows(change.tx, change.mailboxId);
  const inside = recursive ? insideOf(rows, id).map((one) => one.id) : [id];
  await emptyFolders(change, inside);
  await removeFolders(
    change,
    inside.filter((one) => one !== id && !isFirstFolder(one)),
  );
}

/** Marks all messages of a folder as read. */
export async function readFolderItems(change: MailboxChange, id: number): Promise<void> {
  const { tx, mailboxId } = change;
  await folderRow(tx, mailboxId, id);
  const unread = tx
    .selectFrom('items')
    .select('id')
    .where('mailbox_id', '=', mailboxId)
    .where('folder_id', '=', id)
    .where('unread', '=', 1);
  if ((await unread.limit(1).execute()).length === 0) return;
  await tx
    .updateTable('items')
    .set({ unread: 0, mod_metadata: await change.token(), modified_at: change.at.getTime() })
    .where('mailbox_id', '=', mailboxId)
    .where('folder_id', '=', id)
    .where('unread', '=', 1)
    .execute();
}

async function emptyFolders(change: MailboxChange, ids: readonly number[]): Promise<void> {
  for (const folderId of ids) {
    const items = await change.tx
      .selectFrom('items')
      .select('id')
      .where('mailbox_id', '=', change.mailboxId)
      .where('folder_id', '=', folderId)
      .execute();
    await deleteItems(
      change,
      items.map((one) => one.id),
    );
  }
}

async function removeFolders(change: MailboxChange, ids: readonly number[]): Promise<void> {
  const { tx, mailboxId } = change;
  for (const id of ids) {
    await tx
      .deleteFrom('folders')
      .where('mailbox_id', '=', mailboxId)
      .where('id', '=', id)
      .execute();
    await tx
      .insertInto('tombstones')
      .values({
        mailbox_id: mailboxId,
        sequence: await change.token(),
        id,
        kind: 'folder',
        deleted_at: change.at.getTime(),
      })
      .execute();
  }
}

/** The folder and all in it, parents first. */
function insideOf(rows: readonly FoldersTable[], id: number): readonly FoldersTable[] {
  const found = rows.filter((one) => one.id === id);
  for (const row of found) found.push(...rows.filter((one) => one.parent_id === row.id));
  return found;
}

function assertName(name: string): void {
  const bad = /[\u0000-\u001f\u007f/":]/.test(name) || name.trim() !== name || !name.isWellFormed();
  if (bad || name === '' || name === '.' || name === '..' || name.length > MAX_NAME_LENGTH) {
    throw fault.invalidName(name.slice(0, MAX_NAME_LENGTH));
  }
}

function assertPlace(
  rows: readonly FoldersTable[],
  name: string,
  parentId: number,
  ownId: number | null,
): void {
  let depth = 0;
  let parent = rows.find((one) => one.id === parentId);
  if (parent === undefined) throw fault.noSuchFolder(parentId);
  for (; parent !== undefined && parent.parent_id !== null; depth++) {
    const above: number = parent.parent_id;
    parent = rows.find((one) => one.id === above);
  }
  if (depth >= MAX_DEPTH) throw fault.cannotContain();
  const twin = rows.find(
    (one) =>
      one.parent_id === parentId &&
      one.id !== ownId &&
      one.name.toLowerCase() === name.toLowerCase(),
  );
  if (twin !== undefined) throw fault.alreadyExists(name);
}

function isFirstFolder(id: number): boolean {
  return FIRST_FOLDERS.some((one) => one.id === id);
}

function assertMutable(id: number): void {
  if (isFirstFolder(id)) throw fault.immutable(id);
}
