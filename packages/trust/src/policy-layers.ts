/**
 * Lays the layers of policy over each other: the strongest may say anything, a weaker one may only
 * tighten (house, decision 18). Pure: documents are read elsewhere.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Policy, PolicyLayer } from './policy.ts';

/** Something that a document states and its layer may not: it would loosen what a stronger layer fixed. */
export interface IgnoredValue {
  field: keyof Policy;
  layer: PolicyLayer;
  path: string;
}

/** What one document states. */
export interface Layer {
  layer: PolicyLayer;
  path: string;
  stated: Partial<Policy>;
}

type Origin = Record<keyof Policy, PolicyLayer>;

/** Lays the layers over the defaults, strongest first, and says what had no effect. */
export function layered(
  defaults: Policy,
  layers: readonly Layer[],
): {
  policy: Policy;
  origin: Origin;
  ignored: IgnoredValue[];
} {
  const policy: Policy = { ...defaults };
  const origin: Origin = { ...EVERY_DEFAULT };
  const ignored: IgnoredValue[] = [];
  for (const { layer, path, stated } of layers) {
    for (const field of FIELDS) {
      if (stated[field] === undefined) continue;
      if (layer === 'machine') {
        assign(policy, field, stated[field]);
        origin[field] = layer;
      } else if (tighten(policy, field, stated, origin)) {
        origin[field] = layer;
      } else if (!isDeepStrictEqual(policy[field], stated[field]) || isForMachine(field, stated)) {
        ignored.push({ field, layer, path });
      }
    }
  }
  // Whoever names lists and says nothing of revocation wants them looked at.
  if (policy.revocationLists.length > 0 && origin.revocation === 'default') {
    policy.revocation = 'when-available';
    origin.revocation = origin.revocationLists;
  }
  return { policy, origin, ignored };
}

/** In this order: the hosts are weighed before TrustOverride, whose old value they need. */
const EVERY_DEFAULT: Origin = {
  trustOverrideHosts: 'default',
  trustOverride: 'default',
  requireSecureConnection: 'default',
  maxTrustDays: 'default',
  requireFingerprintCheck: 'default',
  rootsFromSystem: 'default',
  extraRoots: 'default',
  pinnedKeys: 'default',
  disallowedCertificates: 'default',
  revocation: 'default',
  revocationLists: 'default',
  minimumTlsVersion: 'default',
  serverName: 'default',
  supportText: 'default',
  supportUrl: 'default',
};

const FIELDS: readonly (keyof Policy)[] = Object.keys(EVERY_DEFAULT).filter(
  (name): name is keyof Policy => Object.hasOwn(EVERY_DEFAULT, name),
);

/** Roots, and leave to override anywhere, come from the machine layer alone (house, decision 18). */
function isForMachine(field: keyof Policy, stated: Partial<Policy>): boolean {
  return field === 'extraRoots' || (field === 'trustOverride' && stated.trustOverride === 'on');
}

/**
 * Takes over from a weaker layer what is tighter than `policy`, or as tight where nobody has spoken
 * yet. Returns whether it was.
 */
function tighten(
  policy: Policy,
  field: keyof Policy,
  stated: Partial<Policy>,
  origin: Origin,
): boolean {
  if (isForMachine(field, stated)) return false;
  const tighter = { ...policy, ...tightened(policy, field, stated) };
  const isFirstWord =
    origin[field] === 'default' && isDeepStrictEqual(policy[field], stated[field]);
  if (isDeepStrictEqual(tighter[field], policy[field])) return isFirstWord;
  assign(policy, field, tighter[field]);
  return true;
}

/** The tighter of what holds and what is stated, field by field: the one table of what tighter means. */
function tightened(policy: Policy, field: keyof Policy, stated: Partial<Policy>): Partial<Policy> {
  const said: Policy = { ...policy, ...stated };
  switch (field) {
    case 'requireSecureConnection':
    case 'requireFingerprintCheck':
      return { [field]: policy[field] || said[field] };
    case 'rootsFromSystem':
      return { rootsFromSystem: policy.rootsFromSystem && said.rootsFromSystem };
    case 'trustOverride':
      return {
        trustOverride: later(['on', 'listed', 'off'], policy.trustOverride, said.trustOverride),
      };
    case 'trustOverrideHosts':
      return { trustOverrideHosts: tighterHosts(policy, stated) };
    case 'maxTrustDays':
      return { maxTrustDays: Math.min(policy.maxTrustDays, said.maxTrustDays) };
    case 'pinnedKeys':
      return { pinnedKeys: tighterPins(policy.pinnedKeys, said.pinnedKeys) };
    case 'disallowedCertificates':
      return {
        disallowedCertificates: [
          ...new Set([...policy.disallowedCertificates, ...said.disallowedCertificates]),
        ],
      };
    case 'revocationLists':
      return {
        revocationLists: [...new Set([...policy.revocationLists, ...said.revocationLists])],
      };
    case 'revocation':
      return {
        revocation: later(
          ['off', 'when-available', 'required'],
          policy.revocation,
          said.revocation,
        ),
      };
    case 'minimumTlsVersion':
      return {
        minimumTlsVersion: later(
          ['TLSv1.2', 'TLSv1.3'],
          policy.minimumTlsVersion,
          said.minimumTlsVersion,
        ),
      };
    // Words for people loosen nothing: who speaks first is heard.
    case 'serverName':
    case 'supportText':
    case 'supportUrl':
      return { [field]: policy[field] ?? said[field] };
    case 'extraRoots':
      return {};
  }
}

/** A list of hosts means something only where TrustOverride is `listed`: there, those on both lists. */
function tighterHosts(policy: Policy, stated: Partial<Policy>): readonly string[] {
  const hosts = stated.trustOverrideHosts ?? [];
  if (policy.trustOverride === 'on')
    return stated.trustOverride === 'listed' ? hosts : policy.trustOverrideHosts;
  return policy.trustOverrideHosts.filter((host) => hosts.includes(host));
}

/** Keys of one host that both name; an empty list is a host that nothing satisfies. */
function tighterPins(held: Policy['pinnedKeys'], said: Policy['pinnedKeys']): Policy['pinnedKeys'] {
  const narrowed = held.map((pin) => {
    const other = said.find(({ host }) => host === pin.host);
    if (other === undefined) return pin;
    return { ...pin, spkiSha256: pin.spkiSha256.filter((key) => other.spkiSha256.includes(key)) };
  });
  return [...narrowed, ...said.filter(({ host }) => !held.some((pin) => pin.host === host))];
}

function later<T>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}

function assign<K extends keyof Policy>(
  policy: Policy,
  field: K,
  value: Policy[K] | undefined,
): void {
  if (value !== undefined) policy[field] = value;
}
