/** What a failure means for a profile: Work Offline with a reason, another try, or one connection alone. */

import { SoapFault } from '@postern/soap';
import { StoreError, TransportError, TrustError } from '@postern/trust';
import type { OfflineReason } from './api.ts';
import { errorSummary, ServerError } from './errors.ts';

/** The consequence of one connection's failure. */
export type Consequence =
  /** All eight stop. With `retry` the engine tries again by itself. */
  | { kind: 'offline'; reason: OfflineReason; detail: string; retry: boolean }
  /** The socket ended: this connection dials again and is decided again. */
  | { kind: 'again' }
  /** Only this connection failed; it is tried again later. */
  | { kind: 'alone' };

/** HTTP statuses of a proxy whose server is away, or of one that is overrun (ZCS: DoSFilter answers 503). */
const AWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Judges a failure. `isLoggedIn`: whether a login succeeded since the profile went online;
 * `failures`: how often this connection failed in a row before.
 */
export function consequenceOf(error: unknown, isLoggedIn: boolean, failures: number): Consequence {
  const detail = errorSummary(error).message;
  const offline = (reason: OfflineReason, retry: boolean): Consequence => ({
    kind: 'offline',
    reason,
    detail,
    retry,
  });
  if (error instanceof TrustError) {
    switch (error.code) {
      case 'ERR_TRUST_UNANSWERED':
        return offline('waiting-for-decision', false);
      case 'ERR_TRUST_STOPPED':
        return offline('stopped-trusting', false);
      case 'ERR_TRUST_EXPIRED':
        return { kind: 'again' };
      case 'ERR_TRUST_REFUSED':
        return offline('refused', false);
      // Nobody can be asked: the administrator has to act, so it is looked at again from time to time.
      case 'ERR_TRUST_CHANGED':
      case 'ERR_TRUST_NO_CERTIFICATE':
      case 'ERR_TRUST_POLICY':
        return offline('refused', true);
    }
  }
  if (error instanceof TransportError) {
    const wasConnected = error.phase === 'request' || error.phase === 'response';
    // A single broken connection says little: one more try tells whether the server is away.
    return wasConnected && failures === 0 ? { kind: 'again' } : offline('server-away', true);
  }
  if (error instanceof SoapFault && error.code === 'account.AUTH_FAILED') {
    return offline('wrong-password', false);
  }
  if (error instanceof ServerError) {
    if (error.code === 'ERR_PASSWORD_MISSING') return offline('no-password', false);
    if (error.code === 'ERR_HTTP_STATUS' && AWAY_STATUSES.has(error.status ?? 0)) {
      return offline('server-away', true);
    }
  }
  // The gate could not keep a decision: without its memory nothing may go on.
  if (error instanceof StoreError && !isLoggedIn) return offline('store-failed', true);
  return isLoggedIn ? { kind: 'alone' } : offline('server-refused', true);
}
