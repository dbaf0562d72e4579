/**
 * Sync (ZCS: Sync.java, store/docs/sync.txt): the whole mailbox as a tree of ids, or what changed since a token. The
 * answer is of one state; an answer that is too long ends with a token in the middle of a change.
 */

import {
  FOLDER,
  type ItemKind,
  type SyncItem,
  type SyncQuery,
  type SyncResult,
} from '@postern/soap';
import { fault } from '../faults.ts';
import type { Tx } from '../store/database.ts';
import type { TombstonesTable } from '../store/schema.ts';
import { folderCounts, folderOf, folderPath, folderRows, folderTree } from './folder-rows.ts';
import { syncItem } from './items.ts';
import { formatSyncToken, parseSyncToken, type SyncPlace, type SyncToken } from './sync-token.ts';
import { tagRows } from './tags.ts';

/** Most changed items in one answer (ZCS: default and maximum of changeLimit). */
const MAX_CHANGES = 3990;

/** Answers one SyncRequest. Throws service.INVALID_REQUEST for no token of ours, mail.MUST_RESYNC for one too old. */
export async function syncMailbox(
  tx: Tx,
  mailboxId: number,
  query: Required<SyncQuery>,
): Promise<SyncResult> {
  const mailbox = await tx
    .selectFrom('accounts')
    .select(['change_token', 'oldest_token', 'changed_at'])
    .where('mailbox_id', '=', mailboxId)
    .executeTakeFirstOrThrow();
  const now = mailbox.change_token;
  const modifiedAt = new Date(mailbox.changed_at);
  if (query.token === null || query.token === '' || query.token === '0') {
    return { ...(await initialSync(tx, mailboxId, query)), token: String(now), modifiedAt };
  }
  const since = parseSyncToken(query.token);
  if (since.changes.token < mailbox.oldest_token || since.deletes.token < mailbox.oldest_token) {
    throw fault.mustResync('sync token too old; tombstones have already been expired');
  }
  if (since.changes.token > now || since.deletes.token > now) {
    throw fault.mustResync('sync token is newer than the mailbox');
  }
  return { ...(await deltaSync(tx, mailboxId, query, since, now)), modifiedAt };
}

async function initialSync(
  tx: Tx,
  mailboxId: number,
  query: Required<SyncQuery>,
): Promise<Omit<SyncResult, 'modifiedAt' | 'token'>> {
  const rows = await folderRows(tx, mailboxId);
  const counts = await folderCounts(tx, mailboxId);
  let items = tx
    .selectFrom('items')
    .select(['folder_id', 'kind', 'id'])
    .where('mailbox_id', '=', mailboxId);
  const since = query.messagesSince;
  if (since !== null) items = items.where('received_at', '>=', since.getTime());
  const ids = new Map<number, Partial<Record<ItemKind, number[]>>>();
  for (const item of await items.orderBy('id').execute()) {
    const held = ids.get(item.folder_id) ?? {};
    ids.set(item.folder_id, held);
    const kind = item.kind as ItemKind;
    const list = held[kind] ?? [];
    held[kind] = list;
    list.push(item.id);
  }
  const rootId = query.folderId ?? FOLDER.root;
  const tree = folderTree(rows, rootId, counts, ids);
  if (tree === null) throw fault.noSuchFolder(rootId);
  return {
    more: false,
    sizeBytes: [...counts.values()].reduce((sum, one) => sum + one.sizeBytes, 0),
    tree,
    folders: [],
    tags: await changedTags(tx, mailboxId, 0),
    items: [],
    deletedIds: [],
    deletedByKind: {},
  };
}

async function deltaSync(
  tx: Tx,
  mailboxId: number,
  query: Required<SyncQuery>,
  since: SyncToken,
  now: number,
): Promise<Omit<SyncResult, 'modifiedAt'>> {
  const { changes, deletes } = since;
  const changed = await changedItems(tx, mailboxId, changes, changeLimit(query.changeLimit));
  const deleted = await deletedItems(tx, mailboxId, deletes, query.deleteLimit ?? 0);
  const end: SyncPlace = { token: now, id: null };
  const reached: SyncToken = { changes: changed.reached ?? end, deletes: deleted.reached ?? end };
  const folders = await folderRows(tx, mailboxId);
  const counts = await folderCounts(tx, mailboxId);
  const changedFolders = folders
    .filter((row) => row.mod_metadata > wholeToken(changes))
    .map((row) => folderOf(row, folderPath(folders, row), counts))
    .sort((a, b) => depth(a.path) - depth(b.path));
  const byKind = Map.groupBy(deleted.rows, (row) => row.kind);
  return {
    token: formatSyncToken(reached),
    more: changed.reached !== null || deleted.reached !== null,
    sizeBytes: null,
    tree: null,
    folders: changedFolders,
    tags: await changedTags(tx, mailboxId, wholeToken(changes)),
    items: changed.items,
    deletedIds: deleted.rows.map((row) => row.id),
    deletedByKind: query.typedDeletes
      ? Object.fromEntries([...byKind].map(([kind, rows]) => [kind, rows.map((row) => row.id)]))
      : {},
  };
}

function depth(path: string | null): number {
  return (path ?? '').split('/').length;
}

function changeLimit(asked: number | null): number {
  return asked === null || asked <= 0 ? MAX_CHANGES : Math.min(asked, MAX_CHANGES);
}

/** The last token that was answered wholly. */
function wholeToken(place: SyncPlace): number {
  return place.id === null ? place.token : place.token - 1;
}

async function changedTags(tx: Tx, mailboxId: number, since: number): Promise<SyncResult['tags']> {
  const rows = await tagRows(tx, mailboxId);
  return rows
    .filter((row) => row.mod_metadata > since)
    .map((row) => ({ id: row.id, name: row.name, color: null, changeToken: row.mod_metadata }));
}

async function changedItems(
  tx: Tx,
  mailboxId: number,
  since: SyncPlace,
  limit: number,
): Promise<{ items: readonly SyncItem[]; reached: SyncPlace | null }> {
  const rows = await tx
    .selectFrom('items')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .where('mod_metadata', '>', wholeToken(since))
    .where((eb) =>
      eb.or([
        eb('mod_metadata', '>', since.token),
        eb('id', '>', since.id ?? Number.MAX_SAFE_INTEGER),
      ]),
    )
    .orderBy('mod_metadata')
    .orderBy('id')
    .limit(limit + 1)
    .execute();
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  const cut = rows.length > limit && last !== undefined;
  return {
    items: kept.map((row) => {
      const item = syncItem(row);
      // New content has to be fetched anyway, and brings flags and tags with it.
      return row.mod_content > wholeToken(since) ? { ...item, flags: null, tags: null } : item;
    }),
    reached: cut ? { token: last.mod_metadata, id: last.id } : null,
  };
}

async function deletedItems(
  tx: Tx,
  mailboxId: number,
  since: SyncPlace,
  limit: number,
): Promise<{ rows: readonly TombstonesTable[]; reached: SyncPlace | null }> {
  const rows = await tx
    .selectFrom('tombstones')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .where('sequence', '>', wholeToken(since))
    .where((eb) =>
      eb.or([eb('sequence', '>', since.token), eb('id', '>', since.id ?? Number.MAX_SAFE_INTEGER)]),
    )
    .orderBy('sequence')
    .orderBy('id')
    .limit(limit > 0 ? limit + 1 : Number.MAX_SAFE_INTEGER)
    .execute();
  if (limit <= 0 || rows.length <= limit) return { rows, reached: null };
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return {
    rows: kept,
    reached: last === undefined ? null : { token: last.sequence, id: last.id },
  };
}

/** Forgets tombstones that are older than `before`; syncs from before them must start anew. */
export async function expireTombstones(tx: Tx, mailboxId: number, before: Date): Promise<void> {
  const old = await tx
    .selectFrom('tombstones')
    .select((eb) => eb.fn.max('sequence').as('newest'))
    .where('mailbox_id', '=', mailboxId)
    .where('deleted_at', '<', before.getTime())
    .executeTakeFirst();
  const newest = old?.newest;
  if (newest === undefined || newest === null) return;
  await tx
    .deleteFrom('tombstones')
    .where('mailbox_id', '=', mailboxId)
    .where('sequence', '<=', newest)
    .execute();
  await tx
    .updateTable('accounts')
    .set({ oldest_token: newest })
    .where('mailbox_id', '=', mailboxId)
    .execute();
}
