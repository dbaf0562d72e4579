/**
 * Revocation: chains with the lists that the policy of the client names, all of which it requires. OpenSSL
 * sees the lists in `openssl verify` alone; a handshake knows nothing of them.
 */

import type { BadCertCase } from '../case.ts';
import type { ChainPlan, Change, MadeParts } from '../chain.ts';
import { caseOf, type Fault } from '../fault.ts';
import { keyPair } from '../keys.ts';
import { goodList, type ListPlan, makeList, revoked } from '../lists.ts';
import { AT, type Made, VALID } from '../make.ts';

/** What is in the client's lists: one of the root and one of the intermediate, changed or left out. */
function lists(
  change: (plans: { root: ListPlan; issuing: ListPlan }, made: MadeParts) => readonly ListPlan[],
): Change {
  return (plan: ChainPlan) => ({
    ...plan,
    lists: (made) => {
      const issuing: Made = made.intermediates.at(-1) ?? made.root;
      const plans = { root: goodList(made.root), issuing: goodList(issuing) };
      return change(plans, made).map(makeList);
    },
  });
}

const unknownExtension = { oid: '2.999.7.3', critical: true, value: Uint8Array.of(5, 0) };

const FAULTS: readonly Fault[] = [
  {
    id: 'revocation::good',
    doc: 'The lists of root and intermediate are current and revoke nothing (RFC 5280 6.3.3).',
    change: lists(({ root, issuing }) => [root, issuing]),
  },
  {
    id: 'revocation::revoked-leaf',
    doc: 'The intermediate has revoked the leaf, because its key was compromised.',
    change: lists(({ root, issuing }, { leaf }) => [
      root,
      { ...issuing, revoked: [revoked(leaf)] },
    ]),
    expected: ['revoked@0'],
    openssl: 23,
  },
  {
    id: 'revocation::revoked-intermediate',
    doc: 'The root has revoked the intermediate.',
    change: lists(({ root, issuing }, { intermediates }) => [
      { ...root, revoked: intermediates.map(revoked) },
      issuing,
    ]),
    expected: ['revoked@1'],
    openssl: 23,
  },
  {
    id: 'revocation::good-other-revoked',
    doc: 'The intermediate has revoked another certificate: the intermediate itself has that number.',
    change: lists(({ root, issuing }, { intermediates }) => [
      root,
      { ...issuing, revoked: intermediates.map(revoked) },
    ]),
  },
  {
    id: 'revocation::no-list',
    doc: 'There is no list of the intermediate, and policy requires one.',
    change: lists(({ root }) => [root]),
    expected: ['revocation-unknown@0'],
    openssl: 3,
  },
  {
    id: 'revocation::stale-list',
    doc: 'The list of the intermediate is to be replaced this very second (RFC 5280 5.1.2.5).',
    change: lists(({ root, issuing }) => [root, { ...issuing, nextUpdate: AT }]),
    expected: ['revocation-unknown@0'],
    openssl: 12,
  },
  {
    id: 'revocation::good-last-second',
    doc: 'The list of the intermediate is to be replaced in a second.',
    change: lists(({ root, issuing }) => [
      root,
      { ...issuing, nextUpdate: new Date(AT.getTime() + 1000) },
    ]),
  },
  {
    id: 'revocation::list-of-tomorrow',
    doc: 'The list of the intermediate begins tomorrow (RFC 5280 5.1.2.4).',
    change: lists(({ root, issuing }) => [
      root,
      { ...issuing, thisUpdate: new Date(AT.getTime() + 86_400_000) },
    ]),
    expected: ['revocation-unknown@0'],
    openssl: 11,
  },
  {
    id: 'revocation::stale-list-revokes',
    doc: 'A stale list of the intermediate has the leaf: a revocation is for good (RFC 5280 5.3.1).',
    change: lists(({ root, issuing }, { leaf }) => [
      root,
      { ...issuing, nextUpdate: VALID.notBefore, revoked: [revoked(leaf)] },
    ]),
    expected: ['revoked@0'],
    openssl: 12,
  },
  {
    id: 'revocation::list-without-end',
    doc: 'The list of the intermediate does not say when it will be replaced, so that nobody can say that it is current.',
    change: lists(({ root, issuing }) => [root, { ...issuing, nextUpdate: null }]),
    expected: ['revocation-unknown@0'],
  },
  {
    id: 'revocation::list-by-another-key',
    doc: 'The list in the name of the intermediate is signed by a key that is not its own.',
    change: lists(({ root, issuing }) => [root, { ...issuing, key: keyPair('p256', 'forger') }]),
    expected: ['revocation-unknown@0'],
    openssl: 8,
  },
  {
    id: 'revocation::list-with-unknown-extension',
    doc: 'The list of the intermediate has a critical extension that nobody knows (RFC 5280 5.2).',
    change: lists(({ root, issuing }) => [root, { ...issuing, more: [unknownExtension] }]),
    expected: ['revocation-unknown@0'],
    openssl: 36,
  },
  {
    id: 'revocation::entry-with-unknown-extension',
    doc: 'An entry for another certificate has a critical extension that nobody knows (RFC 5280 5.3).',
    change: lists(({ root, issuing }, { intermediates }) => [
      root,
      {
        ...issuing,
        revoked: intermediates.map((made) => ({ ...revoked(made), more: [unknownExtension] })),
      },
    ]),
    expected: ['revocation-unknown@0'],
    openssl: 36,
  },
  {
    id: 'revocation::list-without-number',
    doc: 'The list of the intermediate has no number, which every list must have (RFC 5280 5.2.3).',
    change: lists(({ root, issuing }) => [root, { ...issuing, number: null }]),
    expected: ['revocation-unknown@0'],
    limboId: 'crl::crlnumber-missing',
  },
];

export const revocationCases: readonly BadCertCase[] = FAULTS.map(caseOf);
