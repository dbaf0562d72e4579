/**
 * Where a certificate says that its revocation is published, and what a list says it covers: distribution
 * points (RFC 5280 4.2.1.13) and the issuing distribution point (5.2.5). Read octet by octet, because
 * what they say decides whose silence counts as good. Names come in the one form in which they compare.
 */

import {
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  optionalParts,
  readBoolean,
  readWhole,
  TAG,
} from './der.ts';
import { relativeNames } from './distinguished-name.ts';
import { checkGeneralName } from './general-name.ts';

/** Reasons as bits; bit 0 (`unused`) says nothing (RFC 5280 4.2.1.13). */
export type Reasons = number;

/** Every reason for which a certificate may be revoked: bits 1 to 8 (RFC 5280 6.3.2, all-reasons). */
export const ALL_REASONS: Reasons = 0x1fe;

/** A distribution point of a certificate. Names are keys, see {@link nameKeys}; null where a part is absent. */
export interface DistributionPoint {
  names: readonly string[] | null;
  reasons: Reasons | null;
  /** Whoever issues the list, where it is not the certificate's issuer. */
  issuers: readonly string[] | null;
}

/** What a list says that it covers. */
export interface IssuingDistributionPoint {
  names: readonly string[] | null;
  only: 'attribute certificates' | 'certificates of CAs' | 'certificates of users' | null;
  reasons: Reasons | null;
  isIndirect: boolean;
}

/** A directory name as a key: equal for names that are the same (RFC 5280 7.1). Throws DerError. */
export function directoryKey(name: Uint8Array): string {
  return `directory:${relativeNames(name).join('\n')}`;
}

/** GeneralNames (RFC 5280 4.2.1.6) as keys that compare, from an element that holds them. Throws DerError. */
export function nameKeys(names: DerElement): string[] {
  const keys = children(names).map((name) => {
    checkGeneralName(name);
    if (name.tag === 0xa4) {
      const [directory] = children(name);
      if (directory !== undefined) return directoryKey(encoded(directory));
    }
    const text = Buffer.from(content(name)).toString('latin1');
    if (name.tag === 0x86) return `uri:${withoutCaseOfHost(text)}`;
    if (name.tag === 0x82) return `dns:${text.toLowerCase()}`;
    return `${name.tag}:${text}`;
  });
  if (keys.length === 0) throw new DerError('no names', names.start);
  return keys;
}

/** RFC 5280 7.4: scheme and host are compared without case, and nothing else. */
function withoutCaseOfHost(uri: string): string {
  return uri.replace(/^[^:/?#]*:(?:\/\/[^/?#]*)?/, (head) => head.toLowerCase());
}

/**
 * CRLDistributionPoints (RFC 5280 4.2.1.13). A name relative to the issuer of the list is completed with
 * `issuer`, the DER of the name of the certificate's issuer. Throws DerError.
 */
export function readDistributionPoints(
  value: Uint8Array,
  issuer: Uint8Array,
): readonly DistributionPoint[] {
  const points = children(expectTag(readWhole(value), TAG.sequence, 'distribution points'));
  if (points.length === 0) throw new DerError('no distribution points', 0);
  return points.map((point): DistributionPoint => {
    const parts = optionalParts(
      expectTag(point, TAG.sequence, 'distribution point'),
      [0xa0, 0x81, 0xa2],
    );
    const [name, reasons, issuers] = [parts.get(0xa0), parts.get(0x81), parts.get(0xa2)];
    if (name === undefined && issuers === undefined) {
      throw new DerError('distribution point without name and issuer', point.start);
    }
    return {
      names: name === undefined ? null : pointNames(name, () => relativeTo(issuers, issuer)),
      reasons: reasons === undefined ? null : readReasons(reasons),
      issuers: issuers === undefined ? null : nameKeys(issuers),
    };
  });
}

/** RFC 5280 4.2.1.13: the list's issuer is the one that is named, if one is; then it has one name. */
function relativeTo(issuers: DerElement | undefined, issuer: Uint8Array): Uint8Array {
  const [first, ...others] = issuers === undefined ? [] : children(issuers);
  if (first === undefined) return issuer;
  const directory = first.tag === 0xa4 ? children(first)[0] : undefined;
  if (directory === undefined || others.length > 0) {
    throw new DerError('issuer of the list that is not one directory name', first.start);
  }
  return encoded(directory);
}

/** IssuingDistributionPoint (RFC 5280 5.2.5); `issuer` is the DER of the name of the list's issuer. Throws DerError. */
export function readIssuingDistributionPoint(
  value: Uint8Array,
  issuer: Uint8Array,
): IssuingDistributionPoint {
  const whole = expectTag(readWhole(value), TAG.sequence, 'issuing distribution point');
  const parts = optionalParts(whole, [0xa0, 0x81, 0x82, 0x83, 0x84, 0x85]);
  const name = parts.get(0xa0);
  const reasons = parts.get(0x83);
  const flag = (tag: number): boolean => {
    const element = parts.get(tag);
    if (element === undefined) return false;
    // X.690 11.5: a default value is not written.
    if (!readBoolean(element)) throw new DerError('default value written out', element.start);
    return true;
  };
  const only = [
    flag(0x81) ? ('certificates of users' as const) : null,
    flag(0x82) ? ('certificates of CAs' as const) : null,
    flag(0x85) ? ('attribute certificates' as const) : null,
  ].filter((each) => each !== null);
  if (only.length > 1) throw new DerError('covers only one kind and only another', whole.start);
  return {
    names: name === undefined ? null : pointNames(name, () => issuer),
    only: only[0] ?? null,
    reasons: reasons === undefined ? null : readReasons(reasons),
    isIndirect: flag(0x84),
  };
}

/** DistributionPointName: full names, or what follows in the name of the list's issuer. */
function pointNames(field: DerElement, issuer: () => Uint8Array): readonly string[] {
  const [name, ...surplus] = children(field);
  if (name === undefined || surplus.length > 0) throw new DerError('no name', field.start);
  if (name.tag === 0xa0) return nameKeys(name);
  if (name.tag !== 0xa1) throw new DerError('name of an unknown kind', name.start);
  // The field holds what a relative name, which is a SET, holds.
  const relative = Uint8Array.from(encoded(name));
  relative[0] = TAG.set;
  const [last = ''] = relativeNames(sequenceOf(relative));
  return [`directory:${[...relativeNames(issuer()), last].join('\n')}`];
}

/** One element as the only one in a SEQUENCE; a relative name is never longer than 64 KiB here. */
function sequenceOf(element: Uint8Array): Uint8Array {
  const { length } = element;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([TAG.sequence, ...head, ...element]);
}

/** ReasonFlags: the first bit is bit 0. */
function readReasons(field: DerElement): Reasons {
  const [unused = 255, ...octets] = content(field);
  if (unused > 7 || octets.length > 2 || (octets.length === 0 && unused > 0)) {
    throw new DerError('reasons that cannot be read', field.start);
  }
  let reasons = 0;
  octets.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit++) {
      if ((octet & (0x80 >> bit)) !== 0) reasons |= 1 << (index * 8 + bit);
    }
  });
  return reasons & ALL_REASONS;
}
