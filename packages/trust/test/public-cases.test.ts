/**
 * The public certificate suites (x509-limbo, PKITS, Chromium, NSS, Go, OpenSSL) as an outside opinion.
 * Where we differ, `divergences.json` says why; a difference that is not listed fails, and so does a
 * listed one that has gone away. What came of each case stands in docs/public-cases.md.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import {
  accepts,
  hasCases,
  type Judged,
  judgeCases,
  pageOf,
  readDivergences,
} from './public-cases/judge.ts';

const PAGE = path.join(import.meta.dirname, '../../../docs/public-cases.md');

/** Longest diagnosis, in ms; some cases are made to be slow. */
const MAX_DIAGNOSIS_MS = 2000;

/** Judged once: every test looks at the same. Null where something is missing. */
let judging: Promise<readonly Judged[]> | null = null;

async function judgedOrSkip(t: TestContext): Promise<readonly Judged[] | null> {
  const where = 'unpack the certificate cases into ../shared/data/x509/public';
  if (!requireOrSkip(t, hasCases(), 'public certificate cases', where)) return null;
  if (!requireOrSkip(t, hasOpenssl(), 'openssl', 'apt-get install openssl')) return null;
  judging ??= judgeCases();
  return judging;
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}

test('the public suites agree with the diagnosis but where a reason is given', async (t) => {
  const judged = await judgedOrSkip(t);
  if (judged === null) return;
  const differing = judged.filter((one) => accepts(one) !== (one.given.expected === 'SUCCESS'));
  const divergences = readDivergences();
  assert.deepEqual(
    differing.map(({ key }) => key).sort(),
    divergences.map(({ key }) => key).sort(),
  );
  for (const { key, reason } of divergences) assert.match(reason, /^[A-Z].{20,}\.$/, key);
  assert.ok(judged.length >= 272);
  for (const { key, tookMs } of judged) assert.ok(tookMs < MAX_DIAGNOSIS_MS, key);
});

test('nothing is accepted that its suite and OpenSSL refuse', async (t) => {
  const judged = await judgedOrSkip(t);
  const wrong = judged?.filter(
    (one) => accepts(one) && one.given.expected === 'FAILURE' && one.openssl !== 'ok',
  );
  assert.deepEqual(wrong?.map(({ key }) => key) ?? [], []);
});

test('with remarks counted, every x509-limbo case is caught but the pedantic ones', async (t) => {
  const judged = await judgedOrSkip(t);
  const missed = judged?.filter(
    (one) =>
      accepts(one, true) &&
      one.given.expected === 'FAILURE' &&
      !/^(chromium|go|nss|openssl|pkits)/.test(one.given.suite) &&
      !one.given.features.some(
        (feature) => feature.startsWith('pedantic') || feature === 'max-chain-depth',
      ),
  );
  assert.deepEqual(missed?.map(({ key }) => key) ?? [], []);
});

test('docs/public-cases.md is what comes of the cases now', async (t) => {
  const judged = await judgedOrSkip(t);
  if (judged === null) return;
  const written = readFileSync(PAGE, 'utf8').split('\n');
  const wanted = pageOf(judged, readDivergences()).split('\n');
  const stale = wanted.filter((line, index) => line !== written[index]).slice(0, 3);
  assert.deepEqual(stale, [], 'stale; run: node scripts/public-cases-doc.ts');
  assert.equal(written.length, wanted.length);
});
