/**
 * The first sync of a mailbox of small messages, one by one, durable, on the disk of this repository, beside mbsync with
 * Dovecot over TLS at its durable default. Interleaved pairs; the pair with the median ratio counts.
 */

import fs from 'node:fs/promises';
import path from 'node:path';
import { startClient, startServer } from './children.ts';
import { startDovecot } from './dovecot.ts';
import { type Benchmark, figure, medianPair, type Pair } from './figure.ts';

const PAIRS = 3;
const MESSAGES = 20_000;

/** In s; also messages in a second, and the connector's largest resident memory in MB. */
export const syncFirst: Benchmark = async ({ quick, say }) => {
  const messages = quick ? 100 : MESSAGES;
  const folder = await newFolder();
  const password = crypto.randomUUID();
  const dovecot = await startDovecot(path.join(folder, 'dovecot'), messages);
  try {
    say(`filling two mailboxes with ${messages} messages`);
    const server = await startServer(path.join(folder, 'zimbra'), password, messages);
    const pairs: Pair[] = [];
    const peaks: number[] = [];
    for (let turn = 1; turn <= (quick ? 1 : PAIRS); turn += 1) {
      const theirs = (await dovecot.syncOnceMs()) / 1000;
      const local = path.join(folder, `connector-${turn}`);
      const client = await startClient(server, password, local);
      await client.stop();
      const ours = client.tookMs / 1000;
      pairs.push({ ours, theirs });
      peaks.push(client.peakMb);
      say(
        `pair ${turn}: ${ours.toFixed(2)} s connector (${client.peakMb.toFixed(0)} MB), ${theirs.toFixed(2)} s mbsync`,
      );
      await fs.rm(local, { recursive: true });
    }
    await server.stop();
    const { ours, theirs } = medianPair(pairs);
    return [
      figure('sync-first', ours, theirs, 's'),
      figure('sync-first-rate', messages / ours, messages / theirs, '1/s'),
      figure('sync-first-rss', Math.max(...peaks), null, 'MB'),
    ];
  } finally {
    await dovecot.stop();
    await fs.rm(folder, { recursive: true, force: true });
  }
};

/** On the disk of this repository: a temporary folder may be memory, on which nothing is durable. */
export async function newFolder(): Promise<string> {
  const cache = path.resolve(import.meta.dirname, '..', 'node_modules', '.cache');
  await fs.mkdir(cache, { recursive: true });
  const folder = await fs.mkdtemp(path.join(cache, 'bench-'));
  // Dovecot's mail processes are another user's where this is root's, and must get through.
  await fs.chmod(folder, 0o711);
  return folder;
}
