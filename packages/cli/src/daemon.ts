/** The daemon: one per user, owner of gate, profiles and stores. "Until Postern stops" means this process. */

import { ensurePrivateFolder } from '@postern/trust';
import { ensureRunning, reportStart } from './background.ts';
import { composeDaemon, type DaemonParts } from './compose.ts';
import { type Control, openControl } from './control.ts';
import { takeControl } from './control-host.ts';
import type { Home } from './home.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { printable } from './printable.ts';

/** A control socket with the daemon behind it, and whether this call started it. */
export interface RunningDaemon {
  control: Control;
  wasStarted: boolean;
}

/** Starts the daemon unless it runs, and waits until it answers. */
export async function ensureDaemon(home: Home): Promise<RunningDaemon> {
  const { run, logFile } = home;
  const wasStarted = await ensureRunning({ home, run, logFile, args: ['daemon'] });
  return { control: openControl(run), wasStarted };
}

/** Runs the daemon in this process until it is told to stop. Throws StoreError ERR_STORE_LOCKED if one runs already. */
export async function runDaemon(
  home: Home,
  about: { version: string; reportsStart: boolean },
): Promise<void> {
  let parts: DaemonParts | null = null;
  let log: LogFile | null = null;
  /** In the background a file; in the foreground stdout, which is somebody else's to keep small. */
  const logLine = (text: string): void => {
    const line = `${new Date().toISOString()} ${printable(text)}`;
    if (log === null) process.stdout.write(`${line}\n`);
    else log.line(line);
  };
  try {
    ensurePrivateFolder(home.root);
    const startedAt = new Date().toISOString();
    const { version } = about;
    const control = takeControl({
      run: home.run,
      greeting: { schema: 1, pid: process.pid, version, startedAt },
      stop: async () => {
        logLine('stopping');
        await parts?.close();
      },
    });
    // Not before the lock is ours: the log may be another process's.
    if (about.reportsStart) log = openLogFile(home.logFile);
    parts = composeDaemon(home, { version, log: logLine, stop: () => void control.shutDown() });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => void control.shutDown());
    }
    logLine(`started, version ${version}, process ${process.pid}`);
    await parts.start();
    const { host } = parts;
    await control.listen((request, response) => host.handle(request, response));
    reportStart(about.reportsStart);
    await control.over;
    logLine('stopped');
  } catch (error) {
    reportStart(about.reportsStart, error);
    throw error;
  }
}
