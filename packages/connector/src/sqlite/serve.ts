/** The inside of a file's thread: opens the file named in `workerData` and does one operation after another. */

import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { told } from './file.ts';

/** A call of one operation, or the last message: `close`. */
export interface Call {
  id: number;
  operation: string;
  args: readonly unknown[];
}

/** Its answer; `id` 0 tells that the file was opened, or why not. */
export interface Answer {
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

/** What a thread does with its file. */
export interface Service<T> {
  open(path: string): DatabaseSync;
  operations(database: DatabaseSync): T;
  /** Which bytes of a result move to the other thread instead of being copied. */
  transferable?: (result: unknown) => ArrayBuffer[];
}

/** Serves for as long as the thread lives. To be called once, by the file that the thread was started with. */
export function serve<T extends object>(service: Service<T>): void {
  const port = parentPort;
  if (port === null) return;
  const path = String(workerData);
  const answer = (message: Answer, transfer: ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);
  try {
    const database = service.open(path);
    const operations = service.operations(database) as Readonly<
      Record<string, (...args: readonly unknown[]) => unknown>
    >;
    answer({ id: 0 });
    port.on('message', async ({ id, operation, args }: Call) => {
      try {
        if (operation === 'close') {
          database.close();
          answer({ id });
          port.close();
          return;
        }
        const work = operations[operation];
        if (work === undefined) throw new TypeError(`no operation "${operation}"`);
        const done = told(path, () => work(...args));
        // What reads a message takes turns with others; all else answers before the next call.
        const result = done instanceof Promise ? await done : done;
        answer({ id, result }, service.transferable?.(result));
      } catch (error) {
        answer({ id, failure: crossing(error) });
      }
    });
  } catch (error) {
    answer({ id: 0, failure: crossing(error) });
  }
}

function crossing(error: unknown): CrossingError {
  const known = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in known && typeof known.code === 'string' ? known.code : null;
  return { name: known.name, message: known.message, code };
}
