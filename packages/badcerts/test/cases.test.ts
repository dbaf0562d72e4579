import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type BadCertCase,
  caseById,
  cases,
  fingerprint,
  keyPair,
  makeChain,
  SERVER_NAME,
} from '@postern/badcerts';
import { NEVER_OVERRIDABLE, PROBLEM_KINDS } from '@postern/trust';
import { requireOrSkip } from '../../../test/require.ts';
import { goodPlan } from '../src/chain.ts';
import divergences from '../src/divergences.json' with { type: 'json' };
import { hasOpenssl, opensslVerify } from './openssl-verify.ts';

test('every case has an id of its own, a family and one sentence that ends with a stop', () => {
  assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length);
  for (const { id, doc } of cases) {
    assert.match(id, /^[a-z]+::[a-z0-9.+-]+$/);
    assert.match(doc, /^[A-Z].*\.$/, id);
  }
});

test('every kind of problem has a case of its own', () => {
  const alone = cases.filter(({ expected }) => expected.length === 1);
  const shown = new Set(alone.map(({ expected: [only = ''] }) => only.split('@')[0]));
  assert.deepEqual(
    PROBLEM_KINDS.filter((kind) => !shown.has(kind)),
    [],
  );
});

test('what may never be overridden has a case of its own', () => {
  for (const kind of NEVER_OVERRIDABLE) {
    const found = cases.some(({ expected }) => expected.some((key) => key.startsWith(`${kind}@`)));
    assert.ok(found, kind);
  }
});

test('a case is made once in a process, and each case has keys of its own', async () => {
  const one = caseById('chain::good');
  assert.equal(await one.make(), await one.make());
  const other = await caseById('chain::root-not-trusted').make();
  const [mine, theirs] = [await one.make(), other].map(({ presented }) =>
    presented.map(fingerprint),
  );
  assert.deepEqual(
    mine?.filter((sha256) => theirs?.includes(sha256)),
    [],
  );
});

test('a plan makes what it says and nothing else changes', async () => {
  const plan = goodPlan('plain', SERVER_NAME);
  const { parts, presented, anchors } = await makeChain(plan);
  assert.deepEqual(presented, [parts.leaf.der, parts.intermediates[0]?.der]);
  assert.deepEqual(anchors, [parts.root.der]);
  assert.equal(keyPair('p256', 'plain leaf'), plan.leaf.key);
});

test('there is no case with an unknown id', () => {
  assert.throws(() => caseById('chain::nonsense'), new TypeError('no case "chain::nonsense"'));
});

test('openssl says of each case what the case expects, and differs from us only where that is written down', async (t) => {
  if (!requireOrSkip(t, await hasOpenssl(), 'openssl', 'apt-get install openssl')) return;
  const directory = await mkdtemp(join(tmpdir(), 'postern-badcerts-'));
  t.after(() => rm(directory, { recursive: true }));
  const verdicts = new Map<BadCertCase, BadCertCase['openssl']>();
  for (const one of cases) verdicts.set(one, await opensslVerify(one, directory));

  const said = cases.map((one) => [one.id, verdicts.get(one)]);
  assert.deepEqual(
    said,
    cases.map(({ id, openssl }) => [id, openssl]),
  );

  const differing = cases.flatMap((one) => {
    const ours = one.expected.length === 0 ? 'accepts' : 'refuses';
    const openssl = verdicts.get(one) === 'ok' ? 'accepts' : 'refuses';
    return ours === openssl ? [] : [{ id: one.id, ours, openssl }];
  });
  const known = divergences.map(({ id, ours, openssl }) => ({ id, ours, openssl }));
  assert.deepEqual(differing, known);
  for (const { id, reason } of divergences) assert.match(reason, /^[A-Z].*\.$/, id);
});
