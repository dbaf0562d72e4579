/** The test kit: certificates that are wrong in one way or several, and servers that present them. Never shipped. */

import type { BadCertCase } from './case.ts';
import { chainCases } from './cases/chain.ts';
import { combinedCases } from './cases/combined.ts';
import { constraintCases } from './cases/constraints.ts';
import { dateCases } from './cases/dates.ts';
import { formCases } from './cases/form.ts';
import { keyCases } from './cases/keys.ts';
import { limitCases } from './cases/limits.ts';
import { nameCases } from './cases/name.ts';
import { policyCases } from './cases/policy.ts';
import { protocolCases } from './cases/protocol.ts';
import { revocationCases } from './cases/revocation.ts';
import { usageCases } from './cases/usage.ts';
import { zimbraCases } from './cases/zimbra.ts';

export type { BadCertCase, ExpectedProblem, MadeChain } from './case.ts';
export * from './chain.ts';
export { caseOf, combine, type Fault, SERVER_NAME } from './fault.ts';
export * from './keys.ts';
export { goodList, type ListPlan, makeList, type RevokedPlan, revoked } from './lists.ts';
export * from './make.ts';
export { type BegunScene, type CauseScene, causeScenes } from './scenes.ts';
export * from './servers/answering.ts';
export * from './servers/broken.ts';
export * from './servers/https.ts';
export type { Counters, TestServer } from './servers/listening.ts';
export * from './servers/starttls.ts';

/** Every case, family by family. */
export const cases: readonly BadCertCase[] = [
  ...chainCases,
  ...zimbraCases,
  ...dateCases,
  ...nameCases,
  ...usageCases,
  ...constraintCases,
  ...keyCases,
  ...formCases,
  ...policyCases,
  ...revocationCases,
  ...protocolCases,
  ...limitCases,
  ...combinedCases,
];

/** The case with this id. Throws TypeError where there is none. */
export function caseById(id: string): BadCertCase {
  const found = cases.find((each) => each.id === id);
  if (found === undefined) throw new TypeError(`no case "${id}"`);
  return found;
}
