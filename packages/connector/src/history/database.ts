/**
 * The history's file: entries that are only added, counted up and, when they are old, let go; and the
 * certificates that servers have shown. Runs on the history's own thread.
 */

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Endpoint } from '@postern/trust';
import type { HistoryEntry, HistoryKind } from '../api.ts';
import { type FileKind, inTransaction, openFile } from '../sqlite/file.ts';
import type { CountedFact, HistoryFilter, HistoryOperations } from './facts.ts';

/** Entries that are kept; with 300 bytes each that is a file of 40 MB. */
export const MAX_ENTRIES = 100_000;

/**
 * How long an entry is kept, in ms: 400 days, a year and the time to look back at it. Reckoned from an
 * entry that has some newer ones, so that a clock that jumps ahead for a while wipes nothing out.
 */
export const MAX_AGE_MS = 400 * 86_400_000;
export const NEWER_THAN_NOW = 100;

/** Certificates that are kept of one server, those seen last. */
export const MAX_LEAVES = 50;

/** Entries of one server that its time line is drawn from, the newest. */
const MAX_SERVER_ENTRIES = 10_000;

const DAY_MS = 86_400_000;

const TABLES = `
CREATE TABLE entry(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
  at INTEGER NOT NULL, last_at INTEGER NOT NULL, count INTEGER NOT NULL,
  host TEXT, port INTEGER, purpose TEXT, outcome TEXT, leaf_sha256 TEXT,
  problems TEXT NOT NULL, until INTEGER, detail TEXT, by TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX entry_by_kind ON entry(kind);
CREATE INDEX entry_by_server ON entry(host, port);
CREATE TABLE leaf(sha256 TEXT PRIMARY KEY, der BLOB NOT NULL) STRICT;
CREATE TABLE seen(
  host TEXT NOT NULL, port INTEGER NOT NULL, sha256 TEXT NOT NULL,
  first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, UNIQUE(host, port, sha256)) STRICT;
`;

type Row = Record<string, SQLOutputValue>;

/** Kinds after which an override does not hold any more, or holds anew. */
const HOLDING = "'expired','granted','retired','stopped'";

const HISTORY: FileKind = { name: 'history', mark: 'Psth', version: 1, tables: TABLES };

/** Opens the file. Throws StoreFailure: ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION. */
export function openHistoryDatabase(path: string): DatabaseSync {
  return openFile(path, HISTORY);
}

/** The operations on an open file. */
export function createHistoryOperations(database: DatabaseSync): HistoryOperations {
  const sql = {
    add: database.prepare(`
      INSERT INTO entry(kind,at,last_at,count,host,port,purpose,outcome,leaf_sha256,problems,until,detail,by,text)
      VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)`),
    recount: database.prepare('UPDATE entry SET last_at=?, count=? WHERE id=?'),
    lastOfOverride: database.prepare(
      `SELECT kind FROM entry WHERE host=? AND port=? AND kind IN (${HOLDING}) ORDER BY id DESC LIMIT 1`,
    ),
    now: database.prepare('SELECT last_at FROM entry ORDER BY id DESC LIMIT 1 OFFSET ?'),
    beyond: database.prepare('DELETE FROM entry WHERE id<=?'),
    older: database.prepare('DELETE FROM entry WHERE last_at<?'),
    keep: database.prepare('INSERT INTO leaf VALUES(?,?) ON CONFLICT DO NOTHING'),
    see: database.prepare(`
      INSERT INTO seen VALUES(?1,?2,?3,?4,?5)
      ON CONFLICT DO UPDATE SET last_at=max(last_at, excluded.last_at)`),
    seeAgain: database.prepare(
      'UPDATE seen SET last_at=max(last_at, ?4) WHERE host=?1 AND port=?2 AND sha256=?3',
    ),
    unsee: database.prepare(`
      DELETE FROM seen WHERE host=?1 AND port=?2 AND rowid NOT IN
      (SELECT rowid FROM seen WHERE host=?1 AND port=?2 ORDER BY last_at DESC, rowid DESC LIMIT ?3)`),
    forget: database.prepare('DELETE FROM leaf WHERE sha256 NOT IN (SELECT sha256 FROM seen)'),
    total: database.prepare('SELECT count(*) AS n FROM entry'),
    after: database.prepare('SELECT * FROM entry WHERE id>? ORDER BY id LIMIT ?'),
    ofServer: database.prepare(
      'SELECT * FROM entry WHERE host=? AND port=? ORDER BY id DESC LIMIT ?',
    ),
    leaves: database.prepare(`
      SELECT sha256, der, first_at, last_at FROM seen JOIN leaf USING(sha256)
      WHERE host=? AND port=? ORDER BY first_at, seen.rowid`),
  };
  /** The instant from which age was reckoned last. */
  let lookedAt: number | null = null;

  function add(fact: CountedFact): number | null {
    const { kind, host, port, leafSha256, leafDer, atMs, lastMs } = fact;
    // Told by the timer, and again by everyone who dials after the end: it ended once.
    if (kind === 'expired') {
      const last = sql.lastOfOverride.get(host, port)?.kind;
      if (last !== undefined && last !== 'granted') return null;
    }
    const { lastInsertRowid } = sql.add.run(
      kind,
      atMs,
      lastMs,
      fact.count,
      host,
      port,
      fact.purpose,
      fact.outcome,
      leafSha256,
      JSON.stringify(fact.problems),
      fact.untilMs,
      fact.detail,
      fact.by,
      fact.text,
    );
    if (leafDer !== null && leafSha256 !== null && host !== null && port !== null) {
      sql.keep.run(leafSha256, leafDer);
      sql.see.run(host, port, leafSha256, atMs, lastMs);
      if (sql.unsee.run(host, port, MAX_LEAVES).changes > 0) sql.forget.run();
    }
    return Number(lastInsertRowid);
  }

  function letGo(newestId: number): void {
    sql.beyond.run(newestId - MAX_ENTRIES);
    const now = numberOrNull(sql.now.get(NEWER_THAN_NOW)?.last_at);
    // Every entry is looked at, so once a day is often enough.
    if (now === null || (lookedAt !== null && Math.abs(now - lookedAt) < DAY_MS)) return;
    lookedAt = now;
    sql.older.run(now - MAX_AGE_MS);
  }

  return {
    append: (facts) =>
      inTransaction(database, () => {
        const ids = facts.map(add);
        const newestId = ids.findLast((id) => id !== null);
        if (newestId !== undefined && newestId !== null) letGo(newestId);
        return ids;
      }),
    recount: (recounts) =>
      inTransaction(database, () => {
        for (const { id, lastMs, count, endpoint, leafSha256 } of recounts) {
          sql.recount.run(lastMs, count, id);
          if (endpoint === null || leafSha256 === null) continue;
          sql.seeAgain.run(endpoint.host, endpoint.port, leafSha256, lastMs);
        }
      }),
    page(filter) {
      const { where, values } = conditionOf(filter);
      const matching = database.prepare(`SELECT count(*) AS n FROM entry WHERE ${where}`);
      // Ids are put in order first: to sort whole rows of a busy server takes ten times as long.
      const rows = database.prepare(`
        SELECT * FROM entry WHERE id IN
        (SELECT id FROM entry WHERE (${where}) AND id<? ORDER BY id DESC LIMIT ?) ORDER BY id DESC`);
      const before = filter.beforeId ?? Number.MAX_SAFE_INTEGER;
      const total = Number(sql.total.get()?.n);
      return {
        entries: rows.all(...values, before, filter.limit).map(entryOf),
        matching: where === EVERYTHING ? total : Number(matching.get(...values)?.n),
        total,
      };
    },
    after: (id, limit) => sql.after.all(id, limit).map(entryOf),
    server: ({ host, port }: Endpoint) => ({
      entries: sql.ofServer.all(host, port, MAX_SERVER_ENTRIES).map(entryOf).reverse(),
      leaves: sql.leaves.all(host, port).map((row) => ({
        sha256: String(row.sha256),
        der: row.der instanceof Uint8Array ? row.der : new Uint8Array(),
        firstMs: Number(row.first_at),
        lastMs: Number(row.last_at),
      })),
    }),
  };
}

const EVERYTHING = 'true';

/** The filter as SQL. Everything that came from outside is a parameter. */
function conditionOf({ kinds, servers, text }: HistoryFilter): {
  where: string;
  values: SQLInputValue[];
} {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  if (kinds !== null) {
    parts.push(`kind IN (${kinds.map(() => '?').join(',')})`);
    values.push(...kinds);
  }
  if (servers !== null) {
    // A root counts at every port of its name.
    const each = servers.map(({ port }) =>
      port === null ? 'host=?' : '(host=? AND ifnull(port, ?)=?)',
    );
    parts.push(`(${each.join(' OR ') || 'false'})`);
    values.push(
      ...servers.flatMap(({ host, port }) => (port === null ? [host] : [host, port, port])),
    );
  }
  if (text !== null) {
    const columns = ['text', 'detail', 'problems', 'leaf_sha256'];
    parts.push(`(${columns.map((name) => `${name} LIKE ? ESCAPE '\\'`).join(' OR ')})`);
    const pattern = (part: string): string => `%${part.replaceAll(/[\\%_]/g, '\\$&')}%`;
    values.push(pattern(text), pattern(text), pattern(text), pattern(plainFingerprint(text)));
  }
  return { where: parts.join(' AND ') || EVERYTHING, values };
}

/** A fingerprint, or a part of one, as it is stored: people write it with colons or in groups. */
function plainFingerprint(text: string): string {
  return /^[0-9a-f: ]+$/i.test(text) ? text.replaceAll(/[: ]/g, '') : text;
}

function entryOf(row: Row): HistoryEntry {
  return {
    id: Number(row.id),
    // Written by this file alone.
    kind: String(row.kind) as HistoryKind,
    at: instant(Number(row.at)),
    lastAt: instant(Number(row.last_at)),
    count: Number(row.count),
    host: textOrNull(row.host),
    port: numberOrNull(row.port),
    purpose: textOrNull(row.purpose),
    outcome: textOrNull(row.outcome),
    leafSha256: textOrNull(row.leaf_sha256),
    problems: JSON.parse(String(row.problems)) as readonly string[],
    until: row.until === null ? null : instant(Number(row.until)),
    detail: textOrNull(row.detail),
    by: String(row.by) as HistoryEntry['by'],
    text: String(row.text),
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
