/**
 * The roots that this computer's store has beyond those that Node.js brings from Mozilla: what an
 * administrator or a program added, and what the system's maker trusts by itself. By key, since a
 * root is made anew with other dates.
 */

import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import type { LocalRoot } from './causes.ts';
import { parseCertificate, parsePem } from './certificate.ts';
import type { SystemRoot } from './system-roots.ts';

/** Roots parsed before others get a turn, as in anchors.ts. */
const PARSED_PER_TURN = 20;

let bundled: Promise<{ certificates: Set<string>; keys: Set<string> }> | null = null;

/** Those of these roots whose key is none of Mozilla's, as bundled with this Node.js. */
export async function localRoots(inStore: readonly SystemRoot[]): Promise<readonly LocalRoot[]> {
  bundled ??= readBundled();
  const known = await bundled;
  const found: LocalRoot[] = [];
  for (const [i, { der }] of inStore
    .filter((each) => !known.certificates.has(each.sha256))
    .entries()) {
    if (i % PARSED_PER_TURN === PARSED_PER_TURN - 1) await nextTurn();
    const { subject, sha256, spkiSha256 } = parseCertificate(der);
    if (!known.keys.has(spkiSha256)) found.push({ subject, sha256, spkiSha256 });
  }
  return found;
}

async function readBundled(): Promise<{ certificates: Set<string>; keys: Set<string> }> {
  const certificates = new Set<string>();
  const keys = new Set<string>();
  for (const [i, pem] of rootCertificates.entries()) {
    if (i % PARSED_PER_TURN === PARSED_PER_TURN - 1) await nextTurn();
    for (const der of parsePem(pem, 'bundled root')) {
      certificates.add(hash('sha256', der, 'hex'));
      keys.add(parseCertificate(der).spkiSha256);
    }
  }
  return { certificates, keys };
}
