/**
 * One private, durable SQLite file that several processes may use at once. Knows nothing of what is
 * kept in it: overrides.ts and user-roots.ts bring their schema.
 *
 * A rollback journal with `synchronous=FULL` and not WAL: writes are rare and small, a commit is on
 * disk when it returns (TRUNCATE syncs the journal after cutting it, so that a power cut cannot
 * bring it back), and it works in a home folder on a network, where WAL's shared memory does not.
 */

import { closeSync, constants, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from './errors.ts';
import { assertPrivate, ensurePrivateFolder } from './ownership.ts';

/** What is kept in a file. */
export interface StoreSchema {
  /** What the file holds, for messages: `trust overrides`. */
  what: string;
  /** Marks the file as ours (`PRAGMA application_id`), so that no foreign database is written to. */
  applicationId: number;
  /** The schema's version, in `PRAGMA user_version`. */
  version: number;
  /** Creates version `version` in an empty file. */
  create: string;
}

export interface StoreFileOptions {
  /** How long to wait for another process that is writing, in ms; the event loop waits too. Default 2000. */
  busyTimeoutMs?: number;
}

/** An open file. Every error of SQLite leaves it as StoreError where it has a code for it. */
export interface StoreFile {
  readonly database: DatabaseSync;
  /** Looks without changing. */
  read<T>(look: () => T): T;
  /** One transaction, on disk when this returns; undone wholly if `change` throws. */
  write<T>(change: () => T): T;
  /** Throws ERR_STORE_CORRUPT: a row that this program cannot have written. */
  corrupt(reason: string, cause?: unknown): never;
  /** Closing twice is allowed. */
  close(): void;
}

const DEFAULT_BUSY_TIMEOUT_MS = 2000;
/** SQLite's primary result codes (sqlite.org/rescode.html); the extended ones carry them in the low byte. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Opens or creates the file with mode 0600, in a folder that is created with mode 0700.
 * `:memory:` keeps everything in this process. Throws StoreError: ERR_STORE_UNSAFE when others can
 * write to the file, its journal or its folder, ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION.
 */
export function openStoreFile(
  path: string,
  schema: StoreSchema,
  options: StoreFileOptions = {},
): StoreFile {
  if (path !== ':memory:') makePrivate(path);
  const guard = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw mapped(error, path, schema.what);
    }
  };
  const corrupt = (reason: string, cause?: unknown): never => {
    throw new StoreError(
      'ERR_STORE_CORRUPT',
      `file "${path}" of ${schema.what} is damaged: ${reason}`,
      { path, cause },
    );
  };
  const database = guard(() => new DatabaseSync(path));
  let isOpen = true;
  const write = <T>(change: () => T): T =>
    guard(() => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = change();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        try {
          database.exec('ROLLBACK');
        } catch {
          // SQLite rolled back by itself, as it does on a full disk: the first error tells more.
        }
        throw error;
      }
    });
  try {
    guard(() => {
      database.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS}`);
      database.exec('PRAGMA journal_mode = TRUNCATE');
      database.exec('PRAGMA synchronous = FULL');
      database.exec('PRAGMA trusted_schema = OFF');
    });
    const health = guard(() => firstColumn(database, 'PRAGMA quick_check(1)'));
    if (health !== 'ok') corrupt(String(health));
    ensureSchema(database, path, schema, write, corrupt);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    database,
    read: guard,
    write,
    corrupt,
    close() {
      if (isOpen) database.close();
      isOpen = false;
    },
  };
}

function makePrivate(path: string): void {
  ensurePrivateFolder(dirname(path));
  if (!assertPrivate(path, { kind: 'file' })) {
    try {
      // Created before SQLite would, whose own file follows the umask.
      closeSync(openSync(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      assertPrivate(path, { kind: 'file' });
    }
  }
  // A journal that others prepared would be played back into the database.
  for (const suffix of ['-journal', '-wal', '-shm']) assertPrivate(path + suffix, { kind: 'file' });
}

function ensureSchema(
  database: DatabaseSync,
  path: string,
  schema: StoreSchema,
  write: StoreFile['write'],
  corrupt: StoreFile['corrupt'],
): void {
  const { version, what, applicationId } = schema;
  if (firstColumn(database, 'PRAGMA user_version') === 0) {
    write(() => {
      // Another process may have created it between the look and the lock.
      if (firstColumn(database, 'PRAGMA user_version') !== 0) return;
      if (firstColumn(database, 'SELECT count(*) FROM sqlite_schema') !== 0) {
        corrupt('it is a database of another program');
      }
      database.exec(schema.create);
      database.exec(`PRAGMA application_id = ${applicationId}`);
      database.exec(`PRAGMA user_version = ${version}`);
    });
  }
  if (firstColumn(database, 'PRAGMA application_id') !== applicationId) {
    corrupt('it is a database of another program');
  }
  const found = Number(firstColumn(database, 'PRAGMA user_version'));
  if (found !== version) {
    throw new StoreError(
      'ERR_STORE_VERSION',
      `file "${path}" of ${what} has schema version ${found}, this program knows ${version}`,
      { path, version: { found, supported: version } },
    );
  }
}

function firstColumn(database: DatabaseSync, sql: string): unknown {
  const row = database.prepare(sql).get();
  return row === undefined ? undefined : Object.values(row)[0];
}

/** SQLite's number says what happened; its text is for people. Other errors pass as they are. */
function mapped(error: unknown, path: string, what: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return error;
  switch (error.errcode & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return new StoreError(
        'ERR_STORE_LOCKED',
        `file "${path}" of ${what} is in use by another process`,
        { path, cause: error },
      );
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StoreError(
        'ERR_STORE_CORRUPT',
        `file "${path}" of ${what} is damaged: ${error.message}`,
        { path, cause: error },
      );
    default:
      return new StoreError(
        'ERR_STORE_FAILED',
        `file "${path}" of ${what} cannot be used: ${error.message}`,
        { path, cause: error },
      );
  }
}
