/**
 * The server's own certificate authority and certificate, as `zmcertmgr createca` and `createcrt` make them (ZCS 8.7 and
 * later): the same subjects, extensions and validity, so that what Postern shows here is what it meets at a
 * real Zimbra server.
 */

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import os from 'node:os';
import * as x509 from '@peculiar/x509';
import { type Home, readIfThere, writeWhole } from '../home.ts';

/** Validity of both certificates, in days (zmcertmgr's default). */
const VALID_DAYS = 1825;
/** Size of the RSA keys, in bits (zmcertmgr's default and least). */
const KEY_BITS = 2048;
const DAY_MS = 86_400_000;
const SIGNING: RsaHashedKeyGenParams = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: Uint8Array.of(1, 0, 1),
  modulusLength: KEY_BITS,
};
const ORGANISATION_UNIT = 'Zimbra Collaboration Server';

interface RsaHashedKeyGenParams {
  name: string;
  hash: string;
  publicExponent: Uint8Array<ArrayBuffer>;
  modulusLength: number;
}

/**
 * Makes authority and server certificate where they are missing; what is there stays. The names in the
 * server's certificate are its host name, this machine's, `localhost` and 127.0.0.1.
 */
export async function ensureCertificates(
  home: Home,
  hostName: string,
  now: Date,
): Promise<{ created: boolean }> {
  const there = await Promise.all(
    [home.authorityCertificate, home.serverCertificate, home.serverKey].map(readIfThere),
  );
  if (there.every((file) => file !== null)) return { created: false };
  const authority = await loadAuthority(home, hostName, now);
  await createServerCertificate(home, hostName, now, authority);
  return { created: true };
}

interface Authority {
  certificate: x509.X509Certificate;
  privateKey: webcrypto.CryptoKey;
}

async function loadAuthority(home: Home, hostName: string, now: Date): Promise<Authority> {
  const [certificate, key] = await Promise.all(
    [home.authorityCertificate, home.authorityKey].map(readIfThere),
  );
  if (certificate && key) {
    return {
      certificate: new x509.X509Certificate(certificate.toString('latin1')),
      privateKey: await importKey(key.toString('latin1')),
    };
  }
  return createAuthority(home, hostName, now);
}

/** `zmcertmgr createca -new`: CA:TRUE not critical, key identifiers, a name, and no key usage. */
async function createAuthority(home: Home, hostName: string, now: Date): Promise<Authority> {
  const keys = (await webcrypto.subtle.generateKey(SIGNING, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const name = `O=CA, OU=${ORGANISATION_UNIT}, CN=${hostName}`;
  const serialNumber = zimbraSerial(now, 0);
  const keyId = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    serialNumber,
    notBefore: now,
    notAfter: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    signingAlgorithm: SIGNING,
    extensions: [
      keyId,
      authorityKeyIdentifier(keyId.keyId, new x509.Name(name), serialNumber),
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: hostName }]),
    ],
  });
  await writeWhole(home.authorityKey, await exportKey(keys.privateKey));
  await writeWhole(home.authorityCertificate, `${certificate.toString('pem')}\n`);
  return { certificate, privateKey: keys.privateKey };
}

/** `zmcertmgr createcrt -new`: CA:FALSE, three key usages, names, and no extended key usage. */
async function createServerCertificate(
  home: Home,
  hostName: string,
  now: Date,
  authority: Authority,
): Promise<void> {
  const keys = (await webcrypto.subtle.generateKey(SIGNING, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const names = new Set([hostName, os.hostname().toLowerCase(), 'localhost', '127.0.0.1']);
  const { digitalSignature, nonRepudiation, keyEncipherment } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `OU=${ORGANISATION_UNIT}, CN=${hostName}`,
    issuer: authority.certificate.subject,
    serialNumber: zimbraSerial(now, 1),
    notBefore: now,
    notAfter: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    signingAlgorithm: SIGNING,
    signingKey: authority.privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.KeyUsagesExtension(digitalSignature | nonRepudiation | keyEncipherment),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      new x509.SubjectAlternativeNameExtension(
        [...names].map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
    ],
  });
  await writeWhole(home.serverKey, await exportKey(keys.privateKey));
  await writeWhole(home.serverCertificate, `${certificate.toString('pem')}\n`);
}

/** zmcertmgr's serial number: the decimal seconds since 1970, read as hexadecimal. */
function zimbraSerial(now: Date, offset: number): string {
  const digits = String(Math.floor(now.getTime() / 1000) + offset);
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** AKI with key identifier, issuer and serial number (`keyid:always,issuer:always`), as zmcertmgr's zmssl.cnf has it. */
function authorityKeyIdentifier(keyId: string, issuer: x509.Name, serial: string): x509.Extension {
  const directoryName = der(0xa4, Buffer.from(issuer.toArrayBuffer()));
  const value = der(
    0x30,
    der(0x80, Buffer.from(keyId, 'hex')),
    der(0xa1, directoryName),
    der(0x82, Buffer.from(serial, 'hex')),
  );
  return new x509.Extension('2.5.29.35', false, new Uint8Array(value));
}

/** One DER element with a definite length (X.690 8.1.3). */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`;
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const [pkcs8] = x509.PemConverter.decode(pem);
  if (pkcs8 === undefined) throw new TypeError('key file of the authority holds no key');
  return webcrypto.subtle.importKey('pkcs8', pkcs8, SIGNING, false, ['sign']);
}
