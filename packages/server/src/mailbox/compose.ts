/** Makes a plain text message of the parts in a request. Connectors upload whole messages; this is for scripts. */

import { randomUUID } from 'node:crypto';
import type { MessageSource } from '@postern/soap';

/** Longest line of base64 (RFC 2045 6.8). */
const LINE = 76;

/** The bytes of the message: text only, UTF-8, base64. */
export function composeMessage(
  source: MessageSource,
  about: { from: string; hostName: string; at: Date },
): Uint8Array {
  const addresses = (kind: 'b' | 'c' | 't'): string =>
    source.recipients
      .filter((one) => one.kind === kind)
      .map(({ name, address }) =>
        name === null ? plain(address) : `${encoded(name)} <${plain(address)}>`,
      )
      .join(',\r\n ');
  const lines = Buffer.from(source.plain ?? '', 'utf8')
    .toString('base64')
    .match(new RegExp(`.{1,${LINE}}`, 'g'));
  const fields: readonly (readonly [string, string])[] = [
    ['Date', about.at.toUTCString().replace('GMT', '+0000')],
    ['From', about.from],
    ['To', addresses('t')],
    ['Cc', addresses('c')],
    ['Bcc', addresses('b')],
    ['Subject', encoded(source.subject ?? '')],
    ['Message-ID', `<${randomUUID()}@${about.hostName}>`],
    ['MIME-Version', '1.0'],
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['Content-Transfer-Encoding', 'base64'],
  ];
  const header = fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${header.join('')}\r\n${(lines ?? []).join('\r\n')}\r\n`, 'latin1');
}

/** Text of a header field: as it is where it is plain ASCII, else in encoded words (RFC 2047). */
export function encoded(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !/[()<>@,;:\\"[\]=]/.test(text)) return text;
  const words: string[] = [];
  let word = '';
  for (const letter of text.replace(/[\r\n]+/g, ' ')) {
    // 45 bytes make 60 letters of base64: with their frame below the 75 that a word may have.
    if (Buffer.byteLength(word + letter) > 45) {
      words.push(word);
      word = '';
    }
    word += letter;
  }
  if (word !== '') words.push(word);
  return words.map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`).join('\r\n ');
}

/** An address cannot bring a new line, and with it a field, into the header. */
function plain(address: string): string {
  return address.replace(/[^\x21-\x7e]/g, '');
}
