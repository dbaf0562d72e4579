/**
 * Opening one of our SQLite files: alone, and of a version that is known. Loads nothing of the gate,
 * because a thread has its memory to itself: what goes wrong becomes a StoreError on the other side.
 */

import { DatabaseSync } from 'node:sqlite';
import type { StoreErrorCode } from '@postern/trust';

/** What a file holds, and how it is told from every other. */
export interface FileKind {
  /** In a message: `mail store`, `history`. */
  name: string;
  /** Four letters that mark the file as ours (PRAGMA application_id). */
  mark: string;
  /** Version inside the file (PRAGMA user_version). */
  version: number;
  /** The tables of a new file. */
  tables: string;
}

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const SQLITE = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26 } as const;

/** What is wrong with a file, as it crosses the border of its thread. */
export class StoreFailure extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Opens the file. The lock is held until it is closed, so that one process writes and every other
 * is told. A commit is on disk when it returns. Throws StoreFailure: ERR_STORE_LOCKED,
 * ERR_STORE_CORRUPT, ERR_STORE_VERSION, ERR_STORE_FAILED.
 */
export function openFile(path: string, kind: FileKind): DatabaseSync {
  return told(path, () => {
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    try {
      prepare(database, path, kind);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepare(database: DatabaseSync, path: string, kind: FileKind): void {
  const applicationId = Buffer.from(kind.mark, 'latin1').readUInt32BE();
  // Exclusive before WAL: then the index of the log is in memory and the file is locked for good.
  database.exec('PRAGMA locking_mode=EXCLUSIVE');
  // A commit is on disk when it returns, through a power cut too.
  database.exec('PRAGMA synchronous=FULL');
  database.exec('BEGIN EXCLUSIVE');
  const version = numberIn(database, 'PRAGMA user_version', 'user_version');
  const tables = numberIn(database, 'SELECT count(*) AS n FROM sqlite_schema', 'n');
  if (version === 0 && tables === 0) {
    database.exec(kind.tables);
    database.exec(`PRAGMA application_id=${applicationId}`);
    database.exec(`PRAGMA user_version=${kind.version}`);
  } else if (numberIn(database, 'PRAGMA application_id', 'application_id') !== applicationId) {
    throw new StoreFailure('ERR_STORE_CORRUPT', `"${path}" is not a ${kind.name}`);
  } else if (version !== kind.version) {
    throw new StoreFailure(
      'ERR_STORE_VERSION',
      `${kind.name} "${path}" has version ${version}, supported is ${kind.version}`,
    );
  }
  database.exec('COMMIT');
  // Not before it is known to be ours: switching writes to the file.
  database.exec('PRAGMA journal_mode=WAL');
}

function numberIn(database: DatabaseSync, query: string, column: string): number {
  return Number(database.prepare(query).get()?.[column] ?? 0);
}

/** Runs work in a transaction: all of it or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A failed COMMIT (full disk) may have rolled back by itself.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
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
