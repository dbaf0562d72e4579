/** Form: certificates that break RFC 5280 section 4, from a remark to bytes that nobody can read. */

import type { BadCertCase } from '../case.ts';
import {
  around,
  type Change,
  intermediateExtensions,
  leaf,
  leafExtensions,
  rootExtensions,
  sendsPath,
  sendsRootToo,
} from '../chain.ts';
import { element, TAG } from '../der.ts';
import { caseOf, type Fault } from '../fault.ts';
import type { TbsFields } from '../make.ts';

/** An arc for examples (RFC 7612: 2.999), unknown to every program. */
const UNKNOWN_OID = '2.999.7.1';
const UTF8 = element(0x0c, Buffer.from('postern'));

/** Something that a client must understand and cannot. */
export const unknownCritical: Fault = {
  id: 'form::unknown-critical-extension',
  doc: 'The leaf has a critical extension that nobody knows, and must be refused (RFC 5280 4.2).',
  change: leafExtensions({ more: [{ oid: UNKNOWN_OID, critical: true, value: UTF8 }] }),
  expected: ['unknown-critical-extension@0'],
  openssl: 34,
};

const FAULTS: readonly Fault[] = [
  unknownCritical,
  {
    id: 'form::unknown-extension',
    doc: 'The leaf has an extension that nobody knows and nobody need know.',
    change: leafExtensions({ more: [{ oid: UNKNOWN_OID, critical: false, value: UTF8 }] }),
  },
  {
    id: 'form::unknown-critical-extension-of-intermediate',
    doc: 'The intermediate has a critical extension that nobody knows (RFC 5280 4.2).',
    change: intermediateExtensions({ more: [{ oid: UNKNOWN_OID, critical: true, value: UTF8 }] }),
    expected: ['unknown-critical-extension@1'],
    openssl: 34,
  },
  {
    id: 'form::basic-constraints-not-critical',
    doc: 'The basic constraints of the root are not critical, as zmcertmgr makes them (against RFC 5280 4.2.1.9).',
    change: (plan) =>
      around({ present: sendsRootToo })(
        rootExtensions({ basicConstraints: { ca: true, critical: false } })(plan),
      ),
    remarks: ['basic-constraints-not-critical'],
  },
  {
    id: 'form::root-without-key-usage',
    doc: 'The root has no key usage (against RFC 5280 4.2.1.3).',
    change: (plan) => around({ present: sendsRootToo })(rootExtensions({ keyUsage: null })(plan)),
    remarks: ['no-key-usage'],
  },
  {
    id: 'form::version-1',
    doc: 'The leaf is of version 1 and so has no alternative names (RFC 5280 4.1.2.1).',
    remarks: ['common-name-not-in-san', 'no-extended-key-usage'],
    change: edit((fields) => ({ ...fields, version: null, extensions: null })),
    expected: ['name-mismatch@0'],
    openssl: 'ok',
  },
  {
    id: 'form::version-1-with-extensions',
    doc: 'The leaf claims version 1 and has extensions (against RFC 5280 4.1.2.9).',
    change: edit((fields) => ({ ...fields, version: null })),
    expected: ['malformed@0'],
    openssl: 'ok',
  },
  {
    id: 'form::duplicate-extension',
    doc: 'The leaf has subject alternative name twice (RFC 5280 4.2: at most once).',
    change: leafExtensions({
      more: [{ oid: '2.5.29.17', critical: false, value: dnsNames('evil.example.test') }],
    }),
    expected: ['malformed@0'],
    openssl: 20,
  },
  {
    id: 'form::duplicate-key-usage',
    doc: 'The leaf has key usage twice (RFC 5280 4.2: at most once).',
    change: leafExtensions({
      more: [
        { oid: '2.5.29.15', critical: true, value: element(TAG.bitString, Uint8Array.of(2, 4)) },
      ],
    }),
    expected: ['malformed@0'],
    openssl: 20,
  },
  {
    id: 'form::names-unreadable',
    doc: 'The value of subject alternative name is no list of names.',
    change: leafExtensions({
      subjectAltName: null,
      more: [{ oid: '2.5.29.17', critical: false, value: Uint8Array.of(0x30, 0x05, 0x82, 0x7f) }],
    }),
    expected: ['name-mismatch@0', 'malformed@0'],
    openssl: 20,
  },
  {
    id: 'form::negative-path-length',
    doc: 'The path length of the intermediate is minus one (RFC 5280 4.2.1.9: 0 to MAX).',
    change: intermediateExtensions({
      basicConstraints: null,
      more: [{ oid: '2.5.29.19', critical: true, value: basicConstraints(true, -1) }],
    }),
    expected: ['malformed@1'],
    openssl: 20,
  },
  {
    id: 'form::path-length-without-ca',
    doc: 'The leaf is no CA and has a path length all the same (RFC 5280 4.2.1.9).',
    change: leafExtensions({
      basicConstraints: null,
      more: [{ oid: '2.5.29.19', critical: true, value: basicConstraints(false, 0) }],
    }),
    remarks: ['path-length-without-ca'],
  },
  {
    id: 'form::serial-number-zero',
    doc: 'The serial number of the leaf is zero (RFC 5280 4.1.2.2: positive).',
    remarks: ['serial-not-positive'],
    change: edit((fields) => ({ ...fields, serialNumber: element(TAG.integer, Uint8Array.of(0)) })),
  },
  {
    id: 'form::serial-number-negative',
    doc: 'The serial number of the leaf is negative (RFC 5280 4.1.2.2: positive).',
    remarks: ['serial-not-positive'],
    change: edit((fields) => ({
      ...fields,
      serialNumber: element(TAG.integer, Uint8Array.of(0x81)),
    })),
  },
  {
    id: 'form::serial-number-too-long',
    doc: 'The serial number of the leaf has 24 octets (RFC 5280 4.1.2.2: 20 at most).',
    remarks: ['serial-too-long'],
    change: edit((fields) => ({
      ...fields,
      serialNumber: element(TAG.integer, Buffer.alloc(24, 0x11)),
    })),
  },
  {
    id: 'form::algorithms-differ',
    doc: 'The signature algorithm outside the signed part is another than inside (RFC 5280 4.1.1.2).',
    change: leaf({
      breakOuter: ({ signature }) => ({
        algorithm: element(TAG.sequence, Buffer.from('06082a8648ce3d040303', 'hex')),
        signature,
      }),
    }),
    expected: ['bad-signature@0', 'malformed@0'],
    openssl: 7,
  },
  {
    id: 'form::subject-alternative-name-critical',
    doc: 'The subject alternative name is critical although there is a subject, which is allowed.',
    remarks: ['san-criticality'],
    change: (plan) => {
      const { subjectAltName } = plan.leaf.extensions;
      const critical = subjectAltName === null ? null : { ...subjectAltName, critical: true };
      return leafExtensions({ subjectAltName: critical })(plan);
    },
  },
  {
    id: 'form::trailing-bytes',
    doc: 'Bytes follow the end of the leaf (X.690 8.1.1).',
    change: (plan) => ({
      ...plan,
      present: (made) => {
        const [first = made.leaf.der, ...rest] = sendsPath(made);
        return [Buffer.concat([first, Buffer.from('trailing')]), ...rest];
      },
    }),
    expected: ['malformed@0'],
    onPaper: 'OpenSSL drops the trailing bytes when a server loads the certificate',
  },
  {
    id: 'form::leaf-unreadable',
    doc: 'The leaf is cut off in the middle.',
    change: (plan) => ({
      ...plan,
      present: (made) => {
        const [first = made.leaf.der, ...rest] = sendsPath(made);
        return [first.subarray(0, first.length / 2), ...rest];
      },
    }),
    expected: ['malformed@0'],
    openssl: 'unreadable',
    onPaper: 'a server cannot load it; see the server that presents unreadable bytes',
  },
  {
    id: 'form::intermediate-unreadable',
    doc: 'The intermediate is a sequence of nothing.',
    remarks: ['certificate-not-used'],
    change: around({ present: ({ leaf }) => [leaf.der, element(TAG.sequence)] }),
    expected: ['issuer-not-found@0', 'malformed@1'],
    openssl: 'unreadable',
    onPaper: 'a server cannot load it; see the server that presents unreadable bytes',
  },
  {
    id: 'form::resources-not-nested',
    doc: 'The leaf claims IP address blocks that its issuer does not have: OpenSSL alone looks (RFC 3779 2.3).',
    change: leafExtensions({
      more: [{ oid: '1.3.6.1.5.5.7.1.7', critical: false, value: addressBlocks() }],
    }),
    expected: ['refused-by-openssl@connection'],
    openssl: 46,
  },
];

function edit(change: (fields: TbsFields) => TbsFields): Change {
  return leaf({ edit: change });
}

function dnsNames(...values: string[]): Uint8Array {
  return element(TAG.sequence, ...values.map((value) => element(0x82, Buffer.from(value))));
}

function basicConstraints(ca: boolean, pathLength: number): Uint8Array {
  const flag = ca ? [element(TAG.boolean, Uint8Array.of(0xff))] : [];
  const length = element(TAG.integer, Uint8Array.of(pathLength & 0xff));
  return element(TAG.sequence, ...flag, length);
}

/** IPv4 10.0.0.0/8 (RFC 3779 2.2.3). */
function addressBlocks(): Uint8Array {
  const prefix = element(TAG.bitString, Uint8Array.of(0, 10));
  const family = element(TAG.octetString, Uint8Array.of(0, 1));
  return element(TAG.sequence, element(TAG.sequence, family, element(TAG.sequence, prefix)));
}

export const formCases: readonly BadCertCase[] = FAULTS.map(caseOf);
