/** What is to be looked at: endpoints as they are typed or listed, each with the protocol that begins in plain text there. */

import { endpointKey, STARTTLS_PROTOCOLS, type StartTlsProtocol } from '@postern/trust';
import { parseEndpoint } from '../arguments.ts';
import { readWithin } from '../bounded-file.ts';
import { UsageError } from '../failure.ts';

/** One server on one port. */
export interface Target {
  host: string;
  port: number;
  /** Null where TLS begins with the first byte. */
  startTls: StartTlsProtocol | null;
}

/** Ports where the protocol begins in plain text (IANA's registry; 7025 is Zimbra's LMTP). */
const PLAIN_AT_FIRST: Readonly<Record<number, StartTlsProtocol>> = {
  24: 'lmtp',
  25: 'smtp',
  110: 'pop3',
  143: 'imap',
  389: 'ldap',
  587: 'smtp',
  5222: 'xmpp',
  5269: 'xmpp-server',
  7025: 'lmtp',
};

/** Where a Zimbra server speaks TLS (ZCS: zimbraMailSSLPort and its neighbours, proxy and mailbox). */
export const ZIMBRA_PORTS: readonly { port: number; what: string }[] = [
  { port: 443, what: 'web client' },
  { port: 7071, what: 'administration' },
  { port: 8443, what: 'mailbox web' },
  { port: 993, what: 'IMAP' },
  { port: 995, what: 'POP3' },
  { port: 465, what: 'SMTP' },
  { port: 587, what: 'SMTP, STARTTLS' },
  { port: 7025, what: 'LMTP, STARTTLS' },
];

/** Largest list of hosts in bytes: 100,000 of the longest usual names. */
const MAX_LIST_BYTES = 8_388_608;

/** `--starttls`; `none` for TLS from the first byte. Throws UsageError. */
export function parseStartTls(text: string): StartTlsProtocol | null {
  const protocol = STARTTLS_PROTOCOLS.find((known) => known === text);
  if (protocol !== undefined) return protocol;
  if (text === 'none') return null;
  throw new UsageError(`"${text}" is not one of ${STARTTLS_PROTOCOLS.join(', ')}, none`);
}

/** `HOST[:PORT]`; the protocol is the port's usual one unless said. Throws UsageError. */
export function parseTarget(text: string, startTls?: StartTlsProtocol | null): Target {
  const { host, port } = parseEndpoint(text);
  return {
    host,
    port,
    startTls: startTls === undefined ? (PLAIN_AT_FIRST[port] ?? null) : startTls,
  };
}

/** Every port of a Zimbra server. Throws UsageError where HOST has a port of its own. */
export function zimbraTargets(text: string): Target[] {
  const { host } = parseEndpoint(text);
  if (/^\[.*\]:\d+$|^[^:]+:\d+$/.test(text)) {
    throw new UsageError(`"${text}" has a port, and --zimbra looks at eight`);
  }
  return ZIMBRA_PORTS.map(({ port }) => parseTarget(endpointKey({ host, port })));
}

/** One `HOST[:PORT]` a line, with `#` remarks; `-` is standard input. Throws UsageError with the line. */
export async function readTargets(
  file: string,
  startTls?: StartTlsProtocol | null,
): Promise<Target[]> {
  const targets: Target[] = [];
  const list = (await readWithin(file, MAX_LIST_BYTES)).toString('utf8');
  for (const [index, line] of list.split('\n').entries()) {
    const text = line.replace(/#.*/, '').trim();
    if (text === '') continue;
    try {
      targets.push(parseTarget(text, startTls));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`line ${index + 1} of "${file}": ${error.message}`, error.hints);
    }
  }
  if (targets.length === 0) throw new UsageError(`"${file}" names no host`);
  return targets;
}
