/**
 * Certificate policies along a path: RFC 5280 6.1 as RFC 9618 mends it, for somebody who asks for no
 * policy in particular. Then a path fails only where one of its CAs wants an explicit policy and none
 * is valid; so nothing but the policies valid at one certificate has to be kept, never the tree.
 */

import { AsnConvert } from '@peculiar/asn1-schema';
import {
  CertificatePolicies,
  InhibitAnyPolicy,
  PolicyConstraints,
  PolicyMappings,
} from '@peculiar/asn1-x509';
import { children, DerError, readWhole } from './der.ts';
import type { RawExtension } from './extensions.ts';

/** What a certificate says of policies; null where an extension is absent. Numbers count certificates. */
export interface PolicyFacts {
  readonly policies: readonly string[] | null;
  readonly mappings: readonly { issuer: string; subject: string }[];
  readonly requireExplicitPolicy: number | null;
  readonly inhibitPolicyMapping: number | null;
  readonly inhibitAnyPolicy: number | null;
}

/** RFC 5280 4.2.1.4. */
export const ANY_POLICY = '2.5.29.32.0';

const CERTIFICATE_POLICIES = '2.5.29.32';
const POLICY_MAPPINGS = '2.5.29.33';
const POLICY_CONSTRAINTS = '2.5.29.36';
const INHIBIT_ANY_POLICY = '2.5.29.54';

/** Most policies or mappings of one certificate: the largest of real ones, bridges between governments, have some dozens. */
const MAX_POLICIES = 256;

/** Extensions that can make a path fail; where a path has none of them there is nothing to compute. */
const DEMANDING: readonly string[] = [POLICY_CONSTRAINTS, POLICY_MAPPINGS];

/** Whether these extensions may ask for a policy of the path. */
export function demandsPolicy(extensions: readonly { oid: string }[]): boolean {
  return extensions.some(({ oid }) => DEMANDING.includes(oid));
}

/** Decodes what the extensions say of policies. Throws where one of them cannot be read. */
export function readPolicies(extensions: readonly RawExtension[]): PolicyFacts {
  const contentOf = (oid: string): Uint8Array | undefined =>
    extensions.find((extension) => extension.oid === oid)?.value;
  const policies = bounded(contentOf(CERTIFICATE_POLICIES));
  const mappings = bounded(contentOf(POLICY_MAPPINGS));
  const constraints = contentOf(POLICY_CONSTRAINTS);
  const inhibit = contentOf(INHIBIT_ANY_POLICY);
  const { requireExplicitPolicy, inhibitPolicyMapping } =
    constraints === undefined
      ? new PolicyConstraints()
      : AsnConvert.parse(constraints, PolicyConstraints);
  return {
    policies:
      policies === undefined
        ? null
        : [...AsnConvert.parse(policies, CertificatePolicies)].map((one) => one.policyIdentifier),
    mappings:
      mappings === undefined
        ? []
        : [...AsnConvert.parse(mappings, PolicyMappings)].map((mapping) => ({
            issuer: mapping.issuerDomainPolicy,
            subject: mapping.subjectDomainPolicy,
          })),
    requireExplicitPolicy: skipCerts(requireExplicitPolicy),
    inhibitPolicyMapping: skipCerts(inhibitPolicyMapping),
    inhibitAnyPolicy:
      inhibit === undefined ? null : skipCerts(AsnConvert.parse(inhibit, InhibitAnyPolicy).value),
  };
}

function bounded(list: Uint8Array | undefined): Uint8Array | undefined {
  if (list !== undefined && children(readWhole(list)).length > MAX_POLICIES) {
    throw new DerError(`more than ${MAX_POLICIES} policies`, 0);
  }
  return list;
}

/** SkipCerts is an INTEGER (0..MAX): a larger number than any path is long is as good as any, a negative one as zero. */
function skipCerts(value: ArrayBuffer | undefined): number | null {
  if (value === undefined) return null;
  const octets = [...new Uint8Array(value)];
  if ((octets[0] ?? 0) >= 0x80) return 0;
  return octets.reduce((sum, octet) => Math.min(sum * 256 + octet, 1e9), 0);
}

/** One certificate of a path, as far as policies go. */
export interface PolicyStep {
  readonly facts: PolicyFacts;
  readonly isSelfIssued: boolean;
}

/**
 * The index of the certificate at which the path breaks the policy constraints of its CAs, or null.
 * `steps` go from the certificate below the trust anchor to the leaf (RFC 5280 6.1.3 to 6.1.5, with
 * initial-any-policy and nothing inhibited at first).
 */
export function policyBreach(steps: readonly PolicyStep[]): number | null {
  const count = steps.length;
  /** Valid policies here, each with those expected below it; null: no policy is valid any more. */
  let valid: ReadonlyMap<string, ReadonlySet<string>> | null = new Map([
    [ANY_POLICY, new Set([ANY_POLICY])],
  ]);
  let explicitPolicy = count + 1;
  let policyMapping = count + 1;
  let inhibitAnyPolicy = count + 1;
  for (const [index, { facts, isSelfIssued }] of steps.entries()) {
    const isLeaf = index === count - 1;
    const mayUseAny = inhibitAnyPolicy > 0 || (!isLeaf && isSelfIssued);
    valid = valid === null ? null : policiesBelow(valid, facts.policies, mayUseAny);
    // 6.1.3 (f)
    if (explicitPolicy === 0 && valid === null) return index;
    if (!isLeaf) {
      // 6.1.4 (a)
      if (facts.mappings.some((one) => one.issuer === ANY_POLICY || one.subject === ANY_POLICY)) {
        return index;
      }
      if (valid !== null) valid = mapped(valid, facts.mappings, policyMapping > 0);
      // 6.1.4 (h)
      if (!isSelfIssued) {
        explicitPolicy = Math.max(0, explicitPolicy - 1);
        policyMapping = Math.max(0, policyMapping - 1);
        inhibitAnyPolicy = Math.max(0, inhibitAnyPolicy - 1);
      }
      // 6.1.4 (i), (j)
      explicitPolicy = Math.min(explicitPolicy, facts.requireExplicitPolicy ?? explicitPolicy);
      policyMapping = Math.min(policyMapping, facts.inhibitPolicyMapping ?? policyMapping);
      inhibitAnyPolicy = Math.min(inhibitAnyPolicy, facts.inhibitAnyPolicy ?? inhibitAnyPolicy);
    } else {
      // 6.1.5 (a), (b), (g)
      explicitPolicy = Math.max(0, explicitPolicy - 1);
      if (facts.requireExplicitPolicy === 0) explicitPolicy = 0;
      if (explicitPolicy === 0 && valid === null) return index;
    }
  }
  return null;
}

/** 6.1.3 (d), (e): the policies valid at a certificate, from those valid above it. */
function policiesBelow(
  above: ReadonlyMap<string, ReadonlySet<string>>,
  policies: readonly string[] | null,
  mayUseAny: boolean,
): ReadonlyMap<string, ReadonlySet<string>> | null {
  if (policies === null) return null;
  const expected = new Set([...above.values()].flatMap((set) => [...set]));
  const found = new Map<string, ReadonlySet<string>>();
  for (const policy of policies) {
    if (policy === ANY_POLICY) continue;
    if (expected.has(policy) || above.has(ANY_POLICY)) found.set(policy, new Set([policy]));
  }
  if (mayUseAny && policies.includes(ANY_POLICY)) {
    for (const policy of expected) if (!found.has(policy)) found.set(policy, new Set([policy]));
  }
  return found.size === 0 ? null : found;
}

/** 6.1.4 (b): what the CA's mappings make of the valid policies. */
function mapped(
  valid: ReadonlyMap<string, ReadonlySet<string>>,
  mappings: readonly { issuer: string; subject: string }[],
  mayMap: boolean,
): ReadonlyMap<string, ReadonlySet<string>> | null {
  const subjects = Map.groupBy(mappings, ({ issuer }) => issuer);
  const found = new Map(valid);
  for (const [issuer, pairs] of subjects) {
    if (!mayMap) found.delete(issuer);
    else if (valid.has(issuer) || valid.has(ANY_POLICY)) {
      found.set(issuer, new Set(pairs.map(({ subject }) => subject)));
    }
  }
  return found.size === 0 ? null : found;
}
