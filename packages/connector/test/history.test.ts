/** Keeping a history: what is one entry, what a file that fails does, and that nobody ever waits for it. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { StoreError } from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import type { HistoryEntry } from '../src/api.ts';
import type { HistoryFact } from '../src/history/facts.ts';
import { type History, openHistory } from '../src/history/history.ts';
import { AT, EVERYTHING, fact, HOST, leafNamed } from './history-facts.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

interface Opened {
  history: History;
  clock: ManualClock;
  failures: StoreError[];
  lines: string[];
}

function opened(t: TestContext, file = ':memory:'): Opened {
  const clock = createManualClock(AT);
  const lines: string[] = [];
  const history = openHistory(file, { clock, log: (line) => lines.push(line) });
  afterwards(t, () => history.close());
  const failures: StoreError[] = [];
  history.onFailure((failure) => failures.push(failure));
  return { history, clock, failures, lines };
}

/** Kind, connection and count of every entry, oldest first. */
async function told(history: History): Promise<unknown[]> {
  const { entries } = await history.page({ ...EVERYTHING, limit: 1000 });
  return entries.map(({ kind, purpose, count }) => [kind, purpose, count]).reverse();
}

/** Resolves when writing failed for the first time. */
function failure({ history }: Opened): Promise<StoreError> {
  if (history.failure !== null) return Promise.resolve(history.failure);
  return new Promise((resolve) => {
    history.onFailure(resolve);
  });
}

const DIFFERENT: readonly { name: string; about: Partial<HistoryFact> }[] = [
  { name: 'another server', about: { host: 'other.example.test' } },
  { name: 'another port', about: { port: 8443 } },
  { name: 'another connection', about: { purpose: 'gal' } },
  { name: 'another certificate', about: leafNamed('second') },
  { name: 'another outcome', about: { outcome: 'ask' } },
  { name: 'another problem', about: { problems: ['expired@0'] } },
  { name: 'another end of what was allowed', about: { untilMs: 1 } },
];

test('equal verdicts in a row are one entry, from the first to the last', async (t) => {
  const { history } = opened(t);
  for (let nth = 0; nth < 5; nth++) history.record(fact({ atMs: AT.getTime() + nth * 60_000 }));
  const { entries } = await history.page(EVERYTHING);
  assert.deepEqual(
    entries.map(({ count, at, lastAt }) => ({ count, at, lastAt })),
    [{ count: 5, at: '2026-11-23T08:00:00.000Z', lastAt: '2026-11-23T08:04:00.000Z' }],
  );
});

for (const { name, about } of DIFFERENT) {
  test(`a verdict with ${name} is an entry of its own`, async (t) => {
    const { history } = opened(t);
    for (const one of [fact(), fact(), fact(about)]) history.record(one);
    const { entries } = await history.page(EVERYTHING);
    assert.deepEqual(entries.map(({ count }) => count).reverse(), [2, 1]);
  });
}

test('the eight connections may alternate: each has its own row', async (t) => {
  const { history } = opened(t);
  for (let round = 0; round < 3; round++) {
    for (const purpose of ['mail', 'folders', 'gal']) history.record(fact({ purpose }));
  }
  assert.deepEqual(await told(history), [
    ['verdict', 'mail', 3],
    ['verdict', 'folders', 3],
    ['verdict', 'gal', 3],
  ]);
});

test('what else happens at a server ends what was in a row there, and nowhere else', async (t) => {
  const { history } = opened(t);
  const elsewhere = fact({ port: 8443, purpose: 'elsewhere' });
  for (const one of [fact(), elsewhere, fact({ kind: 'stopped' }), fact(), elsewhere]) {
    history.record(one);
  }
  assert.deepEqual(await told(history), [
    ['verdict', 'mail', 1],
    ['verdict', 'elsewhere', 2],
    ['stopped', 'mail', 1],
    ['verdict', 'mail', 1],
  ]);
});

test('a question that was opened came of a verdict, and ends no row; one that was closed does', async (t) => {
  const { history } = opened(t);
  const question = fact({ kind: 'question', outcome: null });
  const closed = fact({ kind: 'question', outcome: 'recovered' });
  for (const one of [fact(), question, fact(), closed, fact()]) history.record(one);
  assert.deepEqual(await told(history), [
    ['verdict', 'mail', 2],
    ['question', 'mail', 1],
    ['question', 'mail', 1],
    ['verdict', 'mail', 1],
  ]);
});

test('a new policy ends every row', async (t) => {
  const { history } = opened(t);
  const policy = fact({ kind: 'policy-changed', host: null, port: null, purpose: null });
  for (const one of [fact(), policy, fact()]) history.record(one);
  assert.deepEqual(await told(history), [
    ['verdict', 'mail', 1],
    ['policy-changed', null, 1],
    ['verdict', 'mail', 1],
  ]);
});

test('a hundred thousand handshakes are one entry, and recording them waits for nothing', async (t) => {
  const { history } = opened(t);
  for (let nth = 0; nth < 100_000; nth++) history.record(fact({ atMs: AT.getTime() + nth }));
  assert.deepEqual(await told(history), [['verdict', 'mail', 100_000]]);
});

test('counts are in the file half a minute after, without anybody asking', async (t) => {
  const file = path.join(await temporaryFolder(t), 'trust', 'history.db');
  const { history, clock } = opened(t, file);
  history.record(fact());
  await history.page(EVERYTHING);
  assert.equal(clock.pending, 0);
  history.record(fact());
  assert.equal(clock.pending, 1);
  await clock.advance(30_000);
  assert.equal(clock.pending, 0);
  await history.close();
  const again = openHistory(file, { clock });
  afterwards(t, () => again.close());
  assert.deepEqual(await told(again), [['verdict', 'mail', 2]]);
});

test('what was counted up to the end is in the file after closing', async (t) => {
  const file = path.join(await temporaryFolder(t), 'history.db');
  const { history, clock } = opened(t, file);
  for (let nth = 0; nth < 3; nth++) history.record(fact());
  await history.page(EVERYTHING);
  history.record(fact());
  await history.close();
  // A closed one takes nothing and breaks nothing.
  history.record(fact({ purpose: 'gal' }));
  await assert.rejects(history.page(EVERYTHING), { code: 'ERR_STORE_FAILED' });
  const again = openHistory(file, { clock });
  afterwards(t, () => again.close());
  assert.deepEqual(await told(again), [['verdict', 'mail', 4]]);
});

test('an export has every entry once, oldest first, however many there are', async (t) => {
  const { history } = opened(t);
  for (let nth = 0; nth < 900; nth++) history.record(fact({ purpose: `p${nth}` }));
  await history.page(EVERYTHING);
  for (let nth = 900; nth < 2500; nth++) {
    history.record(fact({ purpose: `p${nth}` }));
    if (nth % 900 === 0) await history.page(EVERYTHING);
  }
  const all: HistoryEntry[] = [];
  for await (const piece of history.all()) all.push(...piece);
  assert.deepEqual(
    all.map(({ purpose }) => purpose),
    Array.from({ length: 2500 }, (_, nth) => `p${nth}`),
  );
});

test('the file and its folder are for this user alone', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'trust');
  const file = path.join(folder, 'history.db');
  const { history } = opened(t, file);
  history.record(fact());
  await history.page(EVERYTHING);
  for (const name of await fs.readdir(folder)) {
    assert.equal((await fs.stat(path.join(folder, name))).mode & 0o777, 0o600, name);
  }
  assert.equal((await fs.stat(folder)).mode & 0o777, 0o700);
});

const UNUSABLE: readonly {
  name: string;
  code: string;
  prepare: (file: string) => Promise<void>;
  repair: (file: string) => Promise<void>;
}[] = [
  {
    name: 'a file stands in the place of its folder',
    code: 'ERR_STORE_UNSAFE',
    prepare: (file) => fs.writeFile(path.dirname(file), 'no folder', { mode: 0o600 }),
    repair: (file) => fs.rm(path.dirname(file)),
  },
  {
    name: 'others can write the file',
    code: 'ERR_STORE_UNSAFE',
    async prepare(file) {
      await fs.mkdir(path.dirname(file), { mode: 0o700 });
      await fs.writeFile(file, '');
      await fs.chmod(file, 0o666);
    },
    repair: (file) => fs.chmod(file, 0o600),
  },
  {
    name: 'others can read it',
    code: 'ERR_STORE_UNSAFE',
    async prepare(file) {
      await fs.mkdir(path.dirname(file), { mode: 0o700 });
      await fs.writeFile(file, '');
      await fs.chmod(file, 0o644);
    },
    repair: (file) => fs.chmod(file, 0o600),
  },
  {
    name: 'others can write its log',
    code: 'ERR_STORE_UNSAFE',
    async prepare(file) {
      await fs.mkdir(path.dirname(file), { mode: 0o700 });
      await fs.writeFile(`${file}-wal`, '');
      await fs.chmod(`${file}-wal`, 0o666);
    },
    repair: (file) => fs.rm(`${file}-wal`),
  },
  {
    name: 'the file is no database',
    code: 'ERR_STORE_CORRUPT',
    async prepare(file) {
      await fs.mkdir(path.dirname(file), { mode: 0o700 });
      await fs.writeFile(file, 'this is no database at all\n'.repeat(100), { mode: 0o600 });
    },
    repair: (file) => fs.rm(file),
  },
  {
    name: 'the file is another database',
    code: 'ERR_STORE_CORRUPT',
    async prepare(file) {
      await fs.mkdir(path.dirname(file), { mode: 0o700 });
      const { DatabaseSync } = await import('node:sqlite');
      const other = new DatabaseSync(file);
      other.exec('CREATE TABLE other(x)');
      other.close();
      await fs.chmod(file, 0o600);
    },
    repair: (file) => fs.rm(file),
  },
  {
    name: 'the file is from a newer version',
    code: 'ERR_STORE_VERSION',
    async prepare(file) {
      const made = openHistory(file, { clock: createManualClock(AT) });
      await made.page(EVERYTHING);
      await made.close();
      const { DatabaseSync } = await import('node:sqlite');
      const newer = new DatabaseSync(file);
      newer.exec('PRAGMA user_version=99');
      newer.close();
    },
    repair: (file) => fs.rm(file),
  },
];

for (const { name, code, prepare, repair } of UNUSABLE) {
  test(`where ${name}, that is said once, and what happens meanwhile is kept when it is mended`, async (t) => {
    const file = path.join(await temporaryFolder(t), 'trust', 'history.db');
    await prepare(file);
    const begun = opened(t, file);
    const { history, clock, failures, lines } = begun;
    history.record(fact());
    history.record(fact());
    history.record(fact({ kind: 'stopped' }));
    assert.equal((await failure(begun)).code, code);
    await assert.rejects(history.page(EVERYTHING), { code });
    await clock.advance(30_000);
    await assert.rejects(history.page(EVERYTHING), { code });
    assert.deepEqual(
      failures.map((one) => one.code),
      [code],
    );
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', new RegExp(`^history: ${code}: .*trust`));

    await repair(file);
    assert.deepEqual(await told(history), [
      ['verdict', 'mail', 2],
      ['stopped', 'mail', 1],
    ]);
    assert.equal(history.failure, null);
  });
}

test('while nothing can be written the newest thousand facts wait, and a row that was lost begins anew', async (t) => {
  const file = path.join(await temporaryFolder(t), 'trust', 'history.db');
  await fs.writeFile(path.dirname(file), 'no folder', { mode: 0o600 });
  const begun = opened(t, file);
  const { history } = begun;
  await failure(begun);
  for (let nth = 0; nth < 1200; nth++) history.record(fact({ purpose: `p${nth}` }));
  await fs.rm(path.dirname(file));
  const { total } = await history.page(EVERYTHING);
  assert.equal(total, 1000);
  history.record(fact({ purpose: 'p0' }));
  history.record(fact({ purpose: 'p1199' }));
  const { entries } = await history.page({ ...EVERYTHING, limit: 2 });
  assert.deepEqual(
    entries.map(({ purpose, count }) => [purpose, count]),
    [
      ['p0', 1],
      ['p1199', 2],
    ],
  );
});

test('the certificates that a server showed are there when the file is opened again', async (t) => {
  const file = path.join(await temporaryFolder(t), 'history.db');
  const { history, clock } = opened(t, file);
  history.record(fact());
  await history.close();
  const again = openHistory(file, { clock });
  afterwards(t, () => again.close());
  const { entries, leaves } = await again.server({ host: HOST, port: 443 });
  assert.deepEqual([entries.length, leaves.length], [1, 1]);
  assert.equal(Buffer.from(leaves[0]?.der ?? []).toString(), 'certificate first');
});
