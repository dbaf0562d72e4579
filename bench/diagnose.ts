/**
 * How many chains of leaf, intermediate and root are diagnosed in a second, beside pkijs's engine. The
 * root is trusted and parsed before, on both sides; both sides see the same chains, in turn.
 */

import { webcrypto } from 'node:crypto';
import {
  authorityPlan,
  goodPlan,
  keyPair,
  type Made,
  makeCertificate,
  serverPlan,
} from '@postern/badcerts';
import { type Anchor, DEFAULT_POLICY, diagnose, parseCertificate } from '@postern/trust';
import * as pkijs from 'pkijs';
import {
  type Benchmark,
  type Effort,
  type Figure,
  figure,
  medianPair,
  type Pair,
} from './figure.ts';

/** Odd, so that one run is the median. */
const RUNS = 5;

/** Chains of one run: with their intermediates they still fit into what `parseCertificate` remembers. */
const PER_RUN = 400;

/** Seconds that a run of chains seen before goes round and round, so that it is not over at once. */
const ROUNDS = 5;

/** When the chains of the test kit are valid. */
const AT = new Date('2026-11-23T08:00:00Z');

type Kind = 'p256' | 'rsa2048';

interface Chain {
  serverName: string;
  leaf: Uint8Array;
  intermediate: Uint8Array;
}

/**
 * Cold: bytes never seen, parsed, verified and examined. Parsed: the same chain again, with all that each
 * side remembers; of parsed certificates we remember who signed them, and pkijs does not. Parsed first:
 * certificates that were parsed, and verified never.
 */
export const diagnoseChains: Benchmark = async (effort) => [
  ...(await figuresFor('p256', '', effort)),
  ...(await figuresFor('rsa2048', '-rsa', effort)),
];

async function figuresFor(kind: Kind, suffix: string, effort: Effort): Promise<Figure[]> {
  const perRun = effort.quick ? 5 : PER_RUN;
  const { root, chains } = await makeChains(kind, 2 * (RUNS + 1) * perRun, effort);
  const judges = createJudges(root.der);
  const slice = (run: number): readonly Chain[] => chains.slice(run * perRun, (run + 1) * perRun);
  const runs: Record<'again' | 'cold' | 'first', Pair[]> = { cold: [], first: [], again: [] };
  for (let run = 0; run <= RUNS; run += 1) {
    const fresh = slice(2 * run);
    const known = slice(2 * run + 1);
    const cold = await inTurn(
      run,
      () => judges.ours(fresh),
      () => judges.theirsCold(fresh),
    );
    for (const one of known) [one.leaf, one.intermediate].forEach(parseCertificate);
    const parsed = known.map(judges.parseTheirs);
    const first = await inTurn(
      run,
      () => judges.ours(known),
      () => judges.theirsParsed(parsed),
    );
    const again = await inTurn(
      run,
      () => repeated(() => judges.ours(known)),
      () => judges.theirsParsed(parsed),
    );
    // The first one is the warm-up.
    if (run === 0) continue;
    runs.cold.push(cold);
    runs.first.push(first);
    runs.again.push(again);
    effort.say(
      `${kind}, run ${run}: cold ${perSecond(cold)}, parsed ${perSecond(again)}, parsed first ${perSecond(first)}`,
    );
  }
  const row = (name: string, of: readonly Pair[]): Figure => {
    const { ours, theirs } = medianPair(of);
    return figure(`diagnose${name}${suffix}`, ours, theirs, 'chains/s');
  };
  return [row('', runs.cold), row('-parsed', runs.again), row('-parsed-first', runs.first)];
}

function perSecond({ ours, theirs }: Pair): string {
  return `${ours.toFixed(0)} to ${theirs.toFixed(0)}`;
}

/** Ours first in every other run, so that the machine's moods meet both alike. */
async function inTurn(
  run: number,
  ours: () => number,
  theirs: () => Promise<number>,
): Promise<Pair> {
  if (run % 2 === 0) {
    const first = ours();
    return { ours: first, theirs: await theirs() };
  }
  const first = await theirs();
  return { ours: ours(), theirs: first };
}

/** The best guess at a rate that is too high for one round: the mean of several. */
function repeated(rate: () => number): number {
  const rates = Array.from({ length: ROUNDS }, rate);
  return rates.length / rates.reduce((sum, each) => sum + 1 / each, 0);
}

/** Both sides, each giving chains per second and throwing if a good chain is not good to it. */
function createJudges(root: Uint8Array): {
  ours(chains: readonly Chain[]): number;
  theirsCold(chains: readonly Chain[]): Promise<number>;
  parseTheirs(chain: Chain): pkijs.Certificate[];
  theirsParsed(chains: readonly pkijs.Certificate[][]): Promise<number>;
} {
  const engine = new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto });
  pkijs.setEngine('node', engine);
  const trustedCerts = [pkijs.Certificate.fromBER(root)];
  const anchors: Anchor[] = [
    { certificate: parseCertificate(root), origin: { kind: 'system', source: 'bench' } },
  ];
  const parseTheirs = ({ leaf, intermediate }: Chain): pkijs.Certificate[] =>
    // The engine takes the last one for the leaf.
    [intermediate, leaf].map((der) => pkijs.Certificate.fromBER(der));
  const verify = async (certs: pkijs.Certificate[]): Promise<void> => {
    const validation = new pkijs.CertificateChainValidationEngine({
      trustedCerts,
      certs,
      checkDate: AT,
    });
    const { result, resultMessage } = await validation.verify();
    if (!result) throw new Error(`pkijs refuses a good chain: ${resultMessage}`);
  };
  return {
    ours(chains) {
      const started = performance.now();
      for (const { serverName, leaf, intermediate } of chains) {
        const { problems } = diagnose({
          presented: [leaf, intermediate],
          serverName,
          anchors,
          policy: DEFAULT_POLICY,
          at: AT,
          protocol: 'TLSv1.3',
          openssl: null,
        });
        if (problems.length > 0) throw new Error('a good chain has a problem');
      }
      return rate(chains.length, started);
    },
    async theirsCold(chains) {
      const started = performance.now();
      for (const chain of chains) await verify(parseTheirs(chain));
      return rate(chains.length, started);
    },
    parseTheirs,
    async theirsParsed(chains) {
      const started = performance.now();
      for (const certs of chains) await verify(certs);
      return rate(chains.length, started);
    },
  };
}

function rate(count: number, startedMs: number): number {
  return (count * 1000) / (performance.now() - startedMs);
}

/** Leaf and intermediate, both fresh, under one root: keys are shared, certificates are not. */
async function makeChains(
  kind: Kind,
  count: number,
  effort: Effort,
): Promise<{ root: Made; chains: Chain[] }> {
  effort.say(`making ${count} chains with ${kind}`);
  const label = `bench ${kind}`;
  const of = (name: string) => keyPair(kind, `${label} ${name}`);
  const plan = goodPlan(label, 'bench.example.test').root;
  const root = await makeCertificate({ ...plan, key: of('root') }, null);
  const chains: Chain[] = [];
  for (let index = 0; index < count; index += 1) {
    const serverName = `host-${index}.example.test`;
    const serialNumber = (0x10_000 + index).toString(16).padStart(6, '0');
    const authority = authorityPlan(label, 'Intermediate', serialNumber);
    const intermediate = await makeCertificate({ ...authority, key: of('intermediate') }, root);
    const server = { ...serverPlan(label, serverName), serialNumber, key: of('leaf') };
    const leaf = await makeCertificate(server, intermediate);
    chains.push({ serverName, leaf: leaf.der, intermediate: intermediate.der });
  }
  return { root, chains };
}
