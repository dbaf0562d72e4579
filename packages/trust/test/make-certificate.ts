/**
 * Makes certificates for tests, byte by byte, so that any field can be wrong on purpose and the
 * signature still be good. Keys are made at run time.
 */

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export interface Made {
  der: Uint8Array;
  key: KeyPair;
  subject: Uint8Array;
}

export interface Recipe {
  /** Common name, or a whole Name in DER. */
  subject: string | Uint8Array;
  /** Who signs, and whose name stands as issuer; itself if left out. */
  issuer?: Made;
  /** Signs with this key instead of the issuer's: a forgery. */
  signedBy?: KeyPair;
  key?: KeyPair;
  /** Stands as public key instead of the key's own. */
  spki?: Uint8Array;
  version?: 1 | 2 | 3;
  serial?: Uint8Array;
  notBefore?: Date | Uint8Array;
  notAfter?: Date | Uint8Array;
  hash?: 'md5' | 'sha1' | 'sha256';
  /** Extensions in their order; what {@link leafExtensions} or {@link caExtensions} give, as a rule. */
  extensions: (made: { key: KeyPair; issuerKey: KeyPair }) => Uint8Array[];
}

/** One element: identifier octet and content. */
export function tlv(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length]), octets, body]);
}

export const sequence = (...parts: Uint8Array[]): Uint8Array => tlv(0x30, ...parts);
export const ascii = (tag: number, text: string): Uint8Array =>
  tlv(tag, Buffer.from(text, 'latin1'));

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return tlv(0x06, Buffer.from(octets));
}

/** A Name with one common name, as UTF8String unless another identifier octet is given. */
export function nameOf(commonName: string, tag = 0x0c): Uint8Array {
  const value = tlv(tag, Buffer.from(commonName, 'utf8'));
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), value)));
}

export function utcTime(at: Date): Uint8Array {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  return at.getUTCFullYear() < 2050 ? ascii(0x17, digits.slice(2)) : ascii(0x18, digits);
}

export function ecKey(namedCurve = 'P-256'): KeyPair {
  return generateKeyPairSync('ec', { namedCurve });
}

export function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [Buffer.from([0x01, 0x01, 0xff])] : [];
  return sequence(oid(id), ...flag, tlv(0x04, value));
}

export function spkiOf({ publicKey }: KeyPair): Uint8Array {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function keyId(key: KeyPair): Uint8Array {
  return createHash('sha1').update(spkiOf(key)).digest();
}

export const subjectKeyId = (key: KeyPair): Uint8Array =>
  extension('2.5.29.14', false, tlv(0x04, keyId(key)));
export const authorityKeyId = (key: KeyPair, ...issuerAndSerial: Uint8Array[]): Uint8Array =>
  extension('2.5.29.35', false, sequence(tlv(0x80, keyId(key)), ...issuerAndSerial));

/** Basic constraints; a path length only for a CA. */
export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Uint8Array {
  const parts = ca ? [Buffer.from([0x01, 0x01, 0xff])] : [];
  if (pathLength !== undefined) parts.push(Buffer.from([0x02, 0x01, pathLength]));
  return extension('2.5.29.19', critical, sequence(...parts));
}

/** Key usage by its bits, counted from 0 (RFC 5280 4.2.1.3): 0 digitalSignature, 5 keyCertSign, 6 cRLSign. */
export function keyUsage(...bits: number[]): Uint8Array {
  const value = bits.reduce((sum, bit) => sum | (0x8000 >> bit), 0);
  const last = Math.max(...bits);
  const octets = last > 7 ? [value >> 8, value & 0xff] : [value >> 8];
  return extension('2.5.29.15', true, tlv(0x03, Buffer.from([7 - (last % 8), ...octets])));
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export function extendedKeyUsage(...ids: string[]): Uint8Array {
  return extension('2.5.29.37', false, sequence(...ids.map(oid)));
}

export function alternativeNames(...names: string[]): Uint8Array {
  const values = names.map((name) =>
    /^\d+\.\d+\.\d+\.\d+$/.test(name)
      ? tlv(0x87, Buffer.from(name.split('.').map(Number)))
      : ascii(0x82, name),
  );
  return extension('2.5.29.17', false, sequence(...values));
}

/** What a well made server certificate has. */
export function leafExtensions(...names: string[]): Recipe['extensions'] {
  return ({ key, issuerKey }) => [
    keyUsage(0),
    extendedKeyUsage(SERVER_AUTH),
    alternativeNames(...names),
    subjectKeyId(key),
    authorityKeyId(issuerKey),
  ];
}

/** What a well made CA certificate has. */
export function caExtensions(pathLength?: number): Recipe['extensions'] {
  return ({ key, issuerKey }) => [
    basicConstraints(true, pathLength),
    keyUsage(5, 6),
    subjectKeyId(key),
    authorityKeyId(issuerKey),
  ];
}

/** 1 June 2026, half a year before the instant of the tests. */
export const NOT_BEFORE = new Date('2026-06-01T00:00:00Z');
/** 1 June 2027. */
export const NOT_AFTER = new Date('2027-06-01T00:00:00Z');

let serials = 1;

const SIGNATURES: Readonly<Record<string, string>> = {
  'ec md5': '1.2.840.10045.4.1',
  'ec sha1': '1.2.840.10045.4.1',
  'ec sha256': '1.2.840.10045.4.3.2',
  'rsa md5': '1.2.840.113549.1.1.4',
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa sha256': '1.2.840.113549.1.1.11',
};

const OTHER_SIGNATURES: Readonly<Record<string, string>> = {
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  'rsa-pss': '1.2.840.113549.1.1.10',
};

const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));

/** RFC 4055 3.1: SHA-256 throughout, a salt of 32 bytes. */
const PSS_SHA256 = sequence(
  tlv(0xa0, SHA256),
  tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), SHA256)),
  tlv(0xa2, Buffer.from([0x02, 0x01, 32])),
);

const PARAMETERS: Readonly<Record<string, Uint8Array[]>> = {
  rsa: [Buffer.from([0x05, 0x00])],
  'rsa-pss': [PSS_SHA256],
};

export function makeCertificate(recipe: Recipe): Made {
  const key = recipe.key ?? ecKey();
  const { subject: given, issuer, hash = 'sha256', version = 3 } = recipe;
  const subject = typeof given === 'string' ? nameOf(given) : given;
  const signer = recipe.signedBy ?? issuer?.key ?? key;
  const kind = signer.publicKey.asymmetricKeyType ?? '';
  const id = SIGNATURES[`${kind} ${hash}`] ?? OTHER_SIGNATURES[kind] ?? kind;
  const parameters = PARAMETERS[kind] ?? [];
  const algorithm = sequence(oid(id), ...parameters);
  const time = (value: Date | Uint8Array): Uint8Array =>
    value instanceof Date ? utcTime(value) : value;
  const extensions = recipe.extensions({ key, issuerKey: issuer?.key ?? key });
  serials += 1;
  const tbs = sequence(
    ...(version === 1 ? [] : [tlv(0xa0, Buffer.from([0x02, 0x01, version - 1]))]),
    tlv(0x02, recipe.serial ?? Buffer.from([0x01, serials >> 8, serials & 0xff])),
    algorithm,
    issuer?.subject ?? subject,
    sequence(time(recipe.notBefore ?? NOT_BEFORE), time(recipe.notAfter ?? NOT_AFTER)),
    subject,
    recipe.spki ?? spkiOf(key),
    ...(extensions.length === 0 ? [] : [tlv(0xa3, sequence(...extensions))]),
  );
  const isEdwards = kind.startsWith('ed');
  const signature = sign(isEdwards ? null : hash, tbs, signer.privateKey);
  const der = sequence(tbs, algorithm, tlv(0x03, Buffer.from([0]), signature));
  return { der: Uint8Array.from(der), key, subject };
}
