/**
 * Several faults in one chain, made by the `openssl` program: every one of them must be said, and nothing
 * else. All 45 pairs of the ten faults, and forty triples.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AT, serveChain } from '@postern/badcerts';
import { requireOrSkip } from '../../../test/require.ts';
import { parseCertificate } from '../src/certificate.ts';
import { diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import { problemKey } from '../src/problem.ts';
import {
  expectedOf,
  FAULTS,
  type FaultName,
  HIDDEN,
  HOST,
  PAIRS,
  TRIPLES,
} from './composed/faults.ts';
import { type Composed, makeComposed } from './composed/openssl-maker.ts';
import { hasOpenssl } from './differential/compare.ts';
import { nobody, stage } from './gate-stage.ts';
import { tempFolder } from './temp-folder.ts';

/** Every how manieth chain is also served: one of each fault and more. */
const SERVED_EVERY = 5;

async function compose(
  t: TestContext,
  wanted: readonly (readonly FaultName[])[],
): Promise<readonly Composed[]> {
  if (!requireOrSkip(t, hasOpenssl(), 'openssl', 'apt-get install openssl')) return [];
  return makeComposed(tempFolder(t), wanted);
}

/** The set of problems, in alphabetical order. */
function problemsOf({ presented, root }: Composed): string[] {
  const { problems } = diagnose({
    presented,
    serverName: HOST,
    anchors: [
      { certificate: parseCertificate(root), origin: { kind: 'system', source: 'composed' } },
    ],
    policy: DEFAULT_POLICY,
    at: AT,
    protocol: 'TLSv1.3',
    openssl: undefined,
  });
  return problems.map(problemKey).sort();
}

function assertAllSaid(chains: readonly Composed[]): void {
  const title = ({ construction }: Composed): string => construction.faults.join(' + ') || 'none';
  assert.deepEqual(
    Object.fromEntries(chains.map((chain) => [title(chain), problemsOf(chain)])),
    Object.fromEntries(
      chains.map((chain) => [title(chain), expectedOf(chain.construction.faults)]),
    ),
  );
}

test('a chain without a fault has no problem, and one with a single fault has that one', async (t) => {
  assertAllSaid(await compose(t, [[], ...FAULTS.map((fault) => [fault])]));
});

test('of all 45 pairs of faults both are said and nothing else', async (t) => {
  assert.equal(PAIRS.length, 45);
  assertAllSaid(await compose(t, PAIRS));
});

test('of forty triples of faults all three are said and nothing else', async (t) => {
  assert.equal(TRIPLES.length, 40);
  for (const fault of FAULTS) {
    const count = TRIPLES.filter((triple) => triple.includes(fault)).length;
    assert.ok(count >= 9 && count <= 15, `${fault} is in ${count}`);
  }
  assertAllSaid(await compose(t, TRIPLES));
});

test('a fault that another one hides has its reason', () => {
  for (const { by, fault, because } of HIDDEN) {
    assert.deepEqual(expectedOf([by, fault]), expectedOf([by]), because);
    assert.match(because, /^[A-Z].{20,}\.$/);
  }
});

test('over a socket the gate says the same of a composed chain', async (t) => {
  const sample = [...PAIRS, ...TRIPLES].filter((_, index) => index % SERVED_EVERY === 0);
  const chains = await compose(t, sample);
  for (const chain of chains) {
    const server = await serveChain(chain);
    const { gate } = stage({ ask: nobody, roots: [chain.root] });
    try {
      const { diagnosis } = await gate.look({ host: HOST, port: server.port });
      const faults = chain.construction.faults.join(' + ');
      const said = diagnosis.problems.map(problemKey).sort();
      assert.deepEqual(said, expectedOf(chain.construction.faults), faults);
    } finally {
      await gate.close();
      await server.close();
    }
  }
});
