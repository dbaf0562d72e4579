/** Whatever the test kit has that OpenSSL refuses, we have something to say of it without asking OpenSSL. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cases } from '@postern/badcerts';
import { parseCertificate } from '../src/certificate.ts';
import { diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';

/** Refused by OpenSSL alone; why is in the test kit's divergences.json and in the case itself. */
const REFUSED_BY_OPENSSL_ALONE = [
  'chain::cross-signed-dead-end-first',
  'chain::intermediate-as-anchor',
  'dates::last-second',
  'form::resources-not-nested',
];

test('of every case that OpenSSL refuses there is a problem of ours', async () => {
  const silent: string[] = [];
  for (const one of cases) {
    // What the program says of each case is checked beside the cases. Lists are another test's.
    if (one.openssl === 'ok' || one.id.startsWith('revocation::')) continue;
    const { presented, anchors, disallowed } = await one.make();
    const { problems } = diagnose({
      presented,
      serverName: one.serverName,
      anchors: anchors.map((der) => ({
        certificate: parseCertificate(der),
        origin: { kind: 'system', source: one.id },
      })),
      policy: { ...DEFAULT_POLICY, disallowedCertificates: disallowed },
      at: one.at,
      protocol: 'TLSv1.3',
      openssl: undefined,
    });
    if (problems.length === 0) silent.push(one.id);
  }
  assert.deepEqual(silent.sort(), REFUSED_BY_OPENSSL_ALONE);
});
