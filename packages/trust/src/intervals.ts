/** Which periods a person may choose from for a question, and when a period ends. Pure functions. */

import type { Policy } from './policy.ts';
import { NEVER_OVERRIDABLE, type Problem } from './problem.ts';
import {
  type AskReason,
  type Endpoint,
  FINGERPRINT_CHECK_BEYOND_MS,
  type IntervalChoice,
  TRUST_INTERVAL_MS,
  TRUST_INTERVALS,
  type TrustInterval,
} from './question.ts';

/** Chosen unless the person chooses otherwise (house, decision 7). */
export const DEFAULT_INTERVAL: TrustInterval = '1d';

const DAY_MS = 86_400_000;

export interface ChoicesInput {
  because: AskReason;
  policy: Policy;
  endpoint: Endpoint;
  problems: readonly Problem[];
  /** With `leafNotAfter`: periods of more than a day are offered only if the leaf is valid for as long. */
  now?: Date;
  leafNotAfter?: Date | null;
}

/**
 * The periods on offer, the default first; empty where there is no choice at all. Does not look at
 * what was granted before. House, decisions 6 to 9: a server that was `secure` gets a day at most
 * and only with the fingerprint typed; no problem of {@link NEVER_OVERRIDABLE} can be overridden;
 * plain HTTP has the same periods and no fingerprint to type.
 */
export function choicesFor(input: ChoicesInput): IntervalChoice[] {
  const { because, policy, endpoint, problems } = input;
  if (!mayOverride(policy, endpoint)) return [];
  if (problems.some(({ kind }) => NEVER_OVERRIDABLE.has(kind))) return [];
  const isPlain = because === 'plain-http';
  // Without a certificate there is nothing that the required check could be made against.
  if (isPlain && (policy.requireSecureConnection || policy.requireFingerprintCheck)) return [];

  const longestMs = longestFor(input);
  const inOrder = [
    DEFAULT_INTERVAL,
    ...TRUST_INTERVALS.filter((item) => item !== DEFAULT_INTERVAL),
  ];
  return inOrder
    .filter((interval) => TRUST_INTERVAL_MS[interval] <= longestMs)
    .map((interval) => ({
      interval,
      needsFingerprint:
        !isPlain &&
        (because === 'was-secure' ||
          policy.requireFingerprintCheck ||
          TRUST_INTERVAL_MS[interval] > FINGERPRINT_CHECK_BEYOND_MS),
    }));
}

function longestFor({ because, policy, problems, now, leafNotAfter }: ChoicesInput): number {
  const byPolicyMs = policy.maxTrustDays * DAY_MS;
  if (because === 'was-secure') return Math.min(byPolicyMs, DAY_MS);
  const isExpired = problems.some(({ kind }) => kind === 'expired');
  if (isExpired || now === undefined || leafNotAfter === undefined || leafNotAfter === null) {
    return byPolicyMs;
  }
  // When the leaf expires the person is asked again (decision 3): a longer promise would be broken.
  const validForMs = leafNotAfter.getTime() - now.getTime();
  return Math.min(byPolicyMs, Math.max(DAY_MS, validForMs));
}

/**
 * The instant from which trust granted now is over, inclusive. `until-stop` ends with the process or
 * after a day. `maxTrustDays` is policy's cap.
 */
export function expiryOf(
  interval: TrustInterval,
  now: Date,
  maxTrustDays = Number.POSITIVE_INFINITY,
): Date {
  const lengthMs = Math.min(TRUST_INTERVAL_MS[interval], maxTrustDays * DAY_MS);
  return new Date(now.getTime() + lengthMs);
}

/** Whether policy lets a person override at this endpoint at all. */
export function mayOverride(
  policy: Pick<Policy, 'maxTrustDays' | 'trustOverride' | 'trustOverrideHosts'>,
  { host }: Endpoint,
): boolean {
  if (policy.trustOverride === 'off' || policy.maxTrustDays === 0) return false;
  return policy.trustOverride === 'on' || policy.trustOverrideHosts.includes(host);
}
