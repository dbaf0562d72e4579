/**
 * The ten faults, how each is put into a chain, and what a chain with several of them must show. What is
 * expected follows from how the chain is made, never from what `diagnose` said of it.
 */

import type { ProblemKind } from '../../src/problem.ts';

export const FAULTS = [
  'expired',
  'not-yet-valid',
  'wrong-name',
  'self-signed',
  'unknown-issuer',
  'missing-intermediate',
  'weak-key',
  'weak-signature',
  'wrong-usage',
  'name-constraint',
] as const;

export type FaultName = (typeof FAULTS)[number];

/** A problem as it is expected: its kind and its position in what the server sends. */
export type Expected = `${ProblemKind}@${0 | 1}`;

/** How one chain is made. */
export interface Construction {
  faults: readonly FaultName[];
  leaf: {
    key: 'ec' | 'rsa1024';
    digest: 'sha1' | 'sha256';
    usage: 'clientAuth' | 'serverAuth';
    name: string;
    validity: Validity;
    /** Who signs it, or `itself`. */
    issuer: IssuerName | 'itself';
  };
  /** What is sent after the leaf. */
  sent: readonly IssuerName[];
}

/** Where the bounds lie: around the instant of the test, before it, after it, or the end before it and the beginning after it. */
export type Validity = 'future' | 'now' | 'past' | 'reversed';

/** CAs below the trusted root, below one that nobody trusts, and below one that is never sent. */
export const ISSUERS = {
  good: { above: 'trusted', validity: 'now', constrained: false },
  future: { above: 'trusted', validity: 'future', constrained: false },
  constrained: { above: 'trusted', validity: 'now', constrained: true },
  'future constrained': { above: 'trusted', validity: 'future', constrained: true },
  unknown: { above: 'unknown', validity: 'now', constrained: false },
  'unknown future': { above: 'unknown', validity: 'future', constrained: false },
  'unknown constrained': { above: 'unknown', validity: 'now', constrained: true },
  'unknown future constrained': { above: 'unknown', validity: 'future', constrained: true },
  // Their issuer is an intermediate between them and the trusted root.
  'left constrained': { above: 'left out', validity: 'now', constrained: true },
  'left future constrained': { above: 'left out', validity: 'future', constrained: true },
} as const satisfies Record<
  string,
  { above: 'left out' | 'trusted' | 'unknown'; validity: Validity; constrained: boolean }
>;

export type IssuerName = keyof typeof ISSUERS;

/** The server that is asked for. */
export const HOST = 'mail.example.test';

/** What a constrained CA permits, and a name of another server outside of it. */
export const PERMITTED = 'permitted.test';
const OTHER_HOST = 'mail.elsewhere.test';

/** Faults that leave no trace in a chain that has another one, and why. */
export const HIDDEN: readonly { by: FaultName; fault: FaultName; because: string }[] = [
  {
    by: 'self-signed',
    fault: 'unknown-issuer',
    because: 'A leaf that is its own issuer has no other; CAs sent along did not issue it.',
  },
  {
    by: 'self-signed',
    fault: 'missing-intermediate',
    because: 'Between a leaf and itself nothing can be left out.',
  },
  {
    by: 'self-signed',
    fault: 'name-constraint',
    because: 'A CA that is sent along binds only what is below it, and the leaf is not.',
  },
  {
    by: 'self-signed',
    fault: 'weak-signature',
    because: 'A signature by the key itself vouches for nothing, so it cannot be too weak to.',
  },
  {
    by: 'missing-intermediate',
    fault: 'unknown-issuer',
    because: 'Who is above a certificate that was not sent cannot be seen.',
  },
];

/** How a chain with these faults is made. */
export function constructionOf(faults: readonly FaultName[]): Construction {
  const has = (fault: FaultName): boolean => faults.includes(fault);
  const isAlone = has('self-signed') || (has('missing-intermediate') && !has('name-constraint'));
  // Of two dates that exclude each other one goes to the issuer, where one is in the path.
  const isIssuerOfTomorrow = has('expired') && has('not-yet-valid') && !isAlone;
  const issuer = issuerWith(has, isIssuerOfTomorrow);
  return {
    faults,
    leaf: {
      key: has('weak-key') ? 'rsa1024' : 'ec',
      digest: has('weak-signature') ? 'sha1' : 'sha256',
      usage: has('wrong-usage') ? 'clientAuth' : 'serverAuth',
      name: has('wrong-name') ? OTHER_HOST : HOST,
      validity: validityOf(has('expired'), has('not-yet-valid') && !isIssuerOfTomorrow),
      issuer: has('self-signed') ? 'itself' : issuer,
    },
    sent: isAlone && !has('self-signed') ? [] : [issuer],
  };
}

function issuerWith(has: (fault: FaultName) => boolean, isOfTomorrow: boolean): IssuerName {
  const above = has('unknown-issuer') ? 'unknown' : 'trusted';
  const wanted = {
    above: has('missing-intermediate') && has('name-constraint') ? 'left out' : above,
    validity: isOfTomorrow ? 'future' : 'now',
    constrained: has('name-constraint'),
  };
  for (const name of Object.keys(ISSUERS) as IssuerName[]) {
    const { above: over, validity, constrained } = ISSUERS[name];
    if (over !== wanted.above || validity !== wanted.validity) continue;
    if (constrained === wanted.constrained) return name;
  }
  throw new TypeError(`no issuer for ${JSON.stringify(wanted)}`);
}

function validityOf(isExpired: boolean, isNotYetValid: boolean): Validity {
  if (isExpired) return isNotYetValid ? 'reversed' : 'past';
  return isNotYetValid ? 'future' : 'now';
}

/** Every problem of a chain with these faults, in alphabetical order. */
export function expectedOf(faults: readonly FaultName[]): Expected[] {
  const seen = faults.filter(
    (fault) => !HIDDEN.some((rule) => rule.fault === fault && faults.includes(rule.by)),
  );
  const { leaf, sent } = constructionOf(faults);
  const isLeftHigher = leaf.issuer !== 'itself' && sent.length > 0;
  const problems: Readonly<Record<FaultName, Expected>> = {
    expired: 'expired@0',
    'not-yet-valid': leaf.validity === 'past' ? 'not-yet-valid@1' : 'not-yet-valid@0',
    'wrong-name': 'name-mismatch@0',
    'self-signed': 'self-signed@0',
    'unknown-issuer': 'issuer-not-found@1',
    // The leaf says where its issuer's certificate is to be had; of the one above a CA nobody knows
    // whether it is a root, which need not be sent.
    'missing-intermediate': isLeftHigher ? 'issuer-not-found@1' : 'incomplete-chain@0',
    'weak-key': 'weak-key@0',
    'weak-signature': 'weak-signature@0',
    'wrong-usage': 'wrong-usage@0',
    'name-constraint': 'name-constraint@1',
  };
  return seen.map((fault) => problems[fault]).sort();
}

/** All pairs. */
export const PAIRS: readonly (readonly FaultName[])[] = FAULTS.flatMap((first, index) =>
  FAULTS.slice(index + 1).map((second) => [first, second]),
);

/** Every third of the 120 triples in the order of the faults: forty, each fault in twelve or about. */
export const TRIPLES: readonly (readonly FaultName[])[] = FAULTS.flatMap((first, index) =>
  FAULTS.slice(index + 1).flatMap((second, between) =>
    FAULTS.slice(index + between + 2).map((third) => [first, second, third]),
  ),
).filter((_, index) => index % 3 === 0);
