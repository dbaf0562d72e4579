/** The server's log: one JSON line per event, without message text, tokens or passwords. */

import { createWriteStream } from 'node:fs';
import type { Clock } from '@postern/trust';

/** What happened. */
export interface LogEntry {
  at: Date;
  event: string;
  detail: Readonly<Record<string, number | string>>;
}

/** Takes entries. */
export interface Log {
  write(event: string, detail?: LogEntry['detail']): void;
  /** Resolves when all is written. */
  close(): Promise<void>;
}

/** Writes to the file, and tells `listener` as well. */
export function openLog(path: string, clock: Clock, listener?: (entry: LogEntry) => void): Log {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  // A full disk must not end the server; what it could not write is told to the listener.
  stream.on('error', (error) =>
    listener?.({ at: clock.now(), event: 'log-failed', detail: { error: error.message } }),
  );
  return {
    write: (event, detail = {}) => {
      const entry = { at: clock.now(), event, detail };
      listener?.(entry);
      if (stream.writable) stream.write(`${JSON.stringify(entry)}\n`);
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
