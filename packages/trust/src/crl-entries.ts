/**
 * The entries of a revocation list (RFC 5280 5.3), one after another, without keeping any. Half a million of
 * them are walked in some tenths of a second, so what is the same in most is compared as octets.
 */

import {
  checkFraming,
  checkInteger,
  children,
  content,
  type DerElement,
  DerError,
  expectTag,
  readElement,
  readTime,
  readWhole,
  TAG,
} from './der.ts';
import { nameKeys } from './distribution-points.ts';
import { hex, readExtension } from './extensions.ts';

/** One entry in its frame. */
export interface EntryFrame {
  serialNumber: DerElement;
  date: DerElement;
  /** The SEQUENCE of its extensions. */
  extensions: DerElement | null;
}

/** That one certificate is revoked, or no longer. */
export interface RevokedEntry {
  /** Null for a date that does not exist. */
  at: Date | null;
  /** RFC 5280 5.3.1, or null where none is given. */
  reason: string | null;
}

/** What the extensions of one entry say. */
export interface EntryFacts {
  reason: string | null;
  /** GeneralNames of the certificate's issuer, from here on (RFC 5280 5.3.3). */
  issuers: DerElement | null;
  /** The identifier of a critical extension that is not understood. */
  unknownCritical: string | null;
}

/** RFC 5280 5.3.1. Seven is not in use. */
const REASONS: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
};

/** The extensions of an entry that gives a reason and nothing else, up to the reason itself. */
const REASON_ALONE = Buffer.from('300c300a0603551d1504030a01', 'hex');

/** A negative or long serial number is the CA's business; nobody's is longer than this. */
const MAX_SERIAL_OCTETS = 1024;

/** Calls `visit` with every entry. Throws DerError where one is not well formed. */
export function walkEntries(entries: DerElement, visit: (entry: EntryFrame) => void): void {
  const { bytes, end } = entries;
  for (let offset = entries.contentStart; offset < end; ) {
    const entry = expectTag(readElement(bytes, offset, end), TAG.sequence, 'entry');
    const serialNumber = readElement(bytes, entry.contentStart, entry.end);
    expectTag(serialNumber, TAG.integer, 'serial number');
    checkInteger(serialNumber);
    if (serialNumber.end - serialNumber.contentStart > MAX_SERIAL_OCTETS) {
      throw new DerError('serial number too long', serialNumber.start);
    }
    const date = readElement(bytes, serialNumber.end, entry.end);
    if (date.tag !== TAG.utcTime && date.tag !== TAG.generalizedTime) {
      throw new DerError('no date', date.start);
    }
    let extensions: DerElement | null = null;
    if (date.end < entry.end) {
      extensions = readElement(bytes, date.end, entry.end);
      expectTag(extensions, TAG.sequence, 'extensions of an entry');
      if (extensions.end !== entry.end)
        throw new DerError('entry with too many parts', entry.start);
    }
    visit({ serialNumber, date, extensions });
    offset = entry.end;
  }
}

/** What is looked for, and how the list that the entries stand in is to be read. */
export interface Wanted {
  /** The issuer of the list, as a key. */
  issuerKey: string;
  isIndirect: boolean;
  /** As it stands in the certificate. */
  serialNumber: Uint8Array;
  certificateIssuerKey: string;
}

/** The entries of one certificate. The entries must have been walked without a fault before. */
export function findEntries(entries: DerElement, wanted: Wanted): readonly RevokedEntry[] {
  const { issuerKey, isIndirect, serialNumber, certificateIssuerKey } = wanted;
  const found: RevokedEntry[] = [];
  // RFC 5280 5.3.3: the list's own issuer, until an entry names another one for itself and those after.
  let names: DerElement | null = null;
  walkEntries(entries, (entry) => {
    if (isIndirect && entry.extensions !== null) {
      names = readEntryExtensions(entry.extensions).issuers ?? names;
    }
    if (Buffer.compare(content(entry.serialNumber), serialNumber) !== 0) return;
    const issuers = names === null ? [issuerKey] : readNames(names);
    if (issuers?.includes(certificateIssuerKey) !== false) found.push(readRevocation(entry));
  });
  return found;
}

/** Null where they cannot be read: the entry may be about any certificate with its number. */
function readNames(names: DerElement): readonly string[] | null {
  try {
    return nameKeys(names);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    return null;
  }
}

/** Reads when and why. */
function readRevocation({ date, extensions }: EntryFrame): RevokedEntry {
  const { reason } = extensions === null ? NOTHING : readEntryExtensions(extensions);
  try {
    return { at: readTime(date), reason };
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    return { at: null, reason };
  }
}

const NOTHING: EntryFacts = { reason: null, issuers: null, unknownCritical: null };

/** Reads the extensions of one entry. Throws DerError. */
export function readEntryExtensions(extensions: DerElement): EntryFacts {
  const { bytes, start, end } = extensions;
  if (
    end - start === REASON_ALONE.length + 1 &&
    REASON_ALONE.every((o, i) => bytes[start + i] === o)
  ) {
    return { ...NOTHING, reason: reasonOf(bytes[end - 1] ?? 0) };
  }
  checkFraming(extensions);
  const facts: EntryFacts = { ...NOTHING };
  const seen = new Set<string>();
  const elements = children(extensions);
  if (elements.length === 0) throw new DerError('empty list of extensions', start);
  for (const element of elements) {
    const { oid, critical, value } = readExtension(element);
    if (seen.has(oid)) throw new DerError(`${oid} is there twice`, element.start);
    seen.add(oid);
    if (oid === REASON_CODE) {
      const code = expectTag(readWhole(value), ENUMERATED, 'reason');
      if (content(code).length !== 1)
        throw new DerError('reason that cannot be read', element.start);
      facts.reason = reasonOf(content(code)[0] ?? 0);
    } else if (oid === CERTIFICATE_ISSUER) {
      const names = expectTag(readWhole(value), TAG.sequence, 'issuer of the certificate');
      checkFraming(names);
      facts.issuers = names;
    } else if (critical && oid !== INVALIDITY_DATE) {
      facts.unknownCritical = oid;
    }
  }
  return facts;
}

const ENUMERATED = 0x0a;
const REASON_CODE = '2.5.29.21';
const INVALIDITY_DATE = '2.5.29.24';
const CERTIFICATE_ISSUER = '2.5.29.29';

function reasonOf(code: number): string {
  return REASONS[code] ?? `reason ${hex(Uint8Array.of(code))}`;
}
