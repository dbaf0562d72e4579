/** The values of `postern check`'s options, read once and strictly. */

import { parseCount } from '../arguments.ts';
import { UsageError } from '../failure.ts';

/** A date is midnight UTC; a time without a zone is UTC, so that a report says the same everywhere. */
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** `2027-01-31`, `2027-01-31T08:00`, with or without zone, or `@SECONDS` since 1970. Throws UsageError. */
export function parseInstant(text: string): Date {
  const seconds = /^@(-?\d{1,12}(?:\.\d{1,9})?)$/.exec(text)?.[1];
  const [, date, time = '00:00', zone = 'Z'] = ISO.exec(text) ?? [];
  const at =
    seconds === undefined
      ? new Date(date === undefined ? Number.NaN : `${date}T${time}${withColon(zone)}`)
      : new Date(Number(seconds) * 1000);
  if (!Number.isNaN(at.getTime()) && (date === undefined || isDay(date))) return at;
  throw new UsageError(`"${text}" is not an instant`, [
    'write 2027-01-31, 2027-01-31T08:00:00Z or @1801382400',
  ]);
}

/** The language takes 30 February for 2 March. */
function isDay(date: string): boolean {
  return new Date(`${date}T00:00Z`).toISOString().startsWith(date);
}

function withColon(zone: string): string {
  return zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase();
}

/** Seconds, also parts of one; at most a day. Throws UsageError. In ms. */
export function parseTimeout(text: string): number {
  const seconds = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= 86_400) return Math.ceil(seconds * 1000);
  throw new UsageError(`"${text}" is not a number of seconds up to 86400`);
}

/** Days from 1 to ten years. Throws UsageError. */
export function parseDays(text: string): number {
  const days = parseCount(text);
  if (days <= 3650) return days;
  throw new UsageError(`"${text}" is more than 3650 days`);
}

/** Sockets at once. Throws UsageError. */
export function parseParallel(text: string): number {
  const count = parseCount(text);
  // Beside the sockets a process has its files; 1,024 descriptors is the usual limit.
  if (count <= 500) return count;
  throw new UsageError(`"${text}" is more than 500 sockets at once`);
}
