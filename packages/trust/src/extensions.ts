/**
 * What the extensions of a certificate say (RFC 5280 4.2): decoded for diagnosis, and as text for the
 * person who looks. What decides who is trusted is read element by element here, since asn1-x509
 * passes over elements of a wrong type (ADR 0008); what is only shown is decoded by it.
 */

import { AsnConvert } from '@peculiar/asn1-schema';
import { AccessDescription, DistributionPoint, PolicyInformation } from '@peculiar/asn1-x509';
import type { GeneralName } from './certificate.ts';
import {
  checkFraming,
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  optionalParts,
  readBoolean,
  readOid,
  readWhole,
  TAG,
} from './der.ts';
import { nameText } from './distinguished-name.ts';
import { readDistributionPoints } from './distribution-points.ts';
import { checkGeneralName } from './general-name.ts';
import { type NameConstraints, readNameConstraints } from './name-constraints.ts';
import { addressFromBytes } from './names.ts';
import { MAX_NAME_TEXT, MAX_VALUE_TEXT, printable } from './printable.ts';

/** The extensions that Postern reads, by OID, with their English names. */
export const EXTENSION_NAMES: Readonly<Record<string, string>> = {
  '1.3.6.1.4.1.11129.2.4.2': 'signed certificate timestamps',
  '1.3.6.1.4.1.11129.2.4.3': 'certificate transparency poison',
  '1.3.6.1.5.5.7.1.1': 'authority information access',
  '1.3.6.1.5.5.7.1.11': 'subject information access',
  '1.3.6.1.5.5.7.1.14': 'proxy certificate information',
  '1.3.6.1.5.5.7.1.24': 'TLS feature',
  '2.16.840.1.113730.1.1': 'Netscape certificate type',
  '2.16.840.1.113730.1.13': 'Netscape comment',
  '2.5.29.14': 'subject key identifier',
  '2.5.29.15': 'key usage',
  '2.5.29.17': 'subject alternative name',
  '2.5.29.18': 'issuer alternative name',
  '2.5.29.19': 'basic constraints',
  '2.5.29.30': 'name constraints',
  '2.5.29.31': 'CRL distribution points',
  '2.5.29.32': 'certificate policies',
  '2.5.29.33': 'policy mappings',
  '2.5.29.35': 'authority key identifier',
  '2.5.29.36': 'policy constraints',
  '2.5.29.37': 'extended key usage',
  '2.5.29.54': 'inhibit any-policy',
};

/** RFC 5280 4.2.1.6. */
export const SUBJECT_ALT_NAME = '2.5.29.17';

/** RFC 5280 4.2.1.3, in the order of the bits. */
const KEY_USAGE_NAMES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

const EXTENDED_KEY_USAGE_NAMES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '2.5.29.37.0': 'anyExtendedKeyUsage',
};

/** RFC 5280 allows 20; what is longer is remarked on. */
const MAX_SERIAL_BYTES = 64;

/** A Name without any part, where the issuer's has no bearing. */
const EMPTY_NAME = Uint8Array.of(0x30, 0);

const CA_ISSUERS = '1.3.6.1.5.5.7.48.2';

/** An extension in its frame, as it stands in the certificate. */
export interface RawExtension {
  oid: string;
  critical: boolean;
  /** `critical` was written out although it is false, which DER forbids and some software does. */
  defaultEncoded: boolean;
  value: Uint8Array;
}

/** What the extensions say, as far as diagnosis needs it; null or empty where the extension is absent. */
export interface ExtensionFacts {
  isCa: boolean | null;
  pathLength: number | null;
  keyUsage: readonly string[] | null;
  extendedKeyUsage: readonly string[] | null;
  /** Whether the old Netscape certificate type, which OpenSSL still heeds, lets it be a TLS server; null where absent. */
  netscapeServer: boolean | null;
  subjectAltNames: readonly GeneralName[];
  subjectKeyId: string | null;
  authorityKeyId: string | null;
  authorityIssuerId: string | null;
  authoritySerialNumber: string | null;
  issuerUrls: readonly string[];
  /** Null where the extension is absent, or cannot be read, which is `malformed`. */
  nameConstraints: NameConstraints | null;
}

/** Reads one Extension (RFC 5280 4.1); throws DerError. */
export function readExtension(element: DerElement): RawExtension {
  const parts = children(expectTag(element, TAG.sequence, 'extension', element.start));
  const oid = readOid(expectTag(parts[0], TAG.oid, 'extension identifier', element.start));
  const flag = parts.length === 3 ? expectTag(parts[1], TAG.boolean, 'critical flag') : null;
  const value = parts[flag === null ? 1 : 2];
  if (parts.length > 3) throw new DerError('extension with too many parts', element.start);
  const critical = flag !== null && readBoolean(flag);
  return {
    oid,
    critical,
    defaultEncoded: flag !== null && !critical,
    value: content(expectTag(value, TAG.octetString, 'extension value', element.start)),
  };
}

/** Where the breaches of form go that OpenSSL accepts: a kind and one sentence. */
export type Odd = (kind: string, sentence: string) => void;

/**
 * Decodes what diagnosis needs. What cannot be read is told to `malformed` and left out; breaches of
 * form are told to `odd`.
 */
export function readFacts(
  extensions: readonly RawExtension[],
  malformed: (reason: string) => void,
  odd: Odd,
): ExtensionFacts {
  const facts: ExtensionFacts = {
    isCa: null,
    pathLength: null,
    keyUsage: null,
    extendedKeyUsage: null,
    netscapeServer: null,
    subjectAltNames: [],
    subjectKeyId: null,
    authorityKeyId: null,
    authorityIssuerId: null,
    authoritySerialNumber: null,
    issuerUrls: [],
    nameConstraints: null,
  };
  for (const { oid, value } of extensions) {
    const read = READERS[oid];
    if (read === undefined) continue;
    try {
      const element = readWhole(value);
      checkFraming(element);
      read(value, facts, element, odd);
    } catch (cause) {
      const detail = cause instanceof DerError ? cause.message : 'its structure';
      malformed(`${EXTENSION_NAMES[oid] ?? oid} cannot be read: ${detail}`);
    }
  }
  return facts;
}

type Reader = (value: Uint8Array, facts: ExtensionFacts, element: DerElement, odd: Odd) => void;

const READERS: Readonly<Record<string, Reader>> = {
  '2.5.29.19': (_value, facts, element) => {
    const whole = expectTag(element, TAG.sequence, 'basic constraints');
    const parts = optionalParts(whole, [TAG.boolean, TAG.integer]);
    const [ca, length] = [parts.get(TAG.boolean), parts.get(TAG.integer)];
    facts.isCa = ca !== undefined && readBoolean(ca);
    facts.pathLength = length === undefined ? null : readCount(length);
  },
  '2.5.29.15': (_value, facts, element) => {
    const bytes = readBits(expectTag(element, TAG.bitString, 'key usage'));
    facts.keyUsage = KEY_USAGE_NAMES.filter(
      (_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0,
    );
    // RFC 5280 4.2.1.3: at least one is set.
    if (facts.keyUsage.length === 0) throw new DerError('no usage', 0);
  },
  '2.5.29.37': (_value, facts, element) => {
    const usages = children(expectTag(element, TAG.sequence, 'list of usages'));
    // RFC 5280 4.2.1.12: SIZE (1..MAX).
    if (usages.length === 0) throw new DerError('empty', 0);
    facts.extendedKeyUsage = usages.map((usage) => {
      const oid = readOid(expectTag(usage, TAG.oid, 'usage', usage.start));
      return EXTENDED_KEY_USAGE_NAMES[oid] ?? oid;
    });
  },
  '2.16.840.1.113730.1.1': (_value, facts, element) => {
    const [bits = 0] = readBits(expectTag(element, TAG.bitString, 'certificate type'));
    // Bit 1 is the TLS server.
    facts.netscapeServer = (bits & 0x40) !== 0;
  },
  '2.5.29.17': (_value, facts, element) => {
    facts.subjectAltNames = readAlternativeNames(element);
  },
  '2.5.29.30': (_value, facts, element, odd) => {
    facts.nameConstraints = readNameConstraints(element, odd);
  },
  '2.5.29.14': (_value, facts, element) => {
    facts.subjectKeyId = hex(content(expectTag(element, TAG.octetString, 'key identifier')));
  },
  '2.5.29.35': (_value, facts, element) => {
    const whole = expectTag(element, TAG.sequence, 'authority key identifier');
    const parts = optionalParts(whole, [0x80, 0xa1, 0x82]);
    const [keyId, issuer, serial] = [parts.get(0x80), parts.get(0xa1), parts.get(0x82)];
    if (keyId !== undefined) facts.authorityKeyId = hex(content(keyId));
    if (issuer !== undefined) facts.authorityIssuerId = directoryNameId(issuer);
    if (serial !== undefined) facts.authoritySerialNumber = serialNumberOf(content(serial));
  },
  // Read for its form: what it says is for revocation-scope.ts.
  '2.5.29.31': (value) => {
    readDistributionPoints(value, EMPTY_NAME);
  },
  '1.3.6.1.5.5.7.1.1': (_value, facts, element) => {
    const places = children(expectTag(element, TAG.sequence, 'list of places'));
    if (places.length === 0) throw new DerError('empty', 0);
    facts.issuerUrls = places.flatMap((place) => {
      const [method, location] = children(expectTag(place, TAG.sequence, 'place', place.start));
      const oid = readOid(expectTag(method, TAG.oid, 'method', place.start));
      // Every name in a GeneralName has a context tag.
      if (location === undefined || location.tag < 0x80)
        throw new DerError('no place', place.start);
      return oid === CA_ISSUERS && location.tag === 0x86 ? [ia5(location)] : [];
    });
  },
};

/** The octets of a BIT STRING, whose unused bits are zero (X.690 11.2.1). */
function readBits(element: DerElement): Uint8Array {
  const [unused = 8, ...octets] = content(element);
  const last = octets.at(-1) ?? 0;
  const isWhole = unused === 0 || (unused < 8 && octets.length > 0);
  if (!isWhole || (last & ((1 << unused) - 1)) !== 0) {
    throw new DerError('bit string with unused bits that are set', element.start);
  }
  return Uint8Array.from(octets);
}

/** INTEGER (0..MAX); more than any path is long is as good as any. */
function readCount(element: DerElement): number {
  const octets = content(element);
  if ((octets[0] ?? 0) >= 0x80) throw new DerError('negative number', element.start);
  return octets.reduce((sum, octet) => Math.min(sum * 256 + octet, 1e9), 0);
}

/** The first directory name among general names, as DER in lower-case hex; empty where there is none. */
function directoryNameId(names: DerElement): string {
  for (const name of children(names)) checkGeneralName(name);
  const directory = children(names).find(({ tag }) => tag === 0xa4);
  const [name] = directory === undefined ? [] : children(directory);
  return name === undefined ? '' : hex(encoded(name));
}

/** A serial number as it is compared: its octets, as far as certificates are read. */
export function serialNumberOf(octets: Uint8Array): string {
  return hex(octets.subarray(0, MAX_SERIAL_BYTES));
}

/** GeneralNames (RFC 5280 4.2.1.6); throws DerError for names that are not what their type says. */
function readAlternativeNames(element: DerElement): GeneralName[] {
  const names = children(expectTag(element, TAG.sequence, 'list of names'));
  if (names.length === 0) throw new DerError('empty', 0);
  return names.map((name): GeneralName => {
    checkGeneralName(name);
    switch (name.tag) {
      case 0x81:
        return { type: 'email', value: ia5(name) };
      case 0x82:
        return { type: 'dns', value: ia5(name) };
      case 0x86:
        return { type: 'uri', value: ia5(name) };
      case 0x87: {
        const address = addressFromBytes(content(name));
        if (address === null) throw new DerError('IP address of a wrong length', name.start);
        return { type: 'ip', value: address };
      }
      case 0xa4: {
        const inner = children(name)[0];
        return { type: 'directory', value: inner === undefined ? '' : nameText(encoded(inner)) };
      }
      default:
        return { type: 'other', value: printable(hex(content(name)), MAX_NAME_TEXT) };
    }
  });
}

/** An IA5String, safe to print. What is escaped can no longer match any server name. */
function ia5(element: DerElement): string {
  const bytes = content(element);
  if (bytes.some((byte) => byte > 0x7f)) throw new DerError('name beyond ASCII', element.start);
  return printable(Buffer.from(bytes).toString('latin1'), MAX_NAME_TEXT);
}

/** The value of an extension for people; hex where it is not one of the known ones. */
export function extensionText({ oid, value }: RawExtension, facts: ExtensionFacts): string {
  const write = WRITERS[oid];
  try {
    return printable(write === undefined ? hex(value) : write(value, facts), MAX_VALUE_TEXT);
  } catch {
    return printable(hex(value), MAX_VALUE_TEXT);
  }
}

/** Elements of a list that are shown as text; a certificate may have thousands. */
const MAX_SHOWN = 20;

/** The first elements of a SEQUENCE OF, each whole. */
function firstOf(value: Uint8Array): Uint8Array[] {
  return children(readWhole(value)).slice(0, MAX_SHOWN).map(encoded);
}

const WRITERS: Readonly<Record<string, (value: Uint8Array, facts: ExtensionFacts) => string>> = {
  '2.5.29.19': (_, { isCa, pathLength }) =>
    `CA: ${isCa === true ? 'yes' : 'no'}${pathLength === null ? '' : `, path length ${pathLength}`}`,
  '2.5.29.15': (_, { keyUsage }) => (keyUsage ?? []).join(', '),
  '2.5.29.37': (_, { extendedKeyUsage }) => (extendedKeyUsage ?? []).join(', '),
  '2.5.29.17': (_, { subjectAltNames }) =>
    subjectAltNames.map(({ type, value }) => `${type}: ${value}`).join(', '),
  '2.5.29.14': (_, { subjectKeyId }) => subjectKeyId ?? '',
  '2.5.29.35': (_, { authorityKeyId, authorityIssuerId, authoritySerialNumber }) =>
    [
      authorityKeyId,
      authorityIssuerId && `issuer ${nameText(Buffer.from(authorityIssuerId, 'hex'))}`,
      authoritySerialNumber && `serial number ${authoritySerialNumber}`,
    ]
      .filter((part) => part)
      .join(', '),
  '1.3.6.1.5.5.7.1.1': (value) =>
    firstOf(value)
      .map((place) => AsnConvert.parse(place, AccessDescription))
      .map(({ accessMethod, accessLocation }) => {
        const method = accessMethod === CA_ISSUERS ? 'issuer' : 'OCSP';
        return `${method}: ${accessLocation.uniformResourceIdentifier ?? ''}`;
      })
      .join(', '),
  '2.5.29.31': (value) =>
    firstOf(value)
      .map((point) => AsnConvert.parse(point, DistributionPoint))
      .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
      .map((name) => name.uniformResourceIdentifier ?? '')
      .join(', '),
  '2.5.29.32': (value) =>
    firstOf(value)
      .map((policy) => AsnConvert.parse(policy, PolicyInformation).policyIdentifier)
      .join(', '),
  '2.5.29.30': (_, { nameConstraints }) => {
    const list = (names: NameConstraints['permitted'] = []): string =>
      names.map(({ type, text }) => `${type}: ${text}`).join(', ');
    return `permitted: ${list(nameConstraints?.permitted)}; excluded: ${list(nameConstraints?.excluded)}`;
  },
};

/** Lower-case hex of bytes. */
export function hex(bytes: ArrayBuffer | Uint8Array): string {
  return bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
    : Buffer.from(bytes).toString('hex');
}
