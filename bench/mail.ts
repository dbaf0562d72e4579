/** Generated mail: small messages, each different, the same in every run. */

import fs from 'node:fs/promises';
import path from 'node:path';

const WORDS = (
  'agenda budget call delivery draft figures holiday invoice letter meeting minutes note offer order ' +
  'parcel plan press question report review room sample schedule signature street summary table thanks'
).split(' ');

/** Bytes of text after the headers; with them a message has about 1.5 KB. */
const BODY_LENGTH = 1200;

/** RFC 5322 with CRLF. */
export function messageText(index: number): string {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 60_000);
  const words: string[] = [];
  for (let length = 0, step = 1; length < BODY_LENGTH; step += 1) {
    const word = WORDS[(index * 7 + step * step) % WORDS.length] ?? '';
    words.push(word);
    length += word.length + 1;
  }
  const lines = words.join(' ').match(/.{1,72}(?:\s|$)/g) ?? [];
  return [
    `From: Sender ${index % 97} <sender${index % 97}@example.test>`,
    'To: Anna Example <anna@example.test>',
    `Subject: ${WORDS[index % WORDS.length]} ${index}`,
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${index}.bench@example.test>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    ...lines.map((line) => line.trimEnd()),
    '',
  ].join('\r\n');
}

/** One `.eml` file per message, in a new folder. */
export async function writeMessages(folder: string, count: number): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    await fs.writeFile(
      path.join(folder, `${String(index).padStart(6, '0')}.eml`),
      messageText(index),
    );
  }
}
