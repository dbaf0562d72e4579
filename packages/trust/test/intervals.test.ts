import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choicesFor, expiryOf } from '../src/intervals.ts';
import { DEFAULT_POLICY, type Policy } from '../src/policy.ts';
import {
  NEVER_OVERRIDABLE,
  PROBLEM_KINDS,
  type Problem,
  type ProblemKind,
} from '../src/problem.ts';
import type { AskReason } from '../src/question.ts';

/** 23 November 2026, 09:00 in Berlin. */
const now = new Date('2026-11-23T08:00:00Z');
const DAY_MS = 86_400_000;
const endpoint = { host: 'mail.example.test', port: 443 };

/** Evidence does not matter here, the kind alone does. */
function aProblem(kind: ProblemKind): Problem {
  return { kind, position: 0 } as Problem;
}

/** `1d` is a period that needs no fingerprint, `1d!` one that does. */
function drawn(choices: ReturnType<typeof choicesFor>): string {
  return choices
    .map(({ interval, needsFingerprint }) => interval + (needsFingerprint ? '!' : ''))
    .join(' ');
}

const ORDINARY = '1d until-stop 1h 7d! 30d!';
const DANGER = '1d! until-stop! 1h!';

const table: {
  name: string;
  because?: AskReason;
  policy?: Partial<Policy>;
  kinds?: readonly ProblemKind[];
  leafNotAfter?: Date;
  expected: string;
}[] = [
  {
    name: 'a first question offers a day first, and more than a day with the fingerprint',
    expected: ORDINARY,
  },
  { name: 'a changed certificate is an ordinary question', because: 'changed', expected: ORDINARY },
  { name: 'a new problem is an ordinary question', because: 'new-problem', expected: ORDINARY },
  {
    name: 'an expired override is an ordinary question',
    because: 'override-expired',
    expected: ORDINARY,
  },
  {
    name: 'a server that was secure gets a day at most, with the fingerprint',
    because: 'was-secure',
    expected: DANGER,
  },
  {
    name: 'plain HTTP has the same periods and nothing to type',
    because: 'plain-http',
    kinds: [],
    expected: '1d until-stop 1h 7d 30d',
  },
  {
    name: 'plain HTTP is not offered where a secure connection is required',
    because: 'plain-http',
    kinds: [],
    policy: { requireSecureConnection: true },
    expected: '',
  },
  {
    name: 'plain HTTP is not offered where the fingerprint is required',
    because: 'plain-http',
    kinds: [],
    policy: { requireFingerprintCheck: true },
    expected: '',
  },
  {
    name: 'plain HTTP is not offered where overrides are off',
    because: 'plain-http',
    kinds: [],
    policy: { trustOverride: 'off' },
    expected: '',
  },
  {
    name: 'a required secure connection takes no period from a certificate',
    policy: { requireSecureConnection: true },
    expected: ORDINARY,
  },
  { name: 'TrustOverride "off" leaves no choice', policy: { trustOverride: 'off' }, expected: '' },
  {
    name: 'a host that is not listed has no choice',
    policy: { trustOverride: 'listed', trustOverrideHosts: ['other.test'] },
    expected: '',
  },
  {
    name: 'a listed host has every choice',
    policy: { trustOverride: 'listed', trustOverrideHosts: ['mail.example.test'] },
    expected: ORDINARY,
  },
  { name: 'no days leave no choice', policy: { maxTrustDays: 0 }, expected: '' },
  {
    name: 'one day leaves out what is longer',
    policy: { maxTrustDays: 1 },
    expected: '1d until-stop 1h',
  },
  { name: 'six days leave out a week', policy: { maxTrustDays: 6 }, expected: '1d until-stop 1h' },
  {
    name: 'seven days leave a week',
    policy: { maxTrustDays: 7 },
    expected: '1d until-stop 1h 7d!',
  },
  {
    name: 'a required fingerprint is needed for every period',
    policy: { requireFingerprintCheck: true },
    expected: '1d! until-stop! 1h! 7d! 30d!',
  },
  {
    name: 'one grave problem among others leaves no choice',
    kinds: ['self-signed', 'wrong-usage'],
    expected: '',
  },
  {
    name: 'a leaf valid for eight days is not trusted for thirty',
    leafNotAfter: new Date(now.getTime() + 8 * DAY_MS),
    expected: '1d until-stop 1h 7d!',
  },
  {
    name: 'a leaf that expires in an hour leaves the short periods',
    leafNotAfter: new Date(now.getTime() + 3_600_000),
    expected: '1d until-stop 1h',
  },
  {
    name: 'a leaf whose expiry is itself overridden is no cap',
    kinds: ['expired'],
    leafNotAfter: new Date(now.getTime() - DAY_MS),
    expected: ORDINARY,
  },
  {
    name: 'a danger is never longer for a long-lived leaf',
    because: 'was-secure',
    leafNotAfter: new Date('2046-01-01T00:00:00Z'),
    expected: DANGER,
  },
];

for (const {
  name,
  because = 'first',
  policy = {},
  kinds = ['self-signed' as const],
  leafNotAfter,
  expected,
} of table) {
  test(name, () => {
    const choices = choicesFor({
      because,
      policy: { ...DEFAULT_POLICY, ...policy },
      endpoint,
      problems: kinds.map(aProblem),
      ...(leafNotAfter === undefined ? {} : { now, leafNotAfter }),
    });
    assert.equal(drawn(choices), expected);
  });
}

for (const kind of PROBLEM_KINDS) {
  const isNever = NEVER_OVERRIDABLE.has(kind);
  test(`${kind} can ${isNever ? 'never' : ''} be overridden`, () => {
    const problems = [aProblem(kind)];
    const choices = choicesFor({ because: 'first', policy: DEFAULT_POLICY, endpoint, problems });
    assert.equal(drawn(choices), isNever ? '' : ORDINARY);
  });
}

const ends: { interval: Parameters<typeof expiryOf>[0]; cap?: number; expected: string }[] = [
  { interval: 'until-stop', expected: '2026-11-24T08:00:00.000Z' },
  { interval: '1h', expected: '2026-11-23T09:00:00.000Z' },
  { interval: '1d', expected: '2026-11-24T08:00:00.000Z' },
  { interval: '7d', expected: '2026-11-30T08:00:00.000Z' },
  { interval: '30d', expected: '2026-12-23T08:00:00.000Z' },
  { interval: '30d', cap: 7, expected: '2026-11-30T08:00:00.000Z' },
  { interval: '1h', cap: 7, expected: '2026-11-23T09:00:00.000Z' },
  { interval: '1h', cap: 0, expected: '2026-11-23T08:00:00.000Z' },
];

for (const { interval, cap, expected } of ends) {
  test(`trust for ${interval}${cap === undefined ? '' : ` under a cap of ${cap} days`} ends at ${expected}`, () => {
    assert.equal(expiryOf(interval, now, cap).toISOString(), expected);
  });
}
