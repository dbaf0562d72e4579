/** Usage: what the keys of leaf and CAs may do (RFC 5280 4.2.1.3 and 4.2.1.12). */

import type { BadCertCase } from '../case.ts';
import { EKU, intermediateExtensions, leafExtensions } from '../chain.ts';
import { caseOf, type Fault } from '../fault.ts';

/** A certificate for persons, not for servers. */
export const clientOnly: Fault = {
  id: 'usage::client-only',
  doc: 'The extended key usage of the leaf has clientAuth alone (RFC 5280 4.2.1.12).',
  change: leafExtensions({ extendedKeyUsage: { oids: [EKU.clientAuth], critical: false } }),
  expected: ['wrong-usage@0'],
  openssl: 26,
};

const FAULTS: readonly Fault[] = [
  clientOnly,
  {
    id: 'usage::client-only-critical',
    doc: 'The same, marked critical.',
    change: leafExtensions({ extendedKeyUsage: { oids: [EKU.clientAuth], critical: true } }),
    expected: ['wrong-usage@0'],
    openssl: 26,
  },
  {
    id: 'usage::server-and-client',
    doc: 'The leaf may serve and be a client.',
    change: leafExtensions({
      extendedKeyUsage: { oids: [EKU.clientAuth, EKU.serverAuth], critical: false },
    }),
  },
  {
    id: 'usage::any',
    doc: 'The extended key usage has anyExtendedKeyUsage alone, which OpenSSL does not take for a server.',
    change: leafExtensions({ extendedKeyUsage: { oids: [EKU.any], critical: false } }),
    expected: ['wrong-usage@0'],
    openssl: 26,
  },
  {
    id: 'usage::no-extended-key-usage',
    doc: 'The leaf has no extended key usage, so that its key may be used for everything.',
    change: leafExtensions({ extendedKeyUsage: null }),
    remarks: ['no-extended-key-usage'],
  },
  {
    id: 'usage::no-key-usage',
    doc: 'The leaf has no key usage, so that its key may be used for everything.',
    change: leafExtensions({ keyUsage: null }),
  },
  {
    id: 'usage::intermediate-for-e-mail',
    doc: 'The extended key usage of the intermediate allows e-mail alone.',
    change: intermediateExtensions({
      extendedKeyUsage: { oids: [EKU.emailProtection], critical: false },
    }),
    expected: ['wrong-usage@1'],
    openssl: 26,
  },
  {
    id: 'usage::intermediate-for-servers',
    doc: 'The extended key usage of the intermediate allows servers.',
    change: intermediateExtensions({
      extendedKeyUsage: { oids: [EKU.serverAuth], critical: false },
    }),
  },
  {
    id: 'usage::leaf-key-only-for-certificates',
    doc: 'The key usage of the leaf has keyCertSign alone, so that it may not sign a handshake.',
    change: leafExtensions({ keyUsage: { usages: ['keyCertSign'], critical: true } }),
    expected: ['wrong-usage@0'],
    openssl: 26,
  },
];

export const usageCases: readonly BadCertCase[] = FAULTS.map(caseOf);
