/** The global address list: one list for all, each change with a number of its own, so that clients get deltas. */

import type { GalEntry, SearchGalResult, SyncGalResult } from '@postern/soap';
import { sql } from 'kysely';
import { fault } from './faults.ts';
import type { Database, Tx } from './store/database.ts';

/** Most entries in one answer. ZCS's LDAP pages are of 1000 as well. */
const PAGE = 1000;
/** Most entries of a search (ZCS: zimbraGalMaxResults). */
const MAX_FOUND = 100;

/** An entry to be put into the list. */
export interface GalDraft {
  id: string;
  name: string;
  fields: readonly (readonly [string, string])[];
}

/** Adds or replaces an entry. */
export async function setGalEntry(tx: Tx, entry: GalDraft): Promise<void> {
  const values = {
    id: entry.id,
    sequence: await nextSequence(tx),
    name: entry.name,
    fields: JSON.stringify(entry.fields),
    deleted: 0,
  };
  await tx
    .insertInto('gal')
    .values(values)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
    .execute();
}

/** Removes an entry; its id stays, so that clients remove it too. */
export async function removeGalEntry(tx: Tx, id: string): Promise<void> {
  await tx
    .updateTable('gal')
    .set({ deleted: 1, fields: '[]', sequence: await nextSequence(tx) })
    .where('id', '=', id)
    .execute();
}

async function nextSequence(tx: Tx): Promise<number> {
  const row = await tx
    .selectFrom('gal')
    .select((eb) => eb.fn.max('sequence').as('last'))
    .executeTakeFirst();
  return (row?.last ?? 0) + 1;
}

/** Answers SyncGal. The token is ZCS's: an LDAP time, the account that keeps the list, a change number. */
export async function syncGal(
  database: Database,
  serverId: string,
  now: Date,
  query: { token: string | null; idOnly: boolean; limit: number | null },
): Promise<SyncGalResult> {
  const since = sequenceOf(query.token);
  const limit = Math.min(query.limit !== null && query.limit > 0 ? query.limit : PAGE, PAGE);
  let select = database.queries.selectFrom('gal').selectAll().where('sequence', '>', since);
  // Whoever begins has nothing to remove.
  if (since === 0) select = select.where('deleted', '=', 0);
  const rows = await select
    .orderBy('sequence')
    .limit(limit + 1)
    .execute();
  const kept = rows.slice(0, limit);
  const reached = kept.at(-1)?.sequence ?? since;
  const time = now.toISOString().replace(/[-:T]|\.\d+/g, '');
  return {
    token: `${time}:${serverId}:${reached}`,
    more: rows.length > limit,
    fullSyncRecommended: false,
    entries: kept
      .filter((row) => row.deleted === 0)
      .map((row) => ({ id: row.id, fields: query.idOnly ? [] : fieldsOf(row.fields) })),
    deletedIds: kept.filter((row) => row.deleted === 1).map((row) => row.id),
  };
}

function sequenceOf(token: string | null): number {
  if (token === null || token === '') return 0;
  const found = /^\d{14}Z:[0-9a-f-]{1,64}:(\d{1,15})$/.exec(token);
  if (found === null) throw fault.invalidRequest(`malformed token: ${token.slice(0, 100)}`);
  return Number(found[1]);
}

/** Answers SearchGal: entries in which each word is found, by name. */
export async function searchGal(
  database: Database,
  query: { name: string; type: string; limit: number | null; offset: number | null },
): Promise<SearchGalResult> {
  const limit = Math.min(
    query.limit !== null && query.limit > 0 ? query.limit : MAX_FOUND,
    MAX_FOUND,
  );
  const offset = Math.max(0, query.offset ?? 0);
  let select = database.queries.selectFrom('gal').selectAll().where('deleted', '=', 0);
  for (const word of query.name.slice(0, 200).split(/\s+/).filter(Boolean).slice(0, 10)) {
    const pattern = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
    select = select.where(sql<boolean>`fields like ${pattern} escape '\\'`);
  }
  const rows = await select
    .orderBy('name')
    .orderBy('id')
    .limit(limit + 1)
    .offset(offset)
    .execute();
  return {
    more: rows.length > limit,
    entries: rows
      .slice(0, limit)
      .map((row): GalEntry => ({ id: row.id, fields: fieldsOf(row.fields) })),
  };
}

function fieldsOf(json: string): GalEntry['fields'] {
  return JSON.parse(json) as [string, string][];
}
