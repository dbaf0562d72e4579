/**
 * The few header fields that a mailbox needs of a message: to sort, to thread, to send. Takes broken
 * messages as they come: what cannot be read is absent, and the message's bytes are never changed.
 */

import { addressParser, decodeWords } from 'postal-mime';

/** Bytes of a header that are looked at; RFC 5322 has no bound, and real ones stay below this. */
const MAX_HEADER_BYTES = 256 * 1024;
/** Ids of earlier messages that are looked up, the latest first: threads are found by the nearest ones. */
const MAX_REFERENCES = 30;
/** Longest subject and sender that are kept for lists, in characters. */
const MAX_KEPT = 500;

/** What was found. */
export interface MessageHeaders {
  subject: string;
  sender: string;
  from: readonly string[];
  recipients: readonly string[];
  date: Date | null;
  messageId: string | null;
  /** Ids of the messages that this one answers, the nearest first. */
  references: readonly string[];
}

/** Reads the header of a message. Never throws. */
export function readMessageHeaders(message: Uint8Array): MessageHeaders {
  const fields = headerFields(message);
  const first = (name: string): string => fields.get(name)?.[0] ?? '';
  const addresses = (...names: string[]): string[] =>
    names.flatMap((name) => (fields.get(name) ?? []).flatMap(addressesOf));
  const date = new Date(first('date'));
  const ids = `${first('references')} ${first('in-reply-to')}`.match(/<[^<>\s]{1,500}>/g) ?? [];
  return {
    subject: decoded(first('subject')),
    sender: decoded(first('from')),
    from: addresses('from'),
    recipients: [...new Set(addresses('to', 'cc', 'bcc'))],
    date: Number.isNaN(date.getTime()) ? null : date,
    messageId: /<[^<>\s]{1,500}>/.exec(first('message-id'))?.[0] ?? null,
    references: [...new Set(ids.reverse())].slice(0, MAX_REFERENCES),
  };
}

/** The message without its `Bcc` fields, as it goes to others. The rest is untouched. */
export function withoutBcc(message: Uint8Array): Uint8Array {
  const text = Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString(
    'latin1',
  );
  const { end } = headerBounds(text);
  const header = text.slice(0, end).replace(/^bcc[ \t]*:.*(?:\r?\n[ \t].*)*\r?\n?/gim, '');
  return header.length === end ? message : Buffer.from(header + text.slice(end), 'latin1');
}

function headerFields(message: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const head = message.subarray(0, MAX_HEADER_BYTES);
  const latin1 = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const { end } = headerBounds(latin1);
  const text = Buffer.from(head.buffer, head.byteOffset, end).toString('utf8');
  const fields = new Map<string, string[]>();
  for (const line of text.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    if (earlier === undefined) fields.set(name, [value]);
    else earlier.push(value);
  }
  return fields;
}

/** Where the header ends: before the first empty line. A message of headers alone ends where it ends. */
function headerBounds(text: string): { end: number } {
  if (/^\r?\n/.test(text)) return { end: 0 };
  const blank = /\r?\n(?=\r?\n)/.exec(text);
  return { end: blank === null ? text.length : blank.index + blank[0].length };
}

function decoded(value: string): string {
  let text = value;
  try {
    text = decodeWords(value);
  } catch {
    // An unknown charset: what was sent is kept.
  }
  return text.slice(0, MAX_KEPT).toWellFormed();
}

function addressesOf(field: string): string[] {
  const found: string[] = [];
  for (const one of addressParser(field, { flatten: true })) {
    if (one.address) found.push(one.address.toLowerCase());
  }
  return found;
}
