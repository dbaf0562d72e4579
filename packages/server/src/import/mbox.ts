/**
 * Splits an mbox file into its messages. A message begins after a line `From ...` that stands at the beginning or
 * after an empty line; that line and the empty line before the next one belong to the file, not to a message.
 * Quoting is taken as mboxrd's: of `>From`, `>>From`, ... one `>` is taken away. A file in the older mboxo form,
 * which quotes `From` alone, gives the same but for lines that had a `>` of their own.
 */

import { createReadStream } from 'node:fs';

/** Longest message that is taken, in bytes; the rest of a longer one is skipped. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const NEWLINE = 0x0a;
const FROM = Buffer.from('From ', 'latin1');

/** The messages of an mbox file, in order; null in place of one that is too long. The file is read in pieces. */
export async function* readMbox(file: string): AsyncGenerator<Buffer | null> {
  let lines: Buffer[] = [];
  let size = 0;
  let isInside = false;
  let isAfterBlank = true;
  const finished = (): Buffer | null => (size > MAX_MESSAGE_BYTES ? null : withoutLastBlank(lines));
  for await (const line of readLines(file)) {
    if (isAfterBlank && line.subarray(0, FROM.length).equals(FROM)) {
      if (isInside) yield finished();
      lines = [];
      size = 0;
      isInside = true;
      isAfterBlank = false;
      continue;
    }
    isAfterBlank = line.length <= 2 && /^\r?\n$/.test(line.toString('latin1'));
    size += line.length;
    if (size <= MAX_MESSAGE_BYTES) lines.push(unquoted(line));
  }
  if (isInside) yield finished();
}

function unquoted(line: Buffer): Buffer {
  if (line[0] !== 0x3e) return line;
  return /^>+From /.test(line.subarray(0, 100).toString('latin1')) ? line.subarray(1) : line;
}

function withoutLastBlank(lines: readonly Buffer[]): Buffer {
  const last = lines.at(-1)?.toString('latin1');
  return Buffer.concat(last === '\n' || last === '\r\n' ? lines.slice(0, -1) : lines);
}

/** Lines with their ends; the last one may have none. */
async function* readLines(file: string): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = rest.subarray(0, end + 1);
      yield pieces.length === 0 ? line : Buffer.concat([...pieces, line]);
      pieces = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) pieces.push(rest);
  }
  if (pieces.length > 0) yield Buffer.concat(pieces);
}
