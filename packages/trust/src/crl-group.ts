/**
 * What revocation lists by one key and with one scope say of a certificate at an instant (RFC 5280 5.2.4, 6.3.3 h
 * to l). Whether they are about it and who signed them is known before.
 */

import type { RevocationList } from './crl.ts';
import type { RevokedEntry } from './crl-entries.ts';
import type { Reasons } from './distribution-points.ts';

/** A list that is about a certificate and was signed by the right key. */
export interface Applied {
  list: RevocationList;
  reasons: Reasons;
  entries: readonly RevokedEntry[];
}

/** Lists by one key with the same scope: of the complete ones the newest speaks, and a delta changes it. */
export interface ListGroup {
  complete: Applied[];
  deltas: Applied[];
}

/** What such lists say of the certificate: revoked, nothing against it for these reasons, or nothing and why. */
export type Word = { revoked: RevokedEntry } | { covers: Reasons } | { note: string };

/** Says it, at an instant in ms since the epoch, to the second. */
export function wordOf({ complete, deltas }: ListGroup, at: number): Word {
  const begun = ({ list }: Applied): boolean => list.thisUpdate.getTime() <= at;
  const base = newest(complete.filter(begun));
  const known = [...complete, ...deltas].filter(begun);
  if (base === null) return proven(known) ?? { note: whyNoBase([...complete, ...deltas], at) };
  const delta = newest(
    deltas.filter(({ list }) => isCurrent(list, at) && isNewer(list, base.list)),
  );
  const fault = faultOf(base, delta, at);
  // The newest of all has the last word where it has one, since it may take back a hold.
  const last = fault === null && delta !== null ? delta.entries : [];
  if (last.length > 0 && last.every(({ reason }) => reason === REMOVED)) {
    return { covers: base.reasons & (delta?.reasons ?? 0) };
  }
  const word = proven(known);
  if (word !== null) return word;
  if (fault !== null) return { note: fault };
  const [entry] = [...last, ...base.entries].filter(({ reason }) => reason !== REMOVED);
  if (entry !== undefined) return { revoked: entry };
  if (base.entries.length > 0) {
    return { note: `${named(base.list)} is no delta and takes back a revocation` };
  }
  return { covers: delta === null ? base.reasons : base.reasons & delta.reasons };
}

const REMOVED = 'removeFromCRL';

/** RFC 5280 5.3.1: all but these two are for good, so even a list that is out of date or not understood proves them. */
const PASSING = [REMOVED, 'certificateHold'];

function proven(lists: readonly Applied[]): Word | null {
  const found = lists
    .flatMap(({ entries }) => entries)
    .find(({ reason }) => reason === null || !PASSING.includes(reason));
  return found === undefined ? null : { revoked: found };
}

function newest(lists: readonly Applied[]): Applied | null {
  return lists.reduce<Applied | null>(
    (best, each) => (best === null || isNewer(each.list, best.list) ? each : best),
    null,
  );
}

/** By its number (RFC 5280 5.2.3), and by its date where one has none. */
function isNewer(a: RevocationList, b: RevocationList): boolean {
  if (a.number !== null && b.number !== null && a.number !== b.number) return a.number > b.number;
  return a.thisUpdate.getTime() > b.thisUpdate.getTime();
}

function isAbove(a: bigint | null, b: bigint | null): boolean {
  return a !== null && (b === null || a > b);
}

function isCurrent({ thisUpdate, nextUpdate }: RevocationList, at: number): boolean {
  return thisUpdate.getTime() <= at && (nextUpdate === null || at < nextUpdate.getTime());
}

/** Why nothing may be concluded from the silence of a list and its delta; a current one makes up for age. */
function faultOf({ list }: Applied, delta: Applied | null, at: number): string | null {
  // RFC 5280 5.2.4: the delta is about a list that is newer than this one, so this one is outdated.
  if (delta !== null && isAbove(delta.list.deltaBase, list.number)) {
    return `${named(list)} is older than the one that ${named(delta.list)} changes`;
  }
  const own = misuseOf(list) ?? (delta === null ? null : misuseOf(delta.list));
  if (own !== null || delta !== null || isCurrent(list, at)) return own;
  return `${named(list)} was to be replaced by ${list.nextUpdate?.toISOString()}, it is ${iso(at)}`;
}

function misuseOf(list: RevocationList): string | null {
  const [unusable] = list.unusable;
  if (unusable !== undefined) return `${named(list)} cannot be used: ${unusable}`;
  return list.nextUpdate === null ? `${named(list)} does not say when it will be replaced` : null;
}

function whyNoBase(lists: readonly Applied[], at: number): string {
  const complete = lists.find(({ list }) => list.deltaBase === null) ?? lists[0];
  if (complete === undefined) return 'there is no list';
  const { list } = complete;
  return list.deltaBase === null
    ? `${named(list)} counts from ${list.thisUpdate.toISOString()}, it is ${iso(at)}`
    : `${named(list)} is a delta, and the list that it changes is not at hand`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function named({ source }: RevocationList): string {
  return `revocation list "${source}"`;
}
