/** Name constraints on paper: which names are within which subtree, and what cannot be judged. */

import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import { readWhole } from '../src/der.ts';
import {
  type Breach,
  breachOf,
  constrainedNamesOf,
  readNameConstraints,
} from '../src/name-constraints.ts';
import { ascii, nameOf, oid, sequence, tlv } from './make-certificate.ts';

const dns = (name: string): Uint8Array => ascii(0x82, name);
const email = (name: string): Uint8Array => ascii(0x81, name);
const uri = (name: string): Uint8Array => ascii(0x86, name);
const ip = (...octets: number[]): Uint8Array => tlv(0x87, Uint8Array.from(octets));
const directory = (...names: string[]): Uint8Array =>
  tlv(0xa4, sequence(...names.map((name) => inside(nameOf(name)))));
const utf8Mailbox = (name: string): Uint8Array =>
  tlv(0xa0, oid('1.3.6.1.5.5.7.8.9'), tlv(0xa0, tlv(0x0c, Buffer.from(name, 'utf8'))));
const userPrincipal = tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, ascii(0x0c, 'anna')));
const serverRoom = tlv(0x88, Uint8Array.of(0x2a, 0x03));

/** The SET inside a Name of one. */
function inside(name: Uint8Array): Uint8Array {
  return name.subarray(2);
}

interface Trees {
  permitted?: Uint8Array[];
  excluded?: Uint8Array[];
}

function constraintsOf({ permitted, excluded }: Trees): Uint8Array {
  const tree = (tag: number, bases: Uint8Array[] | undefined): Uint8Array[] =>
    bases === undefined ? [] : [tlv(tag, ...bases.map((base) => sequence(base)))];
  return sequence(...tree(0xa0, permitted), ...tree(0xa1, excluded));
}

function breach(trees: Trees, name: Uint8Array, subject = sequence()): Breach | null {
  const constraints = readNameConstraints(readWhole(constraintsOf(trees)), () => {});
  return breachOf(constraints, constrainedNamesOf(subject, sequence(name)), () => {});
}

const table: { base: Uint8Array; name: Uint8Array; what: string; within: boolean }[] = [
  { what: 'a host is within itself', base: dns('a.test'), name: dns('a.test'), within: true },
  { what: 'case does not count', base: dns('A.test'), name: dns('a.TEST'), within: true },
  { what: 'a host below', base: dns('a.test'), name: dns('x.y.a.test'), within: true },
  { what: 'a host above is outside', base: dns('a.test'), name: dns('test'), within: false },
  { what: 'a longer label', base: dns('a.test'), name: dns('aa.test'), within: false },
  { what: 'a leading period, below', base: dns('.a.test'), name: dns('x.a.test'), within: true },
  { what: 'a leading period, itself', base: dns('.a.test'), name: dns('a.test'), within: false },
  { what: 'the empty base is every host', base: dns(''), name: dns('a.test'), within: true },
  { what: 'a wildcard below', base: dns('a.test'), name: dns('*.a.test'), within: true },
  { what: 'a wildcard above', base: dns('x.a.test'), name: dns('*.a.test'), within: false },
  {
    what: 'a wildcard under a leading period',
    base: dns('.a.test'),
    name: dns('*.a.test'),
    within: true,
  },
  { what: 'what is no host name', base: dns(''), name: dns('a b.test'), within: false },
  {
    what: 'an address inside',
    base: ip(10, 0, 0, 0, 255, 0, 0, 0),
    name: ip(10, 1, 2, 3),
    within: true,
  },
  {
    what: 'an address outside',
    base: ip(10, 0, 0, 0, 255, 0, 0, 0),
    name: ip(11, 1, 2, 3),
    within: false,
  },
  {
    what: 'an address of the other family',
    base: ip(0, 0, 0, 0, 0, 0, 0, 0),
    name: ip(...Array(16).fill(0)),
    within: false,
  },
  { what: 'every address', base: ip(0, 0, 0, 0, 0, 0, 0, 0), name: ip(1, 2, 3, 4), within: true },
  { what: 'one mailbox', base: email('anna@a.test'), name: email('anna@A.test'), within: true },
  {
    what: 'a local part has case',
    base: email('anna@a.test'),
    name: email('Anna@a.test'),
    within: false,
  },
  {
    what: 'all mailboxes of a host',
    base: email('a.test'),
    name: email('anna@a.test'),
    within: true,
  },
  {
    what: 'but of no host below',
    base: email('a.test'),
    name: email('anna@x.a.test'),
    within: false,
  },
  {
    what: 'mailboxes of hosts below',
    base: email('.a.test'),
    name: email('anna@x.a.test'),
    within: true,
  },
  {
    what: 'but not of the host',
    base: email('.a.test'),
    name: email('anna@a.test'),
    within: false,
  },
  { what: 'a mailbox without a host', base: email('a.test'), name: email('anna'), within: false },
  {
    what: 'a quoted local part',
    base: email('a.test'),
    name: email('"a b"@a.test'),
    within: false,
  },
  {
    what: 'a mailbox beyond ASCII',
    base: email('a.test'),
    name: utf8Mailbox('änne@a.test'),
    within: true,
  },
  {
    what: 'a mailbox at a host beyond ASCII',
    base: email('xn--bcher-kva.test'),
    name: utf8Mailbox('anna@bücher.test'),
    within: true,
  },
  {
    what: 'a URI of the host',
    base: uri('a.test'),
    name: uri('https://u@a.test:8443/x'),
    within: true,
  },
  {
    what: 'a URI of no host below',
    base: uri('a.test'),
    name: uri('https://x.a.test/'),
    within: false,
  },
  {
    what: 'a URI of hosts below',
    base: uri('.a.test'),
    name: uri('https://x.a.test/'),
    within: true,
  },
  {
    what: 'a URI with an address',
    base: uri('a.test'),
    name: uri('https://10.0.0.5/'),
    within: false,
  },
  { what: 'a URI without a host', base: uri('a.test'), name: uri('urn:a.test'), within: false },
  {
    what: 'a directory name below',
    base: directory('O'),
    name: directory('O', 'anna'),
    within: true,
  },
  {
    what: 'case and spaces of it',
    base: directory('The  Office'),
    name: directory(' the office'),
    within: true,
  },
  {
    what: 'a directory name above',
    base: directory('O', 'anna'),
    name: directory('O'),
    within: false,
  },
  { what: 'another directory name', base: directory('O'), name: directory('P'), within: false },
  {
    what: 'a name of a kind without rules',
    base: userPrincipal,
    name: userPrincipal,
    within: false,
  },
];

suite('a name that only one subtree permits', () => {
  for (const { what, base, name, within } of table) {
    test(`${what}: ${within ? 'is within' : 'is not within'}`, () => {
      const found = breach({ permitted: [base] }, name);
      assert.equal(found === null, within);
      if (found !== null) assert.equal(found.tree, 'permitted');
    });
  }
});

suite('a name against what is excluded', () => {
  const excluded: { what: string; base: Uint8Array; name: Uint8Array; forbidden: boolean }[] = [
    { what: 'itself', base: dns('a.test'), name: dns('a.test'), forbidden: true },
    { what: 'another', base: dns('a.test'), name: dns('b.test'), forbidden: false },
    {
      what: 'a wildcard that covers it',
      base: dns('x.a.test'),
      name: dns('*.a.test'),
      forbidden: true,
    },
    {
      what: 'a wildcard beside it',
      base: dns('y.x.a.test'),
      name: dns('*.a.test'),
      forbidden: false,
    },
    { what: 'what is no host name', base: dns('a.test'), name: dns('b c'), forbidden: true },
    {
      what: 'a mailbox nobody can read',
      base: email('a.test'),
      name: email('anna'),
      forbidden: true,
    },
    { what: 'a URI nobody can read', base: uri('a.test'), name: uri('urn:x'), forbidden: true },
    { what: 'another type', base: email('a.test'), name: dns('a.test'), forbidden: false },
    { what: 'a kind without rules', base: userPrincipal, name: userPrincipal, forbidden: true },
    { what: 'two kinds without rules', base: userPrincipal, name: serverRoom, forbidden: false },
  ];
  for (const { what, base, name, forbidden } of excluded) {
    test(`${what}: ${forbidden ? 'is forbidden' : 'is free'}`, () => {
      assert.equal(breach({ excluded: [base] }, name)?.tree, forbidden ? 'excluded' : undefined);
    });
  }
});

test('one of several permitted subtrees is enough, and only those of its type are asked', () => {
  const permitted = [email('c.test'), dns('b.test'), dns('a.test')];
  assert.equal(breach({ permitted }, dns('x.a.test')), null);
  assert.deepEqual(breach({ permitted }, dns('c.test')), {
    name: 'c.test',
    constraint: 'b.test or a.test',
    tree: 'permitted',
  });
});

test('the e-mail address in a subject is bound where there is none beside it', () => {
  const address = tlv(0x31, sequence(oid('1.2.840.113549.1.9.1'), ascii(0x16, 'anna@b.test')));
  const trees = { permitted: [email('a.test')] };
  assert.equal(breach(trees, dns('a.test'), sequence(address))?.name, 'anna@b.test');
  assert.equal(breach(trees, email('anna@a.test'), sequence(address)), null);
});

test('a common name that looks like a host is bound where there is no other, as OpenSSL has it', () => {
  const constraints = readNameConstraints(
    readWhole(constraintsOf({ permitted: [dns('a.test')] })),
    () => {},
  );
  const found = (names: Uint8Array | null) =>
    breachOf(constraints, constrainedNamesOf(nameOf('b.test'), names), () => {})?.name;
  assert.equal(found(null), 'b.test');
  assert.equal(found(sequence(dns('a.test'))), undefined);
});

suite('constraints that cannot be read', () => {
  const subtree = (...parts: Uint8Array[]) => sequence(tlv(0xa0, sequence(...parts)));
  const unreadable: [string, Uint8Array, RegExp][] = [
    ['a minimum', subtree(dns('a.test'), tlv(0x80, Uint8Array.of(1))), /minimum or maximum/],
    [
      'a maximum',
      subtree(dns('a.test'), tlv(0x80, Uint8Array.of(0)), tlv(0x81, Uint8Array.of(1))),
      /minimum or maximum/,
    ],
    ['a wildcard', subtree(dns('*.a.test')), /not a host name/],
    ['two periods', subtree(dns('..a.test')), /not a host name/],
    ['an address without a mask', subtree(ip(10, 0, 0, 0)), /wrong length/],
    ['a mask with gaps', subtree(ip(10, 0, 0, 0, 255, 0, 255, 0)), /mask with gaps/],
    ['trees out of order', sequence(tlv(0xa1), tlv(0xa0)), /out of order/],
    ['an unknown field', sequence(tlv(0xa2)), /unknown field/],
    ['a name of no kind', subtree(tlv(0x09, Uint8Array.of(1))), /unknown type/],
    ['an empty subtree', sequence(tlv(0xa0, sequence())), /without a base/],
  ];
  for (const [what, der, reason] of unreadable) {
    test(what, () => {
      assert.throws(() => readNameConstraints(readWhole(der), () => {}), reason);
    });
  }
});

test('breaches of form that OpenSSL accepts are told as such', () => {
  const kinds: string[] = [];
  const read = (trees: Trees) =>
    readNameConstraints(readWhole(constraintsOf(trees)), (kind) => kinds.push(kind));
  read({});
  read({ permitted: [dns('.a.test')] });
  assert.deepEqual(kinds, ['name-constraints-empty', 'name-constraint-leading-period']);
});

test('an address in a common name is outside of what is permitted, and of what is excluded unless that is all', () => {
  const found = (trees: Trees) =>
    breachOf(
      readNameConstraints(readWhole(constraintsOf(trees)), () => {}),
      constrainedNamesOf(nameOf('192.0.2.7'), null),
      () => {},
    )?.tree;
  assert.equal(found({ permitted: [dns('a.test')] }), 'permitted');
  assert.equal(found({ excluded: [dns('a.test')] }), undefined);
  assert.equal(found({ excluded: [dns('')] }), 'excluded');
});
