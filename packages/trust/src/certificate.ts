/**
 * One parsed X.509 certificate, as plain data for diagnosis, terminal and desk, and the two notations
 * around it: PEM and fingerprints. Reading judges form alone; what is wrong with a chain is diagnose's.
 */

import { hash, type X509Certificate } from 'node:crypto';
import type { PolicyFacts } from './certificate-policies.ts';
import type { ConstrainedName, NameConstraints } from './name-constraints.ts';
import { pemBlocks } from './pem.ts';
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
  readonly publicKey: {
    algorithm: string;
    bits: number | null;
    curve: string | null;
    /** False for an RSA exponent that is one, even or huge: no signature is checked with it. */
    isUsable: boolean;
  };
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
  readonly signatureAlgorithm: string;
  readonly isCa: boolean | null;
  readonly pathLength: number | null;
  readonly keyUsage: readonly string[] | null;
  readonly extendedKeyUsage: readonly string[] | null;
  /** What the old Netscape certificate type says of TLS servers; null where it is absent. */
  readonly netscapeServer: boolean | null;
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  /** DER of the name of the issuer's issuer, lower-case hex, where it is given (RFC 5280 4.2.1.1: as zmcertmgr does). */
  readonly authorityIssuerId: string | null;
  /** The issuer's serial number, where it is given beside. */
  readonly authoritySerialNumber: string | null;
  /** Where the CA publishes the issuer's certificate (RFC 5280 4.2.2.1, caIssuers); never fetched here. */
  readonly issuerUrls: readonly string[];
  readonly nameConstraints: NameConstraints | null;
  /** Names that the constraints of issuers bind; null where they cannot be read. */
  readonly constrainedNames: readonly ConstrainedName[] | null;
  /** Null where they cannot be read. */
  readonly policies: PolicyFacts | null;
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
  return pemBlocks(text, what, CERTIFICATES);
}

const CERTIFICATES = { labels: ['CERTIFICATE', 'X509 CERTIFICATE'], name: 'certificate' };

/** A certificate as PEM (RFC 7468), with a line break at the end. */
export function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** A name as a list shows it: a DNS name as it is, any other with its kind, `ip:192.0.2.7`. */
export function generalNameText({ type, value }: GeneralName): string {
  return type === 'dns' ? value : `${type}:${value}`;
}

/** The kind of key and its size: `rsa (2048 bits)`, `ec (prime256v1)`. */
export function keyText({ publicKey: { algorithm, bits, curve } }: Certificate): string {
  const size = curve ?? (bits === null ? null : `${bits} bits`);
  return size === null ? algorithm : `${algorithm} (${size})`;
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
