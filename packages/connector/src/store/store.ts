/**
 * The local store as its users see it. Its thread does the work, so that the event loop that
 * carries Stop Trusting is never blocked by a disk.
 */

import { closeSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { assertPrivate, StoreError, type StoreErrorCode } from '@postern/trust';
import type { MailStore, StoreOperations } from './records.ts';
import type { CrossingError, StoreAnswer, StoreCall } from './worker.ts';

/** The thread's heap, in MB: rows and statements alone; bytes of messages are outside of it. */
const WORKER_HEAP_MB = 64;

const STORE_CODES: readonly StoreErrorCode[] = [
  'ERR_STORE_CORRUPT',
  'ERR_STORE_FAILED',
  'ERR_STORE_LOCKED',
  'ERR_STORE_UNSAFE',
  'ERR_STORE_VERSION',
];

/**
 * Opens a store, creating its file with mode 0600. One process at a time.
 * Throws StoreError: ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION, ERR_STORE_UNSAFE.
 */
export async function openStore(path: string): Promise<MailStore> {
  if (!assertPrivate(path, { kind: 'file', closed: true })) create(path);
  // What runs from sources is `.ts`, what was built is `.js`; bundlers rewrite imports alone.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: path,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
  });
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: unknown) => void }
  >();
  let lastId = 0;
  let ended: Error | null = null;

  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('message', ({ id, result, failure }: StoreAnswer) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) caller?.resolve(result);
    else caller?.reject(errorOf(failure, path));
  });
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', () =>
    end(new StoreError('ERR_STORE_LOCKED', `store "${path}" is closed`, { path })),
  );

  const answer = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended !== null) reject(ended);
      else waiting.set(id, { resolve, reject });
    });

  function call(operation: StoreCall['operation'], args: readonly unknown[]): Promise<unknown> {
    const id = ++lastId;
    const answered = answer(id);
    worker.postMessage({ id, operation, args } satisfies StoreCall, transferable(operation, args));
    return answered;
  }

  try {
    await answer(0);
  } catch (error) {
    await worker.terminate();
    throw error;
  }

  const operation =
    <K extends keyof StoreOperations>(name: K) =>
    (...args: Parameters<StoreOperations[K]>) =>
      call(name, args) as Promise<Awaited<ReturnType<StoreOperations[K]>>>;

  return {
    standing: operation('standing'),
    beginInitial: operation('beginInitial'),
    applyDelta: operation('applyDelta'),
    pending: operation('pending'),
    storeBatch: operation('storeBatch'),
    replaceFolders: operation('replaceFolders'),
    folders: operation('folders'),
    messages: operation('messages'),
    item: operation('item'),
    detail: operation('detail'),
    document: operation('document'),
    putDocument: operation('putDocument'),
    applyGal: operation('applyGal'),
    galStanding: operation('galStanding'),
    searchGal: operation('searchGal'),
    enqueue: operation('enqueue'),
    nextToSend: operation('nextToSend'),
    recordAttempt: operation('recordAttempt'),
    recordSent: operation('recordSent'),
    recordFailure: operation('recordFailure'),
    outbox: operation('outbox'),
    async close() {
      if (ended !== null) return;
      await call('close', []);
      await worker.terminate();
    },
  };
}

/** A batch is made to be given away: its bytes move to the store's thread. */
function transferable(operation: StoreCall['operation'], args: readonly unknown[]): ArrayBuffer[] {
  const [batch] = args;
  if (operation !== 'storeBatch' || typeof batch !== 'object' || batch === null) return [];
  const bytes = 'bytes' in batch ? batch.bytes : null;
  const isWhole = bytes instanceof Uint8Array && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
}

/** Never opens a file that is there: closing it again would drop the locks this process has on it (POSIX). */
function create(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function errorOf({ name, message, code }: CrossingError, path: string): Error {
  const known = STORE_CODES.find((one) => one === code);
  if (known !== undefined) return new StoreError(known, message, { path });
  return Object.assign(new Error(message), { name, code });
}
