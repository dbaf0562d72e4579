/** The administrator's side of the fingerprint check: what a person compares before they authorise. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homePaths } from '../home.ts';

/** Fingerprints of the server certificate and of its authority. */
export interface Fingerprints {
  /** Upper-case hex pairs with colons, of the whole DER certificate. */
  sha256: string;
  /** Shown because older programs show it; never compared. */
  sha1: string;
  subject: string;
  notAfter: Date;
  authoritySha256: string;
}

/** Reads the fingerprints from the files in `home`. Throws the file system's error where there is none. */
export async function serverFingerprint(home: string): Promise<Fingerprints> {
  const paths = homePaths(home);
  const server = new X509Certificate(await readFile(paths.serverCertificate));
  const authority = new X509Certificate(await readFile(paths.authorityCertificate));
  return {
    sha256: server.fingerprint256,
    sha1: server.fingerprint,
    subject: server.subject,
    notAfter: new Date(server.validTo),
    authoritySha256: authority.fingerprint256,
  };
}
