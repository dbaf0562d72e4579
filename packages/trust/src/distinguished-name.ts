/**
 * Distinguished names (RFC 5280 4.1.2.4): as text for people, and in the one form in which two of them
 * are compared. Where names lead from a certificate to its issuer is path.ts.
 */

import { AsnConvert } from '@peculiar/asn1-schema';
import { RelativeDistinguishedName } from '@peculiar/asn1-x509';
import {
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  readWhole,
  TAG,
} from './der.ts';
import { escapeAttributeValue, MAX_NAME_TEXT, printable } from './printable.ts';

/** Short names of RFC 4514 3, and the few that are common beside them. */
const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.97': 'organizationIdentifier',
};

/** Most parts of a name that are read; real ones have fewer than 20. */
const MAX_PARTS = 100;

const COMMON_NAME = '2.5.4.3';
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

/** A Name for people, in the order in which it stands, RFC 4514-like; `(unreadable)` where it is none. */
export function nameText(der: Uint8Array): string {
  const attributes = readAttributes(der);
  if (attributes === null) return '(unreadable)';
  const text = attributes.map(({ type, value }) => {
    return `${ATTRIBUTE_NAMES[type] ?? type}=${escapeAttributeValue(value.slice(0, MAX_NAME_TEXT))}`;
  });
  return printable(text.join(', '), MAX_NAME_TEXT);
}

/** The last common name in a Name, for people; null if there is none. */
export function commonNameOf(der: Uint8Array): string | null {
  const last = readAttributes(der)?.findLast(({ type }) => type === COMMON_NAME);
  return last === undefined ? null : printable(last.value, MAX_NAME_TEXT);
}

/** Every common name in a Name. */
export function commonNamesOf(der: Uint8Array): readonly string[] {
  return valuesOf(der, COMMON_NAME);
}

/** The e-mail addresses in a Name, which constraints bind like those beside it (RFC 5280 4.2.1.10). */
export function emailAddressesOf(der: Uint8Array): readonly string[] {
  return valuesOf(der, EMAIL_ADDRESS);
}

function valuesOf(der: Uint8Array, wanted: string): readonly string[] {
  return (readAttributes(der) ?? []).flatMap(({ type, value }) =>
    type === wanted ? [printable(value, MAX_NAME_TEXT)] : [],
  );
}

/**
 * The relative distinguished names of a Name, each as text that is equal where they are equal: case,
 * string type and repeated spaces do not count (RFC 5280 7.1; folding is of ASCII alone, as OpenSSL
 * has it). Throws DerError.
 */
export function relativeNames(der: Uint8Array): readonly string[] {
  return partsOf(der).map((set) =>
    children(expectTag(set, TAG.set, 'relative name'))
      .map(canonicalAttribute)
      .sort()
      .join('+'),
  );
}

/** The parts of a Name, each a SET. Throws DerError. */
export function partsOf(der: Uint8Array): readonly DerElement[] {
  const parts = children(expectTag(readWhole(der), TAG.sequence, 'name'));
  if (parts.length > MAX_PARTS) {
    throw new DerError(`name of ${parts.length} parts, at most ${MAX_PARTS} are read`, 0);
  }
  return parts;
}

/** A Name, given as DER in hex, in the one form in which names are compared; as it is where it cannot be read. */
export function canonicalName(id: string): string {
  try {
    // With a mark of its own, so that a name without parts is not nothing.
    return `/${relativeNames(Buffer.from(id, 'hex')).join(',')}`;
  } catch {
    return id;
  }
}

/** Whether two Names, as DER in hex, are the same name. */
export function isSameName(a: string, b: string): boolean {
  return a === b || canonicalName(a) === canonicalName(b);
}

function canonicalAttribute(attribute: DerElement): string {
  const [type, value, ...surplus] = children(expectTag(attribute, TAG.sequence, 'attribute'));
  if (value === undefined || surplus.length > 0) {
    throw new DerError('attribute that is not one value', attribute.start);
  }
  const oid = expectTag(type, TAG.oid, 'attribute type', attribute.start);
  const id = Buffer.from(content(oid)).toString('hex');
  const text = STRINGS[value.tag]?.(Buffer.from(content(value)));
  const folded = text
    ?.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[\t\n\v\f\r ]+/g, ' ')
    .trim();
  return `${id}=${folded === undefined ? `#${Buffer.from(encoded(value)).toString('hex')}` : JSON.stringify(folded)}`;
}

/** String types that are compared by what they say: those that OpenSSL folds (ASN1_MASK_CANON). */
const STRINGS: Readonly<Record<number, (bytes: Buffer) => string>> = {
  12: (bytes) => bytes.toString('utf8'),
  19: (bytes) => bytes.toString('latin1'),
  20: (bytes) => bytes.toString('latin1'),
  22: (bytes) => bytes.toString('latin1'),
  26: (bytes) => bytes.toString('latin1'),
  28: (bytes) => {
    const points: number[] = [];
    for (let at = 0; at + 4 <= bytes.length; at += 4) points.push(bytes.readUInt32BE(at));
    return points
      .map((point) => (point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point)))
      .join('');
  },
  30: (bytes) =>
    Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString('utf16le'),
};

function readAttributes(der: Uint8Array): { type: string; value: string }[] | null {
  try {
    return partsOf(der).flatMap((part) =>
      [...AsnConvert.parse(encoded(part), RelativeDistinguishedName)].map(({ type, value }) => ({
        type,
        value: value.toString(),
      })),
    );
  } catch {
    return null;
  }
}
