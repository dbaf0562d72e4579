/** From a diagnosis to a verdict: what the gate does. A pure function, so the decision can be run on paper. */

import type { Diagnosis } from './diagnose.ts';
import { mayOverride } from './intervals.ts';
import type { EndpointMemory, Override } from './overrides.ts';
import type { PolicyState } from './policy.ts';
import {
  byGravity,
  NEVER_OVERRIDABLE,
  type Problem,
  type ProblemKind,
  problemKey,
} from './problem.ts';
import type { AskReason, Endpoint, ExpectedCertificate } from './question.ts';

/** What the gate does about a diagnosis. */
export type Verdict =
  | { kind: 'ask'; because: AskReason; expected: ExpectedCertificate | null }
  | { kind: 'overridden'; until: Date; override: Override }
  | { kind: 'refuse'; because: 'never-overridable' | 'policy'; rule: string }
  | { kind: 'secure' };

export interface DecideInput {
  endpoint: Endpoint;
  diagnosis: Diagnosis;
  memory: EndpointMemory;
  policy: PolicyState;
  now: Date;
}

/** Problems that the passing of time alone brings; on a known key they are not danger (house, decision 6). */
const DATE_KINDS: ReadonlySet<ProblemKind> = new Set<ProblemKind>(['expired', 'not-yet-valid']);

const DAY_MS = 86_400_000;

/**
 * Decides. `secure` needs both voices: OpenSSL authorised the chain and the diagnosis holds no
 * problem. Does not look at remarks. An unreadable policy refuses.
 * Article: "any subsequent connections that return this certificate will also be implicitly trusted".
 */
export function decide({ endpoint, diagnosis, memory, policy, now }: DecideInput): Verdict {
  if (policy.kind === 'unreadable') {
    return { kind: 'refuse', because: 'policy', rule: 'unreadable policy' };
  }
  const rules = policy.policy;
  const problems = [...diagnosis.problems].sort(byGravity);

  const pinned = rules.pinnedKeys.filter(({ host }) => host === endpoint.host);
  if (pinned.length > 0 && !pinned.some(({ spkiSha256 }) => holdsKey(diagnosis, spkiSha256))) {
    return { kind: 'refuse', because: 'policy', rule: 'PinnedKeys' };
  }
  if (problems.length === 0 && diagnosis.openssl === null) return { kind: 'secure' };

  const grave = problems.find(({ kind }) => NEVER_OVERRIDABLE.has(kind));
  if (grave !== undefined) {
    return { kind: 'refuse', because: 'never-overridable', rule: grave.kind };
  }
  // Without any problem of ours OpenSSL's refusal would have become `refused-by-openssl`, and
  // `undefined` means that OpenSSL was not asked: neither may be taken for a yes.
  if (problems.length === 0) {
    return { kind: 'refuse', because: 'never-overridable', rule: 'refused-by-openssl' };
  }
  if (
    problems.some(({ kind }) => kind === 'old-protocol') &&
    rules.minimumTlsVersion !== 'TLSv1.2'
  ) {
    return { kind: 'refuse', because: 'policy', rule: 'MinimumTlsVersion' };
  }
  if (!mayOverride(rules, endpoint)) {
    return { kind: 'refuse', because: 'policy', rule: 'TrustOverride' };
  }

  const leaf = diagnosis.chain[0];
  const remembered = memory.override;
  if (remembered?.state !== 'live') return ask(diagnosis, memory, problems);
  const { value } = remembered;
  const until = cappedExpiry(value, rules.maxTrustDays);
  const isOver = now >= until || (rules.requireFingerprintCheck && !value.fingerprintChecked);
  if (!isOver && value.leafSha256 === leaf?.sha256 && covers(value, problems)) {
    return { kind: 'overridden', until, override: value };
  }
  const state = isOver ? 'expired' : 'live';
  return ask(diagnosis, { ...memory, override: { value, state } }, problems);
}

function ask(diagnosis: Diagnosis, memory: EndpointMemory, problems: readonly Problem[]): Verdict {
  const leaf = diagnosis.chain[0];
  const { secureWith } = memory;
  if (secureWith !== null && leaf !== undefined) {
    const sameKey =
      secureWith.leafSha256 === leaf.sha256 || secureWith.spkiSha256 === leaf.spkiSha256;
    const onlyDates = problems.every(({ kind }) => DATE_KINDS.has(kind));
    if (!(sameKey && onlyDates)) {
      const expected = {
        sha256: secureWith.leafSha256,
        der: secureWith.leafDer,
        lastSeenAt: secureWith.at,
      };
      return { kind: 'ask', because: 'was-secure', expected };
    }
  }
  const remembered = memory.override;
  // The confirmation of plain HTTP left no certificate to compare with.
  const isNothing = remembered === null || remembered.value.leafDer === null;
  if (isNothing || remembered.state === 'withdrawn' || remembered.state === 'retired') {
    return { kind: 'ask', because: 'first', expected: null };
  }
  const expected = {
    sha256: remembered.value.leafSha256,
    der: remembered.value.leafDer,
    lastSeenAt: remembered.value.grantedAt,
  };
  if (remembered.value.leafSha256 !== leaf?.sha256) {
    return { kind: 'ask', because: 'changed', expected };
  }
  // The same certificate: its time is over, or it shows a problem the person has not agreed to.
  const because = remembered.state === 'expired' ? 'override-expired' : 'new-problem';
  return { kind: 'ask', because, expected: null };
}

/** An override covers a diagnosis if all it holds was among what the person saw (house, decision 2). */
function covers(override: Override, problems: readonly Problem[]): boolean {
  return problems.every((problem) => override.problems.includes(problemKey(problem)));
}

/** A policy that came after the answer shortens it. */
export function cappedExpiry(override: Override, maxTrustDays: number): Date {
  const cap = override.grantedAt.getTime() + maxTrustDays * DAY_MS;
  return new Date(Math.min(override.expiresAt.getTime(), cap));
}

function holdsKey(diagnosis: Diagnosis, allowed: readonly string[]): boolean {
  const onPath = diagnosis.path.map(({ certificate }) => certificate.spkiSha256);
  return onPath.some((spki) => allowed.includes(spki));
}
