/** Policy: certificates that an administrator refuses wherever they stand in a chain. */

import type { BadCertCase } from '../case.ts';
import { around, sendsRootToo } from '../chain.ts';
import { caseOf, type Fault } from '../fault.ts';

/** The administrator knows that this key was stolen. */
export const disallowedLeaf: Fault = {
  id: 'policy::disallowed-leaf',
  doc: 'The policy refuses the leaf by its fingerprint.',
  change: around({ disallow: ({ leaf }) => [leaf.der] }),
  expected: ['disallowed-by-policy@0'],
};

const FAULTS: readonly Fault[] = [
  disallowedLeaf,
  {
    id: 'policy::disallowed-intermediate',
    doc: 'The policy refuses the intermediate by its fingerprint.',
    change: around({ disallow: ({ intermediates }) => intermediates.map(({ der }) => der) }),
    expected: ['disallowed-by-policy@1'],
  },
  {
    id: 'policy::disallowed-root-sent',
    doc: 'The policy refuses the root, which is installed and sent.',
    change: around({ present: sendsRootToo, disallow: ({ root }) => [root.der] }),
    expected: ['disallowed-by-policy@2'],
  },
  {
    id: 'policy::disallowed-root',
    doc: 'The policy refuses the root, which is installed and not sent.',
    change: around({ disallow: ({ root }) => [root.der] }),
    expected: ['disallowed-by-policy@connection'],
  },
];

export const policyCases: readonly BadCertCase[] = FAULTS.map(caseOf);
