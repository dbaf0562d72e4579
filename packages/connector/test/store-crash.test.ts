import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { openStore } from '../src/store/store.ts';
import { temporaryFolder } from './temporary.ts';

const TOTAL = 400;
const CHILD = new URL('./store-crash.child.ts', import.meta.url);

/** Runs the child until it told `steps` steps, then kills it with SIGKILL; null lets it finish. */
async function run(file: string, steps: number | null): Promise<void> {
  const child = fork(CHILD, [file, String(TOTAL)]);
  let told = 0;
  child.on('message', () => {
    told += 1;
    if (told === steps) child.kill('SIGKILL');
  });
  const [code, signal] = await once(child, 'exit');
  assert.equal(steps === null ? code : signal, steps === null ? 0 : 'SIGKILL');
}

test('a sync that is killed again and again ends with every message once', async (t) => {
  const file = path.join(await temporaryFolder(t), 'mail.db');
  for (const steps of [1, 2, 3, 1, 5, 4]) await run(file, steps);
  await run(file, null);

  const store = await openStore(file);
  t.after(() => store.close());
  const { pending, messages, token } = await store.standing();
  assert.deepEqual({ pending, messages, token }, { pending: 0, messages: TOTAL, token: '1' });
  for (const id of [1000, 1200, 1000 + TOTAL - 1]) {
    const raw = Buffer.from((await store.item(id))?.raw ?? []).toString();
    assert.equal(raw, `Subject: ${id}\r\n\r\nbody of ${id}\r\n`);
  }
});

test('a message that was put into the outbox is there after a kill', async (t) => {
  const file = path.join(await temporaryFolder(t), 'mail.db');
  const child = fork(CHILD, [file, '0']);
  await once(child, 'exit');
  const store = await openStore(file);
  t.after(() => store.close());
  assert.deepEqual([...((await store.nextToSend())?.raw ?? [])], [65]);
});
