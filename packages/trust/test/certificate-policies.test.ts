/** Certificate policies on paper: RFC 5280 6.1 for somebody who asks for none, policy by policy. */

import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import { ANY_POLICY, type PolicyFacts, policyBreach } from '../src/certificate-policies.ts';

const GOLD = '1.2.3.1';
const SILVER = '1.2.3.2';

/** A certificate that says nothing of policies but what is given. */
function step(
  policies: readonly string[] | null,
  more: Partial<PolicyFacts> = {},
  isSelfIssued = false,
) {
  const facts: PolicyFacts = {
    policies,
    mappings: [],
    requireExplicitPolicy: null,
    inhibitPolicyMapping: null,
    inhibitAnyPolicy: null,
    ...more,
  };
  return { facts, isSelfIssued };
}

const explicit = { requireExplicitPolicy: 0 };
const maps = (issuer: string, subject: string) => ({ mappings: [{ issuer, subject }] });

/** From the certificate below the anchor to the leaf; `at` is the index of the breach. */
const table: { name: string; steps: ReturnType<typeof step>[]; at: number | null }[] = [
  { name: 'nobody asks, nobody has any', steps: [step(null), step(null)], at: null },
  {
    name: 'asked for, and the leaf has it',
    steps: [step([GOLD], explicit), step([GOLD])],
    at: null,
  },
  { name: 'asked for, and the leaf has none', steps: [step([GOLD], explicit), step(null)], at: 1 },
  {
    name: 'asked for, and the leaf has another',
    steps: [step([GOLD], explicit), step([SILVER])],
    at: 1,
  },
  {
    name: 'asked for by the leaf itself, without any above',
    steps: [step(null), step([GOLD], explicit)],
    at: 1,
  },
  {
    name: 'asked for two certificates below, and the leaf is only one below',
    steps: [step([GOLD], { requireExplicitPolicy: 2 }), step(null)],
    at: null,
  },
  {
    name: 'asked for from the leaf on',
    steps: [step([GOLD], { requireExplicitPolicy: 1 }), step([GOLD]), step(null)],
    at: 2,
  },
  {
    name: 'a self-issued certificate does not use up what is skipped',
    steps: [step([GOLD], { requireExplicitPolicy: 2 }), step([GOLD], {}, true), step(null)],
    at: null,
  },
  {
    name: 'any policy of the CA stands for every policy of the leaf',
    steps: [step([ANY_POLICY], explicit), step([SILVER])],
    at: null,
  },
  {
    name: 'any policy of the leaf stands for that of the CA',
    steps: [step([GOLD], explicit), step([ANY_POLICY])],
    at: null,
  },
  {
    name: 'but not where any policy is inhibited',
    steps: [step([GOLD], { ...explicit, inhibitAnyPolicy: 0 }), step([ANY_POLICY])],
    at: 1,
  },
  {
    name: 'unless a self-issued certificate in between has it',
    steps: [
      step([GOLD], { ...explicit, inhibitAnyPolicy: 0 }),
      step([ANY_POLICY], {}, true),
      step([GOLD]),
    ],
    at: null,
  },
  {
    name: 'a policy mapped to another, and the leaf has the other',
    steps: [step([GOLD], { ...explicit, ...maps(GOLD, SILVER) }), step([SILVER])],
    at: null,
  },
  {
    name: 'a policy mapped to another, and the leaf has the first',
    steps: [step([GOLD], { ...explicit, ...maps(GOLD, SILVER) }), step([GOLD])],
    at: 1,
  },
  {
    name: 'a mapping where mapping is inhibited takes the policy away',
    steps: [
      step([GOLD], { ...explicit, inhibitPolicyMapping: 0 }),
      step([GOLD], maps(GOLD, SILVER)),
      step([SILVER]),
    ],
    at: 2,
  },
  {
    name: 'a mapping below any policy makes the policy',
    steps: [step([ANY_POLICY], { ...explicit, ...maps(GOLD, SILVER) }), step([SILVER])],
    at: null,
  },
  {
    name: 'a mapping from any policy',
    steps: [step([ANY_POLICY], maps(ANY_POLICY, GOLD)), step([GOLD])],
    at: 0,
  },
  {
    name: 'a mapping to any policy',
    steps: [step([GOLD], maps(GOLD, ANY_POLICY)), step([GOLD])],
    at: 0,
  },
];

suite('the certificate at which no policy is valid although one has to be', () => {
  for (const { name, steps, at } of table) {
    test(`${name}: ${at === null ? 'none' : `number ${at}`}`, () => {
      assert.equal(policyBreach(steps), at);
    });
  }
});

test('thousands of policies and mappings take no more than their number', () => {
  const many = Array.from({ length: 3000 }, (_, index) => `1.2.3.${index}`);
  const mappings = many.map((issuer) => ({ issuer, subject: `${issuer}.1` }));
  const middle = step([ANY_POLICY, ...many], { ...explicit, mappings });
  const below = step([...many.map((policy) => `${policy}.1`), ANY_POLICY], { mappings });
  assert.equal(policyBreach([middle, below, middle, step(null)]), 3);
});
