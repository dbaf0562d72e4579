/** The store's thread: opens the database named in `workerData` and does one operation after another. */

import { parentPort, workerData } from 'node:worker_threads';
import { createOperations } from './database.ts';
import type { StoreOperations } from './records.ts';
import { openDatabase, told } from './schema.ts';

/** A call of one operation, or the last message: close. */
export interface StoreCall {
  id: number;
  operation: keyof StoreOperations | 'close';
  args: readonly unknown[];
}

/** Its answer; `id` 0 tells that the database was opened, or why not. */
export interface StoreAnswer {
  id: number;
  result?: unknown;
  failure?: CrossingError;
}

/** An error as it crosses the border of the thread. */
export interface CrossingError {
  name: string;
  message: string;
  code: string | null;
}

function crossing(error: unknown): CrossingError {
  const known = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in known && typeof known.code === 'string' ? known.code : null;
  return { name: known.name, message: known.message, code };
}

function serve(path: string, port: NonNullable<typeof parentPort>): void {
  const database = openDatabase(path);
  const operations = createOperations(database);
  port.postMessage({ id: 0 } satisfies StoreAnswer);
  port.on('message', async ({ id, operation, args }: StoreCall) => {
    try {
      if (operation === 'close') {
        database.close();
        port.postMessage({ id } satisfies StoreAnswer);
        port.close();
        return;
      }
      const work = operations[operation] as (...args: readonly unknown[]) => unknown;
      const done = told(path, () => work(...args));
      // What reads a message takes turns with others; all else answers before the next call.
      const result = done instanceof Promise ? await done : done;
      port.postMessage({ id, result } satisfies StoreAnswer, transferable(result));
    } catch (error) {
      port.postMessage({ id, failure: crossing(error) } satisfies StoreAnswer);
    }
  });
}

/** The bytes of a message move to the other thread instead of being copied. */
function transferable(result: unknown): ArrayBuffer[] {
  if (typeof result !== 'object' || result === null || !('raw' in result)) return [];
  const { raw } = result;
  const isWhole = raw instanceof Uint8Array && raw.byteLength === raw.buffer.byteLength;
  return isWhole && raw.buffer instanceof ArrayBuffer ? [raw.buffer] : [];
}

if (parentPort !== null) {
  try {
    serve(String(workerData), parentPort);
  } catch (error) {
    parentPort.postMessage({ id: 0, failure: crossing(error) } satisfies StoreAnswer);
  }
}
