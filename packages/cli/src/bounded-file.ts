/** Files that people name, read no further than a limit: what they name may be a device or a pipe, which have no size. */

import { createReadStream } from 'node:fs';
import { UsageError } from './failure.ts';

/** The file in pieces as they come; `-` is standard input. Throws the system's error where it cannot be read. */
export function chunksOf(file: string): AsyncIterable<Buffer> {
  return file === '-' ? process.stdin : createReadStream(file);
}

/** At most `limit` bytes of a file, and whether there are more. */
export async function readUpTo(
  file: string,
  limit: number,
): Promise<{ bytes: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of chunksOf(file)) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > limit) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, limit), isCut: total > limit };
}

/** A whole file of at most `limit` bytes. Throws UsageError for a larger one. */
export async function readWithin(file: string, limit: number): Promise<Buffer> {
  const { bytes, isCut } = await readUpTo(file, limit);
  if (isCut) throw new UsageError(`"${file}" has more than ${limit} bytes`);
  return bytes;
}
