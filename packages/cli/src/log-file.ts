/**
 * The daemon's log: lines in a file that cannot grow without end. A full file is copied and cut, not
 * renamed: stdout and stderr of this process lead to the same file, and must go on doing so.
 */

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** Largest log, in bytes; as much again is kept in the file beside it. */
export const MAX_LOG_BYTES = 5 * 1024 * 1024;

/** A log that takes lines. */
export interface LogFile {
  /** Adds a line. What cannot be written, to a full disk say, is lost: a log must not end the daemon. */
  line(text: string): void;
  close(): void;
}

/**
 * Opens the log at `file`, which must be in a private folder. It never has more than `limitBytes`,
 * and neither has `<file>.1`, which holds what was there before.
 */
export function openLogFile(file: string, limitBytes = MAX_LOG_BYTES): LogFile {
  const handle = openSync(file, 'a+', 0o600);

  function makeRoom(bytes: number): void {
    const { size } = fstatSync(handle);
    if (size === 0 || size + bytes <= limitBytes) return;
    const last = Buffer.alloc(Math.min(size, limitBytes));
    readSync(handle, last, 0, last.length, size - last.length);
    writeFileSync(`${file}.1`, last, { mode: 0o600 });
    ftruncateSync(handle, 0);
  }

  makeRoom(0);
  return {
    line(text) {
      const bytes = Buffer.from(`${text}\n`);
      try {
        makeRoom(bytes.length);
        writeSync(handle, bytes.subarray(0, limitBytes));
      } catch {
        // Lost, as said above.
      }
    },
    close: () => closeSync(handle),
  };
}
