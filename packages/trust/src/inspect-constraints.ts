/**
 * What the CAs of a path lay down for those below them: names (RFC 5280 6.1.3 b, c) and certificate
 * policies (6.1.3 d to f). The constraints of an anchor count like those of any other CA, as OpenSSL
 * has it for names; what only an anchor asks of policies is a remark, since RFC 5280 passes over it.
 */

import {
  ANY_POLICY,
  demandsPolicy,
  type PolicyStep,
  policyBreach,
} from './certificate-policies.ts';
import type { Inspection } from './inspection.ts';
import { breachOf, MAX_CONSTRAINT_COMPARISONS } from './name-constraints.ts';
import { isAnchored, isSelfIssued, type Path, type Step } from './path.ts';

class TooMany extends Error {}

/** Adds to what was found whatever breaks a constraint of names or policies. */
export function inspectConstraints(path: Path, found: Inspection): void {
  let left = MAX_CONSTRAINT_COMPARISONS;
  const spend = (): void => {
    left -= 1;
    if (left < 0) throw new TooMany();
  };
  try {
    for (const [index, issuer] of path.steps.entries()) {
      if (index > 0) inspectNamesBelow(path.steps.slice(0, index), issuer, spend, found);
    }
  } catch (error) {
    if (!(error instanceof TooMany)) throw error;
    found.problems.push({
      kind: 'limit-exceeded',
      position: null,
      limit: 'comparisons with name constraints',
      allowed: MAX_CONSTRAINT_COMPARISONS,
      found: MAX_CONSTRAINT_COMPARISONS + 1,
    });
  }
  if (path.steps.some(({ certificate }) => demandsPolicy(certificate.extensions))) {
    inspectPolicies(path, found);
  }
}

function inspectNamesBelow(
  below: readonly Step[],
  issuer: Step,
  spend: () => void,
  found: Inspection,
): void {
  const { position } = issuer;
  const { nameConstraints } = issuer.certificate;
  if (nameConstraints === null) return;
  for (const [index, step] of below.entries()) {
    if (index > 0 && isSelfIssued(step.certificate)) continue;
    const breach = breachOf(nameConstraints, step.certificate.constrainedNames ?? [], spend);
    if (breach === null) continue;
    found.problems.push({ kind: 'name-constraint', position, ...breach });
    return;
  }
}

function inspectPolicies(path: Path, found: Inspection): void {
  const unread = path.steps.filter(({ certificate }) => certificate.policies === null);
  for (const { position } of unread) {
    const reason = 'the certificate policies cannot be read';
    found.problems.push({ kind: 'malformed', position, reason });
  }
  if (unread.length > 0) return;
  const fromTop = path.steps.toReversed();
  const top = fromTop[0];
  const isTopTrusted = isAnchored(path) && fromTop.length > 1;
  const steps = isTopTrusted ? fromTop.slice(1) : fromTop;
  const breach = breachAlong(steps);
  if (breach !== null) {
    const { certificate, position } = breach;
    found.problems.push({ kind: 'policy-constraint', position, subject: certificate.subject });
  } else if (isTopTrusted && top !== undefined && breachAlong(steps, top) !== null) {
    const sentence = 'The trusted root asks for a certificate policy that the chain does not have.';
    found.remarks.push({ kind: 'policy-constraint-of-root', position: top.position, sentence });
  }
}

/**
 * The certificate at which no policy is valid any more although one has to be, or null. An anchor that
 * is given too lays down what it says, and an anchor that says nothing allows any (RFC 5937 3.2).
 */
function breachAlong(below: readonly Step[], anchor?: Step): Step | null {
  const steps = anchor === undefined ? below : [anchor, ...below];
  const index = policyBreach(
    steps.flatMap((step): PolicyStep[] => {
      const { policies: facts } = step.certificate;
      if (facts === null) return [];
      const policies = facts.policies ?? (step === anchor ? [ANY_POLICY] : null);
      return [{ facts: { ...facts, policies }, isSelfIssued: isSelfIssued(step.certificate) }];
    }),
  );
  return index === null ? null : (steps[index] ?? null);
}
