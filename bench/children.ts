/** Server and connector as child processes of a benchmark, each with one way to be spoken to. */

import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import path from 'node:path';
import type { DeliveryOrder, ServerOrder, ServerReport } from './postern-server.ts';
import type { ClientOrder, ClientReport } from './sync-client.ts';

/** Certificates of a fresh home name it. */
export const SERVER_NAME = 'localhost';
export const ACCOUNT = 'anna@localhost.test';

/** A running server with one mailbox. */
export interface RunningServer {
  port: number;
  /** PEM of its own CA. */
  root: string;
  /** Messages at the start. */
  count: number;
  /** Delivers one more message; resolves with the instant of its commit. */
  deliver(index: number): Promise<number>;
  stop(): Promise<void>;
}

/** Makes a home with `count` generated messages and runs a server on it. */
export async function startServer(
  home: string,
  password: string,
  count: number,
): Promise<RunningServer> {
  const child = spawn<DeliveryOrder | ServerOrder, ServerReport>('postern-server.ts');
  child.send({ type: 'make', home, account: ACCOUNT, password, count });
  const { port, root } = await child.next('ready');
  return {
    port,
    root,
    count,
    async deliver(index) {
      child.send({ type: 'deliver', index });
      return (await child.next('committed')).at;
    },
    stop: child.stop,
  };
}

/** A connector that made its first sync. */
export interface RunningClient {
  tookMs: number;
  peakMb: number;
  /** Resolves with the instant at which the next message is in the local store. */
  nextStored(): Promise<number>;
  stop(): Promise<void>;
}

/** Makes a first sync into `folder`, which must not exist yet. */
export async function startClient(
  server: RunningServer,
  password: string,
  folder: string,
): Promise<RunningClient> {
  const child = spawn<ClientOrder, ClientReport>('sync-client.ts');
  const { port, root } = server;
  child.send({ host: SERVER_NAME, port, email: ACCOUNT, password, root, folder });
  const { outcome, tookMs, peakMb, messages } = await child.next('synced');
  if (outcome !== 'done') throw new Error(`the first sync ended with "${outcome}"`);
  if (messages !== server.count) {
    throw new Error(`the connector brought ${messages} of ${server.count} messages`);
  }
  return {
    tookMs,
    peakMb,
    nextStored: async () => (await child.next('stored', true)).at,
    stop: child.stop,
  };
}

interface Child<Order, Report extends { type: string }> {
  send(order: Order): void;
  /** The next report of a type; `fresh` leaves out those that came before the call. */
  next<T extends Report['type']>(type: T, fresh?: boolean): Promise<Extract<Report, { type: T }>>;
  stop(): Promise<void>;
}

function spawn<Order extends object, Report extends { type: string }>(
  file: string,
): Child<Order, Report> {
  const child: ChildProcess = fork(path.join(import.meta.dirname, file), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${file} ended with exit code ${code}`);
  });
  failed.catch(() => {});
  const reports: Report[] = [];
  child.on('message', (report: Report) => reports.push(report));
  return {
    send: (order) => child.send(order),
    async next<T extends Report['type']>(type: T, fresh = false) {
      const isWanted = (one: Report): one is Extract<Report, { type: T }> => one.type === type;
      const abort = new AbortController();
      const arrivals = on(child, 'message', { signal: abort.signal });
      try {
        const kept = fresh ? undefined : reports.find(isWanted);
        if (kept !== undefined) {
          reports.splice(reports.indexOf(kept), 1);
          return kept;
        }
        for (;;) {
          const { value } = await Promise.race([arrivals.next(), failed]);
          const [report] = value as [Report];
          if (!isWanted(report)) continue;
          reports.splice(reports.indexOf(report), 1);
          return report;
        }
      } finally {
        abort.abort();
      }
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
