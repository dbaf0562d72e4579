/** A mailbox of many small messages, brought here and compared with what the server took. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { addMailMessages, generatedMessages } from '@postern/server';
import { ACCOUNT, mailServer, stage } from './stage.ts';

const COUNT = 20_000;
/** Small, because it is their number that is tried. */
const BODY_BYTES = 300;
/** Lines of one page of the list. */
const PAGE = 1000;

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('20,000 messages arrive, each byte for byte and once', async (t) => {
  const server = await mailServer(t);
  const sent: string[] = [];
  function* counted() {
    for (const { bytes, receivedAt } of generatedMessages(COUNT, { bodyBytes: BODY_BYTES })) {
      sent.push(digest(bytes));
      yield { bytes, receivedAt, flags: 'u' };
    }
  }
  await addMailMessages({ home: server.home, account: ACCOUNT, messages: counted() });
  assert.equal(new Set(sent).size, COUNT);

  const { engine } = await stage(t, { port: server.port, roots: [server.authority] });
  assert.equal((await engine.start('background')).outcome, 'done');

  const here: string[] = [];
  let beforeId: number | null = null;
  for (;;) {
    const page = await engine.store.messages({ folderId: null, limit: PAGE, beforeId });
    for (const { id } of page) {
      here.push(digest((await engine.store.item(id))?.raw ?? new Uint8Array()));
    }
    beforeId = page.at(-1)?.id ?? null;
    if (beforeId === null) break;
  }
  assert.deepEqual(here.sort(), sent.sort());
});
