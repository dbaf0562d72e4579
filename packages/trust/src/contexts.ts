/** One TLS context per generation of anchors: with 150 roots a context costs 6 to 20 ms and 1 MiB. */

import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { type AnchorSet, anchorsFor } from './anchors.ts';
import { toPem } from './certificate.ts';

export interface Contexts {
  /** The context that trusts exactly the anchors in force for this server name. */
  for(set: AnchorSet, serverName: string): SecureContext;
  /** The same with every version and cipher that OpenSSL still has: to look, never to hand out. */
  forLookingOnly(set: AnchorSet, serverName: string): SecureContext;
}

/** What a connection must keep to. */
const STRONG: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
};

/**
 * What shows a server whatever is wrong with it. Level 0 is the only one with TLS 1.0 and 1.1 in
 * OpenSSL 3; without certificate or encryption is what only COMPLEMENTOFALL brings (measured, 3.5).
 */
const WEAK: SecureContextOptions = {
  minVersion: 'TLSv1',
  ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_LEGACY_SERVER_CONNECT,
};

/**
 * The options stand in the context, for beside a `secureContext` Node ignores them in silence.
 * TLS 1.2 is the least there is (RFC 8996). Renegotiation would fire a second handshake behind the
 * verdict. An empty list trusts nobody; an empty *string* would mean Node's default roots.
 */
export function createContexts(): Contexts {
  let generation = -1;
  let known = new Map<string, SecureContext>();

  function contextFor(
    set: AnchorSet,
    serverName: string,
    rules: SecureContextOptions,
  ): SecureContext {
    if (set.generation !== generation) {
      generation = set.generation;
      known = new Map();
    }
    const anchors = anchorsFor(set, serverName);
    // Only names with roots of their own need a context of their own.
    const isBound = anchors.some(({ origin }) => origin.kind !== 'system' && boundTo(origin));
    const key = `${rules === STRONG ? 'strong' : 'weak'} ${isBound ? serverName : ''}`;
    const context =
      known.get(key) ??
      createSecureContext({
        ...rules,
        ca: anchors.map(({ certificate }) => toPem(certificate.der)),
      });
    known.set(key, context);
    return context;
  }

  return {
    for: (set, serverName) => contextFor(set, serverName, STRONG),
    forLookingOnly: (set, serverName) => contextFor(set, serverName, WEAK),
  };
}

function boundTo(
  origin: { kind: 'policy'; hosts: readonly string[] | null } | { kind: 'user' },
): boolean {
  return origin.kind === 'user' || origin.hosts !== null;
}
