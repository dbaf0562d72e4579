/** Keys and signatures too weak for OpenSSL's security level 2, which is that of Node's TLS: less than 112 bits. */

import type { BadCertCase } from '../case.ts';
import { all, type Change, intermediate, leaf, root } from '../chain.ts';
import { caseOf, type Fault } from '../fault.ts';
import { type Digest, type KeyKind, keyPair } from '../keys.ts';

/** A leaf whose key can be broken. */
export const weakKey: Fault = {
  id: 'keys::rsa-1024',
  doc: 'The key of the leaf is RSA with 1024 bits (NIST SP 800-57: 80 bits of strength).',
  change: leaf({ key: keyPair('rsa1024', 'leaf') }),
  expected: ['weak-key@0'],
  openssl: 66,
};

/** A leaf whose signature can be forged. */
export const weakSignature: Fault = {
  id: 'keys::sha-1',
  doc: 'The leaf is signed with SHA-1, for which collisions are known.',
  change: leaf({ digest: 'sha1' }),
  expected: ['weak-signature@0'],
  openssl: 68,
};

const FAULTS: readonly Fault[] = [
  weakKey,
  weakSignature,
  ...(['rsa2048', 'rsa3072', 'p384', 'ed25519'] as const).map(goodKey),
  {
    id: 'keys::rsa-1024-intermediate',
    doc: 'The key of the intermediate is RSA with 1024 bits.',
    change: intermediate({ key: keyPair('rsa1024', 'intermediate') }),
    expected: ['weak-key@1'],
    openssl: 67,
  },
  {
    id: 'keys::rsa-1024-root',
    doc: 'The key of the installed root is RSA with 1024 bits.',
    change: root({ key: keyPair('rsa1024', 'root') }),
    expected: ['weak-key@connection'],
    openssl: 67,
  },
  {
    id: 'keys::rsa-2040',
    doc: 'The key of the leaf has an odd length just below 2048 bits, which OpenSSL still rates at 112 bits.',
    change: leaf({ key: keyPair('rsa2040', 'leaf') }),
    remarks: ['odd-key-length'],
  },
  {
    id: 'keys::p-224',
    doc: 'The key of the leaf is on P-224: strong enough for level 2, though TLS 1.3 knows no such curve.',
    change: leaf({ key: keyPair('p224', 'leaf') }),
    remarks: ['unusual-curve'],
    onPaper: 'no TLS 1.3 signature algorithm and no group on offer by default uses P-224',
  },
  {
    id: 'keys::sha-1-intermediate',
    doc: 'The intermediate is signed with SHA-1.',
    change: intermediate({ digest: 'sha1' }),
    expected: ['weak-signature@1'],
    openssl: 68,
  },
  {
    id: 'keys::sha-1-root',
    doc: 'The installed root signed itself with SHA-1, which nobody need check.',
    change: root({ digest: 'sha1' }),
  },
  {
    id: 'keys::sha-1-with-rsa',
    doc: 'The leaf is signed with SHA-1 and RSA, as old servers are.',
    change: signedByRsa('sha1'),
    expected: ['weak-signature@0'],
    openssl: 68,
  },
  {
    id: 'keys::md5',
    doc: 'The leaf is signed with MD5, by which a CA certificate was forged in 2008.',
    change: signedByRsa('md5'),
    expected: ['weak-signature@0'],
    openssl: 68,
  },
  {
    id: 'keys::good-sha-512-with-rsa',
    doc: 'The leaf is signed with SHA-512 and RSA.',
    change: signedByRsa('sha512'),
  },
  {
    id: 'keys::weak-both',
    doc: 'The leaf has a weak key and a weak signature by a weak key.',
    change: all(
      leaf({ key: keyPair('rsa1024', 'leaf'), digest: 'sha1' }),
      intermediate({ key: keyPair('rsa1024', 'intermediate') }),
    ),
    expected: ['weak-key@0', 'weak-key@1', 'weak-signature@0'],
    openssl: 66,
  },
];

function goodKey(kind: KeyKind): Fault {
  return {
    id: `keys::good-${kind}`,
    doc: `The key of the leaf is of the kind ${kind}.`,
    change: leaf({ key: keyPair(kind, 'leaf') }),
  };
}

/** An intermediate with an RSA key signs the leaf with this digest. */
function signedByRsa(digest: Digest): Change {
  return all(intermediate({ key: keyPair('rsa2048', 'intermediate') }), leaf({ digest }));
}

export const keyCases: readonly BadCertCase[] = FAULTS.map(caseOf);
