/** Key pairs of every kind a case needs, made at run time and kept for the life of the process. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';

export interface KeyPair {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What keys there are: the good ones, and those too short for OpenSSL's security level 2. */
export type KeyKind =
  | 'ed25519'
  | 'p224'
  | 'p256'
  | 'p384'
  | 'rsa1024'
  | 'rsa2040'
  | 'rsa2048'
  | 'rsa3072'
  | 'rsa512';

const GENERATORS: Record<KeyKind, () => { privateKey: KeyObject; publicKey: KeyObject }> = {
  ed25519: () => generateKeyPairSync('ed25519'),
  p224: () => generateKeyPairSync('ec', { namedCurve: 'secp224r1' }),
  p256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  rsa1024: () => generateKeyPairSync('rsa', { modulusLength: 1024 }),
  rsa2040: () => generateKeyPairSync('rsa', { modulusLength: 2040 }),
  rsa2048: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  rsa3072: () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
  rsa512: () => generateKeyPairSync('rsa', { modulusLength: 512 }),
};

const kept = new Map<string, KeyPair>();

/**
 * The key pair of this kind with this label: the same at every call in one process, another one in
 * the next. RSA is slow to make, so cases share labels unless the fault needs different keys.
 */
export function keyPair(kind: KeyKind, label: string): KeyPair {
  const id = `${kind} ${label}`;
  let pair = kept.get(id);
  if (pair === undefined) {
    pair = { kind, ...GENERATORS[kind]() };
    kept.set(id, pair);
  }
  return pair;
}

export type Digest = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** A WebCrypto algorithm, with the parameters of importing a key and of signing in one. */
export interface SigningAlgorithm {
  name: string;
  namedCurve?: string;
  hash?: string;
}

const HASHES: Readonly<Record<Digest, string | null>> = {
  md5: null,
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** How this key signs in WebCrypto, or null where WebCrypto cannot. */
export function signingAlgorithm(kind: KeyKind, digest: Digest): SigningAlgorithm | null {
  if (kind === 'ed25519') return { name: 'Ed25519' };
  const hash = HASHES[digest];
  if (hash === null || kind === 'p224') return null;
  if (kind === 'p256') return { name: 'ECDSA', namedCurve: 'P-256', hash };
  if (kind === 'p384') return { name: 'ECDSA', namedCurve: 'P-384', hash };
  return { name: 'RSASSA-PKCS1-v1_5', hash };
}
