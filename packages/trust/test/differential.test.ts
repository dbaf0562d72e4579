/**
 * Random and damaged chains, judged by `diagnose` and by the `openssl` program: nothing may be accepted
 * that OpenSSL refuses. The reverse is counted and printed. A longer run is in differential.long.test.ts.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { compareFor, hasOpenssl, tallyText } from './differential/compare.ts';
import {
  damagedKitChains,
  damagedPublicChains,
  hasPublicChains,
  randomChains,
} from './differential/sources.ts';

/** The same number wherever it runs, so that what passes here passes elsewhere; some 2,000 chains, some 8 s. */
const BUDGET = { batches: 130, ms: 120_000 };

/** The same chains in every run, but for keys and signatures. */
const SEED = 20_261_123;

/** Fewer than these show nothing. */
const LEAST_CASES = 200;

test('no random or damaged chain is accepted that OpenSSL refuses', async (t) => {
  if (!requireOrSkip(t, hasOpenssl(), 'openssl', 'apt-get install openssl')) return;
  const isPublic = requireOrSkip(
    t,
    hasPublicChains(),
    'public certificate cases',
    'unpack the certificate cases into ../shared/data/x509/public',
  );
  const sources = [
    randomChains,
    await damagedKitChains(),
    ...(isPublic ? [damagedPublicChains()] : []),
  ];
  const tally = await compareFor(BUDGET, SEED, sources);
  t.diagnostic(`seed ${SEED}: ${tallyText(tally)}`);
  assert.deepEqual(tally.wrong, [], tallyText(tally));
  assert.ok(tally.cases >= LEAST_CASES, tallyText(tally));
  assert.ok(tally.bothAccept >= tally.cases / 20, tallyText(tally));
});
