/**
 * The local store's operations on an open database. Runs on the store's own thread. Token and
 * pending list are written together, messages and the end of their pending rows are written
 * together: wherever the process dies, the next one goes on there and nothing is lost or doubled.
 */

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { ItemKind } from '@postern/soap';
import type { GalReport, MessageSummary, OutboxReport } from '../api.ts';
import { readMessage } from '../read-message.ts';
import { inTransaction } from '../sqlite/file.ts';
import { listHeaders } from './headers.ts';
import type { FetchedItem, ItemChange, StoredItem, StoreOperations } from './records.ts';

type Row = Record<string, SQLOutputValue>;

/** Sent messages that the outbox still lists; older ones are forgotten. */
const SENT_KEPT = 100;

const SUMMARY = 'id, folder, received, size, flags, subject, sender, attachment';

/** Makes the operations; statements are prepared once. */
export function createOperations(database: DatabaseSync): StoreOperations {
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const made = database.prepare(text);
    statements.set(text, made);
    return made;
  };
  const run = (text: string, ...values: SQLInputValue[]): void => {
    sql(text).run(...values);
  };
  const first = (text: string, ...values: SQLInputValue[]): Row | undefined =>
    sql(text).get(...values);
  const all = (text: string, ...values: SQLInputValue[]): Row[] => sql(text).all(...values);

  const atOnce = <T>(work: () => T): T => inTransaction(database, work);

  function meta(key: string): string | null {
    return textOrNull(first('SELECT value FROM meta WHERE key=?', key)?.value);
  }

  function putMeta(key: string, value: string): void {
    run(
      'INSERT INTO meta VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value',
      key,
      value,
    );
  }

  function remove(id: number): boolean {
    const row = first('DELETE FROM item WHERE id=? RETURNING content', id);
    if (row === undefined) return false;
    if (row.content !== null) run('DELETE FROM content WHERE row=?', row.content ?? null);
    return true;
  }

  function put(item: FetchedItem, raw: Uint8Array | null): void {
    remove(item.id);
    const headers = raw === null ? null : listHeaders(raw);
    const content =
      raw === null ? null : sql('INSERT INTO content(raw) VALUES(?)').run(raw).lastInsertRowid;
    run(
      'INSERT INTO item VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
      item.id,
      item.kind,
      item.folderId,
      item.receivedAt,
      raw?.length ?? 0,
      item.flags,
      item.tags,
      item.conversationId,
      item.changeToken,
      item.revision,
      headers?.subject ?? '',
      headers?.from ?? '',
      headers?.hasAttachment ? 1 : 0,
      content,
    );
  }

  /** Changes what is here, or returns false where the item must be fetched. */
  function change(item: ItemChange): boolean {
    const known = first('SELECT revision FROM item WHERE id=?', item.id);
    if (known === undefined) return false;
    const revision = known.revision ?? null;
    if (item.revision !== null && (revision === null || item.revision > Number(revision)))
      return false;
    run(
      `UPDATE item SET folder=coalesce(?,folder), flags=coalesce(?,flags), tags=coalesce(?,tags),
       conversation=coalesce(?,conversation), received=coalesce(?,received), change=coalesce(?,change)
       WHERE id=?`,
      item.folderId,
      item.flags,
      item.tags,
      item.conversationId,
      item.receivedAt,
      item.changeToken,
      item.id,
    );
    return true;
  }

  function pend(item: { id: number; kind: ItemKind; folderId: number | null }): void {
    run('INSERT OR REPLACE INTO pending VALUES(?,?,?)', item.id, item.kind, item.folderId);
  }

  function item(id: number): StoredItem | null {
    const row = first(
      `SELECT ${SUMMARY}, kind, revision, tags, raw FROM item LEFT JOIN content ON row=content WHERE id=?`,
      id,
    );
    if (row === undefined) return null;
    const raw = row.raw;
    return {
      summary: summaryOf(row),
      kind: kindOf(row.kind),
      revision: numberOrNull(row.revision),
      tags: String(row.tags),
      raw: raw instanceof Uint8Array ? raw : null,
    };
  }

  return {
    standing() {
      const row = first(
        'SELECT (SELECT count(*) FROM pending) AS pending, items, messages, bytes FROM tally',
      );
      return {
        token: meta('token'),
        pending: Number(row?.pending ?? 0),
        items: Number(row?.items ?? 0),
        messages: Number(row?.messages ?? 0),
        bytes: Number(row?.bytes ?? 0),
      };
    },
    beginInitial: ({ token, items }) =>
      atOnce(() => {
        run('DELETE FROM pending');
        for (const item of items) pend(item);
        for (const row of all('SELECT id FROM item WHERE id NOT IN (SELECT id FROM pending)')) {
          remove(Number(row.id));
        }
        putMeta('token', token);
      }),
    applyDelta: ({ token, items, deletedIds }) =>
      atOnce(() => {
        const outcome = { deleted: 0, updated: 0, pending: 0 };
        for (const id of deletedIds) {
          run('DELETE FROM pending WHERE id=?', id);
          if (remove(id)) outcome.deleted += 1;
        }
        for (const item of items) {
          if (change(item)) outcome.updated += 1;
          else {
            pend(item);
            outcome.pending += 1;
          }
        }
        putMeta('token', token);
        return outcome;
      }),
    pending: (limit, belowId) =>
      all(
        'SELECT id, kind, folder FROM pending WHERE id<? ORDER BY id DESC LIMIT ?',
        belowId ?? Number.MAX_SAFE_INTEGER,
        limit,
      ).map((row) => ({
        id: Number(row.id),
        kind: kindOf(row.kind),
        folderId: numberOrNull(row.folder),
      })),
    storeBatch: ({ items, goneIds, bytes }) =>
      atOnce(() => {
        for (const item of items) {
          const { content } = item;
          put(
            item,
            content === null
              ? null
              : bytes.subarray(content.offset, content.offset + content.length),
          );
          run('DELETE FROM pending WHERE id=?', item.id);
        }
        for (const id of goneIds) {
          remove(id);
          run('DELETE FROM pending WHERE id=?', id);
        }
      }),
    replaceFolders: (folders) =>
      atOnce(() => {
        run('DELETE FROM folder');
        for (const one of folders) {
          const { id, parentId, name, path, view, unread, total } = one;
          run(
            'INSERT OR REPLACE INTO folder VALUES(?,?,?,?,?,?,?)',
            id,
            parentId,
            name,
            path,
            view,
            unread,
            total,
          );
        }
      }),
    folders: () =>
      all(
        `SELECT f.*, (SELECT count(*) FROM item WHERE folder=f.id) AS stored FROM folder f ORDER BY path`,
      ).map((row) => ({
        id: Number(row.id),
        parentId: numberOrNull(row.parent),
        name: String(row.name),
        path: String(row.path),
        view: textOrNull(row.view),
        unread: Number(row.unread),
        total: Number(row.total),
        stored: Number(row.stored),
      })),
    messages({ folderId, limit, beforeId }) {
      const before =
        beforeId === null ? undefined : first('SELECT received FROM item WHERE id=?', beforeId);
      const received = Number(before?.received ?? Number.MAX_SAFE_INTEGER);
      const id = before === undefined || beforeId === null ? Number.MAX_SAFE_INTEGER : beforeId;
      const rows =
        folderId === null
          ? all(
              `SELECT ${SUMMARY} FROM item WHERE (received,id)<(?,?) AND kind='m'
               ORDER BY received DESC, id DESC LIMIT ?`,
              received,
              id,
              limit,
            )
          : all(
              `SELECT ${SUMMARY} FROM item WHERE folder=? AND (received,id)<(?,?) AND kind='m'
               ORDER BY received DESC, id DESC LIMIT ?`,
              folderId,
              received,
              id,
              limit,
            );
      return rows.map(summaryOf);
    },
    item,
    async detail(id) {
      const found = item(id);
      return found === null ? null : readMessage(found.summary, found.raw ?? new Uint8Array());
    },
    document: (key) => textOrNull(first('SELECT json FROM document WHERE key=?', key)?.json),
    putDocument: (key, json) =>
      run(
        'INSERT INTO document VALUES(?,?) ON CONFLICT(key) DO UPDATE SET json=excluded.json',
        key,
        json,
      ),
    applyGal: ({ token, isFull, entries, deletedIds }) =>
      atOnce(() => {
        if (isFull) run('DELETE FROM gal');
        for (const one of entries) {
          const fields = JSON.stringify(one.fields);
          run('INSERT OR REPLACE INTO gal VALUES(?,?,?,?)', one.id, one.name, one.email, fields);
        }
        for (const id of deletedIds) run('DELETE FROM gal WHERE id=?', id);
        putMeta('galToken', token);
      }),
    galStanding: () => ({
      token: meta('galToken'),
      entries: Number(first('SELECT count(*) AS n FROM gal')?.n ?? 0),
    }),
    searchGal(query, limit) {
      const pattern = `%${query.replaceAll(/[\\%_]/g, '\\$&')}%`;
      return all(
        `SELECT * FROM gal WHERE name LIKE ?1 ESCAPE '\\' OR email LIKE ?1 ESCAPE '\\'
         ORDER BY name COLLATE NOCASE, id LIMIT ?2`,
        pattern,
        limit,
      ).map(galOf);
    },
    enqueue: ({ id, raw, createdAt }) =>
      run(
        `INSERT INTO outbox(id,state,raw,subject,size,created) VALUES(?,'queued',?,?,?,?)
         ON CONFLICT(id) DO NOTHING`,
        id,
        raw,
        listHeaders(raw).subject,
        raw.length,
        createdAt,
      ),
    nextToSend() {
      const row = first(
        `SELECT id, raw, attempts FROM outbox WHERE state='queued' ORDER BY attempts, seq LIMIT 1`,
      );
      const raw = row?.raw;
      if (row === undefined || !(raw instanceof Uint8Array)) return null;
      return { id: String(row.id), raw, attempts: Number(row.attempts) };
    },
    recordAttempt: (id, error) =>
      run(
        `UPDATE outbox SET attempts=attempts+1, error=? WHERE id=? AND state='queued'`,
        error,
        id,
      ),
    recordSent: (id, savedId) =>
      atOnce(() => {
        run(
          `UPDATE outbox SET state='sent', raw=NULL, error=NULL, saved=?, attempts=attempts+1 WHERE id=?`,
          savedId,
          id,
        );
        run(
          `DELETE FROM outbox WHERE state='sent' AND seq NOT IN
           (SELECT seq FROM outbox WHERE state='sent' ORDER BY seq DESC LIMIT ?)`,
          SENT_KEPT,
        );
      }),
    recordFailure: (id, error) =>
      run(`UPDATE outbox SET state='failed', error=?, attempts=attempts+1 WHERE id=?`, error, id),
    outbox: () => all('SELECT * FROM outbox ORDER BY seq').map(outboxOf),
  };
}

function summaryOf(row: Row): MessageSummary {
  const flags = String(row.flags);
  return {
    id: Number(row.id),
    folderId: Number(row.folder ?? 0),
    subject: String(row.subject),
    from: String(row.sender),
    receivedAt: new Date(Number(row.received)).toISOString(),
    sizeBytes: Number(row.size),
    unread: flags.includes('u'),
    flagged: flags.includes('f'),
    hasAttachment: flags.includes('a') || row.attachment === 1,
  };
}

function galOf(row: Row): GalReport {
  return {
    id: String(row.id),
    name: String(row.name),
    email: String(row.email),
    fields: JSON.parse(String(row.fields)) as GalReport['fields'],
  };
}

function outboxOf(row: Row): OutboxReport {
  const state = row.state;
  return {
    id: String(row.id),
    state: state === 'sent' || state === 'failed' ? state : 'queued',
    subject: String(row.subject),
    sizeBytes: Number(row.size),
    createdAt: new Date(Number(row.created)).toISOString(),
    attempts: Number(row.attempts),
    error: textOrNull(row.error),
  };
}

/** Kinds are written by this file alone. */
function kindOf(value: SQLOutputValue | undefined): ItemKind {
  return String(value) as ItemKind;
}

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
