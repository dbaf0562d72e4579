/** The history's thread: opens the file named in `workerData` and does one operation after another. */

import { parentPort, workerData } from 'node:worker_threads';
import { told } from '../store/schema.ts';
import { createHistoryOperations, openHistoryDatabase } from './database.ts';
import type { HistoryOperations } from './facts.ts';

/** A call of one operation, or the last message: close. */
export interface HistoryCall {
  id: number;
  operation: keyof HistoryOperations | 'close';
  args: readonly unknown[];
}

/** Its answer; `id` 0 tells that the file was opened, or why not. */
export interface HistoryAnswer {
  id: number;
  result?: unknown;
  failure?: { message: string; code: string | null };
}

function failureOf(error: unknown): NonNullable<HistoryAnswer['failure']> {
  const known = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in known && typeof known.code === 'string' ? known.code : null;
  return { message: known.message, code };
}

function serve(path: string, port: NonNullable<typeof parentPort>): void {
  const database = told(path, () => openHistoryDatabase(path));
  const operations = createHistoryOperations(database);
  port.postMessage({ id: 0 } satisfies HistoryAnswer);
  port.on('message', ({ id, operation, args }: HistoryCall) => {
    try {
      if (operation === 'close') {
        database.close();
        port.postMessage({ id } satisfies HistoryAnswer);
        port.close();
        return;
      }
      const work = operations[operation] as (...args: readonly unknown[]) => unknown;
      const result = told(path, () => work(...args));
      port.postMessage({ id, result } satisfies HistoryAnswer);
    } catch (error) {
      port.postMessage({ id, failure: failureOf(error) } satisfies HistoryAnswer);
    }
  });
}

if (parentPort !== null) {
  try {
    serve(String(workerData), parentPort);
  } catch (error) {
    parentPort.postMessage({ id: 0, failure: failureOf(error) } satisfies HistoryAnswer);
  }
}
