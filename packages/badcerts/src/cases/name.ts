/** Names: which server names a leaf may serve (RFC 9525; the common name is displayed, never matched). */

import type { BadCertCase } from '../case.ts';
import { all, type Change, leaf, leafExtensions } from '../chain.ts';
import { element, TAG } from '../der.ts';
import { caseOf, type Fault, SERVER_NAME } from '../fault.ts';
import type { NamePlan } from '../make.ts';

/** A correct certificate of another server. */
export const nameMismatch: Fault = {
  id: 'name::mismatch',
  doc: 'The leaf is for another server (RFC 9525 6.3).',
  change: names({ type: 'dns', value: 'other.example.test' }),
  expected: ['name-mismatch@0'],
  openssl: 62,
};

/** The common name says one thing, the subject alternative name another. */
export const commonNameNotInSan: Fault = {
  id: 'name::common-name-not-in-san',
  doc: 'The common name is not among the subject alternative names: displayed, never matched (RFC 9525 2).',
  change: leaf({ subject: 'CN=Mail server' }),
  remarks: ['common-name-not-in-san'],
};

const FAULTS: readonly Fault[] = [
  nameMismatch,
  commonNameNotInSan,
  good(
    'name::wildcard',
    'A wildcard stands for one whole left-most label (RFC 9525 6.3).',
    '*.example.test',
  ),
  bad(
    'name::wildcard-for-two-labels',
    'A wildcard does not stand for two labels.',
    '*.example.test',
    'a.mail.example.test',
  ),
  bad(
    'name::wildcard-for-no-label',
    'A wildcard does not stand for no label.',
    '*.example.test',
    'example.test',
  ),
  bad(
    'name::wildcard-not-left-most',
    'A wildcard in another label than the left-most matches nothing.',
    'mail.*.test',
  ),
  {
    ...bad(
      'name::wildcard-partial',
      'A part of a label is no wildcard (RFC 9525 6.3).',
      'm*.example.test',
    ),
    openssl: 'ok',
  },
  bad('name::wildcard-alone', 'A lone wildcard is a wildcard for a whole top level.', '*'),
  good(
    'name::upper-case',
    'Letters are compared without regard to case (RFC 9525 6.3).',
    'MAIL.Example.TEST',
  ),
  good(
    'name::a-label',
    'An internationalised name is compared as its A-label.',
    'xn--bcher-kva.example.test',
    'xn--bcher-kva.example.test',
  ),
  good(
    'name::single-label',
    'A server on an intranet may have a name of one label.',
    'mailhost',
    'mailhost',
  ),
  good(
    'name::many-names',
    'The name is the last of several.',
    'a.example.test b.example.test mail.example.test',
  ),
  {
    id: 'name::only-in-common-name',
    doc: 'The name is in the common name alone, which no longer counts (RFC 9525 2).',
    remarks: ['common-name-not-in-san'],
    change: leafExtensions({ subjectAltName: null }),
    expected: ['name-mismatch@0'],
    openssl: 'ok',
  },
  {
    id: 'name::e-mail-address-only',
    doc: 'The only alternative name is an e-mail address, which names no server.',
    remarks: ['common-name-not-in-san'],
    change: leafExtensions({
      subjectAltName: { names: [{ type: 'email', value: `post@${SERVER_NAME}` }], critical: false },
    }),
    expected: ['name-mismatch@0'],
    openssl: 'ok',
  },
  {
    id: 'name::uri-only',
    doc: 'The only alternative name is a URI, and no service was asked for.',
    remarks: ['common-name-not-in-san'],
    change: leafExtensions({
      subjectAltName: {
        names: [{ type: 'url', value: `https://${SERVER_NAME}/` }],
        critical: false,
      },
    }),
    expected: ['name-mismatch@0'],
    openssl: 'ok',
  },
  {
    id: 'name::ip-address',
    doc: 'The server is named by its IPv4 address, and the leaf has it.',
    serverName: '127.0.0.1',
  },
  {
    id: 'name::ip-address-6',
    doc: 'The server is named by its IPv6 address, and the leaf has it.',
    onPaper: 'not every machine has an IPv6 address of its own',
    serverName: '::1',
  },
  {
    id: 'name::other-ip-address',
    doc: 'The leaf is for another address.',
    serverName: '127.0.0.1',
    change: names({ type: 'ip', value: '10.0.0.5' }),
    expected: ['name-mismatch@0'],
    openssl: 64,
  },
  {
    id: 'name::ip-address-as-dns-name',
    doc: 'An address written as a DNS name does not match an address (RFC 9525 6.4).',
    serverName: '127.0.0.1',
    change: names({ type: 'dns', value: '127.0.0.1' }),
    expected: ['name-mismatch@0'],
    openssl: 64,
  },
  {
    id: 'name::ip-address-in-common-name',
    doc: 'An address in the common name does not match an address.',
    remarks: ['common-name-not-in-san'],
    serverName: '127.0.0.1',
    change: leafExtensions({ subjectAltName: null }),
    expected: ['name-mismatch@0'],
    openssl: 64,
  },
  {
    id: 'name::nul-inside',
    doc: 'The name goes on after a NUL octet, where careless programs stop reading (CVE-2009-2408).',
    change: names({ type: 'dns', value: `${SERVER_NAME}\0.evil.example` }),
    expected: ['name-mismatch@0'],
    openssl: 62,
  },
  {
    id: 'name::no-names-at-all',
    doc: 'The leaf has neither subject nor alternative names that could match.',
    change: all(
      leaf({ subject: '' }),
      leafExtensions({
        subjectAltName: null,
        more: [{ oid: '2.5.29.17', critical: true, value: element(TAG.sequence) }],
      }),
    ),
    expected: ['name-mismatch@0', 'malformed@0'],
    openssl: 62,
  },
];

/** A leaf with these names, the first of them as its common name too. */
function names(...values: NamePlan[]): Change {
  return all(
    leaf({ subject: `CN=${values[0]?.value ?? ''}` }),
    leafExtensions({ subjectAltName: { names: values, critical: false } }),
  );
}

/** A leaf with these DNS names (separated by blanks), good for the server name. */
function good(id: string, doc: string, presented: string, serverName = SERVER_NAME): Fault {
  const values = presented.split(' ').map((value): NamePlan => ({ type: 'dns', value }));
  return { id, doc, serverName, change: names(...values) };
}

/** A leaf with one DNS name, which does not match. */
function bad(id: string, doc: string, presented: string, serverName = SERVER_NAME): Fault {
  return { ...good(id, doc, presented, serverName), expected: ['name-mismatch@0'], openssl: 62 };
}

export const nameCases: readonly BadCertCase[] = FAULTS.map(caseOf);
