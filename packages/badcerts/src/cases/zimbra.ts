/** Chains exactly as zmcertmgr makes them: they pass OpenSSL and break RFC 5280 in ways that only deserve remarks. */

import type { BadCertCase } from '../case.ts';
import { around, type ChainPlan } from '../chain.ts';
import { caseOf, type Fault } from '../fault.ts';
import { keyPair } from '../keys.ts';

const REMARKS = [
  'authority-key-id-has-serial',
  'basic-constraints-not-critical',
  'no-extended-key-usage',
  'no-key-usage',
];

const FAULTS: readonly Fault[] = [
  {
    id: 'zimbra::root-installed',
    doc: 'A chain as zmcertmgr makes it, with its root installed: remarks and no problem.',
    change: asZmcertmgr,
    remarks: REMARKS,
  },
  {
    id: 'zimbra::root-not-installed',
    doc: 'A chain as zmcertmgr makes it, before its root is installed: what the article is about.',
    change: (plan) => around({ anchors: () => [] })(asZmcertmgr(plan)),
    expected: ['root-not-trusted@1'],
    remarks: REMARKS,
    openssl: 19,
  },
  {
    id: 'zimbra::root-not-installed-nor-sent',
    doc: 'The same where the server does not send its root.',
    change: (plan) => ({
      ...asZmcertmgr(plan),
      present: ({ leaf }) => [leaf.der],
      anchors: () => [],
    }),
    expected: ['issuer-not-found@0'],
    remarks: ['no-extended-key-usage'],
    openssl: 20,
  },
];

/**
 * zm-core-utils:src/bin/zmcertmgr and its zmssl.cnf: RSA 2048; the root without key usage, basic constraints not
 * critical, authority key identifier with name and serial number; the server certificate without
 * extended key usage; the server sends both.
 */
function asZmcertmgr(plan: ChainPlan): ChainPlan {
  const { root, leaf, serverName } = plan;
  return {
    ...plan,
    root: {
      ...root,
      subject: `O=CA, OU=Zimbra Collaboration Server, CN=${serverName}`,
      key: keyPair('rsa2048', 'zimbra root'),
      serialNumber: '1795420902',
      extensions: {
        ...root.extensions,
        basicConstraints: { ca: true, critical: false },
        keyUsage: null,
        authorityKeyId: 'key-name-and-serial',
        subjectAltName: { names: [{ type: 'dns', value: serverName }], critical: false },
      },
    },
    intermediates: [],
    leaf: {
      ...leaf,
      subject: `OU=Zimbra Collaboration Server, CN=${serverName}`,
      key: keyPair('rsa2048', 'zimbra server'),
      serialNumber: '1795420903',
      extensions: {
        ...leaf.extensions,
        basicConstraints: { ca: false, critical: false },
        keyUsage: {
          usages: ['digitalSignature', 'nonRepudiation', 'keyEncipherment'],
          critical: false,
        },
        extendedKeyUsage: null,
      },
    },
    present: ({ leaf: server, root: authority }) => [server.der, authority.der],
  };
}

export const zimbraCases: readonly BadCertCase[] = FAULTS.map(caseOf);
