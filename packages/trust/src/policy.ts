/**
 * What an administrator fixes for every user: the policy in force and where each value came from.
 * How one document is read is in policy-document.ts.
 */

import { hash } from 'node:crypto';
import { MAX_LIST_FILE_BYTES, parseCrlFile, type RevocationList, unreadableCrl } from './crl.ts';
import { FormatError } from './errors.ts';
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
  /** Whether lists must cover a certificate, or need only where there are any. Not `off` by default once lists are named. */
  revocation: 'off' | 'required' | 'when-available';
  /** Absolute paths of files with revocation lists, in PEM or DER. */
  revocationLists: readonly string[];
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
      /** What is in the files of `policy.revocationLists`; nothing where revocation is `off`. */
      revocationLists: readonly RevocationList[];
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
  revocationLists: [],
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
 * refuses everything (threats, row 14); so does a file of revocation lists that is missing, too large or
 * that another user can write to. What is wrong inside a list is a problem of each connection.
 */
export function createPolicySource(paths: PolicyPaths): LayeredPolicySource {
  let known: Reading | null = null;
  const readLists = createListReader();
  function reload(): Reading {
    const found = readLayers(paths, (known?.state.generation ?? 0) + 1, readLists);
    if (known === null || !isSame(known, found)) known = found;
    return known;
  }
  return {
    current: () => (known ?? reload()).state,
    reload: () => reload().state,
    ignored: () => (known ?? reload()).ignored,
  };
}

/**
 * A policy that never changes, for tests and for programs that have no administrator. It reads no files,
 * so lists are given as they were read; once there are any, revocation is `when-available` unless stated.
 * Throws TypeError for paths of lists.
 */
export function fixedPolicy(
  stated: Partial<Policy> = {},
  revocationLists: readonly RevocationList[] = [],
): PolicySource {
  if (stated.revocationLists !== undefined && stated.revocationLists.length > 0) {
    throw new TypeError('a fixed policy reads no files: give revocation lists, not their paths');
  }
  const implied: Partial<Policy> =
    revocationLists.length > 0 ? { revocation: 'when-available', ...stated } : stated;
  const { policy, origin } = layered(DEFAULT_POLICY, [
    { layer: 'machine', path: '', stated: implied },
  ]);
  const state: PolicyState = { kind: 'readable', policy, revocationLists, origin, generation: 1 };
  return { current: () => state, reload: () => state };
}

interface Reading {
  state: PolicyState;
  ignored: readonly IgnoredValue[];
}

function isSame(a: Reading, b: Reading): boolean {
  const content = ({ state, ignored }: Reading): string =>
    JSON.stringify([{ ...state, generation: 0, revocationLists: digestsOf(state) }, ignored]);
  return content(a) === content(b);
}

/** A list may have many megabytes, so it is compared by its digest. */
function digestsOf(state: PolicyState): readonly unknown[] {
  if (state.kind === 'unreadable') return [];
  return state.revocationLists.map(({ source, sha256, malformed }) => [source, sha256, malformed]);
}

type ListReader = (path: string) => readonly RevocationList[];

/** Reads files of lists; one with the same content as before is not parsed again. Throws as readPrivateFile does. */
function createListReader(): ListReader {
  const known = new Map<string, { sha256: string; lists: readonly RevocationList[] }>();
  return (path) => {
    const file = readPrivateFile(path, { maxBytes: MAX_LIST_FILE_BYTES });
    if (file === null) throw new FormatError('ERR_POLICY_INVALID', NO_LIST, { what: path });
    const sha256 = hash('sha256', file, 'hex');
    const before = known.get(path);
    if (before?.sha256 === sha256) return before.lists;
    const lists = parseLists(file, path);
    known.set(path, { sha256, lists });
    return lists;
  };
}

const NO_LIST = 'RevocationLists names a file that does not exist';

function parseLists(file: Uint8Array, path: string): readonly RevocationList[] {
  try {
    return parseCrlFile(file, path);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return [unreadableCrl(path, error.message)];
  }
}

function readLayers(paths: PolicyPaths, generation: number, readLists: ListReader): Reading {
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
      return unreadable(error, path, generation);
    }
  }
  const { policy, origin, ignored } = layered(DEFAULT_POLICY, layers);
  const revocationLists: RevocationList[] = [];
  for (const path of policy.revocation === 'off' ? [] : policy.revocationLists) {
    try {
      revocationLists.push(...readLists(path));
    } catch (error) {
      return unreadable(error, path, generation);
    }
  }
  return { state: { kind: 'readable', policy, revocationLists, origin, generation }, ignored };
}

function unreadable(error: unknown, path: string, generation: number): Reading {
  const reason = error instanceof Error ? error.message : String(error);
  return { state: { kind: 'unreadable', reason, path, generation }, ignored: [] };
}
