/** Trust anchors: where they come from, and one numbered set of them at a time. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Certificate, parseCertificate, parsePem } from './certificate.ts';
import { mayOverride } from './intervals.ts';
import type { Policy, PolicySource } from './policy.ts';
import type { SystemRoot, SystemRoots } from './system-roots.ts';
import type { UserRoot, UserRoots } from './user-roots.ts';

/** Where an anchor comes from: the system's store, a machine policy, or a root that the user bound to one server name. */
export type AnchorOrigin =
  | { kind: 'policy'; hosts: readonly string[] | null; source: string }
  | { kind: 'system'; source: string }
  | { kind: 'user'; serverName: string; addedAt: Date };

export interface Anchor {
  certificate: Certificate;
  origin: AnchorOrigin;
}

/** One generation of anchors. `id` grows whenever the set changes. */
export interface AnchorSet {
  readonly generation: number;
  readonly anchors: readonly Anchor[];
}

/** Where the gate gets its anchors. */
export interface Anchors {
  /** The set in force; loads it at first use. */
  current(): Promise<AnchorSet>;
  /** Looks at every source again; the same generation comes back when nothing changed. */
  reload(): Promise<AnchorSet>;
  /** Withdraws the user's roots for a server name (Stop Trusting). Resolves with the number withdrawn. */
  withdraw(serverName: string): Promise<number>;
  /** What the computer's store holds, whether or not policy lets it count; to explain, never to trust. */
  inSystemStore(): Promise<readonly SystemRoot[]>;
}

/** Anchors that count for a server name: all but user and policy roots that are bound to another one. */
export function anchorsFor(set: AnchorSet, serverName: string): readonly Anchor[] {
  return set.anchors.filter(({ origin }) => {
    if (origin.kind === 'user') return origin.serverName === serverName;
    if (origin.kind === 'policy') return origin.hosts === null || origin.hosts.includes(serverName);
    return true;
  });
}

/** Where the anchors come from. Null: no such source. */
export interface AnchorSources {
  system: SystemRoots | null;
  policy: PolicySource;
  userRoots: UserRoots | null;
}

/** Roots parsed before others get a turn: one costs up to 1 ms at first sight, 150 would be felt. */
const PARSED_PER_TURN = 20;

/**
 * Anchors from the system, policy and the user. `current` notices a new policy and changes of the
 * user's roots by itself; `reload` looks at the system's store too. A policy that cannot be read
 * leaves no anchor. Does not reload the policy: whoever owns it does, before.
 */
export function createAnchors({ system, policy, userRoots }: AnchorSources): Anchors {
  let systemRoots: readonly SystemRoot[] | null = null;
  let inForce: { set: AnchorSet; key: string; madeFrom: MadeFrom } | null = null;
  /** One look at a time, in the order asked for: a reload must see what changed before it was called. */
  let last: Promise<unknown> = Promise.resolve();

  function sourcesNow(): MadeFrom {
    return {
      policyGeneration: policy.current().generation,
      system: systemRoots,
      user: userRoots?.list() ?? [],
    };
  }

  async function compose(rereadSystem: boolean): Promise<AnchorSet> {
    const state = policy.current();
    const rules = state.kind === 'readable' ? state.policy : null;
    if (rules?.rootsFromSystem !== true) systemRoots = null;
    else if (rereadSystem || systemRoots === null) systemRoots = (await system?.read()) ?? [];
    const madeFrom = sourcesNow();
    if (inForce !== null && isSame(inForce.madeFrom, madeFrom)) return inForce.set;
    const found = rules === null ? [] : wanted(rules, madeFrom);
    const key = found.map(keyOf).join('\n');
    if (inForce?.key === key) {
      inForce = { ...inForce, madeFrom };
    } else {
      const set = { generation: (inForce?.set.generation ?? 0) + 1, anchors: await parse(found) };
      inForce = { set, key, madeFrom };
    }
    return inForce.set;
  }

  function look(rereadSystem: boolean): Promise<AnchorSet> {
    const next = last.then(() => compose(rereadSystem));
    last = next.catch(() => undefined);
    return next;
  }

  return {
    async current() {
      if (inForce !== null && isSame(inForce.madeFrom, sourcesNow())) return inForce.set;
      return look(false);
    },
    reload: () => look(true),
    async withdraw(serverName) {
      return userRoots?.removeAll(serverName) ?? 0;
    },
    inSystemStore: async () => systemRoots ?? (await system?.read()) ?? [],
  };
}

/** Anchors that never change, for tests and for programs that bring their own (PEM or DER). */
export function fixedAnchors(
  certificates: readonly (string | Uint8Array)[],
  source = 'given',
): Anchors {
  const ders = certificates.flatMap((item) =>
    typeof item === 'string' ? parsePem(item, source) : [item],
  );
  const anchors = ders.map(
    (der): Anchor => ({ certificate: parseCertificate(der), origin: { kind: 'system', source } }),
  );
  const set: AnchorSet = { generation: 1, anchors };
  return {
    current: async () => set,
    reload: async () => set,
    withdraw: async () => 0,
    inSystemStore: async () => [],
  };
}

/** What a set was made from; compared by identity, since every source hands out the same array while nothing changes. */
interface MadeFrom {
  policyGeneration: number;
  system: readonly SystemRoot[] | null;
  user: readonly UserRoot[];
}

function isSame(a: MadeFrom, b: MadeFrom): boolean {
  return a.policyGeneration === b.policyGeneration && a.system === b.system && a.user === b.user;
}

interface Wanted {
  der: Uint8Array;
  sha256: string;
  origin: AnchorOrigin;
}

/** Everything that is to be an anchor, the widest first: diagnosis names the first that fits. */
function wanted(rules: Policy, { system, user }: MadeFrom): Wanted[] {
  const fromSystem = (system ?? []).map(
    ({ der, sha256, source }): Wanted => ({ der, sha256, origin: { kind: 'system', source } }),
  );
  const fromPolicy = rules.extraRoots.flatMap(({ pem, hosts }) =>
    parsePem(pem, 'ExtraRoots').map((der): Wanted => {
      const { sha256 } = parseCertificate(der);
      return { der, sha256, origin: { kind: 'policy', hosts, source: 'ExtraRoots' } };
    }),
  );
  // A user's root is an override without end, so what forbids the one forbids the other.
  const fromUser = user
    .filter(({ serverName }) => mayOverride(rules, { host: serverName, port: 0 }))
    .map(
      ({ der, sha256, serverName, addedAt }): Wanted => ({
        der,
        sha256,
        origin: { kind: 'user', serverName, addedAt },
      }),
    );
  return [...fromSystem, ...fromPolicy, ...fromUser];
}

function keyOf({ sha256, origin }: Wanted): string {
  return JSON.stringify([sha256, origin]);
}

async function parse(found: readonly Wanted[]): Promise<readonly Anchor[]> {
  const anchors: Anchor[] = [];
  for (const [i, { der, origin }] of found.entries()) {
    if (i % PARSED_PER_TURN === PARSED_PER_TURN - 1) await nextTurn();
    anchors.push({ certificate: parseCertificate(der), origin });
  }
  return anchors;
}
