/** Folders as rows and as the tree that clients see. */

import { FOLDER, type Folder, type ItemKind } from '@postern/soap';
import { fault } from '../faults.ts';
import type { Tx } from '../store/database.ts';
import type { FoldersTable } from '../store/schema.ts';

/** What every mailbox begins with (ZCS: Mailbox.initialize), in the order of creation. */
export const FIRST_FOLDERS: readonly Pick<FoldersTable, 'id' | 'name' | 'parent_id' | 'view'>[] = [
  { id: FOLDER.root, parent_id: null, name: 'USER_ROOT', view: null },
  { id: FOLDER.inbox, parent_id: FOLDER.root, name: 'Inbox', view: 'message' },
  { id: FOLDER.trash, parent_id: FOLDER.root, name: 'Trash', view: null },
  { id: FOLDER.junk, parent_id: FOLDER.root, name: 'Junk', view: 'message' },
  { id: FOLDER.sent, parent_id: FOLDER.root, name: 'Sent', view: 'message' },
  { id: FOLDER.drafts, parent_id: FOLDER.root, name: 'Drafts', view: 'message' },
  { id: FOLDER.contacts, parent_id: FOLDER.root, name: 'Contacts', view: 'contact' },
  { id: FOLDER.calendar, parent_id: FOLDER.root, name: 'Calendar', view: 'appointment' },
  { id: FOLDER.emailedContacts, parent_id: FOLDER.root, name: 'Emailed Contacts', view: 'contact' },
  { id: FOLDER.tasks, parent_id: FOLDER.root, name: 'Tasks', view: 'task' },
  { id: FOLDER.briefcase, parent_id: FOLDER.root, name: 'Briefcase', view: 'document' },
];

/** All folders of a mailbox. */
export function folderRows(tx: Tx, mailboxId: number): Promise<FoldersTable[]> {
  return tx
    .selectFrom('folders')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .orderBy('id')
    .execute();
}

/** A folder; throws mail.NO_SUCH_FOLDER. */
export async function folderRow(tx: Tx, mailboxId: number, id: number): Promise<FoldersTable> {
  const row = await tx
    .selectFrom('folders')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw fault.noSuchFolder(id);
  return row;
}

/** The folder at `/Inbox/Contracts`, or null; names do not differ by case. */
export function folderAtPath(rows: readonly FoldersTable[], path: string): FoldersTable | null {
  let at = rows.find((one) => one.id === FOLDER.root) ?? null;
  for (const part of path.split('/').filter((one) => one !== '')) {
    const name = part.toLowerCase();
    at = rows.find((one) => one.parent_id === at?.id && one.name.toLowerCase() === name) ?? null;
    if (at === null) return null;
  }
  return at;
}

/** What a folder holds. */
export interface FolderCounts {
  count: number;
  unread: number;
  sizeBytes: number;
}

/** What each folder of a mailbox holds. */
export async function folderCounts(
  tx: Tx,
  mailboxId: number,
): Promise<ReadonlyMap<number, FolderCounts>> {
  const rows = await tx
    .selectFrom('items')
    .select((eb) => [
      'folder_id',
      eb.fn.countAll<number>().as('count'),
      eb.fn.sum<number>('unread').as('unread'),
      eb.fn.sum<number>('size').as('size'),
    ])
    .where('mailbox_id', '=', mailboxId)
    .groupBy('folder_id')
    .execute();
  return new Map(
    rows.map((row) => [
      row.folder_id,
      { count: Number(row.count), unread: Number(row.unread), sizeBytes: Number(row.size) },
    ]),
  );
}

/** Ids of items, by folder and kind. */
export type ItemIds = ReadonlyMap<number, Readonly<Partial<Record<ItemKind, readonly number[]>>>>;

/** The tree from `rootId` on, with counts and, where given, ids of items; null where there is no such folder. */
export function folderTree(
  rows: readonly FoldersTable[],
  rootId: number,
  counts: ReadonlyMap<number, FolderCounts>,
  items: ItemIds = new Map(),
): Folder | null {
  const children = Map.groupBy(rows, (row) => row.parent_id);
  const build = (row: FoldersTable, path: string): Folder => ({
    ...folderOf(row, path, counts),
    items: items.get(row.id) ?? {},
    folders: (children.get(row.id) ?? []).map((one) =>
      build(one, path === '/' ? `/${one.name}` : `${path}/${one.name}`),
    ),
  });
  const root = rows.find((row) => row.id === rootId);
  return root === undefined ? null : build(root, folderPath(rows, root));
}

/** One folder without what is in it. */
export function folderOf(
  row: FoldersTable,
  path: string,
  counts: ReadonlyMap<number, FolderCounts>,
): Folder {
  const held = counts.get(row.id);
  return {
    kind: 'folder',
    id: row.id,
    name: row.name,
    // ZCS shows the root in a system root of its own; clients know the user's root by its id.
    parentId: row.parent_id ?? 11,
    path,
    view: row.view,
    unread: held?.unread ?? 0,
    count: held?.count ?? 0,
    sizeBytes: held?.sizeBytes ?? 0,
    changeToken: row.mod_metadata,
    revision: row.mod_content,
    items: {},
    folders: [],
  };
}

/** `/Inbox/Contracts` of a folder. */
export function folderPath(rows: readonly FoldersTable[], row: FoldersTable): string {
  const names: string[] = [];
  for (let at: FoldersTable | undefined = row; at !== undefined && at.parent_id !== null; ) {
    names.unshift(at.name);
    const parentId: number = at.parent_id;
    at = rows.find((one) => one.id === parentId);
  }
  return `/${names.join('/')}`;
}
