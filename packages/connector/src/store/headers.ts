/** The few headers that a list of messages shows, read from the first bytes of a message and nothing more. */

import { decodeWords } from 'postal-mime';
import { excerpt } from '../text.ts';

/** What a list shows of a message. Decoded, bounded, without control characters. */
export interface ListHeaders {
  subject: string;
  from: string;
  hasAttachment: boolean;
}

/** Headers beyond this are not looked at, in bytes; real ones stay under 32 KiB. */
const MAX_HEADER_BYTES = 65_536;
/** RFC 5322 2.1.1 allows 998 characters in a line; a list shows far fewer. */
const MAX_FIELD_LENGTH = 998;
const CR = 13;
const LF = 10;

/** Reads subject and sender. Never throws: a message may be any bytes. */
export function listHeaders(raw: Uint8Array): ListHeaders {
  const head = new TextDecoder().decode(raw.subarray(0, headerEnd(raw)));
  const contentType = field(head, 'content-type');
  return {
    subject: decoded(field(head, 'subject')),
    from: decoded(field(head, 'from')),
    hasAttachment: /^\s*multipart\/mixed/i.test(contentType),
  };
}

function headerEnd(raw: Uint8Array): number {
  const end = Math.min(raw.length, MAX_HEADER_BYTES);
  let lineStart = 0;
  for (let at = 0; at < end; at++) {
    if (raw[at] !== LF) continue;
    if (at === lineStart || (at === lineStart + 1 && raw[lineStart] === CR)) return lineStart;
    lineStart = at + 1;
  }
  return end;
}

function field(head: string, name: string): string {
  const found = new RegExp(`^${name}[ \\t]*:(.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(head);
  return (found?.[1] ?? '')
    .slice(0, 4 * MAX_FIELD_LENGTH)
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .trim();
}

function decoded(text: string): string {
  try {
    return excerpt(decodeWords(text), MAX_FIELD_LENGTH).trim();
  } catch {
    // An unknown character set or broken base64: show what stands there.
    return excerpt(text, MAX_FIELD_LENGTH).trim();
  }
}
