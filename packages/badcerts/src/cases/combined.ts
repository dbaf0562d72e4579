/** Several independent faults at once: every one of them must be listed, whatever OpenSSL says first. */

import type { BadCertCase } from '../case.ts';
import { combine, type Fault } from '../fault.ts';
import { issuerNotFound, notACa, rootNotTrusted, rootPathTooLong } from './chain.ts';
import { expired, expiredIntermediate, notYetValid } from './dates.ts';
import { unknownCritical } from './form.ts';
import { weakKey, weakSignature } from './keys.ts';
import { nameMismatch } from './name.ts';
import { disallowedLeaf } from './policy.ts';
import { tls11 } from './protocol.ts';
import { clientOnly } from './usage.ts';

/** Each changes a part of the chain that no other one here changes. */
const INDEPENDENT: readonly Fault[] = [
  nameMismatch,
  issuerNotFound,
  notACa,
  clientOnly,
  unknownCritical,
  expired,
  expiredIntermediate,
  weakKey,
  weakSignature,
  tls11,
  disallowedLeaf,
];

const TRIPLES: readonly (readonly Fault[])[] = [
  [rootNotTrusted, nameMismatch, expired],
  [rootNotTrusted, nameMismatch, expiredIntermediate],
  [issuerNotFound, clientOnly, expired],
  [nameMismatch, notYetValid, weakKey],
  [rootPathTooLong, nameMismatch, weakSignature],
  [nameMismatch, expired, weakKey, weakSignature, clientOnly, tls11],
];

const pairs = INDEPENDENT.flatMap((first, index) =>
  INDEPENDENT.slice(index + 1).map((second) => [first, second]),
);

export const combinedCases: readonly BadCertCase[] = [...pairs, ...TRIPLES].map(combine);
