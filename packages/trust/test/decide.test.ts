import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { AT, all, around, goodPlan, leaf, makeChain } from '@postern/badcerts';
import {
  type Certificate,
  DEFAULT_POLICY,
  type Diagnosis,
  decide,
  diagnose,
  type EndpointMemory,
  type Override,
  type OverrideState,
  type Policy,
  parseCertificate,
  problemKey,
  type Verdict,
} from '@postern/trust';

const ENDPOINT = { host: 'mail.example.test', port: 443 };
const DAY_MS = 86_400_000;
const NOTHING: EndpointMemory = { override: null, secureWith: null };

let untrusted: Diagnosis;
let secure: Diagnosis;
/** The same key, expired since. */
let renewedThenExpired: Diagnosis;
let other: Diagnosis;

before(async () => {
  const plan = goodPlan('decide', ENDPOINT.host);
  const made = await makeChain(plan);
  untrusted = diagnosed(made.presented, []);
  secure = diagnosed(made.presented, made.anchors);
  const expired = await makeChain(
    all(leaf({ notAfter: new Date(AT.getTime() - DAY_MS), serialNumber: '77' }), around({}))(plan),
  );
  renewedThenExpired = diagnosed(expired.presented, expired.anchors);
  const another = await makeChain(goodPlan('decide-other', ENDPOINT.host));
  other = diagnosed(another.presented, []);
});

function diagnosed(presented: readonly Uint8Array[], anchors: readonly Uint8Array[]): Diagnosis {
  return diagnose({
    presented,
    serverName: ENDPOINT.host,
    anchors: anchors.map((der) => ({
      certificate: parseCertificate(der),
      origin: { kind: 'system', source: 'test' },
    })),
    policy: DEFAULT_POLICY,
    at: AT,
    protocol: 'TLSv1.3',
    openssl: anchors.length > 0 ? null : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  });
}

const leafOf = ({ chain }: Diagnosis): Certificate => {
  const [first] = chain;
  assert.ok(first);
  return first;
};

function overrideFor(diagnosis: Diagnosis, change: Partial<Override> = {}): Override {
  return {
    endpoint: ENDPOINT,
    leafSha256: leafOf(diagnosis).sha256,
    leafDer: leafOf(diagnosis).der,
    problems: diagnosis.problems.map(problemKey),
    grantedAt: new Date(AT.getTime() - DAY_MS),
    expiresAt: new Date(AT.getTime() + DAY_MS),
    fingerprintChecked: false,
    untilStop: false,
    ...change,
  };
}

function remembers(value: Override, state: OverrideState = 'live'): EndpointMemory {
  return { override: { value, state }, secureWith: null };
}

function wasSecureWith(diagnosis: Diagnosis): EndpointMemory {
  const { sha256, der, spkiSha256 } = leafOf(diagnosis);
  const secureWith = { leafSha256: sha256, leafDer: der, spkiSha256, at: AT };
  return { override: null, secureWith };
}

function verdict(
  diagnosis: Diagnosis,
  memory: EndpointMemory = NOTHING,
  policy: Partial<Policy> = {},
): Verdict {
  return decide({
    endpoint: ENDPOINT,
    diagnosis,
    memory,
    policy: {
      kind: 'readable',
      policy: { ...DEFAULT_POLICY, ...policy },
      revocationLists: [],
      origin: Object.fromEntries(
        Object.keys(DEFAULT_POLICY).map((key) => [key, 'default']),
      ) as Record<keyof Policy, 'default'>,
      generation: 1,
    },
    now: AT,
  });
}

/** A verdict in a few words. */
function inWords(given: Verdict): string {
  if (given.kind === 'ask') return `ask: ${given.because}`;
  if (given.kind === 'refuse') return `refuse: ${given.rule}`;
  return given.kind;
}

describe('decide', () => {
  const rows: { name: string; decided: () => Verdict; expected: string }[] = [
    {
      name: 'a chain without a problem that OpenSSL authorised is secure',
      decided: () => verdict(secure),
      expected: 'secure',
    },
    {
      name: 'a chain without a problem that OpenSSL was not asked about is not secure',
      decided: () => verdict({ ...secure, openssl: undefined }),
      expected: 'refuse: refused-by-openssl',
    },
    {
      name: 'an untrusted chain is asked about',
      decided: () => verdict(untrusted),
      expected: 'ask: first',
    },
    {
      name: 'an override covers its certificate',
      decided: () => verdict(untrusted, remembers(overrideFor(untrusted))),
      expected: 'overridden',
    },
    {
      name: 'an override that has not seen one of the problems does not cover it',
      decided: () => verdict(untrusted, remembers(overrideFor(untrusted, { problems: [] }))),
      expected: 'ask: new-problem',
    },
    {
      name: 'an override for the same problem at another position does not cover it',
      decided: () =>
        verdict(untrusted, remembers(overrideFor(untrusted, { problems: ['issuer-not-found@0'] }))),
      expected: 'ask: new-problem',
    },
    {
      name: 'another certificate than the one allowed is a change',
      decided: () => verdict(other, remembers(overrideFor(untrusted))),
      expected: 'ask: changed',
    },
    {
      name: 'an override whose time is over asks again and says so',
      decided: () => verdict(untrusted, remembers(overrideFor(untrusted), 'expired')),
      expected: 'ask: override-expired',
    },
    {
      name: 'another certificate after the time is over is still a change',
      decided: () => verdict(other, remembers(overrideFor(untrusted), 'expired')),
      expected: 'ask: changed',
    },
    {
      name: 'after Stop Trusting the question is the first one again',
      decided: () => verdict(untrusted, remembers(overrideFor(untrusted), 'withdrawn')),
      expected: 'ask: first',
    },
    {
      name: 'a server that verified before and now does not is danger',
      decided: () => verdict(other, wasSecureWith(secure)),
      expected: 'ask: was-secure',
    },
    {
      name: 'the same key that has only expired is no danger',
      decided: () => verdict(renewedThenExpired, wasSecureWith(secure)),
      expected: 'ask: first',
    },
    {
      name: 'an override that was given in danger covers what it was given for',
      decided: () =>
        verdict(other, {
          ...wasSecureWith(secure),
          ...{ override: remembers(overrideFor(other)).override },
        }),
      expected: 'overridden',
    },
    {
      name: 'policy that allows no override asks nobody',
      decided: () => verdict(untrusted, NOTHING, { trustOverride: 'off' }),
      expected: 'refuse: TrustOverride',
    },
    {
      name: 'policy that came later ends an override',
      decided: () =>
        verdict(untrusted, remembers(overrideFor(untrusted)), { trustOverride: 'off' }),
      expected: 'refuse: TrustOverride',
    },
    {
      name: 'policy that lists other hosts allows no override here',
      decided: () =>
        verdict(untrusted, NOTHING, {
          trustOverride: 'listed',
          trustOverrideHosts: ['other.example.test'],
        }),
      expected: 'refuse: TrustOverride',
    },
    {
      name: 'policy that lists this host lets the person be asked',
      decided: () =>
        verdict(untrusted, NOTHING, {
          trustOverride: 'listed',
          trustOverrideHosts: [ENDPOINT.host],
        }),
      expected: 'ask: first',
    },
    {
      name: 'policy that shortens the days ends an override at that many days',
      decided: () => verdict(untrusted, remembers(overrideFor(untrusted)), { maxTrustDays: 1 }),
      expected: 'ask: override-expired',
    },
    {
      name: 'policy that wants the fingerprint checked ends an unchecked override',
      decided: () =>
        verdict(untrusted, remembers(overrideFor(untrusted)), { requireFingerprintCheck: true }),
      expected: 'ask: override-expired',
    },
    {
      name: 'a pinned key that is not on the path refuses even a verified chain',
      decided: () =>
        verdict(secure, NOTHING, {
          pinnedKeys: [{ host: ENDPOINT.host, spkiSha256: ['00'.repeat(32)] }],
        }),
      expected: 'refuse: PinnedKeys',
    },
    {
      name: 'a pinned key on the path lets a verified chain through',
      decided: () =>
        verdict(secure, NOTHING, {
          pinnedKeys: [{ host: ENDPOINT.host, spkiSha256: [leafOf(secure).spkiSha256] }],
        }),
      expected: 'secure',
    },
    {
      name: 'a problem nobody may override refuses, whatever was allowed before',
      decided: () =>
        verdict(
          {
            ...untrusted,
            problems: [
              ...untrusted.problems,
              { kind: 'refused-by-openssl', position: 0, code: 'X' },
            ],
          },
          remembers(
            overrideFor(untrusted, { problems: ['issuer-not-found@1', 'refused-by-openssl@0'] }),
          ),
        ),
      expected: 'refuse: refused-by-openssl',
    },
    {
      name: 'a policy that cannot be read refuses a verified chain',
      decided: () =>
        decide({
          endpoint: ENDPOINT,
          diagnosis: secure,
          memory: NOTHING,
          now: AT,
          policy: { kind: 'unreadable', reason: 'x', path: 'y', generation: 1 },
        }),
      expected: 'refuse: unreadable policy',
    },
  ];
  for (const { name, decided, expected } of rows) {
    test(name, () => assert.equal(inWords(decided()), expected));
  }

  test('an override is dead from its end on, inclusive', () => {
    const value = overrideFor(untrusted, { expiresAt: AT });
    assert.equal(inWords(verdict(untrusted, remembers(value))), 'ask: override-expired');
  });
});
