/**
 * The local store's tables, and opening its file: alone, and of a version that is known. Loads nothing of
 * the gate, because a thread has its memory to itself: what goes wrong becomes a StoreError on the other side.
 */

import { DatabaseSync } from 'node:sqlite';
import type { StoreErrorCode } from '@postern/trust';

/** Version inside the file (PRAGMA user_version). */
export const SCHEMA_VERSION = 1;

/** `PMDB`: tells our file from any other SQLite file (PRAGMA application_id). */
const APPLICATION_ID = 0x504d4442;

const TABLES = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE folder(
  id INTEGER PRIMARY KEY, parent INTEGER, name TEXT NOT NULL, path TEXT NOT NULL, view TEXT,
  unread INTEGER NOT NULL, total INTEGER NOT NULL);
CREATE TABLE item(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, folder INTEGER, received INTEGER NOT NULL,
  size INTEGER NOT NULL, flags TEXT NOT NULL, tags TEXT NOT NULL, conversation INTEGER,
  change INTEGER, revision INTEGER, subject TEXT NOT NULL, sender TEXT NOT NULL,
  attachment INTEGER NOT NULL, content INTEGER);
CREATE INDEX item_by_folder ON item(folder, received DESC, id DESC);
CREATE INDEX item_by_date ON item(received DESC, id DESC);
CREATE TABLE tally(one INTEGER PRIMARY KEY CHECK(one=1), items INTEGER, messages INTEGER, bytes INTEGER);
INSERT INTO tally VALUES(1, 0, 0, 0);
CREATE TRIGGER item_added AFTER INSERT ON item BEGIN
  UPDATE tally SET items=items+1, messages=messages+(new.kind='m'), bytes=bytes+new.size;
END;
CREATE TRIGGER item_removed AFTER DELETE ON item BEGIN
  UPDATE tally SET items=items-1, messages=messages-(old.kind='m'), bytes=bytes-old.size;
END;
CREATE TABLE content(row INTEGER PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE pending(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, folder INTEGER);
CREATE TABLE document(key TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE gal(id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, fields TEXT NOT NULL);
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL,
  raw BLOB, subject TEXT NOT NULL, size INTEGER NOT NULL, created INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, error TEXT, saved INTEGER);
`;

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26 } as const;

/** What is wrong with a store, as it crosses the border of its thread. */
export class StoreFailure extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Opens the file. The lock is held until it is closed, so that one process writes and every other
 * is told. Throws StoreFailure: ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION.
 */
export function openDatabase(path: string): DatabaseSync {
  return told(path, () => {
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      prepare(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepare(database: DatabaseSync, path: string): void {
  // Exclusive before WAL: then the index of the log is in memory and the file is locked for good.
  database.exec('PRAGMA locking_mode=EXCLUSIVE');
  // A commit is on disk when it returns, through a power cut too.
  database.exec('PRAGMA synchronous=FULL');
  database.exec('BEGIN EXCLUSIVE');
  const version = numberIn(database, 'PRAGMA user_version', 'user_version');
  const tables = numberIn(database, 'SELECT count(*) AS n FROM sqlite_schema', 'n');
  if (version === 0 && tables === 0) {
    database.exec(TABLES);
    database.exec(`PRAGMA application_id=${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version=${SCHEMA_VERSION}`);
  } else if (numberIn(database, 'PRAGMA application_id', 'application_id') !== APPLICATION_ID) {
    throw new StoreFailure('ERR_STORE_CORRUPT', `"${path}" is not a mail store`);
  } else if (version !== SCHEMA_VERSION) {
    throw new StoreFailure(
      'ERR_STORE_VERSION',
      `store "${path}" has version ${version}, supported is ${SCHEMA_VERSION}`,
    );
  }
  database.exec('COMMIT');
  // Not before it is known to be ours: switching writes to the file.
  database.exec('PRAGMA journal_mode=WAL');
  // In KiB; beside it the log grows to 16 MiB (4096 pages) before it is copied back.
  database.exec('PRAGMA cache_size=-8192');
  database.exec('PRAGMA wal_autocheckpoint=4096');
}

function numberIn(database: DatabaseSync, query: string, column: string): number {
  return Number(database.prepare(query).get()?.[column] ?? 0);
}

/** Runs something on a database and tells SQLite's failures in the store's words. */
export function told<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(path, error);
  }
}

function storeError(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  // The low byte is the primary code, the rest says more (sqlite.org/rescode.html).
  const code = Number(error.errcode) & 0xff;
  switch (code) {
    case SQLITE.busy:
    case SQLITE.locked:
      return new StoreFailure(
        'ERR_STORE_LOCKED',
        `store "${path}" is in use by another process`,
        error,
      );
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return new StoreFailure('ERR_STORE_CORRUPT', `store "${path}" is damaged`, error);
    default:
      return new StoreFailure(
        'ERR_STORE_FAILED',
        `store "${path}" cannot be used: ${error.message}`,
        error,
      );
  }
}
