/** Constraints: what a CA lays down for the names and policies of those below it (RFC 5280 4.2.1.10 and 4.2.1.11). */

import { isIP, isIPv4 } from 'node:net';
import type { BadCertCase } from '../case.ts';
import {
  all,
  type Change,
  intermediateExtensions,
  leafExtensions,
  rootExtensions,
} from '../chain.ts';
import { element, objectIdentifier, TAG } from '../der.ts';
import { caseOf, type Fault, SERVER_NAME } from '../fault.ts';
import type { RawExtension } from '../make.ts';

interface Trees {
  permitted?: readonly Uint8Array[];
  excluded?: readonly Uint8Array[];
}

/** A name that is not the server's, as an intermediate may be limited to another department. */
export const constrained: Fault = {
  id: 'constraint::another-domain',
  doc: 'The intermediate may issue for another domain alone (RFC 5280 6.1.3 b).',
  change: intermediateConstrains({ permitted: [dns('other.test')] }),
  expected: ['name-constraint@1'],
  openssl: 47,
};

const FAULTS: readonly Fault[] = [
  constrained,
  {
    id: 'constraint::own-domain',
    doc: 'The intermediate may issue for the domain of the server.',
    change: intermediateConstrains({ permitted: [dns('example.test')] }),
  },
  {
    id: 'constraint::excluded',
    doc: 'The intermediate may not issue for the domain of the server (RFC 5280 6.1.3 c).',
    change: intermediateConstrains({ excluded: [dns('example.test')] }),
    expected: ['name-constraint@1'],
    openssl: 48,
  },
  {
    id: 'constraint::permitted-and-excluded',
    doc: 'A name that is both permitted and excluded is excluded (RFC 5280 4.2.1.10).',
    change: intermediateConstrains({
      permitted: [dns('example.test')],
      excluded: [dns('mail.example.test')],
    }),
    expected: ['name-constraint@1'],
    openssl: 48,
  },
  {
    id: 'constraint::by-the-root',
    doc: 'The installed root itself is limited to another domain, and OpenSSL holds it to that.',
    change: (plan) =>
      rootExtensions({ more: [nameConstraints({ permitted: [dns('other.test')] })] })(plan),
    expected: ['name-constraint@connection'],
    openssl: 47,
  },
  {
    id: 'constraint::not-critical',
    doc: 'The constraint is not critical, and counts all the same.',
    change: intermediateConstrains({ permitted: [dns('other.test')] }, false),
    expected: ['name-constraint@1'],
    remarks: ['constraint-not-critical'],
    openssl: 47,
  },
  {
    id: 'constraint::part-of-a-label',
    doc: 'A constraint ends at a label: `ample.test` does not permit `example.test`.',
    change: intermediateConstrains({ permitted: [dns('ample.test')] }),
    expected: ['name-constraint@1'],
    openssl: 47,
  },
  {
    id: 'constraint::wildcard-into-excluded',
    doc: 'The leaf has a wildcard that covers a name which the intermediate excludes.',
    change: all(
      leafExtensions({
        subjectAltName: { names: [{ type: 'dns', value: '*.example.test' }], critical: false },
      }),
      intermediateConstrains({ excluded: [dns('secret.example.test')] }),
    ),
    expected: ['name-constraint@1'],
    remarks: ['common-name-not-in-san'],
  },
  {
    id: 'constraint::other-type-only',
    doc: 'A constraint binds names of its own type alone: e-mail addresses are constrained, the host is free.',
    change: intermediateConstrains({ permitted: [email('example.test')] }),
  },
  {
    id: 'constraint::e-mail-address',
    doc: 'The leaf has an e-mail address beside its host name that the intermediate may not issue for.',
    change: all(
      leafExtensions({
        subjectAltName: {
          names: [
            { type: 'dns', value: SERVER_NAME },
            { type: 'email', value: 'anna@elsewhere.test' },
          ],
          critical: false,
        },
      }),
      intermediateConstrains({ permitted: [email('example.test')] }),
    ),
    expected: ['name-constraint@1'],
    openssl: 47,
  },
  {
    id: 'constraint::addresses',
    doc: 'The intermediate may issue for a range of addresses, and the server is inside.',
    serverName: '127.0.0.1',
    change: intermediateConstrains({ permitted: [addresses('127.0.0.0', 24)] }),
  },
  {
    id: 'constraint::addresses-outside',
    doc: 'The intermediate may issue for a range of addresses, and the server is outside.',
    serverName: '127.0.0.1',
    change: intermediateConstrains({ permitted: [addresses('127.0.0.128', 25)] }),
    expected: ['name-constraint@1'],
    openssl: 47,
  },
  {
    id: 'constraint::mask-with-gaps',
    doc: 'The mask of a range of addresses has gaps, so nobody can say what it means (RFC 4632 3.1).',
    serverName: '127.0.0.1',
    change: intermediateConstrains({
      permitted: [element(0x87, Uint8Array.of(127, 0, 0, 0, 255, 0, 255, 0))],
    }),
    expected: ['malformed@1'],
  },
  {
    id: 'constraint::directory-name',
    doc: 'The intermediate may issue for subjects of another organization alone.',
    change: intermediateConstrains({ permitted: [organization('Elsewhere')] }),
    expected: ['name-constraint@1'],
    openssl: 47,
  },
  {
    id: 'constraint::empty',
    doc: 'The constraints are there and constrain nothing (against RFC 5280 4.2.1.10).',
    change: intermediateConstrains({}),
    remarks: ['name-constraints-empty'],
  },
  {
    id: 'constraint::leading-period',
    doc: 'A constraint of host names begins with a period, which RFC 5280 knows for URIs alone and OpenSSL takes.',
    change: intermediateConstrains({ permitted: [dns('.example.test')] }),
    remarks: ['name-constraint-leading-period'],
  },
  {
    id: 'constraint::explicit-policy-missing',
    doc: 'The intermediate asks for an explicit certificate policy, and the leaf has none (RFC 5280 6.1.5 g); OpenSSL does not look unless told to.',
    change: intermediateExtensions({ more: [requireExplicitPolicy(), policies('1.2.3.4')] }),
    expected: ['policy-constraint@0'],
  },
  {
    id: 'constraint::explicit-policy',
    doc: 'The intermediate asks for an explicit certificate policy, and the leaf has it.',
    change: all(
      intermediateExtensions({ more: [requireExplicitPolicy(), policies('1.2.3.4')] }),
      leafExtensions({ more: [policies('1.2.3.4')] }),
    ),
  },
  {
    id: 'constraint::explicit-policy-other',
    doc: 'The intermediate asks for an explicit certificate policy, and the leaf has another.',
    change: all(
      intermediateExtensions({ more: [requireExplicitPolicy(), policies('1.2.3.4')] }),
      leafExtensions({ more: [policies('1.2.3.5')] }),
    ),
    expected: ['policy-constraint@0'],
  },
];

export const constraintCases: readonly BadCertCase[] = FAULTS.map(caseOf);

function intermediateConstrains(trees: Trees, critical = true): Change {
  return intermediateExtensions({ more: [nameConstraints(trees, critical)] });
}

function nameConstraints({ permitted, excluded }: Trees, critical = true): RawExtension {
  const tree = (tag: number, bases: readonly Uint8Array[] | undefined): Uint8Array[] =>
    bases === undefined ? [] : [element(tag, ...bases.map((base) => element(TAG.sequence, base)))];
  const value = element(TAG.sequence, ...tree(0xa0, permitted), ...tree(0xa1, excluded));
  return { oid: '2.5.29.30', critical, value };
}

function dns(name: string): Uint8Array {
  return element(0x82, Buffer.from(name));
}

function email(name: string): Uint8Array {
  return element(0x81, Buffer.from(name));
}

/** An IPv4 range as address and mask. */
function addresses(address: string, prefix: number): Uint8Array {
  if (isIP(address) === 0 || !isIPv4(address)) throw new TypeError(`no IPv4 address "${address}"`);
  const mask = Buffer.alloc(4);
  mask.writeUInt32BE((2 ** 32 - 2 ** (32 - prefix)) >>> 0);
  return element(0x87, Uint8Array.from(address.split('.').map(Number)), mask);
}

/** A directory name with an organization alone. */
function organization(name: string): Uint8Array {
  const attribute = element(
    TAG.sequence,
    objectIdentifier('2.5.4.10'),
    element(0x0c, Buffer.from(name)),
  );
  return element(0xa4, element(TAG.sequence, element(0x31, attribute)));
}

/** requireExplicitPolicy with no certificates skipped (RFC 5280 4.2.1.11). */
function requireExplicitPolicy(): RawExtension {
  const value = element(TAG.sequence, element(0x80, Uint8Array.of(0)));
  return { oid: '2.5.29.36', critical: true, value };
}

function policies(...oids: readonly string[]): RawExtension {
  const list = oids.map((oid) => element(TAG.sequence, objectIdentifier(oid)));
  return { oid: '2.5.29.32', critical: false, value: element(TAG.sequence, ...list) };
}
