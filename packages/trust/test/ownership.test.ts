import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { StoreError } from '../src/errors.ts';
import {
  assertPrivate,
  ensurePrivateFolder,
  OWNERSHIP_IS_CHECKED,
  type PrivacyDemand,
  readPrivateFile,
} from '../src/ownership.ts';
import { tempFolder } from './temp-folder.ts';

const me = process.geteuid?.() ?? -1;
/** Any user that this process is not. */
const STRANGER = me + 1;

function checksOwners(t: TestContext): boolean {
  return requireOrSkip(
    t,
    OWNERSHIP_IS_CHECKED,
    'a system with owners and modes',
    'run it on Linux or macOS',
  );
}

/** Refused with the code, the path asked for and a message that says why. */
function refuses(work: () => unknown, path: string, why: RegExp): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, 'ERR_STORE_UNSAFE');
    assert.equal(error.path, path);
    assert.match(error.message, why);
    return true;
  });
}

const modes: {
  kind: PrivacyDemand['kind'];
  mode: number;
  closed: boolean;
  refused: RegExp | null;
}[] = [
  { kind: 'file', mode: 0o600, closed: true, refused: null },
  { kind: 'file', mode: 0o644, closed: false, refused: null },
  { kind: 'file', mode: 0o644, closed: true, refused: /mode 0644: it is open to other users/ },
  { kind: 'file', mode: 0o620, closed: false, refused: /mode 0620: other users can write to it/ },
  { kind: 'file', mode: 0o602, closed: false, refused: /mode 0602: other users can write to it/ },
  { kind: 'folder', mode: 0o700, closed: true, refused: null },
  { kind: 'folder', mode: 0o755, closed: false, refused: null },
  { kind: 'folder', mode: 0o755, closed: true, refused: /mode 0755: it is open to other users/ },
  { kind: 'folder', mode: 0o770, closed: false, refused: /mode 0770: other users can write to it/ },
  // A sticky folder is safe to pass through and no place for a store.
  {
    kind: 'folder',
    mode: 0o1777,
    closed: false,
    refused: /mode 1777: other users can write to it/,
  },
];

for (const { kind, mode, closed, refused } of modes) {
  const name = `a ${closed ? 'closed ' : ''}${kind} of mode ${mode.toString(8)} is ${refused === null ? 'private' : 'refused'}`;
  test(name, (t) => {
    if (!checksOwners(t)) return;
    const path = join(tempFolder(t), 'it');
    if (kind === 'file') writeFileSync(path, '');
    else mkdirSync(path);
    chmodSync(path, mode);
    if (refused === null) assert.equal(assertPrivate(path, { kind, closed }), true);
    else refuses(() => assertPrivate(path, { kind, closed }), path, refused);
  });
}

test('a path where nothing is yet is not refused', (t) => {
  assert.equal(assertPrivate(join(tempFolder(t), 'a', 'b'), { kind: 'file' }), false);
});

test('something of another kind is refused', (t) => {
  const folder = tempFolder(t);
  refuses(() => assertPrivate(folder, { kind: 'file' }), folder, /is not a file/);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  refuses(() => assertPrivate(file, { kind: 'socket' }), file, /is not a socket/);
  refuses(
    () => assertPrivate(join(file, 'x'), { kind: 'file' }),
    join(file, 'x'),
    /is not a folder/,
  );
});

test('a folder above that others can write to makes everything below it unsafe', (t) => {
  if (!checksOwners(t)) return;
  const above = join(tempFolder(t), 'above');
  const path = join(above, 'mine', 'store');
  mkdirSync(join(above, 'mine'), { recursive: true, mode: 0o700 });
  writeFileSync(path, '', { mode: 0o600 });
  chmodSync(above, 0o777);
  refuses(
    () => assertPrivate(path, { kind: 'file' }),
    path,
    /above" has mode 0777: other users can exchange/,
  );
  chmodSync(above, 0o1777);
  assert.equal(assertPrivate(path, { kind: 'file' }), true);
});

test('what belongs to another user is refused, and what belongs to the system is not', (t) => {
  if (!checksOwners(t)) return;
  const path = join(tempFolder(t), 'file');
  writeFileSync(path, '', { mode: 0o600 });
  if (me === 0) {
    // Root may hand the file over; whose it ought to be is then the user of this process.
    chownSync(path, STRANGER, STRANGER);
    refuses(() => assertPrivate(path, { kind: 'file' }), path, /belongs to user 1, not to user 0/);
  } else {
    refuses(
      () => assertPrivate(path, { kind: 'file', uid: STRANGER }),
      path,
      new RegExp(`belongs to user ${me}`),
    );
  }
  assert.equal(assertPrivate('/', { kind: 'folder', uid: STRANGER }), true);
});

test('a symbolic link is followed, and its target and the folders there are judged', (t) => {
  if (!checksOwners(t)) return;
  const folder = tempFolder(t);
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere, { mode: 0o700 });
  writeFileSync(join(elsewhere, 'target'), 'x', { mode: 0o600 });
  const link = join(folder, 'link');
  symlinkSync(join('elsewhere', 'target'), link);
  assert.equal(assertPrivate(link, { kind: 'file' }), true);
  assert.equal(Buffer.from(readPrivateFile(link) ?? []).toString(), 'x');
  chmodSync(elsewhere, 0o777);
  refuses(() => assertPrivate(link, { kind: 'file' }), link, /elsewhere" has mode 0777/);
});

test('a symbolic link that leads nowhere, or in a circle, is refused', (t) => {
  const folder = tempFolder(t);
  const dangling = join(folder, 'dangling');
  symlinkSync('nothing', dangling);
  refuses(
    () => assertPrivate(dangling, { kind: 'file' }),
    dangling,
    /leads through a symbolic link to ".*nothing", where nothing is/,
  );
  const circle = join(folder, 'circle');
  symlinkSync('circle', circle);
  refuses(() => assertPrivate(circle, { kind: 'file' }), circle, /more than 40 symbolic links/);
});

test('a listening socket in a closed folder is private', async (t) => {
  if (!checksOwners(t)) return;
  const path = join(tempFolder(t), 's');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  chmodSync(path, 0o600);
  assert.equal(assertPrivate(path, { kind: 'socket', closed: true }), true);
  chmodSync(path, 0o666);
  refuses(() => assertPrivate(path, { kind: 'socket' }), path, /socket .* mode 0666/);
});

test('a private folder is created with mode 0700, its parents too', (t) => {
  const folder = tempFolder(t);
  ensurePrivateFolder(join(folder, 'a', 'b'));
  assert.deepEqual(readdirSync(folder), ['a']);
  if (!OWNERSHIP_IS_CHECKED) return;
  assert.equal(statSync(join(folder, 'a')).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'a', 'b')).mode & 0o777, 0o700);
});

test('an existing folder keeps its mode and is refused where it ought to be closed', (t) => {
  if (!checksOwners(t)) return;
  const path = join(tempFolder(t), 'open');
  mkdirSync(path);
  chmodSync(path, 0o755);
  ensurePrivateFolder(path);
  assert.equal(statSync(path).mode & 0o777, 0o755);
  refuses(() => ensurePrivateFolder(path, { closed: true }), path, /open to other users/);
});

test('reading gives null for no file, and refuses one that others can write to or that is huge', (t) => {
  if (!checksOwners(t)) return;
  const path = join(tempFolder(t), 'file');
  assert.equal(readPrivateFile(path), null);
  writeFileSync(path, 'a');
  chmodSync(path, 0o666);
  refuses(() => readPrivateFile(path), path, /mode 0666/);
  writeFileSync(path, Buffer.alloc(4 * 1024 * 1024 + 1));
  chmodSync(path, 0o600);
  refuses(() => readPrivateFile(path), path, /has 4194305 bytes, at most 4194304 are read/);
});
