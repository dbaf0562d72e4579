/**
 * Gathers what causes.ts judges: what is known at once, and what has to be looked for, which is only
 * done while a question is open or a person runs a check (threats, rows 17 and 18; ADR 0009). It
 * explains and never decides, so whatever fails or takes too long is left out.
 */

import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { type Anchors, anchorsFor } from './anchors.ts';
import { type Evidence, type FetchedIssuer, type LocalRoot, NO_EVIDENCE } from './causes.ts';
import type { Clock } from './clock.ts';
import { type Diagnosis, examine } from './diagnose.ts';
import { fetchIssuers } from './issuer-fetch.ts';
import { localRoots } from './local-roots.ts';
import type { Overrides } from './overrides.ts';
import { type PlainDial, plainGet } from './plain-get.ts';
import { DEFAULT_POLICY } from './policy.ts';
import { printable } from './printable.ts';
import type { Endpoint } from './question.ts';
import type { Resolve } from './request.ts';

/**
 * The day of the newest release, so that no computer that runs it can be earlier. A test holds it
 * against CHANGELOG.md.
 */
export const RELEASED_AT = '2026-11-25T00:00:00.000Z';

/** For everything that is looked for, in ms (threats, row 17): a person is reading meanwhile. */
export const GATHER_MS = 5000;

/** Longest `Location` that is kept, in characters; only its host is shown. */
const MAX_LOCATION_TEXT = 2048;

export interface Explaining {
  /** What needs no looking for. Never throws. */
  known(endpoint: Endpoint): Evidence;
  /**
   * All that can be found out within {@link GATHER_MS}. Never throws; `signal` cuts it short.
   * `portal`: whether the server's own port 80 is asked too.
   */
  gather(
    endpoint: Endpoint,
    diagnosis: Diagnosis,
    about: { portal: boolean; signal: AbortSignal },
  ): Promise<Evidence>;
}

export interface ExplainingOptions {
  anchors: Anchors;
  overrides: Overrides;
  clock: Clock;
  resolve: Resolve | undefined;
  dial: PlainDial;
}

export function createExplaining(options: ExplainingOptions): Explaining {
  const { anchors, overrides, clock, dial } = options;
  const resolve = options.resolve ?? systemResolve;

  function known(endpoint: Endpoint): Evidence {
    const now = clock.now();
    // A store that fails is met by whoever asks it to keep a decision.
    const memory = orElse(() => overrides.latest(), null);
    const wasSecure = orElse(() => overrides.recall(endpoint, now).secureWith, null);
    return {
      ...NO_EVIDENCE,
      clock: { memory: memory?.toISOString() ?? null, release: RELEASED_AT },
      wasSecure,
    };
  }

  async function issuersOf(
    { chain, path, problems, serverName }: Diagnosis,
    signal: AbortSignal,
  ): Promise<readonly FetchedIssuer[]> {
    const end = path.at(-1);
    const isOpen = problems.some(
      ({ kind }) => kind === 'incomplete-chain' || kind === 'issuer-not-found',
    );
    if (end === undefined || end.anchor !== null || !isOpen) return [];
    const last = end.certificate;
    if (last.issuerUrls.length === 0) return [];
    const inForce = anchorsFor(await anchors.current(), serverName);
    const completes = (fetched: readonly Uint8Array[]): boolean =>
      examine({
        presented: [...chain.map(({ der }) => der), ...fetched],
        serverName,
        anchors: inForce,
        policy: DEFAULT_POLICY,
      }).anchored;
    return fetchIssuers({ last, completes, dial, resolve, signal });
  }

  async function portalOf(host: string, signal: AbortSignal): Promise<Evidence['portal']> {
    const [first] = await resolve(host);
    if (first === undefined) return null;
    signal.throwIfAborted();
    const { status, location } = await plainGet(dial, {
      address: first.address,
      host: isIPv6(host) ? `[${host}]` : host,
      path: '/',
      maxBytes: 0,
      signal,
    });
    return {
      status,
      location: location === null ? null : printable(location, MAX_LOCATION_TEXT),
    };
  }

  async function rootsOf(): Promise<readonly LocalRoot[]> {
    return localRoots(await anchors.inSystemStore());
  }

  return {
    known,
    async gather(endpoint, diagnosis, { portal, signal }) {
      const atOnce = known(endpoint);
      if (diagnosis.problems.length === 0) return atOnce;
      const limit = new AbortController();
      const ended = AbortSignal.any([limit.signal, signal]);
      const cancel = clock.setTimer(() => limit.abort(), GATHER_MS);
      try {
        const [systemRoots, fetchedIssuers, answer] = await Promise.all([
          until(ended, rootsOf(), []),
          until(ended, issuersOf(diagnosis, ended), []),
          portal ? until(ended, portalOf(endpoint.host, ended), null) : null,
        ]);
        return { ...atOnce, systemRoots, fetchedIssuers, portal: answer };
      } finally {
        cancel();
        // Nothing that was begun for this goes on after it.
        limit.abort();
      }
    },
  };
}

/** What comes of `work`, or `nothing` where it fails or the end comes first. */
async function until<T>(ended: AbortSignal, work: Promise<T>, nothing: T): Promise<T> {
  return new Promise((resolve) => {
    const leave = (): void => resolve(nothing);
    if (ended.aborted) leave();
    ended.addEventListener('abort', leave, { once: true });
    work.then(resolve, leave);
  });
}

function orElse<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

const systemResolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};
