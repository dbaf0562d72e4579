import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreError } from '@postern/trust';
import { openStoreFile } from '../src/store-file.ts';
import { tempFolder } from './temp-folder.ts';

const SCHEMA = {
  what: 'tests',
  applicationId: 0x54_65_73_74,
  version: 1,
  create: 'CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB) STRICT',
};

test('a full disk is said, and what was there before is still there', (t) => {
  const file = openStoreFile(join(tempFolder(t), 'store.db'), SCHEMA);
  t.after(() => file.close());
  const insert = file.database.prepare('INSERT INTO item (body) VALUES (?)');
  file.write(() => insert.run(Buffer.alloc(1000)));
  // SQLite's own way to say that there is no more room (SQLITE_FULL).
  file.database.exec('PRAGMA max_page_count = 8');
  assert.throws(
    () => file.write(() => insert.run(Buffer.alloc(1_000_000))),
    (error) => error instanceof StoreError && error.code === 'ERR_STORE_FAILED',
  );
  const count = file.read(() => file.database.prepare('SELECT count(*) AS n FROM item').get());
  assert.deepEqual({ ...count }, { n: 1 });
});
