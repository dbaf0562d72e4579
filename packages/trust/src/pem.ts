/**
 * PEM (RFC 7468): the blocks of one kind in a text, as DER. Says nothing of what is inside them. Text is
 * decoded piece by piece, because a revocation list may have many megabytes.
 */

import { FormatError } from './errors.ts';

/** One kind of block: the labels under which it is found, and its name in messages. */
export interface PemKind {
  labels: readonly string[];
  name: string;
}

/** Characters decoded at a time. */
const PIECE = 65_536;

/**
 * The DER of every block of this kind, in its order; blocks of other kinds are passed over. `what` names
 * the file for the message. Throws FormatError (ERR_PEM_INVALID) where there is no such block, a block
 * does not end, or is not base64.
 */
export function pemBlocks(text: string, what: string, { labels, name }: PemKind): Uint8Array[] {
  const found: Uint8Array[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const label = match[1] ?? '';
    const closing = `-----END ${label}-----`;
    const end = text.indexOf(closing, begin.lastIndex);
    if (end < 0) throw invalidPem(`block "${label}" does not end`, what, match.index);
    if (labels.includes(label)) {
      const der = decodeBase64(text, begin.lastIndex, end);
      if (der === null) throw invalidPem(`${name} is not base64`, what, match.index);
      found.push(der);
    }
    begin.lastIndex = end + closing.length;
  }
  if (found.length === 0) throw invalidPem(`there is no ${name}`, what);
  return found;
}

/** Base64 with white space in it, and nothing else (RFC 4648 3.5: no bits left over); null if it is not, or empty. */
function decodeBase64(text: string, start: number, end: number): Uint8Array | null {
  const der = new Uint8Array(Math.ceil(((end - start) * 3) / 4));
  let length = 0;
  let rest = '';
  let isPadded = false;
  for (let at = start; at < end; at += PIECE) {
    const piece = rest + text.slice(at, Math.min(at + PIECE, end)).replace(/\s+/g, '');
    const whole = at + PIECE >= end ? piece.length : piece.length - (piece.length % 4);
    const base64 = piece.slice(0, whole);
    rest = piece.slice(whole);
    const bytes = Buffer.from(base64, 'base64');
    if (base64 !== '' && (isPadded || bytes.toString('base64') !== base64)) return null;
    isPadded ||= base64.endsWith('=');
    der.set(bytes, length);
    length += bytes.length;
  }
  return length === 0 ? null : der.subarray(0, length);
}

function invalidPem(message: string, what: string, offset?: number): FormatError {
  return new FormatError('ERR_PEM_INVALID', message, {
    what,
    ...(offset === undefined ? {} : { offset }),
  });
}
