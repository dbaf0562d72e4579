/** Numbers, instants and fingerprints as people read them, in the page's language. */

import { locale } from './text/locale.ts';

/** Non-breaking, so that a date stays on one line. */
const tight = (text: string): string => text.replaceAll(' ', '\u00a0');

const formats = new Map<string, Intl.DateTimeFormat>();

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  if (Number.isNaN(date.getTime())) return '?';
  const tag = locale.value === 'de' ? 'de-DE' : 'en-GB';
  const key = `${tag} ${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(tag, options);
  formats.set(key, known);
  return tight(known.format(date));
}

/** `Tuesday 24 November 2026, 09:21`. */
export function instant(at: Date | string): string {
  return format(new Date(at), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** `24 Nov 2026, 09:21`. */
export function shortInstant(at: Date | string): string {
  return format(new Date(at), {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** `in 23 hours`, `5 minutes ago`: the largest unit that fits. */
export function relative(at: Date | string, from: Date): string {
  const seconds = Math.round((new Date(at).getTime() - from.getTime()) / 1000);
  const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ];
  const [unit, length] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  const text = new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' });
  return tight(text.format(Math.trunc(seconds / length), unit));
}

/** `12,480`. */
export function count(value: number): string {
  return new Intl.NumberFormat(locale.value === 'de' ? 'de-DE' : 'en-GB').format(value);
}

/** `Mail, Folders and Changes`. */
export function listed(names: readonly string[]): string {
  return new Intl.ListFormat(locale.value, { type: 'conjunction' }).format(names);
}

/** `41.2 MB`, in powers of 1000 as file managers show them. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit < 2 || size >= 100 ? 0 : 1;
  const tag = locale.value === 'de' ? 'de-DE' : 'en-GB';
  const number = new Intl.NumberFormat(tag, { maximumFractionDigits: digits }).format(size);
  return tight(`${number} ${units[unit]}`);
}

/** `4B9B 15D1 ...`: groups of four, upper case. */
export function fingerprint(sha256: string): string {
  return (sha256.toUpperCase().match(/.{1,4}/g) ?? []).join(' ');
}

/** The common name of a distinguished name for a heading; the whole of it where there is none. */
export function nameIn(subject: string): string {
  return (
    /(?:^|, ?|\+)CN=((?:\\.|[^,+\\])+)/.exec(subject)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? subject
  );
}

/** How many characters of foreign text are shown where a line has to do. */
const MAX_SHOWN = 200;

/** Foreign text, cut where a line has to do. It was made safe to print in the daemon. */
export function cut(text: string, length = MAX_SHOWN): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
