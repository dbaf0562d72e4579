/**
 * Reads one certificate revocation list (RFC 5280 5) strictly. Its entries stay the octets that they are: a list
 * may have a million of them, so they are walked once to see that they are well formed, and again for each
 * serial number that is looked up. Whether a list counts for a certificate is revocation.ts.
 */

import { hash } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { AuthorityKeyIdentifier } from '@peculiar/asn1-x509';
import { signatureAlgorithmName } from './algorithms.ts';
import { findEntries, type RevokedEntry, readEntryExtensions, walkEntries } from './crl-entries.ts';
import {
  checkFraming,
  checkInteger,
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  readElement,
  readTime,
  readWhole,
  TAG,
} from './der.ts';
import { nameText } from './distinguished-name.ts';
import {
  directoryKey,
  type IssuingDistributionPoint,
  readIssuingDistributionPoint,
} from './distribution-points.ts';
import { hex, type RawExtension, readExtension } from './extensions.ts';
import { pemBlocks } from './pem.ts';
import { MAX_NAME_TEXT, printable } from './printable.ts';

/**
 * Largest list that is read, in bytes of DER. With the PEM around it (4/3 of that) and one copy as text it
 * stays below the 100 MB that a hostile file may cost; at 35 bytes an entry it has 700,000 of them.
 */
export const MAX_LIST_BYTES = 24 * 1024 * 1024;

/** The same in PEM: four characters for three bytes, and a line break after 64 of them. */
export const MAX_LIST_FILE_BYTES = Math.ceil((MAX_LIST_BYTES * 4 * 66) / (3 * 64)) + 1024;

/** Most extensions of one list; RFC 5280 knows seven. */
const MAX_EXTENSIONS = 64;

/** RFC 5280 5.2.3: a CRL number has at most 20 octets. */
const MAX_NUMBER_OCTETS = 20;

/** Serial numbers whose entries are remembered: a path has a handful, and a list of 20 MB takes 80 ms to walk. */
const MAX_LOOKED_UP = 256;

/**
 * A revocation list as it was read. Says nothing of who signed it. `malformed` lists what could not be
 * read: such a list counts for nothing.
 */
export interface RevocationList {
  /** The file it came from, for people. */
  readonly source: string;
  /** SHA-256 of the whole list, lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
  readonly version: number;
  /** For people; never compared. */
  readonly issuer: string;
  /** The issuer as a key that compares: see directoryKey. Empty where it cannot be read. */
  readonly issuerKey: string;
  /**
   * A list counts from the one second until the other: by then the next one is out (RFC 5280 5.1.2.5). Null:
   * it does not say when it will be replaced.
   */
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  readonly number: bigint | null;
  /** For a delta list: the number of the list that it changes (RFC 5280 5.2.4). */
  readonly deltaBase: bigint | null;
  readonly authorityKeyId: string | null;
  readonly issuingDistributionPoint: IssuingDistributionPoint | null;
  /** The issuing distribution point as it stands, in hex: lists with the same one have the same scope. */
  readonly scope: string;
  readonly signatureAlgorithm: string;
  /** What is signed, and the signature. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** Why nothing may be concluded from a name that is not in the list, though it could be read. */
  readonly unusable: readonly string[];
  readonly malformed: readonly string[];
  /** Entries for this serial number, as it stands in the certificate, and for this issuer of it. */
  find(serialNumber: Uint8Array, certificateIssuerKey: string): readonly RevokedEntry[];
}

interface Draft {
  version: number;
  issuer: Uint8Array;
  issuerKey: string;
  thisUpdate: Date;
  nextUpdate: Date | null;
  entries: DerElement | null;
  number: bigint | null;
  deltaBase: bigint | null;
  authorityKeyId: string | null;
  point: IssuingDistributionPoint | null;
  scope: string;
  signatureAlgorithm: string;
  signed: Uint8Array;
  signature: Uint8Array;
  unusable: Set<string>;
  malformed: string[];
}

/**
 * Reads a list. Never throws: what cannot be read is in `malformed`. `what` names it for people. Keeps
 * `der`, which must not be written to again.
 */
export function parseCrl(der: Uint8Array, what: string): RevocationList {
  const draft = emptyDraft();
  const source = printable(what, MAX_NAME_TEXT);
  if (der.length > MAX_LIST_BYTES) {
    draft.malformed.push(`${der.length} bytes, at most ${MAX_LIST_BYTES} are read`);
    return assemble(draft, { source, sha256: '', bytes: der.length });
  }
  try {
    readInto(draft, der);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    draft.malformed.push(cause.message);
  }
  return assemble(draft, { source, sha256: hash('sha256', der, 'hex'), bytes: der.length });
}

/**
 * Reads the lists in a file: PEM, several if there are, or one in DER. Throws FormatError (ERR_PEM_INVALID)
 * where it is neither; what is inside a list is judged by {@link parseCrl}, which does not throw.
 */
export function parseCrlFile(file: Uint8Array, what: string): readonly RevocationList[] {
  if (file[0] === TAG.sequence || file.length > MAX_LIST_FILE_BYTES) return [parseCrl(file, what)];
  const text = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1');
  return pemBlocks(text, what, LISTS).map((der) => parseCrl(der, what));
}

/** `CRL` is what @peculiar/x509 and old programs write. */
const LISTS = { labels: ['X509 CRL', 'CRL'], name: 'revocation list' };

/** A file in which there is no list, as a list that counts for nothing, so that it is said and not passed over. */
export function unreadableCrl(what: string, reason: string): RevocationList {
  const draft = emptyDraft();
  const source = printable(what, MAX_NAME_TEXT);
  draft.malformed.push(reason);
  return assemble(draft, { source, sha256: '', bytes: 0 });
}

function emptyDraft(): Draft {
  const nothing = new Uint8Array();
  return {
    version: 0,
    issuer: nothing,
    issuerKey: '',
    thisUpdate: new Date(0),
    nextUpdate: null,
    entries: null,
    number: null,
    deltaBase: null,
    authorityKeyId: null,
    point: null,
    scope: '',
    signatureAlgorithm: 'unknown',
    signed: nothing,
    signature: nothing,
    unusable: new Set(),
    malformed: [],
  };
}

/** RFC 5280 5.1, field by field. */
function readInto(draft: Draft, der: Uint8Array): void {
  const list = expectTag(readElement(der, 0, der.length), TAG.sequence, 'revocation list');
  if (list.end < der.length) throw new DerError('bytes after the end', list.end);
  const [tbsField, outer, signature, ...surplus] = children(list);
  const tbs = expectTag(tbsField, TAG.sequence, 'body', list.start);
  const outerAlgorithm = expectTag(outer, TAG.sequence, 'signature algorithm', list.start);
  checkFraming(outerAlgorithm);
  draft.signatureAlgorithm = signatureAlgorithmName(outerAlgorithm);
  const bits = content(expectTag(signature, TAG.bitString, 'signature', list.start));
  if (bits[0] !== 0) throw new DerError('signature with unused bits', signature?.start ?? 0);
  if (surplus.length > 0) throw new DerError('more than three parts', list.start);
  draft.signed = encoded(tbs);
  draft.signature = bits.subarray(1);

  const fields = children(tbs);
  draft.version = fields[0]?.tag === TAG.integer ? readVersion(fields.shift()) : 1;
  const inner = expectTag(fields.shift(), TAG.sequence, 'inner signature algorithm', tbs.start);
  if (hex(encoded(inner)) !== hex(encoded(outerAlgorithm))) {
    throw new DerError('two different signature algorithms', inner.start);
  }
  const issuer = expectTag(fields.shift(), TAG.sequence, 'issuer', tbs.start);
  checkFraming(issuer);
  // RFC 5280 5.1.2.3: the issuer is always named.
  if (issuer.contentStart === issuer.end) throw new DerError('empty issuer', issuer.start);
  draft.issuer = encoded(issuer);
  draft.issuerKey = directoryKey(draft.issuer);
  draft.thisUpdate = readTime(fields.shift(), tbs.start);
  if (fields[0]?.tag === TAG.utcTime || fields[0]?.tag === TAG.generalizedTime) {
    draft.nextUpdate = readTime(fields.shift(), tbs.start);
  }
  draft.entries = fields[0]?.tag === TAG.sequence ? (fields.shift() ?? null) : null;
  const extensions = fields.shift();
  if (fields.length > 0) throw new DerError('more fields than there are', tbs.start);
  if (extensions !== undefined) readExtensions(draft, expectTag(extensions, 0xa0, 'extensions'));
  if (draft.version === 2 && draft.number === null) {
    // RFC 5280 5.2.3: every list has one. Version 1 has no place for it, and still counts (RFC 5280 5).
    draft.unusable.add('it has no number');
  }
  checkEntries(draft);
}

function readVersion(field: DerElement | undefined): number {
  const octets = field === undefined ? new Uint8Array() : content(field);
  // Version 1 is not written (RFC 5280 5.1.2.1).
  if (octets.length !== 1 || octets[0] !== 1)
    throw new DerError('unknown version', field?.start ?? 0);
  return 2;
}

function readExtensions(draft: Draft, field: DerElement): void {
  if (draft.version !== 2) throw new DerError('extensions in a version 1 list', field.start);
  const [list, ...surplus] = children(field);
  const elements = children(expectTag(list, TAG.sequence, 'list of extensions', field.start));
  if (surplus.length > 0) throw new DerError('two lists of extensions', field.start);
  if (elements.length === 0) throw new DerError('empty list of extensions', field.start);
  if (elements.length > MAX_EXTENSIONS) {
    throw new DerError(`${elements.length} extensions, at most ${MAX_EXTENSIONS} are read`, 0);
  }
  const seen = new Set<string>();
  for (const element of elements) {
    const extension = readExtension(element);
    if (seen.has(extension.oid))
      throw new DerError(`${extension.oid} is there twice`, element.start);
    seen.add(extension.oid);
    const read = READERS[extension.oid];
    if (read !== undefined) read(draft, extension);
    // RFC 5280 5.2: such a list must not be used.
    else if (extension.critical && !WITHOUT_BEARING.includes(extension.oid)) {
      draft.unusable.add(`it has a critical extension that is not understood: ${extension.oid}`);
    }
  }
}

/** Issuer alternative name and freshest CRL: where else to look, which is not done here. */
const WITHOUT_BEARING = ['2.5.29.18', '2.5.29.46'];

/** RFC 5280 5.2.1, 5.2.3 to 5.2.5. */
const READERS: Readonly<Record<string, (draft: Draft, extension: RawExtension) => void>> = {
  '2.5.29.20': (draft, { value, critical }) => {
    draft.number = readNumber(value);
    // RFC 5280 5.2.3: never critical. A CA that says otherwise means something else by it.
    if (critical) draft.unusable.add('its number is marked as critical');
  },
  '2.5.29.27': (draft, { value }) => {
    draft.deltaBase = readNumber(value);
  },
  '2.5.29.28': (draft, { value }) => {
    checkFraming(readWhole(value));
    draft.point = readIssuingDistributionPoint(value, draft.issuer);
    draft.scope = hex(value);
  },
  '2.5.29.35': (draft, { value }) => {
    checkFraming(readWhole(value));
    try {
      const { keyIdentifier } = AsnConvert.parse(value, AuthorityKeyIdentifier);
      draft.authorityKeyId = keyIdentifier === undefined ? null : hex(keyIdentifier.buffer);
    } catch {
      throw new DerError('authority key identifier that cannot be read', 0);
    }
  },
};

function readNumber(value: Uint8Array): bigint {
  const element = expectTag(readWhole(value), TAG.integer, 'number');
  checkInteger(element);
  const octets = content(element);
  if (octets.length > MAX_NUMBER_OCTETS || (octets[0] ?? 0) >= 0x80) {
    throw new DerError('number that is negative or too long', 0);
  }
  return BigInt(`0x${hex(octets)}`);
}

/** RFC 5280 5.3: an entry with a critical extension that is not understood makes the whole list unusable. */
function checkEntries({ entries, version, point, unusable }: Draft): void {
  if (entries === null) return;
  walkEntries(entries, (entry) => {
    if (entry.extensions === null) return;
    if (version !== 2) throw new DerError('extensions in a version 1 list', entry.extensions.start);
    const { unknownCritical, issuers } = readEntryExtensions(entry.extensions);
    if (unknownCritical !== null) {
      unusable.add(`an entry has a critical extension that is not understood: ${unknownCritical}`);
    }
    if (issuers !== null && point?.isIndirect !== true) {
      unusable.add('it names other issuers without being an indirect list');
    }
  });
}

function assemble(
  draft: Draft,
  about: Pick<RevocationList, 'bytes' | 'sha256' | 'source'>,
): RevocationList {
  const { entries, issuerKey, malformed, point } = draft;
  const isIndirect = point?.isIndirect === true;
  const looked = new Map<string, readonly RevokedEntry[]>();
  return Object.freeze({
    ...about,
    version: draft.version,
    issuer: draft.issuer.length === 0 ? '(unreadable)' : nameText(draft.issuer),
    issuerKey,
    thisUpdate: draft.thisUpdate,
    nextUpdate: draft.nextUpdate,
    number: draft.number,
    deltaBase: draft.deltaBase,
    authorityKeyId: draft.authorityKeyId,
    issuingDistributionPoint: point,
    scope: draft.scope,
    signatureAlgorithm: draft.signatureAlgorithm,
    signed: draft.signed,
    signature: draft.signature,
    unusable: [...draft.unusable],
    malformed,
    find(serialNumber: Uint8Array, certificateIssuerKey: string) {
      if (entries === null || malformed.length > 0) return [];
      const key = `${hex(serialNumber)} ${certificateIssuerKey}`;
      const known = looked.get(key);
      if (known !== undefined) return known;
      const found = findEntries(entries, {
        issuerKey,
        isIndirect,
        serialNumber,
        certificateIssuerKey,
      });
      const [oldest] = looked.keys();
      if (looked.size >= MAX_LOOKED_UP && oldest !== undefined) looked.delete(oldest);
      looked.set(key, found);
      return found;
    },
  });
}
