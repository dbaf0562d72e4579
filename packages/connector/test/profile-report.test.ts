/** The end of a verified certificate in a profile's report: said 30 days before, by the gate's own verdict. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AT, goodPlan, leaf, makeChain, serveChain } from '@postern/badcerts';
import { createGate, createMemoryOverrides, fixedAnchors, fixedPolicy } from '@postern/trust';
import { createManualClock } from '../../../test/manual-clock.ts';
import { checkProfile } from '../src/profile.ts';
import { profileReport } from '../src/profile-report.ts';
import { createTraffic } from '../src/traffic.ts';
import { authorizesForOneDay } from './stage.ts';
import { afterwards } from './temporary.ts';

const HOST = 'mail.example.test';
const DAY_MS = 86_400_000;
const ENDS = new Date(AT.getTime() + 60 * DAY_MS);

const CASES: readonly { name: string; daysBefore: number; trusts: boolean; told: boolean }[] = [
  { name: 'verified, 31 days before its end', daysBefore: 31, trusts: true, told: false },
  { name: 'verified, 30 days before its end', daysBefore: 30, trusts: true, told: true },
  { name: 'verified, a day before its end', daysBefore: 1, trusts: true, told: true },
  {
    name: 'trusted by the person, a day before its end',
    daysBefore: 1,
    trusts: false,
    told: false,
  },
];

for (const { name, daysBefore, trusts, told } of CASES) {
  test(`a certificate that is ${name}, is ${told ? '' : 'not '}said to end`, async (t) => {
    const chain = await makeChain(leaf({ notAfter: ENDS })(goodPlan('ends', HOST)));
    const server = await serveChain(chain);
    afterwards(t, () => server.close());
    const clock = createManualClock(new Date(ENDS.getTime() - daysBefore * DAY_MS));
    const gate = createGate({
      anchors: fixedAnchors(trusts ? chain.anchors : []),
      overrides: createMemoryOverrides(),
      policy: fixedPolicy(),
      ask: authorizesForOneDay(),
      clock,
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    });
    afterwards(t, () => gate.close());
    const endpoint = { host: HOST, port: server.port };
    const request = { ...endpoint, purpose: 'mail', initiatedBy: 'person' } as const;
    (await gate.connect(request)).destroy();
    const { certificateEndsAt } = profileReport({
      profile: checkProfile(
        { name: 'work', email: 'anna@example.test', serverName: HOST, port: server.port },
        'test',
      ),
      states: new Map(),
      status: gate.status(endpoint),
      verdicts: new Map(),
      offline: null,
      notices: [],
      isWanted: () => true,
      traffic: createTraffic(clock).report,
      now: clock.now(),
    });
    assert.equal(certificateEndsAt, told ? ENDS.toISOString() : null);
  });
}
