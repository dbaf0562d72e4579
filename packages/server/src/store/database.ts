/**
 * The database behind mailboxes and directory. Everything outside of this folder sees the query builder and
 * asynchronous transactions only, so that another engine can take SQLite's place.
 *
 * Write-ahead log, because another process (an import) then reads and writes beside a running server, and a
 * commit costs one flush instead of three; `synchronous = full`, because in this mode anything less
 * would lose the last commits with the power.
 */

import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '@postern/trust';
import { Kysely, type Transaction } from 'kysely';
import { SCHEMA, SCHEMA_VERSION, type Tables } from './schema.ts';
import { sqliteDialect } from './sqlite.ts';

/** One transaction. */
export type Tx = Transaction<Tables>;

/** The open database. */
export interface Database {
  /** Runs `work` on one unchanging state. */
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs `work` alone, and commits it durably; rolls back where it throws. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** For single queries outside of a transaction. */
  readonly queries: Kysely<Tables>;
  /** Changes whenever another process commits; own commits leave it. Cheap enough to be asked often. */
  foreignVersion(): number;
  close(): Promise<void>;
}

/** How long to wait for another process's transaction, in ms; an import's batch takes some ten. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Opens the database, and makes its tables in a new file. Throws StoreError: ERR_STORE_CORRUPT for what is no
 * database, ERR_STORE_VERSION for one that a newer program made.
 */
export function openDatabase(path: string): Database {
  let database: DatabaseSync | null = null;
  try {
    ownFile(path);
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
    migrate(database, path);
    return wrap(database);
  } catch (cause) {
    database?.close();
    if (cause instanceof StoreError) throw cause;
    throw new StoreError('ERR_STORE_CORRUPT', 'database cannot be opened', { path, cause });
  }
}

/** Makes the file for this user alone before SQLite does; its log and index beside it get the same rights. */
function ownFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
}

function migrate(database: DatabaseSync, path: string): void {
  database.exec('begin immediate');
  try {
    const found = Number(database.prepare('pragma user_version').get()?.user_version);
    if (found > SCHEMA_VERSION) {
      const message = `database is of version ${found}, this program knows ${SCHEMA_VERSION}`;
      throw new StoreError('ERR_STORE_VERSION', message, { path });
    }
    if (found === 0) for (const statement of SCHEMA) database.exec(statement);
    database.exec(`pragma user_version = ${SCHEMA_VERSION}; commit`);
  } catch (error) {
    database.exec('rollback');
    throw error;
  }
}

function wrap(database: DatabaseSync): Database {
  const queries = new Kysely<Tables>({ dialect: sqliteDialect(database) });
  const version = database.prepare('pragma data_version');
  return {
    queries,
    read: (work) => queries.transaction().setAccessMode('read only').execute(work),
    write: (work) => queries.transaction().execute(work),
    foreignVersion: () => Number(version.get()?.data_version),
    close: async () => {
      await queries.destroy();
      database.close();
    },
  };
}

/**
 * Holds a home for one running server, until the returned function is called or the process ends, however it ends (the
 * operating system drops the lock). Throws StoreError ERR_STORE_LOCKED where another server runs.
 */
export function lockHome(path: string): () => void {
  ownFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('pragma journal_mode = delete; begin exclusive');
  } catch (cause) {
    database.close();
    throw new StoreError('ERR_STORE_LOCKED', 'another server runs on this home', { path, cause });
  }
  return () => database.close();
}
