/**
 * Use Secure Connection while its box is unticked: the server is asked over TLS before anything is
 * sent, and the box ticks itself where TLS answers (house, decision 9). It never unticks itself, and
 * what fails here only leaves the box as the person left it.
 */

import { type Gate, TransportError, TrustError } from '@postern/trust';
import type { Profile } from './profile.ts';

/** Ports where a server that speaks HTTP on this one usually speaks TLS (ZCS: zmproxyconfig 8080:80:8443:443). */
const SECURE_BESIDE: Readonly<Record<number, number>> = { 80: 443, 8080: 8443 };

/** What asking came to. */
export type SecureFirst =
  | { kind: 'answers'; port: number }
  | { kind: 'silent'; asked: readonly number[] };

/**
 * Asks for TLS on the profile's secure port, beside its HTTP port, and on its HTTP port itself. Any
 * certificate counts as an answer: whether it is trusted is decided when it is used.
 */
export async function askForTls(
  gate: Gate,
  profile: Profile,
  signal: AbortSignal,
): Promise<SecureFirst> {
  const ports = portsForTls(profile);
  for (const port of ports) {
    if (await answersTls(gate, profile.serverName, port, signal)) return { kind: 'answers', port };
  }
  return { kind: 'silent', asked: ports };
}

/** Where TLS may answer, in the order in which it is asked for: the secure port, beside the HTTP port, on it. */
export function portsForTls({
  port,
  httpPort,
}: Pick<Profile, 'httpPort' | 'port'>): readonly number[] {
  const beside = SECURE_BESIDE[httpPort];
  return [...new Set([port, ...(beside === undefined ? [] : [beside]), httpPort])];
}

async function answersTls(
  gate: Gate,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await gate.look({ host, port, signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    // A server that speaks TLS and shows no certificate speaks TLS.
    if (error instanceof TrustError) return true;
    if (error instanceof TransportError) return false;
    throw error;
  }
}
