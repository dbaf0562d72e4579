/** The words that terminal questions and reports share: phrases, periods, instants. English. */

import { PHRASES } from '@postern/connector';
import type { TrustInterval } from '@postern/trust';
import { printable } from '../printable.ts';

/** The eight by name, for lists. */
export const CONNECTION_NAMES: Readonly<Record<string, string>> = {
  mail: 'Mail',
  folders: 'Folders',
  gal: 'Address list',
  changes: 'Changes',
  signatures: 'Signatures',
  senders: 'Senders',
  preferences: 'Preferences',
  upgrade: 'Upgrade',
};

/** What a connection was doing; a purpose that is not one of the eight is named as it is. */
export function phraseFor(purpose: string): string {
  return PHRASES[purpose] ?? `connecting for "${printable(purpose)}"`;
}

/** A connection's name in a list. */
export function connectionName(purpose: string): string {
  return CONNECTION_NAMES[purpose] ?? printable(purpose);
}

/** The periods of the drop-list. There is no "Always". */
export const INTERVAL_WORDS: Readonly<Record<TrustInterval, string>> = {
  'until-stop': 'until Postern stops',
  '1h': '1 hour',
  '1d': '1 day',
  '7d': '7 days',
  '30d': '30 days',
};

/** An instant for people: `Tue 24 Nov 2026 09:21`, in `timeZone` or the computer's own. */
export function instantText(at: Date | string, timeZone?: string): string {
  const date = typeof at === 'string' ? new Date(at) : at;
  if (Number.isNaN(date.getTime())) return printable(String(at));
  const parts = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).formatToParts(date);
  const part = (type: string): string => parts.find((found) => found.type === type)?.value ?? '';
  return `${part('weekday')} ${part('day')} ${part('month')} ${part('year')} ${part('hour')}:${part('minute')}`;
}

/** A count with its noun: `1 message`, `312 messages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** A size: `812 B`, `5.2 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 'B';
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
