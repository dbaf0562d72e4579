/** A message as a person reads it: text, names of attachments. Runs on the store's thread; HTML becomes plain text. */

import PostalMime, { type Address } from 'postal-mime';
import type { MessageDetail, MessageSummary } from './api.ts';
import { excerpt } from './text.ts';

/** Longest text that is handed out, in characters: some 300 pages. */
const MAX_TEXT = 1_000_000;

/** Parts inside parts; real messages have under 10. */
const MAX_NESTING = 50;

/** Attachments that are listed. */
const MAX_ATTACHMENTS = 500;

/** Reads a whole message. Never throws for what a sender wrote: what cannot be read is shown as it stands. */
export async function readMessage(
  summary: MessageSummary,
  raw: Uint8Array,
): Promise<MessageDetail> {
  try {
    const email = await PostalMime.parse(raw, { maxNestingDepth: MAX_NESTING });
    const text = email.text ?? (email.html === undefined ? '' : textOfHtml(email.html));
    return {
      ...summary,
      to: addresses(email.to),
      cc: addresses(email.cc),
      sentAt: email.date === undefined ? null : isoOrNull(email.date),
      messageId: email.messageId === undefined ? null : excerpt(email.messageId),
      text: printableText(text),
      isWholeText: email.text !== undefined && text.length <= MAX_TEXT,
      attachments: email.attachments.slice(0, MAX_ATTACHMENTS).map((one) => ({
        name: excerpt(one.filename ?? ''),
        contentType: excerpt(one.mimeType),
        sizeBytes: typeof one.content === 'string' ? one.content.length : one.content.byteLength,
      })),
    };
  } catch {
    return { ...summary, ...NOTHING_READ, text: printableText(new TextDecoder().decode(raw)) };
  }
}

const NOTHING_READ = {
  to: '',
  cc: '',
  sentAt: null,
  messageId: null,
  isWholeText: false,
  attachments: [],
} as const;

function addresses(list: readonly Address[] | undefined): string {
  const one = ({ name, address }: Address): string =>
    address === undefined || address === '' ? name : name === '' ? address : `${name} <${address}>`;
  return excerpt((list ?? []).map(one).join(', '), 4000);
}

function isoOrNull(text: string): string | null {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** Keeps lines and tabs; nothing that moves a cursor or turns the direction of reading. */
function printableText(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .replaceAll('\r\n', '\n')
    .replaceAll(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .toWellFormed();
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  gt: '>',
  lt: '<',
  nbsp: ' ',
  quot: '"',
  apos: "'",
};

/** Good enough to know what a message says; markup is for those who render it safely. */
function textOfHtml(html: string): string {
  return html
    .slice(0, 4 * MAX_TEXT)
    .replaceAll(/<(script|style|head|title)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/<(?:br|\/p|\/div|\/tr|\/li|\/h[1-6])\b[^>]*>/gi, '\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(
      /&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{1,8});/gi,
      (whole, name: string) => entity(name) ?? whole,
    )
    .replaceAll(/\n\s*\n\s*\n+/g, '\n\n')
    .trim();
}

function entity(name: string): string | null {
  if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? null;
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : null;
}
