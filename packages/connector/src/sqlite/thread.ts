/**
 * A SQLite file on a thread of its own, so that the event loop that carries Stop Trusting is never
 * blocked by a disk: one call after another, failures as StoreError.
 */

import { closeSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { assertPrivate, StoreError, type StoreErrorCode } from '@postern/trust';
import type { Answer, Call, CrossingError } from './serve.ts';

/** The thread's heap, in MB: rows and statements alone; bytes of messages are outside of it. */
const WORKER_HEAP_MB = 64;

const STORE_CODES: readonly StoreErrorCode[] = [
  'ERR_STORE_CORRUPT',
  'ERR_STORE_FAILED',
  'ERR_STORE_LOCKED',
  'ERR_STORE_UNSAFE',
  'ERR_STORE_VERSION',
];

/** Operations of a file, by name. */
// biome-ignore lint/suspicious/noExplicitAny: a parameter of every operation has to fit
export type Operations<T> = { [K in keyof T]: (...args: any) => unknown };

/** The same operations from the other side of the thread. */
export type Remote<T extends Operations<T>> = {
  [K in keyof T]: (...args: Parameters<T[K]>) => Promise<Awaited<ReturnType<T[K]>>>;
};

/** An open file on its thread. */
export interface DatabaseThread<T extends Operations<T>> {
  /** One operation as a function. */
  operation<K extends keyof T & string>(name: K): Remote<T>[K];
  /** Resolves when the file is closed. */
  close(): Promise<void>;
  /** Resolves when the thread is gone, by `close` or by a fault of its own. */
  readonly ended: Promise<void>;
}

/** Which bytes of a call's arguments move to the thread instead of being copied. */
export type Transferable = (operation: string, args: readonly unknown[]) => ArrayBuffer[];

/**
 * Starts the thread of `worker` (without its extension) on a file. Throws StoreError: ERR_STORE_LOCKED,
 * ERR_STORE_CORRUPT, ERR_STORE_VERSION, ERR_STORE_FAILED.
 */
export async function openThread<T extends Operations<T>>(
  path: string,
  { worker: name, transferable = () => [] }: { worker: URL; transferable?: Transferable },
): Promise<DatabaseThread<T>> {
  // What runs from sources is `.ts`, what was built is `.js`; bundlers rewrite imports alone.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const worker = new Worker(new URL(`${name}${extension}`), {
    workerData: path,
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
  worker.on('message', ({ id, result, failure }: Answer) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (failure === undefined) caller?.resolve(result);
    else caller?.reject(errorOf(failure, path));
  });
  worker.on('error', (cause) =>
    end(
      new StoreError('ERR_STORE_FAILED', `store "${path}" cannot be used: ${cause}`, {
        path,
        cause,
      }),
    ),
  );
  worker.on('exit', () =>
    end(new StoreError('ERR_STORE_FAILED', `store "${path}" is closed`, { path })),
  );

  const answer = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (gone !== null) reject(gone);
      else waiting.set(id, { resolve, reject });
    });

  function call(operation: string, args: readonly unknown[]): Promise<unknown> {
    const id = ++lastId;
    const answered = answer(id);
    worker.postMessage({ id, operation, args } satisfies Call, transferable(operation, args));
    return answered;
  }

  try {
    await answer(0);
  } catch (error) {
    await worker.terminate();
    throw error;
  }

  return {
    operation: <K extends keyof T & string>(one: K) =>
      ((...args: Parameters<T[K]>) => call(one, args)) as Remote<T>[K],
    async close() {
      if (gone !== null) return;
      await call('close', []);
      await worker.terminate();
    },
    ended: ended.promise,
  };
}

/** Makes the file with mode 0600 where there is none, and refuses one that others could have written. Throws StoreError ERR_STORE_UNSAFE. */
export function makePrivateFile(path: string): void {
  if (assertPrivate(path, { kind: 'file', closed: true })) return;
  try {
    // Never opens a file that is there: closing it again would drop the locks this process has on it (POSIX).
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
