/** The administrator's side of the fingerprint check: what a person compares before they authorise. */

import { readFile } from 'node:fs/promises';
import { type Certificate, parseCertificate, parsePem } from '@postern/trust';
import { homePaths } from '../home.ts';

/** Fingerprints of the server certificate and of its authority. */
export interface Fingerprints {
  /** SHA-256 of the whole DER certificate, lower-case hex. */
  sha256: string;
  /** Lower-case hex. Shown because older programs show it; never compared. */
  sha1: string;
  /** One line, RFC 4514-like, for people. */
  subject: string;
  notAfter: Date;
  authoritySha256: string;
}

/**
 * Reads the fingerprints from the files in `home`. Throws the file system's error where there is
 * none, FormatError ERR_PEM_INVALID where a file holds no certificate.
 */
export async function serverFingerprint(home: string): Promise<Fingerprints> {
  const paths = homePaths(home);
  const { sha256, sha1, subject, notAfter } = await firstIn(paths.serverCertificate);
  const { sha256: authoritySha256 } = await firstIn(paths.authorityCertificate);
  return { sha256, sha1, subject, notAfter, authoritySha256 };
}

/** The first certificate of a PEM file. */
async function firstIn(file: string): Promise<Certificate> {
  const [der = new Uint8Array()] = parsePem(await readFile(file, 'latin1'), file);
  return parseCertificate(der);
}
