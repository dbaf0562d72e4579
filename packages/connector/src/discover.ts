/**
 * Finds the server of an e-mail address at the first run. Only names inside the mail domain are tried
 * (threats, row 15), and the first that answers by TLS is shown with its certificate; whether to use
 * it is the person's to say. It is not asked whether Zimbra runs there: nothing but handshakes is sent.
 */

import { isIP } from 'node:net';
import { normaliseServerName } from '@postern/trust';
import type { DiscoveryLine } from './api.ts';
import { serverCertificateReport } from './diagnosis-report.ts';
import { type Looking, lookAtPorts } from './look.ts';

/** What mail servers with a web client are called, the usual first; the empty one is the domain itself. */
const LABELS = ['mail', 'zimbra', '', 'webmail'] as const;

/** HTTPS, and where ZCS has it without its proxy (ZCS: zimbraMailSSLPort 8443). */
export const DISCOVERY_PORTS: readonly number[] = [443, 8443];

/** The same computer, whatever it is called. */
const OWN_NAME = 'localhost';

/** The names to try for a mail domain, in order. `computerName` is what this computer is called. */
export function candidatesFor(mailDomain: string, computerName: string): readonly string[] {
  // An address or a name without a dot is one computer, with nothing below it.
  const isOneComputer = isIP(mailDomain) !== 0 || !mailDomain.includes('.');
  const below = LABELS.map((label) => (label === '' ? mailDomain : `${label}.${mailDomain}`));
  const isOwn = mailDomain === computerName.toLowerCase();
  const names = [...(isOneComputer ? [mailDomain] : below), ...(isOwn ? [OWN_NAME] : [])];
  return [...new Set(names.filter(isServerName))];
}

/** A mail domain may be so long that nothing fits in front of it. */
function isServerName(name: string): boolean {
  try {
    return normaliseServerName(name) === name;
  } catch {
    return false;
  }
}

/** Tries one name after another. Throws the signal's reason when it aborts. */
export async function* discoverServer(
  looking: Looking,
  { mailDomain, computerName }: { mailDomain: string; computerName: string },
  ports: readonly number[] = DISCOVERY_PORTS,
): AsyncGenerator<DiscoveryLine> {
  const tried = candidatesFor(mailDomain, computerName);
  for (const host of tried) {
    yield { type: 'candidate', host };
    const { port, look } = yield* lookAtPorts(looking, host, ports);
    if (port === null || look === null) continue;
    yield { type: 'found', host, port, certificate: serverCertificateReport(look) };
    return;
  }
  yield { type: 'not-found', tried };
}
