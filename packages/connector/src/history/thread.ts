/** The history's file on its thread, private as the other files of `trust/` are. */

import path from 'node:path';
import { assertPrivate, ensurePrivateFolder, StoreError } from '@postern/trust';
import { makePrivateFile, openThread, type Remote } from '../sqlite/thread.ts';
import type { HistoryOperations } from './facts.ts';

/** An open history file on its thread. */
export type HistoryThread = Remote<HistoryOperations> & {
  /** Resolves when the file is closed. */
  close(): Promise<void>;
  /** Resolves when the thread is gone, by `close` or by a fault of its own. */
  readonly ended: Promise<void>;
};

/**
 * Opens the file, creating it with mode 0600 in a folder of mode 0700; `:memory:` keeps everything in
 * this process. Throws StoreError: ERR_STORE_UNSAFE, ERR_STORE_LOCKED, ERR_STORE_CORRUPT,
 * ERR_STORE_VERSION, ERR_STORE_FAILED.
 */
export async function openHistoryThread(file: string): Promise<HistoryThread> {
  if (file !== ':memory:') makePrivate(file);
  const worker = new URL('./worker', import.meta.url);
  const { operation, close, ended } = await openThread<HistoryOperations>(file, { worker });
  return {
    append: operation('append'),
    recount: operation('recount'),
    page: operation('page'),
    after: operation('after'),
    server: operation('server'),
    close,
    ended,
  };
}

/** A log that others prepared would be played back into it. */
function makePrivate(file: string): void {
  try {
    ensurePrivateFolder(path.dirname(file));
    makePrivateFile(file);
    for (const suffix of ['-journal', '-wal', '-shm']) {
      assertPrivate(file + suffix, { kind: 'file', closed: true });
    }
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `history "${file}" cannot be used: ${why}`;
    throw new StoreError('ERR_STORE_FAILED', message, { path: file, cause });
  }
}
