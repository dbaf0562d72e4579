/**
 * Syncs a made-up mailbox into the store named in argv, telling its parent of every step; the parent
 * kills it. With a total of 0 it puts one message into the outbox and kills itself.
 */

import { openStore } from '../src/store/store.ts';

const [file = '', total = '0'] = process.argv.slice(2);
const store = await openStore(file).catch((error: { code: string }) => {
  process.send?.(error.code);
  process.exit(3);
});
if (total === '0') {
  await store.enqueue({ id: 'x', raw: new Uint8Array([65]), createdAt: 1 });
  process.kill(process.pid, 'SIGKILL');
}
const standing = await store.standing();
if (standing.token === null) {
  const items = Array.from({ length: Number(total) }, (_, nth) => ({
    id: 1000 + nth,
    kind: 'm' as const,
    folderId: 2,
  }));
  await store.beginInitial({ token: '1', items });
}
process.send?.('began');
for (;;) {
  const pending = await store.pending(16, null);
  if (pending.length === 0) break;
  let offset = 0;
  const texts = pending.map(({ id }) => Buffer.from(`Subject: ${id}\r\n\r\nbody of ${id}\r\n`));
  const items = pending.map((item, nth) => {
    const content = { offset, length: texts[nth]?.length ?? 0 };
    offset += content.length;
    return {
      ...item,
      flags: '',
      tags: '',
      conversationId: null,
      receivedAt: item.id,
      changeToken: 1,
      revision: 1,
      content,
    };
  });
  await store.storeBatch({ items, goneIds: [], bytes: new Uint8Array(Buffer.concat(texts)) });
  process.send?.('stored');
}
process.send?.('done');
await store.close();
