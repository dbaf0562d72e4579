/**
 * Makes certificates: correct by default, and wrong in whatever a plan says. `@peculiar/x509` makes
 * the certificate; what it rightly refuses to make is edited into the DER and signed again.
 */

import 'reflect-metadata';
import { createHash, sign, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { contents, element, inside, objectIdentifier, TAG } from './der.ts';
import {
  type Digest,
  type KeyPair,
  keyPair,
  type SigningAlgorithm,
  signingAlgorithm,
} from './keys.ts';

x509.cryptoProvider.set(webcrypto);

/** The instant at which every case is judged. */
export const AT = new Date('2026-11-23T08:00:00Z');

/** Certificates live this long: real handshakes are judged by the machine's own clock. */
export const VALID = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2046-01-01T00:00:00Z'),
} as const;

/** Key usages by their names in RFC 5280 4.2.1.3. */
export type KeyUsage = keyof typeof x509.KeyUsageFlags;

/** A name in subject alternative name. */
export interface NamePlan {
  type: 'dns' | 'email' | 'ip' | 'url';
  value: string;
}

/** An extension as an OID and the DER of its value. */
export interface RawExtension {
  oid: string;
  critical: boolean;
  value: Uint8Array;
}

/** Extensions by name; null leaves one out. */
export interface ExtensionPlan {
  basicConstraints: { ca: boolean; pathLength?: number; critical: boolean } | null;
  keyUsage: { usages: readonly KeyUsage[]; critical: boolean } | null;
  extendedKeyUsage: { oids: readonly string[]; critical: boolean } | null;
  subjectAltName: { names: readonly NamePlan[]; critical: boolean } | null;
  subjectKeyId: boolean;
  /** The key identifier; with the issuer's own issuer and serial number as `openssl.cnf` makes it; or another key's. */
  authorityKeyId: 'key' | 'key-name-and-serial' | 'other-key' | null;
  /** Extensions as they are, in any form. */
  more: readonly RawExtension[];
}

/** The fields of a TBSCertificate as DER (RFC 5280 4.1), for plans that break its form. */
export interface TbsFields {
  /** `[0]`, or null for version 1. */
  version: Uint8Array | null;
  serialNumber: Uint8Array;
  signature: Uint8Array;
  issuer: Uint8Array;
  validity: Uint8Array;
  subject: Uint8Array;
  publicKey: Uint8Array;
  /** Each an Extension; null where there are none. */
  extensions: readonly Uint8Array[] | null;
}

/** All that one certificate is made from. */
export interface CertificatePlan {
  /** RFC 4514. */
  subject: string;
  /** Names the issuer instead of the true issuer's subject. */
  issuerName?: string;
  key: KeyPair;
  /** Hexadecimal. */
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  digest: Digest;
  extensions: ExtensionPlan;
  /** Changes the fields before the certificate is signed again. */
  edit?: (fields: TbsFields) => TbsFields;
  /** Changes the AlgorithmIdentifier outside the signed part (RFC 5280 4.1.1.2), or the signature. */
  breakOuter?: (outer: { algorithm: Uint8Array; signature: Uint8Array }) => {
    algorithm: Uint8Array;
    signature: Uint8Array;
  };
}

/** A certificate that was made, with what its children need. */
export interface Made {
  readonly plan: CertificatePlan;
  readonly der: Uint8Array;
}

/** SHA-256 of the whole DER certificate, lower-case hex. */
export function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/** Makes one certificate, signed by its issuer, or by itself where the issuer is null. */
export async function makeCertificate(plan: CertificatePlan, issuer: Made | null): Promise<Made> {
  const signer = issuer?.plan ?? plan;
  const subject = forWebCrypto(plan.key, 'sha256');
  const signing = forWebCrypto(signer.key, plan.digest);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: plan.serialNumber,
    subject: plan.subject,
    issuer: plan.issuerName ?? signer.subject,
    notBefore: plan.notBefore,
    notAfter: plan.notAfter,
    publicKey: subject.key.publicKey.toCryptoKey(subject.algorithm, true, ['verify']),
    signingKey: signing.key.privateKey.toCryptoKey(signing.algorithm, false, ['sign']),
    signingAlgorithm: signing.algorithm,
    extensions: extensionsOf(plan, signer),
  });
  const der = new Uint8Array(certificate.rawData);
  const isWhole = subject.key === plan.key && signing.key === signer.key;
  const isFinal = isWhole && plan.edit === undefined && plan.breakOuter === undefined;
  return { plan, der: isFinal ? der : edited(der, plan, signer) };
}

/** Where WebCrypto lacks the key or the algorithm, a stand-in fills the place until {@link edited}. */
function forWebCrypto(key: KeyPair, digest: Digest): { key: KeyPair; algorithm: SigningAlgorithm } {
  const algorithm = signingAlgorithm(key.kind, digest);
  if (algorithm !== null) return { key, algorithm };
  const standIn = keyPair('p256', 'stand-in');
  return { key: standIn, algorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } };
}

function extensionsOf(plan: CertificatePlan, signer: CertificatePlan): x509.Extension[] {
  const { basicConstraints, keyUsage, extendedKeyUsage, subjectAltName, ...rest } = plan.extensions;
  const extensions: x509.Extension[] = [];
  if (basicConstraints !== null) {
    const { ca, pathLength, critical } = basicConstraints;
    extensions.push(new x509.BasicConstraintsExtension(ca, pathLength, critical));
  }
  if (keyUsage !== null) {
    const flags = keyUsage.usages.reduce((sum, usage) => sum | x509.KeyUsageFlags[usage], 0);
    extensions.push(new x509.KeyUsagesExtension(flags, keyUsage.critical));
  }
  if (extendedKeyUsage !== null) {
    const { oids, critical } = extendedKeyUsage;
    extensions.push(new x509.ExtendedKeyUsageExtension([...oids], critical));
  }
  if (subjectAltName !== null) {
    const { names, critical } = subjectAltName;
    extensions.push(new x509.SubjectAlternativeNameExtension([...names], critical));
  }
  if (rest.subjectKeyId) {
    extensions.push(new x509.SubjectKeyIdentifierExtension(keyIdentifier(plan.key)));
  }
  if (rest.authorityKeyId !== null) {
    extensions.push(authorityKeyIdentifier(rest.authorityKeyId, signer));
  }
  const raw = rest.more.map((more) => new x509.Extension(more.oid, more.critical, more.value));
  return [...extensions, ...raw];
}

/** SHA-1 of the subject public key's bits (RFC 5280 4.2.1.2, method 1), hexadecimal. */
function keyIdentifier(key: KeyPair): string {
  const [, bits = new Uint8Array()] = inside(spki(key));
  return createHash('sha1').update(contents(bits).subarray(1)).digest('hex');
}

function authorityKeyIdentifier(
  form: NonNullable<ExtensionPlan['authorityKeyId']>,
  signer: CertificatePlan,
): x509.Extension {
  if (form === 'key') return new x509.AuthorityKeyIdentifierExtension(keyIdentifier(signer.key));
  if (form === 'other-key') return new x509.AuthorityKeyIdentifierExtension('00'.repeat(20));
  const name = new Uint8Array(new x509.Name(signer.subject).toArrayBuffer());
  const value = element(
    TAG.sequence,
    element(0x80, Buffer.from(keyIdentifier(signer.key), 'hex')),
    element(0xa1, element(0xa4, name)),
    element(0x82, Buffer.from(signer.serialNumber, 'hex')),
  );
  return new x509.Extension('2.5.29.35', false, value);
}

/** The same certificate with the plan's true keys and edits, signed again. */
function edited(der: Uint8Array, plan: CertificatePlan, signer: CertificatePlan): Uint8Array {
  const [tbs = new Uint8Array(), standing = new Uint8Array()] = inside(der);
  const signature = algorithmIdentifier(signer.key.kind, plan.digest) ?? standing;
  const fields = { ...readTbs(tbs), publicKey: spki(plan.key), signature };
  const finalTbs = writeTbs(plan.edit?.(fields) ?? fields);
  const digest = signer.key.kind === 'ed25519' ? null : plan.digest;
  const outer = { algorithm: signature, signature: sign(digest, finalTbs, signer.key.privateKey) };
  const final = plan.breakOuter?.(outer) ?? outer;
  const bits = element(TAG.bitString, Uint8Array.of(0), final.signature);
  return element(TAG.sequence, finalTbs, final.algorithm, bits);
}

/** AlgorithmIdentifiers that WebCrypto does not know; null where it does (RFC 3279 2.2.1, RFC 5758 3.2). */
function algorithmIdentifier(kind: KeyPair['kind'], digest: Digest): Uint8Array | null {
  if (digest === 'md5') {
    const md5WithRsa = objectIdentifier('1.2.840.113549.1.1.4');
    return element(TAG.sequence, md5WithRsa, element(TAG.null));
  }
  if (kind === 'p224') return element(TAG.sequence, objectIdentifier('1.2.840.10045.4.3.2'));
  return null;
}

function spki(key: KeyPair): Uint8Array {
  return key.publicKey.export({ type: 'spki', format: 'der' });
}

function readTbs(tbs: Uint8Array): TbsFields {
  const empty = new Uint8Array();
  const [version = null, serialNumber = empty, signature = empty, issuer = empty, ...rest] =
    inside(tbs);
  const [validity = empty, subject = empty, publicKey = empty, wrapped] = rest;
  const list = wrapped === undefined ? null : inside(contents(wrapped));
  return {
    version,
    serialNumber,
    signature,
    issuer,
    validity,
    subject,
    publicKey,
    extensions: list,
  };
}

function writeTbs(fields: TbsFields): Uint8Array {
  const { version, serialNumber, signature, issuer, validity, subject, publicKey } = fields;
  const head = version === null ? [] : [version];
  const tail =
    fields.extensions === null ? [] : [element(0xa3, element(TAG.sequence, ...fields.extensions))];
  const body = [serialNumber, signature, issuer, validity, subject, publicKey];
  return element(TAG.sequence, ...head, ...body, ...tail);
}
