/**
 * What the extensions of a certificate say (RFC 5280 4.2): decoded for diagnosis, and as text for the
 * person who looks. Values are decoded by asn1-x509 once their framing is known to be DER; the
 * alternative names are read byte by byte here, since what they say decides who is trusted.
 */

import { AsnConvert } from '@peculiar/asn1-schema';
import {
  AuthorityInfoAccessSyntax,
  AuthorityKeyIdentifier,
  BasicConstraints,
  CertificatePolicies,
  CRLDistributionPoints,
  ExtendedKeyUsage,
  KeyUsage,
  Name,
  NameConstraints,
  SubjectKeyIdentifier,
} from '@peculiar/asn1-x509';
import type { GeneralName } from './certificate.ts';
import {
  checkFraming,
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  readBoolean,
  readOid,
  readWhole,
  TAG,
} from './der.ts';
import { addressFromBytes } from './names.ts';
import { escapeAttributeValue, MAX_NAME_TEXT, MAX_VALUE_TEXT, printable } from './printable.ts';

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

const CA_ISSUERS = '1.3.6.1.5.5.7.48.2';

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

const COMMON_NAME = '2.5.4.3';

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
  subjectAltNames: readonly GeneralName[];
  subjectKeyId: string | null;
  authorityKeyId: string | null;
  authorityKeyIdHasSerial: boolean;
  issuerUrls: readonly string[];
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

/** Decodes what diagnosis needs. What cannot be read is told to `malformed` and left out. */
export function readFacts(
  extensions: readonly RawExtension[],
  malformed: (reason: string) => void,
): ExtensionFacts {
  const facts: ExtensionFacts = {
    isCa: null,
    pathLength: null,
    keyUsage: null,
    extendedKeyUsage: null,
    subjectAltNames: [],
    subjectKeyId: null,
    authorityKeyId: null,
    authorityKeyIdHasSerial: false,
    issuerUrls: [],
  };
  for (const { oid, value } of extensions) {
    const read = READERS[oid];
    if (read === undefined) continue;
    try {
      const element = readWhole(value);
      checkFraming(element);
      read(value, facts, element);
    } catch (cause) {
      const detail = cause instanceof DerError ? cause.message : 'its structure';
      malformed(`${EXTENSION_NAMES[oid] ?? oid} cannot be read: ${detail}`);
    }
  }
  return facts;
}

type Reader = (value: Uint8Array, facts: ExtensionFacts, element: DerElement) => void;

const READERS: Readonly<Record<string, Reader>> = {
  '2.5.29.19': (value, facts) => {
    const { cA, pathLenConstraint } = AsnConvert.parse(value, BasicConstraints);
    facts.isCa = cA;
    if ((pathLenConstraint ?? 0) < 0) throw new DerError('negative path length', 0);
    facts.pathLength = pathLenConstraint ?? null;
  },
  '2.5.29.15': (value, facts) => {
    const bits = AsnConvert.parse(value, KeyUsage).toNumber();
    facts.keyUsage = KEY_USAGE_NAMES.filter((_, bit) => (bits & (1 << bit)) !== 0);
  },
  '2.5.29.37': (value, facts) => {
    const usages = [...AsnConvert.parse(value, ExtendedKeyUsage)];
    // RFC 5280 4.2.1.12: SIZE (1..MAX).
    if (usages.length === 0) throw new DerError('empty', 0);
    facts.extendedKeyUsage = usages.map((oid) => EXTENDED_KEY_USAGE_NAMES[oid] ?? oid);
  },
  '2.5.29.17': (_value, facts, element) => {
    facts.subjectAltNames = readAlternativeNames(element);
  },
  '2.5.29.14': (value, facts) => {
    facts.subjectKeyId = hex(AsnConvert.parse(value, SubjectKeyIdentifier).buffer);
  },
  '2.5.29.35': (value, facts) => {
    const { keyIdentifier, authorityCertSerialNumber } = AsnConvert.parse(
      value,
      AuthorityKeyIdentifier,
    );
    facts.authorityKeyId = keyIdentifier === undefined ? null : hex(keyIdentifier.buffer);
    facts.authorityKeyIdHasSerial = authorityCertSerialNumber !== undefined;
  },
  '1.3.6.1.5.5.7.1.1': (value, facts) => {
    facts.issuerUrls = [...AsnConvert.parse(value, AuthorityInfoAccessSyntax)].flatMap(
      ({ accessMethod, accessLocation: { uniformResourceIdentifier: url } }) =>
        accessMethod === CA_ISSUERS && url !== undefined ? [printable(url, MAX_NAME_TEXT)] : [],
    );
  },
};

/** GeneralNames (RFC 5280 4.2.1.6); throws DerError for names that are not what their type says. */
function readAlternativeNames(element: DerElement): GeneralName[] {
  const names = children(expectTag(element, TAG.sequence, 'list of names'));
  if (names.length === 0) throw new DerError('empty', 0);
  return names.map((name): GeneralName => {
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
      case 0xa0:
      case 0xa3:
      case 0xa5:
      case 0x88:
        return { type: 'other', value: printable(hex(content(name)), MAX_NAME_TEXT) };
      default:
        throw new DerError('name of an unknown type', name.start);
    }
  });
}

/** An IA5String, safe to print. What is escaped can no longer match any server name. */
function ia5(element: DerElement): string {
  const bytes = content(element);
  if (bytes.some((byte) => byte > 0x7f)) throw new DerError('name beyond ASCII', element.start);
  return printable(Buffer.from(bytes).toString('latin1'), MAX_NAME_TEXT);
}

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

function readAttributes(der: Uint8Array): { type: string; value: string }[] | null {
  try {
    return [...AsnConvert.parse(der, Name)].flatMap((set) =>
      [...set].map(({ type, value }) => ({ type, value: value.toString() })),
    );
  } catch {
    return null;
  }
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

const WRITERS: Readonly<Record<string, (value: Uint8Array, facts: ExtensionFacts) => string>> = {
  '2.5.29.19': (_, { isCa, pathLength }) =>
    `CA: ${isCa === true ? 'yes' : 'no'}${pathLength === null ? '' : `, path length ${pathLength}`}`,
  '2.5.29.15': (_, { keyUsage }) => (keyUsage ?? []).join(', '),
  '2.5.29.37': (_, { extendedKeyUsage }) => (extendedKeyUsage ?? []).join(', '),
  '2.5.29.17': (_, { subjectAltNames }) =>
    subjectAltNames.map(({ type, value }) => `${type}: ${value}`).join(', '),
  '2.5.29.14': (_, { subjectKeyId }) => subjectKeyId ?? '',
  '2.5.29.35': (_, { authorityKeyId, authorityKeyIdHasSerial }) =>
    `${authorityKeyId ?? ''}${authorityKeyIdHasSerial ? ' (with issuer and serial number)' : ''}`,
  '1.3.6.1.5.5.7.1.1': (value) =>
    [...AsnConvert.parse(value, AuthorityInfoAccessSyntax)]
      .map(({ accessMethod, accessLocation }) => {
        const method = accessMethod === CA_ISSUERS ? 'issuer' : 'OCSP';
        return `${method}: ${accessLocation.uniformResourceIdentifier ?? ''}`;
      })
      .join(', '),
  '2.5.29.31': (value) =>
    [...AsnConvert.parse(value, CRLDistributionPoints)]
      .flatMap(({ distributionPoint }) => distributionPoint?.fullName ?? [])
      .map((name) => name.uniformResourceIdentifier ?? '')
      .join(', '),
  '2.5.29.32': (value) =>
    [...AsnConvert.parse(value, CertificatePolicies)].map((p) => p.policyIdentifier).join(', '),
  '2.5.29.30': (value) => {
    const { permittedSubtrees, excludedSubtrees } = AsnConvert.parse(value, NameConstraints);
    const list = (trees: typeof permittedSubtrees): string =>
      [...(trees ?? [])]
        .map(({ base }) => base.dNSName ?? base.iPAddress ?? base.rfc822Name ?? 'another name')
        .join(', ');
    return `permitted: ${list(permittedSubtrees)}; excluded: ${list(excludedSubtrees)}`;
  },
};

/** Lower-case hex of bytes. */
export function hex(bytes: ArrayBuffer | Uint8Array): string {
  return bytes instanceof Uint8Array
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
    : Buffer.from(bytes).toString('hex');
}
