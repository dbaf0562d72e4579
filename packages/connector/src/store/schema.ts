/** The local store's tables, and opening its file. */

import type { DatabaseSync } from 'node:sqlite';
import { type FileKind, openFile } from '../sqlite/file.ts';

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

const MAIL_STORE: FileKind = { name: 'mail store', mark: 'PMDB', version: 1, tables: TABLES };

/** Opens the file. Throws StoreFailure: ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION. */
export function openDatabase(path: string): DatabaseSync {
  const database = openFile(path, MAIL_STORE);
  // In KiB; beside it the log grows to 16 MiB (4096 pages) before it is copied back.
  database.exec('PRAGMA cache_size=-8192');
  database.exec('PRAGMA wal_autocheckpoint=4096');
  return database;
}
