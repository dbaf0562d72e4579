/** The folder element, which GetFolder, Sync, CreateFolder and FolderAction share. */

import { type Element, element, idsOf, numberOf, requiredNumberOf, textOf } from './element.ts';

/** Ids of the folders that every mailbox has (ZCS: Mailbox.java). A user's own items start at 256. */
export const FOLDER = {
  root: 1,
  inbox: 2,
  trash: 3,
  junk: 4,
  sent: 5,
  drafts: 6,
  contacts: 7,
  tags: 8,
  calendar: 10,
  emailedContacts: 13,
  tasks: 15,
  briefcase: 16,
} as const;

/**
 * Kinds of items, by the names of their elements: message, contact, appointment, task, conversation,
 * document, wiki page, note, chat.
 */
export const ITEM_KINDS = ['m', 'cn', 'appt', 'task', 'c', 'doc', 'w', 'notes', 'chat'] as const;

/** One of {@link ITEM_KINDS}. */
export type ItemKind = (typeof ITEM_KINDS)[number];

/** A folder; a saved search (`search`) or another's shared folder (`link`) is one too. */
export interface Folder {
  kind: 'folder' | 'link' | 'search';
  id: number;
  name: string;
  /** Null for the root only. */
  parentId: number | null;
  path: string | null;
  /** What it is for: `message`, `contact`, `appointment`, ...; null for the root. */
  view: string | null;
  unread: number | null;
  count: number | null;
  sizeBytes: number | null;
  /** Change tokens of the last change to its name or place, and to its content. */
  changeToken: number | null;
  revision: number | null;
  /** Ids of what is in it, by kind; only in an initial sync. */
  items: Readonly<Partial<Record<ItemKind, readonly number[]>>>;
  /** Folders in it; only in trees. */
  folders: readonly Folder[];
}

/** The element of a folder and of all in it. */
export function folderElement(folder: Folder): Element {
  return element(folder.kind, {
    attributes: {
      id: String(folder.id),
      name: folder.name,
      absFolderPath: folder.path,
      l: folder.parentId === null ? null : String(folder.parentId),
      view: folder.view,
      u: folder.unread,
      n: folder.count,
      s: folder.sizeBytes,
      ms: folder.changeToken,
      rev: folder.revision,
    },
    children: [
      ...ITEM_KINDS.map((kind) => {
        const ids = folder.items[kind];
        return ids === undefined || ids.length === 0
          ? null
          : element(kind, { attributes: { ids: ids.join(',') } });
      }),
      ...folder.folders.map(folderElement),
    ],
  });
}

/** True for `folder`, `search` and `link`. */
export function isFolderElement(one: Element): boolean {
  return one.name === 'folder' || one.name === 'search' || one.name === 'link';
}

/** Reads a folder and all in it. */
export function readFolder(one: Element): Folder {
  const items: Partial<Record<ItemKind, readonly number[]>> = {};
  for (const kind of ITEM_KINDS) {
    const lists = one.children.filter((child) => child.name === kind);
    if (lists.length > 0) items[kind] = lists.flatMap((child) => idsOf(child, 'ids'));
  }
  return {
    kind: one.name === 'search' ? 'search' : one.name === 'link' ? 'link' : 'folder',
    id: requiredNumberOf(one, 'id'),
    name: textOf(one, 'name') ?? '',
    parentId: numberOf(one, 'l'),
    path: textOf(one, 'absFolderPath'),
    view: textOf(one, 'view'),
    unread: numberOf(one, 'u'),
    count: numberOf(one, 'n'),
    sizeBytes: numberOf(one, 's'),
    changeToken: numberOf(one, 'ms'),
    revision: numberOf(one, 'rev'),
    items,
    folders: one.children.filter(isFolderElement).map(readFolder),
  };
}
