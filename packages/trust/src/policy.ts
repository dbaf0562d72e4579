/**
 * What an administrator fixes for every user: the policy in force and where each value came from.
 * How one document is read is in policy-document.ts.
 */

import { readPrivateFile } from './ownership.ts';
import { readPolicyDocument } from './policy-document.ts';
import { type IgnoredValue, type Layer, layered } from './policy-layers.ts';

/** Layers, from the strongest; a lower one may only tighten (house, decision 18). */
export type PolicyLayer = 'default' | 'file' | 'machine' | 'user';

export interface Policy {
  requireSecureConnection: boolean;
  /** Whether a person may override: nowhere, at listed hosts, anywhere. */
  trustOverride: 'listed' | 'off' | 'on';
  trustOverrideHosts: readonly string[];
  /** Longest period in days (0 to 30). */
  maxTrustDays: number;
  /** Every override needs the fingerprint typed, however short. */
  requireFingerprintCheck: boolean;
  rootsFromSystem: boolean;
  extraRoots: readonly { pem: string; hosts: readonly string[] | null }[];
  pinnedKeys: readonly { host: string; spkiSha256: readonly string[] }[];
  /** Lower-case hex SHA-256 of certificates that are refused wherever they stand in a chain. */
  disallowedCertificates: readonly string[];
  revocation: 'off' | 'required' | 'when-available';
  minimumTlsVersion: 'TLSv1.2' | 'TLSv1.3';
  serverName: string | null;
  supportText: string | null;
  supportUrl: string | null;
}

/** The policy in force, or why it cannot be read: an unreadable policy refuses everything. */
export type PolicyState =
  | {
      kind: 'readable';
      policy: Policy;
      /** Where each value came from. */
      origin: Readonly<Record<keyof Policy, PolicyLayer>>;
      generation: number;
    }
  | { kind: 'unreadable'; reason: string; path: string; generation: number };

export interface PolicySource {
  current(): PolicyState;
  /** Reads the documents again; a change is a new generation. */
  reload(): PolicyState;
}

/** What holds where no policy says otherwise. */
export const DEFAULT_POLICY: Policy = {
  requireSecureConnection: false,
  trustOverride: 'on',
  trustOverrideHosts: [],
  maxTrustDays: 30,
  requireFingerprintCheck: false,
  rootsFromSystem: true,
  extraRoots: [],
  pinnedKeys: [],
  disallowedCertificates: [],
  revocation: 'off',
  minimumTlsVersion: 'TLSv1.2',
  serverName: null,
  supportText: null,
  supportUrl: null,
};

/** A source that reads documents, and can say what in them has no effect. */
export interface LayeredPolicySource extends PolicySource {
  ignored(): readonly IgnoredValue[];
}

/** Where the documents are; null for a layer that there is not on this computer. */
export interface PolicyPaths {
  machine: string | null;
  user: string | null;
  file: string | null;
}

/**
 * Reads the layers machine, user, file. A document that is missing states nothing. One that cannot
 * be read, is invalid, or that another user can write to makes the whole policy unreadable, which
 * refuses everything (threats, row 14).
 */
export function createPolicySource(paths: PolicyPaths): LayeredPolicySource {
  let known: Reading | null = null;
  function reload(): Reading {
    const found = readLayers(paths, (known?.state.generation ?? 0) + 1);
    if (known === null || !isSame(known, found)) known = found;
    return known;
  }
  return {
    current: () => (known ?? reload()).state,
    reload: () => reload().state,
    ignored: () => (known ?? reload()).ignored,
  };
}

/** A policy that never changes, for tests and for programs that have no administrator. */
export function fixedPolicy(stated: Partial<Policy> = {}): PolicySource {
  const { policy, origin } = layered(DEFAULT_POLICY, [{ layer: 'machine', path: '', stated }]);
  const state: PolicyState = { kind: 'readable', policy, origin, generation: 1 };
  return { current: () => state, reload: () => state };
}

interface Reading {
  state: PolicyState;
  ignored: readonly IgnoredValue[];
}

function isSame(a: Reading, b: Reading): boolean {
  const content = ({ state, ignored }: Reading): string =>
    JSON.stringify([{ ...state, generation: 0 }, ignored]);
  return content(a) === content(b);
}

function readLayers(paths: PolicyPaths, generation: number): Reading {
  const layers: Layer[] = [];
  for (const layer of ['machine', 'user', 'file'] as const) {
    const path = paths[layer];
    if (path === null) continue;
    try {
      const bytes = readPrivateFile(path);
      if (bytes === null) continue;
      // `fatal`: a document in another encoding must not be read as something else.
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      layers.push({ layer, path, stated: readPolicyDocument(text, path) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { state: { kind: 'unreadable', reason, path, generation }, ignored: [] };
    }
  }
  const { policy, origin, ignored } = layered(DEFAULT_POLICY, layers);
  return { state: { kind: 'readable', policy, origin, generation }, ignored };
}
