/** Protocol: the chain is good and the TLS version is too old. */

import type { BadCertCase } from '../case.ts';
import { caseOf, type Fault } from '../fault.ts';

/** A server of before 2008 that was never updated. */
export const tls11: Fault = {
  id: 'protocol::tls-1.1',
  doc: 'The server speaks TLS 1.1 at most, which is forbidden (RFC 8996).',
  tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' },
  expected: ['old-protocol@connection'],
};

const FAULTS: readonly Fault[] = [
  tls11,
  {
    id: 'protocol::tls-1.0',
    doc: 'The server speaks TLS 1.0 at most, which is forbidden (RFC 8996).',
    tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1' },
    expected: ['old-protocol@connection'],
  },
  {
    id: 'protocol::good-tls-1.2',
    doc: 'The server speaks TLS 1.2 alone.',
    tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
  },
  {
    id: 'protocol::tls-1.2-where-policy-wants-1.3',
    doc: 'The server speaks TLS 1.2 and the policy wants 1.3 at least.',
    tls: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
    minimumTlsVersion: 'TLSv1.3',
    expected: ['old-protocol@connection'],
  },
];

export const protocolCases: readonly BadCertCase[] = FAULTS.map(caseOf);
