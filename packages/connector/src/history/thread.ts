/** The way to the history's thread: a private file, one call after another, errors as StoreError. */

import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  assertPrivate,
  ensurePrivateFolder,
  StoreError,
  type StoreErrorCode,
} from '@postern/trust';
import type { HistoryOperations } from './facts.ts';
import type { HistoryAnswer, HistoryCall } from './worker.ts';

/** The thread's heap, in MB: one page of entries and one of certificates. */
const WORKER_HEAP_MB = 64;

const STORE_CODES: readonly StoreErrorCode[] = [
  'ERR_STORE_CORRUPT',
  'ERR_STORE_FAILED',
  'ERR_STORE_LOCKED',
  'ERR_STORE_UNSAFE',
  'ERR_STORE_VERSION',
];

/** An open history file on its thread. */
export type HistoryThread = {
  [K in keyof HistoryOperations]: (
    ...args: Parameters<HistoryOperations[K]>
  ) => Promise<ReturnType<HistoryOperations[K]>>;
} & {
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
export async function openThread(file: string): Promise<HistoryThread> {
  if (file !== ':memory:') makePrivate(file);
  // What runs from sources is `.ts`, what was built is `.js`; bundlers rewrite imports alone.
  const source = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(source, import.meta.url), {
    workerData: file,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
  });
  type Caller = { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  const waiting = new Map<number, Caller>();
  let lastId = 0;
  let gone: StoreError | null = null;
  const ended = Promise.withResolvers<void>();

  const end = (error: StoreError): void => {
    gone ??= error;
    for (const { reject } of waiting.values()) reject(gone);
    waiting.clear();
    ended.resolve();
  };
  worker.on('message', ({ id, result, failure }: HistoryAnswer) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) caller?.resolve(result);
    else caller?.reject(failed(file, failure));
  });
  worker.on('error', (error) => end(failed(file, { message: String(error), code: null })));
  worker.on('exit', () => end(failed(file, { message: 'it is closed', code: null })));

  const answer = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone !== null) reject(gone);
      else waiting.set(id, { resolve, reject });
    });

  function call(operation: HistoryCall['operation'], args: readonly unknown[]): Promise<unknown> {
    const id = ++lastId;
    const answered = answer(id);
    worker.postMessage({ id, operation, args } satisfies HistoryCall);
    return answered;
  }

  try {
    await answer(0);
  } catch (error) {
    await worker.terminate();
    throw error;
  }

  const operation =
    <K extends keyof HistoryOperations>(name: K) =>
    (...args: Parameters<HistoryOperations[K]>) =>
      call(name, args) as Promise<ReturnType<HistoryOperations[K]>>;

  return {
    append: operation('append'),
    recount: operation('recount'),
    page: operation('page'),
    after: operation('after'),
    server: operation('server'),
    async close() {
      if (gone !== null) return;
      await call('close', []);
      await worker.terminate();
    },
    ended: ended.promise,
  };
}

/** As the other files of `trust/` are made: a log that others prepared would be played back into it. */
function makePrivate(file: string): void {
  try {
    ensurePrivateFolder(path.dirname(file));
    // Never opens a file that is there: closing it again would drop the locks this process has on it (POSIX).
    if (!assertPrivate(file, { kind: 'file', closed: true }))
      closeSync(openSync(file, 'wx', 0o600));
    for (const suffix of ['-journal', '-wal', '-shm']) {
      assertPrivate(file + suffix, { kind: 'file', closed: true });
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw failed(file, { message, code: null }, error);
  }
}

function failed(
  file: string,
  { message, code }: NonNullable<HistoryAnswer['failure']>,
  cause?: unknown,
): StoreError {
  const known = STORE_CODES.find((one) => one === code);
  if (known !== undefined) return new StoreError(known, message, { path: file, cause });
  return new StoreError('ERR_STORE_FAILED', `history "${file}" cannot be used: ${message}`, {
    path: file,
    cause,
  });
}
