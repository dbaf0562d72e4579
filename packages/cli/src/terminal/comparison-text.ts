/** The certificate of before and the one of now, side by side in a terminal. */

import type { ComparisonReport } from '@postern/connector';
import type { ComparedField } from '@postern/trust';
import { printable } from '../printable.ts';
import type { Drawing } from './certificate-text.ts';
import { wrapped } from './layout.ts';
import { instantText } from './words.ts';

/** What became of the certificate, then old and new row by row; what differs is marked by word and sign. */
export function comparisonLines(comparison: ComparisonReport, drawing: Drawing): string[] {
  const { width, timeZone } = drawing;
  const sentence = printable(comparison.sentence);
  if (comparison.change === 'same-certificate') return wrapped(sentence, width);
  const seen = instantText(comparison.lastSeenAt, timeZone);
  const column = Math.max(20, Math.floor((width - 15) / 2) - 2);
  const line = (mark: string, label: string, old: string, now: string): string =>
    `  ${mark} ${label.padEnd(9)}${old.padEnd(column + 2)}${now}`.trimEnd();
  const rows = comparison.rows
    .filter(({ differs }) => differs !== null)
    .flatMap(({ field, old, new: now, differs }) => {
      const { label, text } = COMPARED[field];
      const cells = [old, now].map((value) =>
        chopped(value === null ? '(not readable)' : text(value, timeZone), column),
      );
      const [left = [], right = []] = cells;
      return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
        const mark = index > 0 ? ' ' : differs === true ? '≠' : '=';
        return line(mark, index > 0 ? '' : label, left[index] ?? '', right[index] ?? '');
      });
    });
  return [
    ...wrapped(`${sentence} ${ONLY_THE_ADMINISTRATOR}`, width),
    '',
    line(' ', '', `Before (${seen})`, 'Now'),
    ...rows,
    '    = Same   ≠ Differs',
  ];
}

/** Who holds a key is proven, what they mean by it is not. */
const ONLY_THE_ADMINISTRATOR = 'Only your administrator can confirm that this change was intended.';

const COMPARED: Readonly<
  Record<
    ComparedField,
    { label: string; text: (value: string, timeZone: string | undefined) => string }
  >
> = {
  subject: { label: 'To', text: printable },
  names: { label: 'Names', text: printable },
  issuer: { label: 'Issuer', text: printable },
  key: { label: 'Key', text: printable },
  // Two keys of one size look the same without a part of their fingerprint.
  spki: { label: '', text: (value) => `${inFours(value.slice(0, 16))}…` },
  'not-before': { label: 'From', text: instantText },
  'not-after': { label: 'To date', text: instantText },
  'serial-number': { label: 'Serial', text: printable },
  signature: { label: 'Signed', text: printable },
  sha256: { label: 'SHA-256', text: inFours },
};

/** Upper-case hex in groups of four, for comparing by eye. */
function inFours(hex: string): string {
  return (printable(hex.toUpperCase()).match(/.{4}/g) ?? []).join(' ');
}

/** As wrapped, and a word that is too long is cut into pieces: a column must not push its neighbour. */
function chopped(text: string, width: number): string[] {
  return wrapped(text, width).flatMap(
    (line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''],
  );
}
