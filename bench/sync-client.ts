/**
 * The connector alone in a process, so that its memory is its own: makes a first sync into a new folder, says how
 * long it took and how much memory it needed, then stays and says when a message is in the local store.
 */

import fs from 'node:fs/promises';
import { createEngine, DEFAULT_PROFILE } from '@postern/connector';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  systemClock,
} from '@postern/trust';

/** What the parent sends. */
export interface ClientOrder {
  host: string;
  port: number;
  email: string;
  password: string;
  /** PEM. */
  root: string;
  /** New, mode 0700. */
  folder: string;
}

/** What the parent is told. Instants are ms since 1970 with fractions, comparable between processes of one machine. */
export type ClientReport =
  | { type: 'synced'; tookMs: number; peakMb: number; outcome: string; messages: number }
  | { type: 'stored'; at: number; messages: number };

process.once('message', ({ host, port, email, password, root, folder }: ClientOrder) => {
  void run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  });

  async function run(): Promise<void> {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    const gate = createGate({
      anchors: fixedAnchors([root]),
      overrides: createMemoryOverrides(),
      policy: fixedPolicy({}),
      ask: { ask: async () => ({ kind: 'workOffline' }) },
      clock: systemClock,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    const engine = await createEngine({
      gate,
      profile: {
        ...DEFAULT_PROFILE,
        name: 'bench',
        email,
        serverName: host,
        port,
        useSecureConnection: true,
      },
      folder,
      password: () => password,
      clock: systemClock,
      version: '0.0.0',
    });
    engine.subscribe((event) => {
      if (event.type === 'message') {
        report({ type: 'stored', at: now(), messages: event.stored });
      }
    });
    const started = performance.now();
    const { outcome } = await engine.start('person');
    const tookMs = performance.now() - started;
    // Linux counts in KiB.
    const peakMb = process.resourceUsage().maxRSS / 1024;
    const folders = await engine.store.folders();
    const messages = folders.reduce((sum, { stored }) => sum + stored, 0);
    report({ type: 'synced', tookMs, peakMb, outcome, messages });
    process.once('disconnect', () => void engine.stop().then(() => process.exit()));
  }
});

function report(what: ClientReport): void {
  process.send?.(what);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
