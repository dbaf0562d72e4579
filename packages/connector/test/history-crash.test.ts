/** The history when its process is killed at any point, and when two processes want it. */

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@postern/trust';
import type { HistoryEntry } from '../src/api.ts';
import { openHistory } from '../src/history/history.ts';
import { EVERYTHING, fact } from './history-facts.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

const CHILD = new URL('./history-crash.child.ts', import.meta.url);

function begin(t: TestContext, file: string, mode: 'many' | 'once'): ChildProcess {
  const child = fork(CHILD, [file, mode]);
  afterwards(t, () => child.kill('SIGKILL'));
  return child;
}

/** Whether a write-ahead log holds a text and ends with the frame of a commit (sqlite.org/fileformat2.html#walformat). */
function isCommitted(log: Buffer, text: string): boolean {
  const [fileHeader, frame] = [32, 24 + 4096];
  const pagesAfterCommit = log.readUInt32BE(log.length - frame + 4);
  return (log.length - fileHeader) % frame === 0 && pagesAfterCommit > 0 && log.includes(text);
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  assert.equal((await ended)[1], 'SIGKILL');
}

test('whatever was told to be kept is there after a kill, once and in order, again and again', async (t) => {
  const file = path.join(await temporaryFolder(t), 'trust', 'history.db');
  let known = 0;
  for (const steps of [1, 2, 7, 1, 12, 3]) {
    const child = begin(t, file, 'many');
    let told = 0;
    const enough = Promise.withResolvers<void>();
    child.on('message', (total: number) => {
      known = Math.max(known, total);
      told += 1;
      if (told === steps) enough.resolve();
    });
    await enough.promise;
    await kill(child);
  }
  const history = openHistory(file, { clock: systemClock });
  afterwards(t, () => history.close());
  const all: HistoryEntry[] = [];
  for await (const piece of history.all()) all.push(...piece);
  assert.ok(known >= 26 && all.length >= known, `${all.length} kept, ${known} told`);
  assert.deepEqual(
    all.map(({ id, purpose }) => [id, purpose]),
    all.map((_, nth) => [nth + 1, `p${nth}`]),
  );
});

test('a new fact is on disk at once: nobody has to ask, and no time has to pass', async (t) => {
  const file = path.join(await temporaryFolder(t), 'history.db');
  const child = begin(t, file, 'once');
  const isWritten = (): boolean => {
    try {
      return isCommitted(readFileSync(`${file}-wal`), 'You authorized connections.');
    } catch {
      return false;
    }
  };
  while (!isWritten()) await new Promise((resolve) => setImmediate(resolve));
  await kill(child);
  const history = openHistory(file, { clock: systemClock });
  afterwards(t, () => history.close());
  const { entries } = await history.page(EVERYTHING);
  assert.deepEqual(
    entries.map(({ kind, text }) => [kind, text]),
    [['granted', 'You authorized connections.']],
  );
});

test('of two processes one keeps the history; the other says that it cannot, and takes over when the first is gone', async (t) => {
  const file = path.join(await temporaryFolder(t), 'history.db');
  const first = openHistory(file, { clock: systemClock });
  afterwards(t, () => first.close());
  first.record(fact());
  await first.page(EVERYTHING);
  const child = begin(t, file, 'many');
  const [code] = await once(child, 'message');
  assert.equal(code, 'ERR_STORE_LOCKED');
  await kill(child);
  // The one who has it did not notice.
  first.record(fact());
  assert.equal((await first.page(EVERYTHING)).entries[0]?.count, 2);
  await first.close();
  const next = begin(t, file, 'many');
  assert.equal((await once(next, 'message'))[0], 2);
  await kill(next);
});
