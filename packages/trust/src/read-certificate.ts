/**
 * Reads the DER of a certificate field by field (RFC 5280 4.1), strictly, keeping what comes before a
 * fault. Text, keys and the values of extensions are decoded when they are first looked at.
 */

import { hash, X509Certificate } from 'node:crypto';
import { publicKeyOf, signatureAlgorithmName } from './algorithms.ts';
import type { Certificate } from './certificate.ts';
import { readPolicies } from './certificate-policies.ts';
import {
  checkFraming,
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  readElement,
  readOid,
  readTime,
  TAG,
} from './der.ts';
import { commonNameOf, nameText, partsOf } from './distinguished-name.ts';
import {
  EXTENSION_NAMES,
  extensionText,
  hex,
  type RawExtension,
  readExtension,
  readFacts,
  SUBJECT_ALT_NAME,
  serialNumberOf,
} from './extensions.ts';
import { constrainedNamesOf } from './name-constraints.ts';
import { once } from './once.ts';

/**
 * Largest certificate that is read, in bytes: what rustls takes for a whole chain. OpenSSL takes 100 KiB
 * for a chain (SSL_MAX_CERT_LIST_DEFAULT); a certificate with a thousand names has about 25 KiB.
 */
export const MAX_CERTIFICATE_BYTES = 65_536;

/** Most extensions of one certificate; real ones have about 10. */
const MAX_EXTENSIONS = 64;

/** What is found while reading; starts as "nothing could be read". */
interface Draft {
  version: number;
  serial: Uint8Array;
  issuer: Uint8Array;
  subject: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  spki: Uint8Array;
  keyAlgorithm: string;
  signatureAlgorithm: string;
  extensions: RawExtension[];
  malformed: string[];
  oddities: { kind: string; sentence: string }[];
}

const NOTHING = new Uint8Array();

/**
 * Reads a certificate whose SHA-256 is known. Never throws; see `malformed`. The caller keeps the result:
 * see parseCertificate.
 */
export function readCertificate(source: Uint8Array, sha256: string): Certificate {
  const draft: Draft = {
    version: 0,
    serial: NOTHING,
    issuer: NOTHING,
    subject: NOTHING,
    notBefore: new Date(0),
    notAfter: new Date(0),
    spki: NOTHING,
    keyAlgorithm: 'unknown',
    signatureAlgorithm: 'unknown',
    extensions: [],
    malformed: [],
    oddities: [],
  };
  const tooLarge = source.length > MAX_CERTIFICATE_BYTES;
  // A copy: the caller may write to its buffer again, and this one stays in memory.
  const der = Uint8Array.from(tooLarge ? source.subarray(0, 0) : source);
  let x509: X509Certificate | null = null;
  if (tooLarge) {
    draft.malformed.push(`${source.length} bytes, at most ${MAX_CERTIFICATE_BYTES} are read`);
  } else {
    attempt(draft, () => readInto(draft, der));
    x509 = readWithOpenSsl(draft, der);
  }
  return assemble(der, sha256, x509, draft);
}

function readWithOpenSsl(draft: Draft, der: Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    if (draft.malformed.length === 0) draft.malformed.push('OpenSSL cannot read it');
    return null;
  }
}

function attempt(draft: Draft, step: () => void): void {
  try {
    step();
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    draft.malformed.push(cause.message);
  }
}

/** RFC 5280 4.1, field by field, so that what comes before a fault is kept. */
function readInto(draft: Draft, der: Uint8Array): void {
  const certificate = expectTag(readElement(der, 0, der.length), TAG.sequence, 'certificate');
  if (certificate.end < der.length) {
    draft.malformed.push(`${der.length - certificate.end} bytes after the end`);
  }
  const [tbsField, algorithmField, signature, ...surplus] = children(certificate);
  const tbs = expectTag(tbsField, TAG.sequence, 'body');
  const outerAlgorithm = expectTag(algorithmField, TAG.sequence, 'signature algorithm');
  draft.signatureAlgorithm = signatureAlgorithmName(outerAlgorithm);
  expectTag(signature, TAG.bitString, 'signature');
  if (surplus.length > 0) throw new DerError('more than three parts', certificate.start);

  const fields = children(tbs);
  const [versionField] = fields;
  const explicitVersion = versionField?.tag === 0xa0 ? fields.shift() : undefined;
  draft.version = explicitVersion === undefined ? 1 : readVersion(explicitVersion);
  const [serial, innerAlgorithm, issuer, validity, subject, spki] = fields;
  draft.serial = content(expectTag(serial, TAG.integer, 'serial number', tbs.start));
  const inner = expectTag(innerAlgorithm, TAG.sequence, 'inner signature algorithm', tbs.start);
  draft.issuer = encoded(expectTag(issuer, TAG.sequence, 'issuer', tbs.start));
  attempt(draft, () => readValidity(draft, expectTag(validity, TAG.sequence, 'validity')));
  draft.subject = encoded(expectTag(subject, TAG.sequence, 'subject', tbs.start));
  const key = expectTag(spki, TAG.sequence, 'public key', tbs.start);
  draft.spki = encoded(key);
  attempt(draft, () => readKeyAlgorithm(draft, key));
  attempt(draft, () => readTail(draft, fields.slice(6)));
  attempt(draft, () => checkFraming(certificate));
  // RFC 5280 4.1.1.2: both name the same algorithm.
  if (hex(encoded(inner)) !== hex(encoded(outerAlgorithm))) {
    draft.malformed.push('two different signature algorithms');
  }
  attempt(draft, () => partsOf(draft.issuer));
  attempt(draft, () => partsOf(draft.subject));
  checkSerial(draft);
  if (draft.issuer.length === 2) {
    odd(draft, 'empty-issuer', 'The certificate does not name its issuer.');
  }
}

function readVersion(field: DerElement): number {
  const [value] = children(field);
  const octets = content(expectTag(value, TAG.integer, 'version', field.start));
  const number = octets.length === 1 ? (octets[0] ?? 0) : 255;
  if (number > 2) throw new DerError('version above 3', field.start);
  // X.690 11.5: a default value is not written.
  if (number === 0) throw new DerError('version 1 written out', field.start);
  return number + 1;
}

function readTail(draft: Draft, tail: readonly DerElement[]): void {
  let last = 0;
  for (const field of tail) {
    if (field.tag <= last) throw new DerError('fields out of order', field.start);
    last = field.tag;
    if (field.tag === 0x81 || field.tag === 0x82) {
      if (draft.version < 2) draft.malformed.push('unique identifier in a version 1 certificate');
      // RFC 5280 4.1.2.8.
      odd(
        draft,
        'unique-identifier',
        'The certificate has a unique identifier, which no CA may give.',
      );
    } else if (field.tag === 0xa3) {
      readExtensions(draft, field);
    } else {
      throw new DerError('unknown field', field.start);
    }
  }
}

function readExtensions(draft: Draft, field: DerElement): void {
  if (draft.version !== 3) {
    draft.malformed.push(`extensions in a version ${draft.version} certificate`);
  }
  const [list] = children(field);
  const elements = children(expectTag(list, TAG.sequence, 'list of extensions', field.start));
  if (elements.length === 0) throw new DerError('empty list of extensions', field.start);
  if (elements.length > MAX_EXTENSIONS) {
    throw new DerError(`${elements.length} extensions, at most ${MAX_EXTENSIONS} are read`, 0);
  }
  const seen = new Set<string>();
  for (const element of elements) {
    const extension = readExtension(element);
    const name = EXTENSION_NAMES[extension.oid] ?? extension.oid;
    // RFC 5280 4.2: no more than one of each.
    if (seen.has(extension.oid)) draft.malformed.push(`${name} is there twice`);
    else draft.extensions.push(extension);
    seen.add(extension.oid);
    if (extension.defaultEncoded) {
      odd(draft, 'default-encoded', `The ${name} is marked as not critical in so many words.`);
    }
  }
}

function readValidity(draft: Draft, validity: DerElement): void {
  const [notBefore, notAfter] = children(validity);
  // Both or none: one bound alone would make the certificate look expired.
  const from = readDate(draft, notBefore, validity);
  const until = readDate(draft, notAfter, validity);
  draft.notBefore = from;
  draft.notAfter = until;
}

function readDate(draft: Draft, field: DerElement | undefined, parent: DerElement): Date {
  const instant = readTime(field, parent.start);
  if (field?.tag === TAG.generalizedTime && instant.getUTCFullYear() < 2050) {
    odd(draft, 'time-encoding', 'A date before 2050 is not written in the short form.');
  }
  return instant;
}

function readKeyAlgorithm(draft: Draft, spki: DerElement): void {
  const [algorithm, key] = children(spki);
  expectTag(key, TAG.bitString, 'public key bits', spki.start);
  const sequence = expectTag(algorithm, TAG.sequence, 'key algorithm', spki.start);
  const [oid, parameters] = children(sequence);
  const id = readOid(expectTag(oid, TAG.oid, 'key algorithm', spki.start));
  draft.keyAlgorithm = id;
  // RFC 5480 2.1.1: only named curves; OpenSSL refuses explicit ones, which have let attackers choose (CVE-2020-0601).
  if (id === '1.2.840.10045.2.1' && parameters?.tag !== TAG.oid) {
    throw new DerError('curve that is not a named one', sequence.start);
  }
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets. OpenSSL takes others, so do we, with a remark. */
function checkSerial(draft: Draft): void {
  const [first = 0] = draft.serial;
  if (first >= 0x80 || draft.serial.every((octet) => octet === 0)) {
    odd(draft, 'serial-not-positive', 'The serial number is not a positive number.');
  }
  if (draft.serial.length > 20) {
    odd(
      draft,
      'serial-too-long',
      `The serial number has ${draft.serial.length} bytes, 20 allowed.`,
    );
  }
}

function odd(draft: Draft, kind: string, sentence: string): void {
  if (!draft.oddities.some((oddity) => oddity.kind === kind))
    draft.oddities.push({ kind, sentence });
}

function assemble(
  der: Uint8Array,
  sha256: string,
  x509: X509Certificate | null,
  draft: Draft,
): Certificate {
  // Of some 150 roots few are ever looked into, so their extensions wait.
  const facts = once(() =>
    readFacts(
      draft.extensions,
      (reason) => draft.malformed.push(reason),
      (kind, sentence) => odd(draft, kind, sentence),
    ),
  );
  const constrainedNames = once(() => {
    const names = draft.extensions.find(({ oid }) => oid === SUBJECT_ALT_NAME)?.value ?? null;
    return orNull(() => constrainedNamesOf(draft.subject, names));
  });
  const policies = once(() => orNull(() => readPolicies(draft.extensions)));
  const sha1 = once(() => hash('sha1', der, 'hex'));
  const subject = once(() => nameText(draft.subject));
  const issuer = once(() => nameText(draft.issuer));
  const commonName = once(() => commonNameOf(draft.subject));
  const publicKey = once(() => publicKeyOf(x509, draft.keyAlgorithm));
  const extensions = once(() =>
    draft.extensions.map((raw) => ({
      oid: raw.oid,
      name: EXTENSION_NAMES[raw.oid] ?? raw.oid,
      critical: raw.critical,
      get value() {
        return extensionText(raw, facts());
      },
    })),
  );
  return Object.freeze({
    der,
    sha256,
    get sha1() {
      return sha1();
    },
    version: draft.version,
    serialNumber: serialNumberOf(draft.serial),
    get subject() {
      return subject();
    },
    get issuer() {
      return issuer();
    },
    subjectId: hex(draft.subject),
    issuerId: hex(draft.issuer),
    get commonName() {
      return commonName();
    },
    notBefore: draft.notBefore,
    notAfter: draft.notAfter,
    get publicKey() {
      return publicKey();
    },
    spkiSha256: hash('sha256', draft.spki, 'hex'),
    signatureAlgorithm: draft.signatureAlgorithm,
    get extensions() {
      return extensions();
    },
    get isCa() {
      return facts().isCa;
    },
    get pathLength() {
      return facts().pathLength;
    },
    get keyUsage() {
      return facts().keyUsage;
    },
    get extendedKeyUsage() {
      return facts().extendedKeyUsage;
    },
    get netscapeServer() {
      return facts().netscapeServer;
    },
    get subjectAltNames() {
      return facts().subjectAltNames;
    },
    get subjectKeyId() {
      return facts().subjectKeyId;
    },
    get authorityKeyId() {
      return facts().authorityKeyId;
    },
    get authorityIssuerId() {
      return facts().authorityIssuerId;
    },
    get authoritySerialNumber() {
      return facts().authoritySerialNumber;
    },
    get issuerUrls() {
      return facts().issuerUrls;
    },
    get nameConstraints() {
      return facts().nameConstraints;
    },
    get constrainedNames() {
      return constrainedNames();
    },
    get policies() {
      return policies();
    },
    get malformed() {
      facts();
      return draft.malformed;
    },
    get oddities() {
      facts();
      return draft.oddities;
    },
    x509,
  });
}

/** Null where what a certificate says cannot be read, whatever reads it. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
