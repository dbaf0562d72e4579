/**
 * How long a change on the server takes to be in the connector's local store, beside what people set up for the same:
 * Dovecot, IMAP IDLE, and mbsync run at each notice. The second line compares with the bare notice: a wait set's answer
 * at a client that keeps nothing.
 */

import fs from 'node:fs/promises';
import path from 'node:path';
import { startBareWatch } from './bare-watch.ts';
import { ACCOUNT, SERVER_NAME, startClient, startServer } from './children.ts';
import { startDovecot } from './dovecot.ts';
import { type Benchmark, figure, median } from './figure.ts';
import { newFolder } from './sync.ts';

/** Messages that are there before. */
const MESSAGES = 200;

/** In ms from the commit on the server. */
export const changeLatency: Benchmark = async ({ quick, say }) => {
  const rounds = quick ? 2 : 25;
  const folder = await newFolder();
  const password = crypto.randomUUID();
  const dovecot = await startDovecot(path.join(folder, 'dovecot'), MESSAGES);
  try {
    const server = await startServer(path.join(folder, 'zimbra'), password, MESSAGES);
    const client = await startClient(server, password, path.join(folder, 'connector'));
    const { port, root } = server;
    const bare = await startBareWatch({
      host: SERVER_NAME,
      port,
      root,
      account: ACCOUNT,
      password,
    });
    const watcher = await dovecot.watch();
    const ours: number[] = [];
    const notices: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const [stored, noticed] = [client.nextStored(), bare.nextNotice()];
      const committed = await server.deliver(MESSAGES + round);
      ours.push((await stored) - committed);
      notices.push((await noticed) - committed);
      theirs.push(await watcher.deliveryMs());
    }
    say(
      `${rounds} deliveries each; ours between ${Math.min(...ours).toFixed(1)} and ${Math.max(...ours).toFixed(1)} ms`,
    );
    await watcher.stop();
    bare.stop();
    await client.stop();
    await server.stop();
    return [
      figure('change-latency', median(ours), median(theirs), 'ms'),
      figure('change-latency-bare', median(ours), median(notices), 'ms'),
    ];
  } finally {
    await dovecot.stop();
    await fs.rm(folder, { recursive: true, force: true });
  }
};
