/**
 * The server on this machine as a background process: started and found by a control socket in its
 * home, as the daemon is. What runs behind that socket is in server-host.ts.
 */

import path from 'node:path';
import { ensureRunning } from './background.ts';
import { openControl } from './control.ts';
import type { Home } from './home.ts';

/** What the running server tells of itself. */
export interface ServerReport {
  schema: 1;
  home: string;
  hostName: string;
  mode: string;
  /** Null for a listener that the mode does not have. */
  ports: { https: number | null; http: number | null; admin: number };
  /** SHA-256 of the server certificate, lower-case hex: the administrator's side of the check. */
  sha256: string;
  authoritySha256: string;
}

/** The `run` folder of a server's home. */
export function serverRun(serverHome: string): string {
  return path.join(serverHome, 'run');
}

/** Where a server's background process writes what it says; its own log is `log/mailbox.log`. */
export function serverLog(serverHome: string): string {
  return path.join(serverHome, 'log', 'process.log');
}

/** Starts the server of this machine unless it runs, and waits until it answers. */
export async function ensureServer(
  home: Home,
  args: readonly string[] = [],
): Promise<{ report: ServerReport; wasStarted: boolean }> {
  const wasStarted = await ensureRunning({
    home,
    run: serverRun(home.server),
    logFile: serverLog(home.server),
    args: ['server', 'run', '--home', home.server, ...args],
  });
  return { report: await serverReport(home.server), wasStarted };
}

/** Asks the server that runs in a home. Throws CommandFailure ERR_NOT_RUNNING if none does. */
export async function serverReport(serverHome: string): Promise<ServerReport> {
  const control = openControl(serverRun(serverHome), 'the server');
  return (await control.request('GET', '/server')) as ServerReport;
}
