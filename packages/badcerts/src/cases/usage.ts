/** Usage: what the keys of leaf and CAs may do (RFC 5280 4.2.1.3 and 4.2.1.12). */

import type { BadCertCase } from '../case.ts';
import { EKU, intermediateExtensions, leafExtensions } from '../chain.ts';
import { element, objectIdentifier, TAG } from '../der.ts';
import { caseOf, type Fault } from '../fault.ts';
import type { RawExtension } from '../make.ts';

/** Bit 0: TLS client. */
const NETSCAPE_CLIENT: RawExtension = {
  oid: '2.16.840.1.113730.1.1',
  critical: false,
  value: element(TAG.bitString, Uint8Array.of(7, 0x80)),
};

/** Proxy certificate information with the policy that inherits all rights. */
const PROXY: RawExtension = {
  oid: '1.3.6.1.5.5.7.1.14',
  critical: false,
  value: element(TAG.sequence, element(TAG.sequence, objectIdentifier('1.3.6.1.5.5.7.21.1'))),
};

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
    id: 'usage::server-and-any',
    doc: 'The extended key usage has serverAuth and any other use.',
    change: leafExtensions({
      extendedKeyUsage: { oids: [EKU.serverAuth, EKU.any], critical: false },
    }),
    remarks: ['any-extended-key-usage'],
  },
  {
    id: 'usage::netscape-client',
    doc: 'The old Netscape certificate type allows clients alone, and OpenSSL still heeds it.',
    change: leafExtensions({ more: [NETSCAPE_CLIENT] }),
    expected: ['wrong-usage@0'],
    openssl: 26,
  },
  {
    id: 'usage::proxy',
    doc: 'The leaf is a proxy certificate, which may not have alternative names (RFC 3820 3.5).',
    change: leafExtensions({ more: [PROXY] }),
    expected: ['malformed@0'],
    openssl: 20,
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
    remarks: ['key-cert-sign-without-ca'],
    openssl: 26,
  },
];

export const usageCases: readonly BadCertCase[] = FAULTS.map(caseOf);
