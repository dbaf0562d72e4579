/** Builds the sample's messages: plain, with HTML beside the text, with files, as answers in a thread. */

import { encoded } from '../mailbox/compose.ts';
import type { Attachment } from './files.ts';
import type { Person } from './people.ts';

/** What a message is made of. */
export interface SampleDraft {
  from: Person;
  to: readonly Person[];
  cc?: readonly Person[];
  subject: string;
  at: Date;
  messageId: string;
  /** Ids of the messages before it in the thread, the oldest first. */
  references: readonly string[];
  paragraphs: readonly string[];
  /** Text of the message that it answers. */
  quoted: { from: Person; paragraphs: readonly string[] } | null;
  withHtml: boolean;
  isRightToLeft: boolean;
  attachments: readonly Attachment[];
  /** Makes the boundaries between parts. */
  mark: string;
}

const LINE = 76;

/** The bytes of a message, with CRLF as RFC 5322 has it. */
export function buildMessage(draft: SampleDraft): Buffer {
  const { references, mark } = draft;
  const text = textPart('plain', plainText(draft));
  const body = draft.withHtml
    ? multipart('alternative', `alt-${mark}`, [text, textPart('html', htmlText(draft))])
    : text;
  const whole =
    draft.attachments.length === 0
      ? body
      : multipart('mixed', `mix-${mark}`, [body, ...draft.attachments.map(filePart)]);
  const fields: readonly (readonly [string, string])[] = [
    ['Date', draft.at.toUTCString().replace('GMT', '+0000')],
    ['From', addressOf(draft.from)],
    ['To', draft.to.map(addressOf).join(',\r\n ')],
    ['Cc', (draft.cc ?? []).map(addressOf).join(',\r\n ')],
    ['Subject', encoded(draft.subject)],
    ['Message-ID', draft.messageId],
    ['In-Reply-To', references.at(-1) ?? ''],
    ['References', references.join('\r\n ')],
    ['MIME-Version', '1.0'],
  ];
  const head = fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(head.join('') + whole, 'latin1');
}

function addressOf({ name, address }: Person): string {
  return `${encoded(name)} <${address}>`;
}

function plainText({ paragraphs, quoted }: SampleDraft): string {
  const own = paragraphs.join('\r\n\r\n');
  if (quoted === null) return `${own}\r\n`;
  const lines = quoted.paragraphs.flatMap((one) => [`> ${one}`, '>']).slice(0, -1);
  return `${own}\r\n\r\n${quoted.from.name}:\r\n${lines.join('\r\n')}\r\n`;
}

function htmlText({ paragraphs, quoted, isRightToLeft }: SampleDraft): string {
  const block = (all: readonly string[]): string =>
    all.map((one) => `<p>${escaped(one)}</p>\r\n`).join('');
  const before =
    quoted === null
      ? ''
      : `<blockquote><p>${escaped(quoted.from.name)}:</p>\r\n${block(quoted.paragraphs)}</blockquote>\r\n`;
  const direction = isRightToLeft ? ' dir="rtl"' : '';
  return `<!DOCTYPE html>\r\n<html${direction}><head><meta charset="utf-8"></head><body>\r\n${block(paragraphs)}${before}</body></html>\r\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function textPart(kind: 'html' | 'plain', text: string): string {
  const isAscii =
    /^[\x20-\x7e\r\n]*$/.test(text) && text.split('\r\n').every((line) => line.length <= 900);
  const head = `Content-Type: text/${kind}; charset=utf-8\r\n`;
  if (isAscii) return `${head}Content-Transfer-Encoding: 7bit\r\n\r\n${text}`;
  return `${head}Content-Transfer-Encoding: base64\r\n\r\n${base64(Buffer.from(text, 'utf8'))}`;
}

function filePart({ fileName, contentType, bytes }: Attachment): string {
  const isAscii = /^[\x20-\x7e]*$/.test(fileName);
  // A name beyond ASCII in the form of RFC 2231.
  const name = isAscii
    ? `filename="${fileName}"`
    : `filename*=UTF-8''${encodeURIComponent(fileName)}`;
  return `Content-Type: ${contentType}\r\nContent-Disposition: attachment; ${name}\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(bytes)}`;
}

function multipart(
  kind: 'alternative' | 'mixed',
  boundary: string,
  parts: readonly string[],
): string {
  const all = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('');
  return `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${all}--${boundary}--\r\n`;
}

function base64(bytes: Buffer): string {
  const text = bytes.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += LINE) lines.push(text.slice(at, at + LINE));
  return `${lines.join('\r\n')}\r\n`;
}
