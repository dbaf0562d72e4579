/**
 * One parsed X.509 certificate, as plain data for diagnosis, terminal and desk, and the two notations
 * around it: PEM and fingerprints. Reading judges form alone; what is wrong with a chain is diagnose's.
 */

import { hash, type X509Certificate } from 'node:crypto';
import { FormatError } from './errors.ts';
import { readCertificate } from './read-certificate.ts';

/** A name in subject alternative name or a name constraint. */
export interface GeneralName {
  type: 'dns' | 'email' | 'ip' | 'other' | 'uri' | 'directory';
  value: string;
}

export interface Extension {
  oid: string;
  /** English name where known, else the OID. */
  name: string;
  critical: boolean;
  /** Human-readable value: escaped plain text, bounded in length. */
  value: string;
}

/**
 * A parsed certificate. Text fields are plain text, bounded, with control and bidi characters
 * escaped, safe to print. `malformed` lists what could not be read; the other fields then hold
 * what could.
 */
export interface Certificate {
  readonly der: Uint8Array;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Lower-case hex; shown, never compared. */
  readonly sha1: string;
  readonly version: number;
  readonly serialNumber: string;
  /** RFC 4514-like, for people; never compared. */
  readonly subject: string;
  readonly issuer: string;
  /** DER of the names, lower-case hex, for matching subject and issuer. */
  readonly subjectId: string;
  readonly issuerId: string;
  readonly commonName: string | null;
  /** Both bounds are inclusive, to the second (RFC 5280 4.1.2.5). The epoch where they cannot be read. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subjectAltNames: readonly GeneralName[];
  readonly publicKey: { algorithm: string; bits: number | null; curve: string | null };
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
  readonly signatureAlgorithm: string;
  readonly isCa: boolean | null;
  readonly pathLength: number | null;
  readonly keyUsage: readonly string[] | null;
  readonly extendedKeyUsage: readonly string[] | null;
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  /** The issuer and serial number are given beside the key identifier (RFC 5280 4.2.1.1: as zmcertmgr does). */
  readonly authorityKeyIdHasSerial: boolean;
  /** Where the CA publishes the issuer's certificate (RFC 5280 4.2.2.1, caIssuers); never fetched here. */
  readonly issuerUrls: readonly string[];
  readonly extensions: readonly Extension[];
  readonly malformed: readonly string[];
  /** Breaches of form that OpenSSL accepts: each a kebab-case kind and one sentence. */
  readonly oddities: readonly { kind: string; sentence: string }[];
  /** For signature checks; null where even `node:crypto` cannot read the certificate. */
  readonly x509: X509Certificate | null;
}

/** Certificates kept in memory: several generations of 150 roots, and the chains of some hundred servers. */
const MAX_CACHED = 1024;

const cache = new Map<string, Certificate>();

/**
 * Reads a certificate. Never throws: what cannot be read is listed in `malformed`. One that was read
 * before comes from memory, by its SHA-256, so the object is shared and frozen. Text and keys are
 * decoded when they are first looked at.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const sha256 = hash('sha256', der, 'hex');
  const known = cache.get(sha256);
  if (known !== undefined) {
    // Last used goes last, so that the first is the one to drop.
    cache.delete(sha256);
    cache.set(sha256, known);
    return known;
  }
  const certificate = readCertificate(der, sha256);
  const [oldest] = cache.keys();
  if (cache.size >= MAX_CACHED && oldest !== undefined) cache.delete(oldest);
  cache.set(sha256, certificate);
  return certificate;
}

/**
 * The DER of every certificate in a PEM text, in its order; blocks of other kinds are passed over.
 * `what` names the file for the message. Throws FormatError (ERR_PEM_INVALID) where there is no
 * certificate, a block does not end, or is not base64; does not look inside: see {@link parseCertificate}.
 */
export function parsePem(text: string, what: string): Uint8Array[] {
  const found: Uint8Array[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const label = match[1] ?? '';
    const closing = `-----END ${label}-----`;
    const end = text.indexOf(closing, begin.lastIndex);
    if (end < 0) throw invalidPem(`block "${label}" does not end`, what, match.index);
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') {
      const base64 = text.slice(begin.lastIndex, end).replace(/\s+/g, '');
      const der = Buffer.from(base64, 'base64');
      if (base64 === '' || der.toString('base64') !== base64) {
        throw invalidPem('certificate is not base64', what, match.index);
      }
      found.push(Uint8Array.from(der));
    }
    begin.lastIndex = end + closing.length;
  }
  if (found.length === 0) throw invalidPem('there is no certificate', what);
  return found;
}

function invalidPem(message: string, what: string, offset?: number): FormatError {
  return new FormatError('ERR_PEM_INVALID', message, {
    what,
    ...(offset === undefined ? {} : { offset }),
  });
}

/** A certificate as PEM (RFC 7468), with a line break at the end. */
export function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A fingerprint as people compare it: upper-case pairs with colons. */
export function formatFingerprint(sha256: string): string {
  return (sha256.toUpperCase().match(/../g) ?? []).join(':');
}

/**
 * Reads a SHA-256 fingerprint in any usual notation: with colons, spaces, hyphens or nothing, either
 * case, after `SHA256:` or `sha256 Fingerprint=` (OpenSSL), with the invisible mark that Windows puts
 * in front when it is copied. Lower-case hex, or null for anything else, SHA-1 among it.
 */
export function parseFingerprint(text: string): string | null {
  const digits = text
    .slice(0, 256)
    .replace(/[\u200e\u200f\ufeff]/g, '')
    .replace(/^\s*sha-?256(?:\s+fingerprint)?\s*[:=]?/i, '')
    .replace(/[\s:-]/g, '')
    .toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}
