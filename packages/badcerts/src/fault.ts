/** A fault is a change to a correct chain together with what must be said of it; a case is one fault or several. */

import { PROBLEM_KINDS } from '@postern/trust';
import type { BadCertCase, ExpectedProblem } from './case.ts';
import { type Change, goodPlan, makeChain } from './chain.ts';
import { AT } from './make.ts';

/** The server name of every case that is not about names. */
export const SERVER_NAME = 'mail.example.test';

/** One thing that is wrong, and what everybody must say of it. Nothing said means nothing expected. */
export interface Fault
  extends Partial<
    Omit<BadCertCase, 'doc' | 'id' | 'make'> & {
      change: Change;
    }
  > {
  id: string;
  doc: string;
}

/** The case that shows this one fault. */
export function caseOf(fault: Fault): BadCertCase {
  const { change = (plan) => plan, ...about } = fault;
  const serverName = fault.serverName ?? SERVER_NAME;
  return {
    at: AT,
    expected: [],
    remarks: [],
    openssl: 'ok',
    ...about,
    serverName,
    make: once(() => makeChain(change(goodPlan(fault.id, serverName)))),
  };
}

/**
 * The case that shows several faults at once. They must be independent: each changes another part,
 * and what is expected is the union of what each expects alone.
 */
export function combine(faults: readonly Fault[]): BadCertCase {
  const names = faults.map(({ id }) => id.replace('::', '-'));
  const expected = faults.flatMap((fault) => fault.expected ?? []);
  const tls = faults.map((fault) => fault.tls).find((offered) => offered !== undefined);
  return caseOf({
    id: `combined::${names.join('+')}`,
    doc: `Independent faults at once, all of them to be listed: ${faults.map(({ id }) => id).join(', ')}.`,
    change: (plan) => faults.reduce((changed, { change }) => change?.(changed) ?? changed, plan),
    expected: [...new Set(expected)].sort(byGravity),
    remarks: [...new Set(faults.flatMap(({ remarks }) => remarks ?? []))],
    openssl: firstOf(faults.map(({ openssl }) => openssl ?? 'ok')),
    ...(tls === undefined ? {} : { tls }),
  });
}

/**
 * The order in which OpenSSL looks (x509_vfy.c: the key of the leaf, building, extensions, security
 * level, name, then signatures and dates from the root down). It says the first thing first.
 */
const OPENSSL_ORDER = [66, 18, 19, 2, 20, 21, 34, 26, 79, 25, 67, 68, 62, 64, 9, 10, 7];

function firstOf(verdicts: readonly BadCertCase['openssl'][]): BadCertCase['openssl'] {
  const numbers = verdicts.filter((verdict) => typeof verdict === 'number');
  return OPENSSL_ORDER.find((number) => numbers.includes(number)) ?? 'ok';
}

function byGravity(a: ExpectedProblem, b: ExpectedProblem): number {
  const [kindA = '', positionA = ''] = a.split('@');
  const [kindB = '', positionB = ''] = b.split('@');
  const kinds: readonly string[] = PROBLEM_KINDS;
  const gravity = kinds.indexOf(kindA) - kinds.indexOf(kindB);
  if (gravity !== 0) return gravity;
  return placeOf(positionA) - placeOf(positionB);
}

/** The whole connection comes last. */
function placeOf(position: string): number {
  return position === 'connection' ? Number.POSITIVE_INFINITY : Number(position);
}

/** Made once per process: every judge looks at the same chain. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
