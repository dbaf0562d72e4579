/**
 * Compares the certificate that a server shows with the one it showed before: what the change is,
 * by keys and checked signatures and never by a name, and the two side by side. Pure. It explains; it does
 * not decide.
 */

import type { X509Certificate } from 'node:crypto';
import { type Certificate, generalNameText, keyText, parseCertificate } from './certificate.ts';
import type { Diagnosis } from './diagnose.ts';
import type { ExpectedCertificate } from './question.ts';

/**
 * What is proven of the change: the `same-certificate`; the `same-key` in another one; another key, which the
 * same issuer's key has signed (`new-key-same-issuer`); signed by another issuer's key; or none of it.
 */
export type CertificateChange =
  | 'new-key-same-issuer'
  | 'other-issuer'
  | 'same-certificate'
  | 'same-key'
  | 'unknown';

/** Rows of a comparison. `spki` is the SHA-256 of the key, `sha256` of the whole certificate. */
export type ComparedField =
  | 'issuer'
  | 'key'
  | 'names'
  | 'not-after'
  | 'not-before'
  | 'serial-number'
  | 'sha256'
  | 'signature'
  | 'spki'
  | 'subject';

/** One field of both. Instants are ISO 8601 in UTC, digests lower-case hex; null is not known, or not readable. */
export interface ComparedRow {
  field: ComparedField;
  old: string | null;
  new: string | null;
  /** Judged by what the certificate holds: two long names may differ where their text is cut. Null if not known. */
  differs: boolean | null;
}

/** Two certificates of one server, the old and the new. */
export interface Comparison {
  /** The gravest that can be said: `was-verified` stands above every kind of change. */
  judgement: CertificateChange | 'was-verified';
  change: CertificateChange;
  /** False where only the fingerprint of the old certificate was kept. */
  isOldKept: boolean;
  rows: readonly ComparedRow[];
}

/** What there is to compare. */
export interface CompareInput {
  expected: ExpectedCertificate;
  /** What is presented now. Issuers are looked for in its chain and in its path. */
  diagnosis: Pick<Diagnosis, 'chain' | 'path'>;
  /** Certificates from elsewhere that may be an issuer's; what they have not signed they say nothing of. */
  fetched?: readonly Certificate[];
  /** The server was verified when it showed the old certificate. */
  wasSecure: boolean;
}

/**
 * Compares. Null if no certificate is presented now. "The same issuer" is the same key by a checked
 * signature: a certificate at hand whose key has signed both. Where none at hand has signed either, the
 * change is `unknown`, whatever the names say.
 */
export function compareCertificates(input: CompareInput): Comparison | null {
  const { expected, diagnosis, wasSecure, fetched = [] } = input;
  const [presented] = diagnosis.chain;
  if (presented === undefined) return null;
  const old = keptCertificate(expected, presented);
  const onPath = diagnosis.path.map(({ certificate }) => certificate);
  const change = changeOf(old, presented, [...diagnosis.chain, ...onPath, ...fetched]);
  return {
    judgement: wasSecure ? 'was-verified' : change,
    change,
    isOldKept: old !== null,
    rows: rowsOf(expected, old, presented),
  };
}

/** One sentence for people. It says what is proven, and where a name would say otherwise. */
export function describeJudgement({ judgement, change, isOldKept, rows }: Comparison): string {
  const isNamesake =
    change === 'other-issuer' &&
    rows.some(({ field, differs }) => field === 'issuer' && differs === false);
  const shown = isOldKept
    ? `${CHANGES[change]}${isNamesake ? ' that has the same name' : ''}`
    : 'another certificate than before, of which only the fingerprint was kept';
  return judgement === 'was-verified'
    ? `This server was verified before and is not now: it shows ${shown}.`
    : `It shows ${shown}.`;
}

const CHANGES: Readonly<Record<CertificateChange, string>> = {
  'same-certificate': 'the same certificate as before',
  'same-key': 'a renewed certificate with the same key as before',
  'new-key-same-issuer':
    'another certificate than before, with a new key, signed by the same issuer',
  'other-issuer': 'another certificate than before, with a new key, signed by another issuer',
  unknown:
    'another certificate than before, with a new key, and whether the same issuer signed it is not known',
};

/** The certificate of before, if what was kept is that one. */
function keptCertificate(
  { sha256, der }: ExpectedCertificate,
  presented: Certificate,
): Certificate | null {
  if (sha256 === presented.sha256) return presented;
  const kept = der === null ? null : parseCertificate(der);
  return kept?.sha256 === sha256 ? kept : null;
}

function changeOf(
  old: Certificate | null,
  presented: Certificate,
  others: readonly Certificate[],
): CertificateChange {
  if (old === null) return 'unknown';
  if (old.sha256 === presented.sha256) return 'same-certificate';
  if (haveSameKey(old, presented)) return 'same-key';
  const atHand = new Map([...others, old].map((each) => [each.spkiSha256, each]));
  let isEitherKnown = false;
  for (const issuer of atHand.values()) {
    const signedNew = isSignedBy(presented, issuer);
    const signedOld = isSignedBy(old, issuer);
    if (signedNew && signedOld) return 'new-key-same-issuer';
    isEitherKnown ||= signedNew || signedOld;
  }
  return isEitherKnown ? 'other-issuer' : 'unknown';
}

/** As OpenSSL reads them: the key that the server has shown to hold is the one that OpenSSL read. */
function haveSameKey(a: Certificate, b: Certificate): boolean {
  try {
    return a.x509 !== null && b.x509?.publicKey.equals(a.x509.publicKey) === true;
  } catch {
    return false;
  }
}

function isSignedBy(child: Certificate, { x509 }: Certificate): boolean {
  try {
    return x509 !== null && isUsualKey(x509) && child.x509?.verify(x509.publicKey) === true;
  } catch {
    return false;
  }
}

/** Largest exponent that Windows CryptoAPI holds (RSAPUBKEY); authorities use 65537, long ago 3. */
const MAX_RSA_EXPONENT = 2n ** 32n;

/**
 * Whether that a signature fits this key says who made it. For a given signature somebody can *make* an RSA key
 * with a huge exponent, or a curve of their own, under which it verifies, and sign with that key
 * (duplicate-signature key selection, Blake-Wilson and Menezes 1999): a hostile server could so pass for the
 * issuer of the certificate before.
 */
function isUsualKey({ publicKey }: X509Certificate): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey;
  if (type === 'rsa' || type === 'rsa-pss') {
    const exponent = details?.publicExponent;
    return exponent !== undefined && exponent <= MAX_RSA_EXPONENT;
  }
  if (type === 'ec') return details?.namedCurve !== undefined;
  return type === 'ed25519' || type === 'ed448';
}

const FIELDS: readonly {
  field: ComparedField;
  read: (of: Certificate) => string | null;
  /** What is compared, where it is not what is shown. */
  compared?: (of: Certificate) => string;
}[] = [
  { field: 'subject', read: ({ subject }) => subject, compared: ({ subjectId }) => subjectId },
  {
    field: 'names',
    read: (certificate) => namesText(certificate, MAX_NAMES),
    compared: (certificate) => namesText(certificate, Number.POSITIVE_INFINITY),
  },
  { field: 'issuer', read: ({ issuer }) => issuer, compared: ({ issuerId }) => issuerId },
  { field: 'key', read: keyText },
  { field: 'spki', read: ({ spkiSha256 }) => (spkiSha256 === '' ? null : spkiSha256) },
  { field: 'not-before', read: ({ notBefore }) => instantOf(notBefore) },
  { field: 'not-after', read: ({ notAfter }) => instantOf(notAfter) },
  { field: 'serial-number', read: ({ serialNumber }) => serialNumber },
  { field: 'signature', read: ({ signatureAlgorithm }) => signatureAlgorithm },
  { field: 'sha256', read: ({ sha256 }) => sha256 },
];

/** Names of one certificate that are shown; it may have thousands, and the question must stay in sight. */
const MAX_NAMES = 10;

function namesText({ subjectAltNames }: Certificate, limit: number): string {
  const shown = subjectAltNames.slice(0, limit).map(generalNameText).join(', ');
  const left = subjectAltNames.length - limit;
  return left > 0 ? `${shown} and ${left} more` : shown;
}

function rowsOf(
  expected: ExpectedCertificate,
  old: Certificate | null,
  presented: Certificate,
): ComparedRow[] {
  return FIELDS.map(({ field, read, compared = read }) => {
    const fresh = read(presented);
    if (field === 'sha256') {
      return { field, old: expected.sha256, new: fresh, differs: expected.sha256 !== fresh };
    }
    return old === null
      ? { field, old: null, new: fresh, differs: null }
      : { field, old: read(old), new: fresh, differs: compared(old) !== compared(presented) };
  });
}

/** Null for a date that a hostile certificate has made impossible. */
function instantOf(date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
