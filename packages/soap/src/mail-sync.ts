/** What is there and what changed: Sync (ZCS: store/docs/sync.txt), GetFolder. */

import {
  booleanOf,
  childOf,
  type Element,
  element,
  idsOf,
  NAMESPACE,
  numberOf,
  requiredChildOf,
  requiredNumberOf,
  requiredTextOf,
  textOf,
} from './element.ts';
import {
  type Folder,
  folderElement,
  ITEM_KINDS,
  type ItemKind,
  isFolderElement,
  readFolder,
} from './folder-tree.ts';

/** What is asked: everything (no token) or what changed since a token. */
export interface SyncQuery {
  /** Opaque; null for an initial sync. */
  token: string | null;
  /** List deleted ids by kind as well. */
  typedDeletes?: boolean;
  /** Most changes in one answer; the server has its own bound, 3990. */
  changeLimit?: number | null;
  /** Most deletions in one answer; null or 0 for no bound. */
  deleteLimit?: number | null;
  /** Only messages received after this instant, in an initial sync. */
  messagesSince?: Date | null;
  /** Only this folder and what is in it. */
  folderId?: number | null;
}

/** A tag. */
export interface Tag {
  id: number;
  name: string;
  color: number | null;
  changeToken: number | null;
}

/**
 * A changed item. Where `revision` is newer than the one that is held, its content is new: fetch
 * it. Else only what is not null here changed.
 */
export interface SyncItem {
  kind: ItemKind;
  id: number;
  folderId: number | null;
  /** `u` unread, `f` flagged, `a` attachment, `r` replied, `w` forwarded, `s` sent by me, `d` draft, `!` urgent. */
  flags: string | null;
  tags: string | null;
  conversationId: number | null;
  /** When it was received. */
  receivedAt: Date | null;
  /** When it was last changed. */
  modifiedAt: Date | null;
  /** Change token of its last change of any kind. */
  changeToken: number | null;
  /** Change token of its last change of content. */
  revision: number | null;
}

/** One answer. While `more` is true, ask again at once with the new token. */
export interface SyncResult {
  token: string;
  more: boolean;
  /** The mailbox's last change. */
  modifiedAt: Date | null;
  sizeBytes: number | null;
  /** The whole tree with its ids after an initial sync; else null. */
  tree: Folder | null;
  /** Changed folders, parents before what is in them; empty after an initial sync. */
  folders: readonly Folder[];
  tags: readonly Tag[];
  items: readonly SyncItem[];
  deletedIds: readonly number[];
  /** By kind, where asked for: `folder`, `tag` and the kinds of items. */
  deletedByKind: Readonly<Record<string, readonly number[]>>;
}

/** Builds SyncRequest. */
export function syncRequest(query: SyncQuery): Element {
  const since = query.messagesSince;
  return element('SyncRequest', {
    ns: NAMESPACE.mail,
    attributes: {
      token: query.token,
      typed: query.typedDeletes ? 1 : null,
      changeLimit: query.changeLimit,
      deleteLimit: query.deleteLimit,
      msgCutoff: since ? Math.floor(since.getTime() / 1000) : null,
      l: query.folderId,
    },
  });
}

/** Reads SyncRequest. */
export function readSyncRequest(request: Element): Required<SyncQuery> {
  const cutoffS = numberOf(request, 'msgCutoff');
  return {
    token: textOf(request, 'token'),
    typedDeletes: booleanOf(request, 'typed'),
    changeLimit: numberOf(request, 'changeLimit'),
    deleteLimit: numberOf(request, 'deleteLimit'),
    messagesSince: cutoffS === null || cutoffS <= 0 ? null : new Date(cutoffS * 1000),
    folderId: numberOf(request, 'l'),
  };
}

/** Builds SyncResponse. */
export function syncResponse(result: SyncResult): Element {
  return element('SyncResponse', {
    ns: NAMESPACE.mail,
    attributes: {
      token: result.token,
      md: result.modifiedAt === null ? null : Math.floor(result.modifiedAt.getTime() / 1000),
      s: result.sizeBytes,
      more: result.more ? 1 : null,
    },
    children: [
      deletedElement(result),
      result.tree === null ? null : folderElement(result.tree),
      ...result.folders.map(folderElement),
      ...result.tags.map((tag) =>
        element('tag', {
          attributes: { id: String(tag.id), name: tag.name, color: tag.color, ms: tag.changeToken },
        }),
      ),
      ...result.items.map(itemElement),
    ],
  });
}

function deletedElement(result: SyncResult): Element | null {
  if (result.deletedIds.length === 0) return null;
  return element('deleted', {
    form: 'unique',
    attributes: { ids: result.deletedIds.join(',') },
    children: Object.entries(result.deletedByKind).map(([kind, ids]) =>
      element(kind, { attributes: { ids: ids.join(',') } }),
    ),
  });
}

/** The element of a changed item. */
export function itemElement(item: SyncItem): Element {
  return element(item.kind, {
    attributes: {
      id: String(item.id),
      l: item.folderId === null ? null : String(item.folderId),
      f: item.flags,
      t: item.tags,
      cid: item.conversationId === null ? null : String(item.conversationId),
      d: item.receivedAt?.getTime(),
      md: item.modifiedAt === null ? null : Math.floor(item.modifiedAt.getTime() / 1000),
      ms: item.changeToken,
      rev: item.revision,
    },
  });
}

/** Reads the element of a changed item. */
export function readItem(one: Element, kind: ItemKind): SyncItem {
  const receivedMs = numberOf(one, 'd');
  const modifiedS = numberOf(one, 'md');
  return {
    kind,
    id: requiredNumberOf(one, 'id'),
    folderId: numberOf(one, 'l'),
    flags: textOf(one, 'f'),
    tags: textOf(one, 't'),
    conversationId: numberOf(one, 'cid'),
    receivedAt: receivedMs === null ? null : new Date(receivedMs),
    modifiedAt: modifiedS === null ? null : new Date(modifiedS * 1000),
    changeToken: numberOf(one, 'ms'),
    revision: numberOf(one, 'rev'),
  };
}

/** Reads SyncResponse. A tree is known by its root, which has no name but its id and folders in it. */
export function readSyncResponse(response: Element): SyncResult {
  const deleted = childOf(response, 'deleted');
  const deletedByKind: Record<string, readonly number[]> = {};
  for (const one of deleted?.children ?? []) deletedByKind[one.name] = idsOf(one, 'ids');
  const folders: Folder[] = [];
  const items: SyncItem[] = [];
  const tags: Tag[] = [];
  for (const one of response.children) {
    const kind = ITEM_KINDS.find((name) => name === one.name);
    // An initial sync without any visible folder answers one empty folder element.
    if (isFolderElement(one)) {
      if (textOf(one, 'id') !== null) folders.push(readFolder(one));
    } else if (one.name === 'tag') tags.push(readTag(one));
    else if (kind !== undefined) items.push(readItem(one, kind));
  }
  const [root] = folders;
  const tree = root !== undefined && root.folders.length > 0 ? root : null;
  const modifiedS = numberOf(response, 'md');
  return {
    token: requiredTextOf(response, 'token'),
    more: booleanOf(response, 'more'),
    modifiedAt: modifiedS === null ? null : new Date(modifiedS * 1000),
    sizeBytes: numberOf(response, 's'),
    tree,
    folders: tree === null ? folders : [],
    tags,
    items,
    deletedIds: deleted === null ? [] : idsOf(deleted, 'ids'),
    deletedByKind,
  };
}

function readTag(one: Element): Tag {
  return {
    id: requiredNumberOf(one, 'id'),
    name: textOf(one, 'name') ?? '',
    color: numberOf(one, 'color'),
    changeToken: numberOf(one, 'ms'),
  };
}

/** Which folder GetFolder is asked for; null for the root. */
export type FolderSelector = { id: number } | { path: string } | null;

/** Builds GetFolderRequest; the answer holds the folder and all in it. */
export function getFolderRequest(folder: FolderSelector = null): Element {
  const attributes =
    folder === null ? null : 'id' in folder ? { l: folder.id } : { path: folder.path };
  return element('GetFolderRequest', {
    ns: NAMESPACE.mail,
    children: [attributes === null ? null : element('folder', { form: 'unique', attributes })],
  });
}

/** Reads GetFolderRequest. */
export function readGetFolderRequest(request: Element): FolderSelector {
  const folder = childOf(request, 'folder');
  if (folder === null) return null;
  const id = numberOf(folder, 'l');
  const path = textOf(folder, 'path');
  return id !== null ? { id } : path !== null ? { path } : null;
}

/** Builds GetFolderResponse. */
export function getFolderResponse(folder: Folder): Element {
  return element('GetFolderResponse', { ns: NAMESPACE.mail, children: [folderElement(folder)] });
}

/** Reads GetFolderResponse. */
export function readGetFolderResponse(response: Element): Folder {
  return readFolder(response.children.find(isFolderElement) ?? requiredChildOf(response, 'folder'));
}
