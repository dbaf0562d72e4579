/** Answers of one line of text after another, each sent as it comes, and no faster than it is read. */

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** One JSON value as a line. */
export function lineOf(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/**
 * Sends what `make` yields. Its signal aborts when whoever asked goes away. Throws what goes wrong
 * before the first line; later the answer is cut off, so that half of it cannot pass for the whole.
 */
export async function answerLines(
  response: ServerResponse,
  make: (signal: AbortSignal) => AsyncIterable<string>,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const away = new AbortController();
  const leave = (): void => away.abort();
  response.once('close', leave);
  try {
    for await (const text of make(away.signal)) {
      if (away.signal.aborted) return;
      if (!response.headersSent) {
        response.writeHead(200, {
          'Content-Type': 'application/x-ndjson; charset=utf-8',
          'Cache-Control': 'no-store',
          ...headers,
        });
      }
      if (!response.write(text)) await once(response, 'drain', { signal: away.signal });
    }
    response.end();
  } catch (error) {
    if (!away.signal.aborted) throw error;
  } finally {
    response.off('close', leave);
  }
}
