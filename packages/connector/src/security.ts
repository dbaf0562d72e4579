/** How each connection is protected, in the words of the Connection Status box. */

import { describe, type EndpointStatus, type Verdict } from '@postern/trust';
import type { ConnectionSecurity } from './api.ts';

/**
 * How a connection is protected, from the last verdict on it and from what stands at its endpoint.
 * `none` where it has not been connected since the profile went online.
 */
export function securityOf(status: EndpointStatus, verdict: Verdict | null): ConnectionSecurity {
  if (status.state === 'refused') return { kind: 'refused', reason: refusalReason(status) };
  if (status.state === 'waiting') return { kind: 'waiting' };
  if (status.state === 'stopped') return { kind: 'none' };
  if (status.state === 'plain-http') {
    return status.until === null
      ? { kind: 'none' }
      : { kind: 'NOT SECURE', until: status.until.toISOString() };
  }
  switch (verdict?.kind) {
    case undefined:
      return { kind: 'none' };
    case 'ask':
      return { kind: 'waiting' };
    case 'overridden':
      return { kind: 'trusted-by-you', until: verdict.until.toISOString() };
    case 'refuse':
      return { kind: 'refused', reason: refusalReason(status) };
    case 'secure':
      return { kind: 'SECURE' };
  }
}

function refusalReason({ diagnosis, verdict }: EndpointStatus): string {
  const [gravest] = diagnosis?.problems ?? [];
  if (gravest !== undefined) return describe(gravest);
  return verdict?.kind === 'refuse' ? verdict.rule : 'refused';
}

/** From the least secure on (house, decision 19). */
const RANK: readonly ConnectionSecurity['kind'][] = [
  'NOT SECURE',
  'refused',
  'waiting',
  'none',
  'trusted-by-you',
  'SECURE',
];

/** The least secure of these; `none` where there are none. */
export function leastSecure(connections: readonly ConnectionSecurity[]): ConnectionSecurity {
  const [least] = connections.toSorted((a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind));
  return least ?? { kind: 'none' };
}

/** The one box that the article has, in words. */
export function connectionStatusOf(security: ConnectionSecurity): string {
  switch (security.kind) {
    case 'none':
      return 'not connected';
    case 'NOT SECURE':
      return 'NOT SECURE';
    case 'refused':
      return 'refused';
    case 'waiting':
      return 'waiting for your decision';
    case 'trusted-by-you':
      return `trusted by you until ${security.until}`;
    case 'SECURE':
      return 'SECURE';
  }
}
