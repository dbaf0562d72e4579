/** Keys and signature algorithms of certificates, under the names that OpenSSL and the RFCs give them. */

import type { X509Certificate } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { children, type DerElement, expectTag, readOid, TAG } from './der.ts';

/** What kind of key a certificate holds; the OID as `algorithm` where OpenSSL cannot read it. */
export function publicKeyOf(x509: X509Certificate | null, oid: string): Certificate['publicKey'] {
  try {
    const key = x509?.publicKey;
    const algorithm = key?.asymmetricKeyType;
    if (key === undefined || algorithm === undefined) {
      return { algorithm: oid, bits: null, curve: null, isUsable: true };
    }
    const { modulusLength, namedCurve, publicExponent } = key.asymmetricKeyDetails ?? {};
    // Every curve's name but a few that nobody uses has its size in it: prime256v1, secp521r1.
    const curveBits = /\d{3}/.exec(namedCurve ?? algorithm)?.[0];
    const bits = modulusLength ?? EDWARDS_BITS[algorithm] ?? (curveBits && Number(curveBits));
    const isUsable = isUsableExponent(publicExponent);
    return { algorithm, bits: bits || null, curve: namedCurve ?? null, isUsable };
  } catch {
    return { algorithm: oid, bits: null, curve: null, isUsable: true };
  }
}

/**
 * Largest exponent that is computed with: what OpenSSL holds larger keys to (OPENSSL_RSA_MAX_PUBEXP_BITS).
 * A check with an exponent of 3,072 bits takes 15 ms, and a server may send a hundred.
 */
const MAX_EXPONENT = 2n ** 64n;

/** With an exponent of one a signature is its own message; OpenSSL takes any odd one. */
function isUsableExponent(exponent: bigint | undefined): boolean {
  if (exponent === undefined) return true;
  return exponent >= 3n && exponent % 2n === 1n && exponent <= MAX_EXPONENT;
}

/** RFC 8032 5.1, 5.2. */
const EDWARDS_BITS: Readonly<Record<string, number>> = { ed25519: 255, ed448: 448 };

/** RFC 3279, 4055, 5758, 8410; and the old ones that zmcertmgr still offers. */
const SIGNATURE_ALGORITHMS: Readonly<Record<string, string>> = {
  '1.2.840.10040.4.3': 'dsa-with-sha1',
  '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
  '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
  '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
  '1.2.840.113549.1.1.3': 'md4WithRSAEncryption',
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
  '1.3.14.3.2.29': 'sha1WithRSA',
  '1.3.36.3.3.1.2': 'ripemd160WithRSA',
  '2.16.840.1.101.3.4.3.1': 'dsa-with-sha224',
  '2.16.840.1.101.3.4.3.2': 'dsa-with-sha256',
};

const PSS_HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'SHA1',
  '2.16.840.1.101.3.4.2.1': 'SHA256',
  '2.16.840.1.101.3.4.2.2': 'SHA384',
  '2.16.840.1.101.3.4.2.3': 'SHA512',
  '2.16.840.1.101.3.4.2.4': 'SHA224',
};

/** The name of an AlgorithmIdentifier, with the hash where it is a parameter; throws DerError. */
export function signatureAlgorithmName(algorithm: DerElement): string {
  const [oid, parameters] = children(algorithm);
  const id = readOid(expectTag(oid, TAG.oid, 'signature algorithm', algorithm.start));
  const name = SIGNATURE_ALGORITHMS[id] ?? id;
  if (name !== 'rsassaPss') return name;
  // RFC 4055 3.1: the hash is the first parameter, [0] EXPLICIT; left out, it is SHA-1.
  const first = parameters === undefined ? undefined : children(parameters)[0];
  const hashAlgorithm = first?.tag === 0xa0 ? children(first)[0] : undefined;
  if (hashAlgorithm === undefined) return 'rsassaPss with SHA1';
  const hashId = readOid(expectTag(children(hashAlgorithm)[0], TAG.oid, 'hash', first?.start));
  return `rsassaPss with ${PSS_HASHES[hashId] ?? hashId}`;
}

/** Kinds of key by the beginning of the names of the signatures that they make. */
const SIGNED_BY: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^ecdsa-/, ['ec']],
  [/^dsa-/, ['dsa']],
  [/^rsassaPss/, ['rsa', 'rsa-pss']],
  [/RSA/, ['rsa']],
  [/^ed25519$/, ['ed25519']],
  [/^ed448$/, ['ed448']],
];

/** Whether a key of this kind can have made a signature of this name; false for names that are not known. */
export function signatureFitsKey(signatureAlgorithm: string, keyAlgorithm: string): boolean {
  const [, keys = []] = SIGNED_BY.find(([name]) => name.test(signatureAlgorithm)) ?? [];
  return keys.includes(keyAlgorithm);
}
