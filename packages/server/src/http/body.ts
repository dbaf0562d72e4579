/** Reading a request's body, bounded. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@postern/trust';

/** How long a body that is too large is still taken and thrown away, so that its sender reads the answer, in ms. */
const DISCARD_MS = 2000;

/** The body was larger than allowed. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
}

/** The whole body. Throws {@link BodyTooLarge} as soon as it is known to be larger than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new BodyTooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const piece = chunk as Buffer;
    size += piece.length;
    if (size > maxBytes) throw new BodyTooLarge();
    chunks.push(piece);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size);
}

/** After an answer that did not wait for the whole body: takes the rest for a moment, then closes. */
export function discardRest(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
): void {
  if (request.complete) return;
  response.setHeader('Connection', 'close');
  request.resume();
  const cancel = clock.setTimer(() => request.destroy(), DISCARD_MS);
  request.once('close', cancel);
}
