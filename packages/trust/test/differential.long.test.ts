/** The same as differential.test.ts for ten minutes, with other chains in every run. */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { compareFor, hasOpenssl, tallyText } from './differential/compare.ts';
import {
  damagedKitChains,
  damagedPublicChains,
  hasPublicChains,
  randomChains,
} from './differential/sources.ts';

/** In slices, since the test runner ends a test after five minutes. */
const SLICES = 4;
const BUDGET = { batches: Number.POSITIVE_INFINITY, ms: 150_000 };

for (let slice = 1; slice <= SLICES; slice += 1) {
  test(`no random or damaged chain is accepted that OpenSSL refuses, part ${slice}`, async (t) => {
    if (!requireOrSkip(t, hasOpenssl(), 'openssl', 'apt-get install openssl')) return;
    const where = 'unpack the certificate cases into ../shared/data/x509/public';
    if (!requireOrSkip(t, hasPublicChains(), 'public certificate cases', where)) return;
    const seed = randomInt(2 ** 31);
    const sources = [randomChains, await damagedKitChains(), damagedPublicChains()];
    const tally = await compareFor(BUDGET, seed, sources);
    t.diagnostic(`seed ${seed}: ${tallyText(tally)}`);
    assert.deepEqual(tally.wrong, [], `seed ${seed}: ${tallyText(tally)}`);
  });
}
