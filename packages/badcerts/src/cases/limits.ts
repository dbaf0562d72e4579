/** Limits: chains that are larger than any honest one, to wear a client out. */

import type { BadCertCase } from '../case.ts';
import { authorityPlan, type ChainPlan, leafExtensions } from '../chain.ts';
import { element, TAG } from '../der.ts';
import { caseOf, type Fault, SERVER_NAME } from '../fault.ts';

const FAULTS: readonly Fault[] = [
  {
    id: 'limits::chain-too-long',
    doc: 'Thirty intermediates under an installed root, each with a true signature.',
    change: withIntermediates(30),
    expected: ['limit-exceeded@connection'],
  },
  {
    id: 'limits::good-eight-intermediates',
    doc: 'Eight intermediates are many and within every limit.',
    change: withIntermediates(8),
  },
  {
    id: 'limits::good-three-thousand-names',
    doc: 'The leaf has three thousand names, the true one last; a certificate is limited in bytes alone.',
    change: leafExtensions({
      subjectAltName: {
        names: [
          ...Array.from({ length: 2999 }, (_, i) => ({
            type: 'dns' as const,
            value: `h${i}.test`,
          })),
          { type: 'dns', value: SERVER_NAME },
        ],
        critical: false,
      },
    }),
  },
  {
    id: 'limits::certificate-too-large',
    doc: 'The leaf carries 80,000 octets that mean nothing.',
    change: leafExtensions({
      more: [
        {
          oid: '2.999.7.2',
          critical: false,
          value: element(TAG.octetString, Buffer.alloc(80_000)),
        },
      ],
    }),
    expected: ['limit-exceeded@0'],
  },
];

function withIntermediates(count: number): (plan: ChainPlan) => ChainPlan {
  return (plan) => ({
    ...plan,
    intermediates: Array.from({ length: count }, (_, index) =>
      authorityPlan(plan.label, `Intermediate ${index + 1}`, (0x5000 + index).toString(16)),
    ),
  });
}

export const limitCases: readonly BadCertCase[] = FAULTS.map(caseOf);
