/** One TLS context per generation of anchors: with 150 roots a context costs 6 to 20 ms and 1 MiB. */

import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type AnchorSet, anchorsFor } from './anchors.ts';
import { toPem } from './certificate.ts';

export interface Contexts {
  /** The context that trusts exactly the anchors in force for this server name. */
  for(set: AnchorSet, serverName: string): SecureContext;
}

/**
 * The options stand in the context, for beside a `secureContext` Node ignores them in silence.
 * TLS 1.2 is the least there is (RFC 8996). Renegotiation would fire a second handshake behind the
 * verdict. An empty list trusts nobody; an empty *string* would mean Node's default roots.
 */
export function createContexts(): Contexts {
  let generation = -1;
  let byName = new Map<string, SecureContext>();
  return {
    for(set, serverName) {
      if (set.generation !== generation) {
        generation = set.generation;
        byName = new Map();
      }
      const anchors = anchorsFor(set, serverName);
      // Only names with roots of their own need a context of their own.
      const isBound = anchors.some(({ origin }) => origin.kind !== 'system' && boundTo(origin));
      const key = isBound ? serverName : '';
      const known = byName.get(key);
      if (known !== undefined) return known;
      const context = createSecureContext({
        ca: anchors.map(({ certificate }) => toPem(certificate.der)),
        minVersion: 'TLSv1.2',
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      });
      byName.set(key, context);
      return context;
    },
  };
}

function boundTo(
  origin: { kind: 'policy'; hosts: readonly string[] | null } | { kind: 'user' },
): boolean {
  return origin.kind === 'user' || origin.hosts !== null;
}
