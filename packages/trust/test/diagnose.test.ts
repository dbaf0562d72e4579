import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe as suite, test } from 'node:test';
import type { Anchor, AnchorOrigin } from '../src/anchors.ts';
import { parseCertificate } from '../src/certificate.ts';
import {
  conclude,
  diagnose,
  type ExamineInput,
  examine,
  type MomentInput,
} from '../src/diagnose.ts';
import { MAX_SIGNATURE_CHECKS } from '../src/path.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import {
  describe,
  describeEvidence,
  PROBLEM_KINDS,
  type Problem,
  problemKey,
} from '../src/problem.ts';
import { MAX_CERTIFICATE_BYTES } from '../src/read-certificate.ts';
import {
  alternativeNames,
  ascii,
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  caExtensions,
  ecKey,
  extendedKeyUsage,
  extension,
  keyUsage,
  leafExtensions,
  type Made,
  makeCertificate,
  NOT_AFTER,
  NOT_BEFORE,
  nameOf,
  oid,
  SERVER_AUTH,
  sequence,
  subjectKeyId,
  tlv,
  utcTime,
} from './make-certificate.ts';

/** Monday 23 November 2026, 08:00 UTC. */
const AT = new Date('2026-11-23T08:00:00Z');
const HOST = 'mail.example.test';
const YEAR_2020 = new Date('2020-01-01T00:00:00Z');
const YEAR_2021 = new Date('2021-01-01T00:00:00Z');

const root = makeCertificate({ subject: 'Example Root', extensions: caExtensions() });
const issuing = makeCertificate({
  subject: 'Example Issuing CA',
  issuer: root,
  extensions: caExtensions(0),
});
const leaf = makeCertificate({ subject: HOST, issuer: issuing, extensions: leafExtensions(HOST) });
const selfSigned = makeCertificate({ subject: HOST, extensions: leafExtensions(HOST) });

function anchor(made: Made, origin: AnchorOrigin = { kind: 'system', source: 'test' }): Anchor {
  return { certificate: parseCertificate(made.der), origin };
}

interface Situation {
  presented: readonly Made[];
  anchors?: readonly Made[];
  serverName?: string;
  at?: Date;
  protocol?: string | null;
  openssl?: string | null | undefined;
  disallowed?: readonly string[];
}

function inputOf(situation: Situation): ExamineInput & MomentInput {
  return {
    presented: situation.presented.map(({ der }) => der),
    serverName: situation.serverName ?? HOST,
    anchors: (situation.anchors ?? [root]).map((made) => anchor(made)),
    policy: { ...DEFAULT_POLICY, disallowedCertificates: situation.disallowed ?? [] },
    at: situation.at ?? AT,
    protocol: situation.protocol === undefined ? 'TLSv1.3' : situation.protocol,
    openssl: 'openssl' in situation ? situation.openssl : null,
  };
}

interface Case extends Situation {
  name: string;
  expected: readonly string[];
}

/** A leaf under `issuing`, wrong in what is given. */
function leafWith(recipe: Partial<Parameters<typeof makeCertificate>[0]>): Made {
  return makeCertificate({
    subject: HOST,
    issuer: issuing,
    extensions: leafExtensions(HOST),
    ...recipe,
  });
}

/** An intermediate under the root with a leaf under it: what is presented. */
function under(recipe: Partial<Parameters<typeof makeCertificate>[0]>): Made[] {
  const middle = makeCertificate({
    subject: 'Odd CA',
    issuer: root,
    extensions: caExtensions(),
    ...recipe,
  });
  return [leafWith({ issuer: middle }), middle];
}

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const unknownCritical = extension('1.2.3.4', true, Buffer.from([0x05, 0x00]));
const nameConstraints = (permitted: string) =>
  extension('2.5.29.30', true, sequence(tlv(0xa0, sequence(ascii(0x82, permitted)))));
const explicitPolicy = extension('2.5.29.36', true, sequence(tlv(0x80, Uint8Array.of(0))));

const sameNameRoot = makeCertificate({ subject: 'Example Root', extensions: caExtensions() });
const deep = makeCertificate({ subject: 'Deep CA', issuer: issuing, extensions: caExtensions() });
const bareRoot = makeCertificate({ subject: 'Bare', extensions: () => [basicConstraints(true)] });

/** Names and identifiers say that it signed itself; the kind of its key says that it cannot have. */
const signedOtherwise = makeCertificate({
  subject: 'Otherwise',
  key: rsa(2048),
  signedBy: ecKey(),
  extensions: caExtensions(),
});

const chains: Case[] = [
  {
    name: 'a root that a key of another kind signed',
    presented: [leafWith({ issuer: signedOtherwise })],
    anchors: [signedOtherwise],
    expected: ['issuer-not-found@connection'],
  },
  { name: 'a leaf and its intermediate under a root', presented: [leaf, issuing], expected: [] },
  { name: 'the same with the root sent along', presented: [leaf, issuing, root], expected: [] },
  { name: 'the same in the wrong order', presented: [leaf, root, issuing], expected: [] },
  {
    name: 'the same with others in between, and one twice',
    presented: [leaf, selfSigned, issuing, leaf],
    expected: [],
  },
  {
    name: 'a self-signed leaf',
    presented: [selfSigned],
    expected: ['self-signed@0'],
  },
  {
    name: 'a root that is sent and is no anchor',
    presented: [leaf, issuing, root],
    anchors: [],
    expected: ['root-not-trusted@2'],
  },
  {
    name: 'the wrong root CA certificate is installed: one of the same name',
    presented: [leaf, issuing, root],
    anchors: [sameNameRoot],
    expected: ['root-not-trusted@2'],
  },
  {
    name: 'a CA that was made anew under its old name, not sent',
    presented: [leafWith({ issuer: root })],
    anchors: [sameNameRoot],
    expected: ['issuer-not-found@0'],
  },
  {
    name: 'a leaf alone under an issuer that nobody knows',
    presented: [leaf],
    expected: ['issuer-not-found@0'],
  },
  {
    name: 'a leaf alone whose CA says where its own certificate is',
    presented: [
      leafWith({
        extensions: (made) => [
          ...leafExtensions(HOST)(made),
          extension(
            '1.3.6.1.5.5.7.1.1',
            false,
            sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), ascii(0x86, 'http://ca.test/ca.der'))),
          ),
        ],
      }),
    ],
    expected: ['incomplete-chain@0'],
  },
  {
    name: 'a chain that stops before a root that nobody knows',
    presented: [leaf, issuing],
    anchors: [],
    expected: ['issuer-not-found@1'],
  },
  {
    name: 'a forged leaf that names an anchor',
    presented: [leafWith({ issuer: root, signedBy: ecKey() })],
    expected: ['bad-signature@0'],
  },
  {
    name: 'a forged leaf that names a CA that is sent',
    presented: [leafWith({ signedBy: ecKey() }), issuing],
    expected: ['bad-signature@0'],
  },
  {
    name: 'a forged leaf that names a CA without key identifiers',
    presented: [
      leafWith({
        issuer: bareRoot,
        signedBy: ecKey(),
        extensions: () => [alternativeNames(HOST)],
      }),
    ],
    anchors: [bareRoot],
    expected: ['bad-signature@0'],
  },
  {
    name: 'a forged intermediate',
    presented: under({ signedBy: ecKey() }),
    expected: ['bad-signature@1'],
  },
  {
    name: 'a forged leaf under a CA that is not trusted either',
    presented: [leafWith({ issuer: root, signedBy: ecKey() }), root],
    anchors: [],
    expected: ['bad-signature@0', 'root-not-trusted@1'],
  },
  {
    name: 'a self-signed leaf whose signature is not its own',
    presented: [
      makeCertificate({ subject: HOST, signedBy: ecKey(), extensions: leafExtensions(HOST) }),
    ],
    expected: ['bad-signature@0'],
  },
  { name: 'no certificate at all', presented: [], expected: ['malformed@connection'] },
];

const issuers: Case[] = [
  {
    name: 'an issuer whose basic constraints say no',
    presented: under({
      extensions: ({ key }) => [basicConstraints(false), keyUsage(5), subjectKeyId(key)],
    }),
    expected: ['not-a-ca@1'],
  },
  {
    name: 'an issuer without basic constraints',
    presented: under({ extensions: ({ key }) => [keyUsage(5), subjectKeyId(key)] }),
    expected: ['not-a-ca@1'],
  },
  {
    name: 'an issuer that may not sign certificates',
    presented: under({
      extensions: ({ key }) => [basicConstraints(true), keyUsage(0, 6), subjectKeyId(key)],
    }),
    expected: ['not-a-ca@1'],
  },
  {
    name: 'an intermediate of version 1',
    presented: under({ version: 1, extensions: () => [] }),
    expected: ['not-a-ca@1'],
  },
  {
    name: 'an ordinary server certificate that issues another',
    presented: [leafWith({ issuer: leaf }), leaf, issuing],
    // The intermediate allows no issuer below it, and there now is one.
    expected: ['not-a-ca@1', 'path-too-long@2'],
  },
  {
    name: 'an intermediate below one that allows none',
    presented: [leafWith({ issuer: deep }), deep, issuing],
    expected: ['path-too-long@2'],
  },
  {
    name: 'an anchor that allows no intermediate',
    ...(() => {
      const strict = makeCertificate({ subject: 'Strict', extensions: caExtensions(0) });
      const middle = makeCertificate({
        subject: 'Middle',
        issuer: strict,
        extensions: caExtensions(),
      });
      return { presented: [leafWith({ issuer: middle }), middle], anchors: [strict] };
    })(),
    expected: ['path-too-long@connection'],
  },
  {
    name: 'an intermediate for clients only',
    presented: under({
      extensions: (made) => [...caExtensions()(made), extendedKeyUsage(CLIENT_AUTH)],
    }),
    expected: ['wrong-usage@1'],
  },
  {
    name: 'an intermediate with an unknown critical extension',
    presented: under({ extensions: (made) => [...caExtensions()(made), unknownCritical] }),
    expected: ['unknown-critical-extension@1'],
  },
  {
    name: 'an intermediate on a curve of 192 bits',
    presented: under({ key: ecKey('prime192v1') }),
    expected: ['weak-key@1'],
  },
  {
    name: 'an intermediate signed with SHA-1',
    presented: under({ hash: 'sha1' }),
    expected: ['weak-signature@1'],
  },
];

const leaves: Case[] = [
  {
    name: 'another name',
    presented: [leaf, issuing],
    serverName: 'other.example.test',
    expected: ['name-mismatch@0'],
  },
  {
    name: 'the name in the common name alone',
    presented: [leafWith({ extensions: leafExtensions('other.test') }), issuing],
    expected: ['name-mismatch@0'],
  },
  {
    name: 'no names at all',
    presented: [leafWith({ extensions: ({ issuerKey }) => [authorityKeyId(issuerKey)] }), issuing],
    expected: ['name-mismatch@0'],
  },
  {
    name: 'a certificate for clients',
    presented: [
      leafWith({ extensions: () => [alternativeNames(HOST), extendedKeyUsage(CLIENT_AUTH)] }),
      issuing,
    ],
    expected: ['wrong-usage@0'],
  },
  {
    name: 'a certificate for any use, which OpenSSL refuses for a server',
    presented: [
      leafWith({ extensions: () => [alternativeNames(HOST), extendedKeyUsage('2.5.29.37.0')] }),
      issuing,
    ],
    expected: ['wrong-usage@0'],
  },
  {
    name: 'a key that may only sign certificates',
    presented: [leafWith({ extensions: () => [alternativeNames(HOST), keyUsage(5, 6)] }), issuing],
    expected: ['wrong-usage@0'],
  },
  {
    name: 'an unknown critical extension',
    presented: [leafWith({ extensions: () => [alternativeNames(HOST), unknownCritical] }), issuing],
    expected: ['unknown-critical-extension@0'],
  },
  {
    name: 'RSA of 1024 bits',
    presented: [leafWith({ key: rsa(1024) }), issuing],
    expected: ['weak-key@0'],
  },
  {
    name: 'SHA-1 in the signature',
    presented: [leafWith({ hash: 'sha1' }), issuing],
    expected: ['weak-signature@0'],
  },
  {
    name: 'MD5 in the signature of an RSA chain whose root is signed with SHA-1',
    ...(() => {
      const old = makeCertificate({
        subject: 'Old',
        key: rsa(2048),
        hash: 'sha1',
        extensions: caExtensions(),
      });
      return { presented: [leafWith({ issuer: old, hash: 'md5' })], anchors: [old] };
    })(),
    expected: ['weak-signature@0'],
  },
  {
    name: 'a protocol that policy calls too old',
    presented: [leaf, issuing],
    protocol: 'TLSv1.1',
    expected: ['old-protocol@connection'],
  },
  {
    name: 'an extension twice',
    presented: [
      leafWith({ extensions: () => [alternativeNames(HOST), alternativeNames(HOST)] }),
      issuing,
    ],
    expected: ['malformed@0'],
  },
  {
    name: 'extensions in a version 1 certificate',
    presented: [leafWith({ version: 1 }), issuing],
    expected: ['malformed@0'],
  },
  {
    name: 'a date without seconds',
    presented: [leafWith({ notAfter: ascii(0x17, '2706010000Z') }), issuing],
    expected: ['malformed@0'],
  },
  {
    name: 'an intermediate that OpenSSL cannot read',
    presented: under({ notBefore: ascii(0x17, 'yesterday') }),
    expected: ['malformed@1'],
  },
  {
    name: 'a leaf under an anchor that OpenSSL cannot read',
    ...(() => {
      const unreadable = makeCertificate({
        subject: 'Unreadable Root',
        notBefore: ascii(0x17, 'yesterday'),
        extensions: caExtensions(),
      });
      return { presented: [leafWith({ issuer: unreadable })], anchors: [unreadable] };
    })(),
    expected: ['issuer-not-found@0'],
  },
  {
    name: 'an empty list of names',
    presented: [
      leafWith({ extensions: () => [extension('2.5.29.17', false, sequence())] }),
      issuing,
    ],
    expected: ['name-mismatch@0', 'malformed@0'],
  },
  {
    name: 'everything at once',
    presented: [
      makeCertificate({
        subject: 'wrong.example.test',
        key: rsa(1024),
        notBefore: YEAR_2020,
        notAfter: YEAR_2021,
        extensions: () => [extendedKeyUsage(CLIENT_AUTH), unknownCritical],
      }),
    ],
    protocol: 'TLSv1',
    openssl: 'CERT_HAS_EXPIRED',
    expected: [
      'name-mismatch@0',
      'self-signed@0',
      'wrong-usage@0',
      'unknown-critical-extension@0',
      'expired@0',
      'weak-key@0',
      'old-protocol@connection',
    ],
  },
];

const expired = { notBefore: YEAR_2020, notAfter: YEAR_2021 };
const expiredRoot = makeCertificate({
  subject: 'Expired Root',
  ...expired,
  extensions: caExtensions(),
});
const expiredIssuing = makeCertificate({
  subject: 'Expired CA',
  issuer: root,
  ...expired,
  extensions: caExtensions(),
});

const dates: Case[] = [
  { name: 'the last second', presented: [leaf, issuing], at: NOT_AFTER, expected: [] },
  {
    name: 'the end of the last second',
    presented: [leaf, issuing],
    at: new Date(NOT_AFTER.getTime() + 999),
    expected: [],
  },
  {
    name: 'the second after, for the anchor too',
    presented: [leaf, issuing],
    at: new Date(NOT_AFTER.getTime() + 1000),
    expected: ['expired@0', 'expired@1', 'expired@connection'],
  },
  { name: 'the first second', presented: [leaf, issuing], at: NOT_BEFORE, expected: [] },
  {
    name: 'the second before',
    presented: [leaf, issuing, root],
    at: new Date(NOT_BEFORE.getTime() - 1),
    expected: ['not-yet-valid@0', 'not-yet-valid@1', 'not-yet-valid@2'],
  },
  {
    name: 'an expired leaf',
    presented: [leafWith(expired), issuing],
    expected: ['expired@0'],
  },
  {
    name: 'an expired intermediate',
    presented: [leafWith({ issuer: expiredIssuing }), expiredIssuing],
    expected: ['expired@1'],
  },
  {
    name: 'an expired anchor',
    presented: [leafWith({ issuer: expiredRoot })],
    anchors: [expiredRoot],
    expected: ['expired@connection'],
  },
  {
    name: 'an expired leaf and intermediate whose root is unknown: all three',
    presented: [leafWith({ issuer: expiredIssuing, ...expired }), expiredIssuing],
    anchors: [],
    expected: ['issuer-not-found@1', 'expired@0', 'expired@1'],
  },
  {
    name: 'an expired leaf and an expired unrelated certificate: the leaf alone',
    presented: [leafWith(expired), expiredRoot],
    expected: ['issuer-not-found@0', 'expired@0'],
  },
  {
    name: 'a forged leaf that has expired, under an expired issuer',
    presented: [
      leafWith({ issuer: expiredIssuing, signedBy: ecKey(), ...expired }),
      expiredIssuing,
    ],
    expected: ['bad-signature@0', 'expired@0', 'expired@1'],
  },
  {
    name: 'a date after 2049',
    presented: [leafWith({ notAfter: new Date('2969-05-03T00:00:00Z') }), issuing],
    expected: [],
  },
];

/** Two roots sign the same intermediate; one of the two cross-signs has expired. */
function crossSigned(): Situation {
  const key = ecKey();
  const other = makeCertificate({ subject: 'Other Root', extensions: caExtensions() });
  const recipe = { subject: 'Crossed CA', key, extensions: caExtensions() };
  const byRoot = makeCertificate({ ...recipe, issuer: root, ...expired });
  const byOther = makeCertificate({ ...recipe, issuer: other });
  return { presented: [leafWith({ issuer: byOther }), byRoot, byOther], anchors: [root, other] };
}

/** Two CAs that signed each other, with no root above them. */
function circle(): Made[] {
  const [a, b] = [ecKey(), ecKey()];
  const first = { der: new Uint8Array(), key: a, subject: nameOf('First') };
  const second = { der: new Uint8Array(), key: b, subject: nameOf('Second') };
  const extensions = caExtensions();
  const firstBySecond = makeCertificate({ subject: 'First', key: a, issuer: second, extensions });
  const secondByFirst = makeCertificate({ subject: 'Second', key: b, issuer: first, extensions });
  return [leafWith({ issuer: first }), firstBySecond, secondByFirst];
}

const odd: Case[] = [
  { name: 'a cross-sign that has expired beside one that has not', ...crossSigned(), expected: [] },
  {
    name: 'two CAs in a circle',
    presented: circle(),
    expected: ['issuer-not-found@2'],
  },
  {
    name: 'an issuer whose name is written in another string type',
    ...(() => {
      const printable = makeCertificate({
        subject: nameOf('Same', 0x13),
        extensions: caExtensions(),
      });
      const utf8 = { ...printable, subject: nameOf('Same', 0x0c) };
      return { presented: [leafWith({ issuer: utf8 })], anchors: [printable] };
    })(),
    expected: [],
  },
  {
    name: 'Ed25519 and Ed448',
    ...(() => {
      const top = makeCertificate({
        subject: 'Ed448',
        key: generateKeyPairSync('ed448'),
        extensions: caExtensions(),
      });
      const key = generateKeyPairSync('ed25519');
      return { presented: [leafWith({ issuer: top, key })], anchors: [top] };
    })(),
    expected: [],
  },
  {
    name: 'RSA and RSA-PSS',
    ...(() => {
      const top = makeCertificate({
        subject: 'PSS',
        key: generateKeyPairSync('rsa-pss', {
          modulusLength: 2048,
          hashAlgorithm: 'sha256',
          mgf1HashAlgorithm: 'sha256',
        }),
        extensions: caExtensions(),
      });
      return { presented: [leafWith({ issuer: top, key: rsa(2048) })], anchors: [top] };
    })(),
    expected: [],
  },
  {
    name: 'a root of version 1 that is an anchor',
    ...(() => {
      const old = makeCertificate({ subject: 'V1', version: 1, extensions: () => [] });
      return { presented: [leafWith({ issuer: old })], anchors: [old] };
    })(),
    expected: [],
  },
  {
    name: 'a leaf that policy disallows',
    presented: [leaf, issuing],
    disallowed: [parseCertificate(leaf.der).sha256],
    expected: ['disallowed-by-policy@0'],
  },
  {
    name: 'an anchor that policy disallows',
    presented: [leaf, issuing],
    disallowed: [parseCertificate(root.der).sha256],
    expected: ['disallowed-by-policy@connection'],
  },
  {
    name: 'names constrained by an issuer, and the leaf inside, OpenSSL not asked',
    presented: under({ extensions: (made) => [...caExtensions()(made), nameConstraints('test')] }),
    openssl: undefined,
    expected: [],
  },
  {
    name: 'names constrained by an issuer, and the leaf outside, OpenSSL content',
    presented: under({ extensions: (made) => [...caExtensions()(made), nameConstraints('tes')] }),
    openssl: null,
    expected: ['name-constraint@1'],
  },
  {
    name: 'a policy asked for by an issuer, and a leaf without any',
    presented: under({ extensions: (made) => [...caExtensions()(made), explicitPolicy] }),
    expected: ['policy-constraint@0'],
  },
  {
    name: 'more certificates than are looked at',
    presented: [leaf, issuing, ...Array.from({ length: 15 }, () => selfSigned)],
    expected: ['limit-exceeded@connection'],
  },
  {
    name: 'a certificate that is too large',
    presented: [leaf, issuing, { ...leaf, der: new Uint8Array(MAX_CERTIFICATE_BYTES + 1) }],
    expected: ['limit-exceeded@2'],
  },
];

for (const [title, table] of Object.entries({ chains, issuers, leaves, dates, odd })) {
  suite(`diagnosis of ${title}`, () => {
    for (const { name, expected, ...situation } of table) {
      test(`${name}: ${expected.join(', ') || 'no problem'}`, () => {
        const { problems } = diagnose(inputOf(situation));
        assert.deepEqual(problems.map(problemKey), expected);
        for (const problem of problems) {
          assert.match(describe(problem), /^[A-Z].*\.$/);
          assert.match(describeEvidence(problem), /^\S.*[^.]$/);
        }
      });
    }
  });
}

test('every kind of this issue is shown by a case above', () => {
  const shown = new Set(
    [...chains, ...issuers, ...leaves, ...dates, ...odd].flatMap((c) => c.expected),
  );
  const kinds = new Set([...shown].map((key) => key.split('@')[0]));
  const later = ['revoked', 'revocation-unknown', 'refused-by-openssl'];
  assert.deepEqual(PROBLEM_KINDS.filter((kind) => !kinds.has(kind)).sort(), later.sort());
});

test('a chain that needs more signature checks than are made is refused, not searched', () => {
  const keys = Array.from({ length: 15 }, () => ecKey());
  const authorities = keys.map((key) =>
    makeCertificate({
      subject: 'Twin',
      key,
      issuer: { der: new Uint8Array(), key: ecKey(), subject: nameOf('Twin') },
      extensions: () => [basicConstraints(true)],
    }),
  );
  const [first] = authorities;
  assert.ok(first);
  const presented = [
    leafWith({ issuer: first, extensions: () => [alternativeNames(HOST)] }),
    ...authorities,
  ];
  const many = Array.from({ length: MAX_SIGNATURE_CHECKS }, () =>
    makeCertificate({ subject: 'Twin', extensions: () => [basicConstraints(true)] }),
  );
  const { problems } = diagnose(inputOf({ presented, anchors: many }));
  assert.deepEqual(problems, [
    {
      kind: 'limit-exceeded',
      position: null,
      limit: 'signature checks',
      allowed: MAX_SIGNATURE_CHECKS,
      found: MAX_SIGNATURE_CHECKS + 1,
    },
  ]);
});

suite('a server certificate that is its own anchor', () => {
  const user: AnchorOrigin = { kind: 'user', serverName: HOST, addedAt: AT };
  const policy: AnchorOrigin = { kind: 'policy', hosts: null, source: 'machine' };
  const table = [
    { name: 'by the user stays self-signed', origin: user, expected: ['self-signed@0'] },
    { name: 'by policy is trusted', origin: policy, expected: [] },
  ];
  for (const { name, origin, expected } of table) {
    test(name, () => {
      const input = {
        ...inputOf({ presented: [selfSigned] }),
        anchors: [anchor(selfSigned, origin)],
      };
      assert.deepEqual(diagnose(input).problems.map(problemKey), expected);
    });
  }
  test('by the user through another certificate with its key stays self-signed', () => {
    const { key } = selfSigned;
    const twin = makeCertificate({ subject: HOST, key, extensions: caExtensions() });
    const input = { ...inputOf({ presented: [selfSigned] }), anchors: [anchor(twin, user)] };
    assert.deepEqual(diagnose(input).problems.map(problemKey), ['self-signed@0']);
  });
});

test('a chain exactly as zmcertmgr makes it has remarks and no problem', () => {
  // Its CA has basic constraints that are not critical, the authority key identifier with name and
  // serial number, its host as a name, and no key usage; the server certificate no extended key usage.
  const attribute = (id: string, value: string): Uint8Array =>
    tlv(0x31, sequence(oid(id), ascii(0x13, value)));
  const unit = attribute('2.5.4.11', 'Zimbra Collaboration Server');
  const caName = sequence(attribute('2.5.4.10', 'CA'), unit, attribute('2.5.4.3', HOST));
  const serial = Buffer.from('6a1b2c3d', 'hex');
  const ca = makeCertificate({
    subject: caName,
    serial,
    key: rsa(2048),
    extensions: ({ key }) => [
      basicConstraints(true, undefined, false),
      subjectKeyId(key),
      authorityKeyId(key, tlv(0xa1, tlv(0xa4, caName)), tlv(0x82, serial)),
      alternativeNames(HOST),
    ],
  });
  const server = makeCertificate({
    subject: sequence(unit, attribute('2.5.4.3', HOST)),
    issuer: ca,
    key: rsa(2048),
    extensions: ({ key, issuerKey }) => [
      basicConstraints(false, undefined, false),
      keyUsage(0, 1, 2),
      alternativeNames(HOST),
      subjectKeyId(key),
      authorityKeyId(issuerKey),
    ],
  });
  for (const presented of [[server], [server, ca]]) {
    const { problems, remarks } = diagnose(inputOf({ presented, anchors: [ca] }));
    const position = presented.length === 2 ? 1 : null;
    assert.deepEqual(problems, []);
    assert.deepEqual(
      remarks.map((remark) => [remark.kind, remark.position]),
      [
        ['no-extended-key-usage', 0],
        ['basic-constraints-not-critical', position],
        ['no-key-usage', position],
        ['authority-key-id-has-serial', position],
      ],
    );
  }
});

test('order, repetition and additions are remarked on', () => {
  const kinds = (presented: Made[]): string[] =>
    diagnose(inputOf({ presented })).remarks.map(({ kind, position }) => `${kind}@${position}`);
  assert.deepEqual(kinds([leaf, issuing, root]), []);
  assert.deepEqual(kinds([leaf, root, issuing]), ['chain-out-of-order@null']);
  assert.deepEqual(kinds([leaf, issuing, selfSigned, leaf]), [
    'certificate-not-used@2',
    'duplicate-certificate@3',
  ]);
});

suite('the verdict of OpenSSL', () => {
  const table: { name: string; openssl: string; situation: Situation; expected: string[] }[] = [
    {
      name: 'a code that a problem explains adds nothing',
      openssl: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      situation: { presented: [selfSigned] },
      expected: ['self-signed@0'],
    },
    {
      name: 'a code that no problem explains stands beside the problems',
      openssl: 'CERT_HAS_EXPIRED',
      situation: { presented: [selfSigned] },
      expected: ['self-signed@0', 'refused-by-openssl@connection'],
    },
    {
      name: 'a code against a chain without a problem stands alone',
      openssl: 'CERT_SIGNATURE_FAILURE',
      situation: { presented: [leaf, issuing] },
      expected: ['refused-by-openssl@connection'],
    },
    {
      name: 'an unknown code is explained by nothing',
      openssl: 'SOMETHING_NEW',
      situation: { presented: [selfSigned] },
      expected: ['self-signed@0', 'refused-by-openssl@connection'],
    },
    {
      name: 'a code that is a property of every object is explained by nothing',
      openssl: 'constructor',
      situation: { presented: [leaf, issuing] },
      expected: ['refused-by-openssl@connection'],
    },
    {
      name: 'an unspecified refusal is explained by a weak signature',
      openssl: 'UNSPECIFIED',
      situation: { presented: [leafWith({ hash: 'sha1' }), issuing] },
      expected: ['weak-signature@0'],
    },
  ];
  for (const { name, openssl, situation, expected } of table) {
    test(name, () => {
      const { problems } = diagnose(inputOf({ ...situation, openssl }));
      assert.deepEqual(problems.map(problemKey), expected);
    });
  }
});

test('one examination serves every later moment', () => {
  const { presented, anchors } = crossSigned();
  const input = inputOf({ presented, anchors: anchors ?? [] });
  const examination = examine(input);
  const at2020 = conclude(examination, { ...input, at: new Date('2020-06-01T00:00:00Z') });
  const now = conclude(examination, input);
  assert.deepEqual(now.problems, []);
  assert.deepEqual(
    now.path.map(({ position }) => position),
    [0, 2, null],
  );
  // In 2020 the other cross-sign was the one in force; the leaf and the roots were not made yet.
  assert.deepEqual(at2020.problems.map(problemKey), [
    'not-yet-valid@0',
    'not-yet-valid@connection',
  ]);
  assert.deepEqual(
    at2020.path.map(({ position }) => position),
    [0, 1, null],
  );
});

test('evidence states both sides', () => {
  const evidence = (situation: Situation): string[] =>
    diagnose(inputOf(situation)).problems.map(describeEvidence);
  const twoNames = leafWith({ extensions: leafExtensions('mail.corp.test', '10.0.0.5') });
  assert.deepEqual(evidence({ presented: [twoNames, issuing] }), [
    'certificate is valid for "mail.corp.test" or "10.0.0.5", not "mail.example.test"',
  ]);
  const short = leafWith({ notAfter: new Date('2026-11-20T08:00:00Z') });
  assert.deepEqual(evidence({ presented: [short, issuing] }), [
    'certificate expired 3 days before 2026-11-23T08:00:00.000Z: valid until 2026-11-20T08:00:00.000Z',
  ]);
  const sentence = (problem: Problem | undefined): string => (problem ? describe(problem) : '');
  assert.equal(
    sentence(diagnose(inputOf({ presented: [leaf] })).problems[0]),
    'The issuer of this certificate could not be found.',
  );
});

test('text in a certificate cannot draw on the terminal', () => {
  const hostile = makeCertificate({
    subject: 'evil\u001b[2J\u202e\u0000,O=Bank',
    extensions: leafExtensions('a\u001b]0;x\u0007.test'),
    notAfter: utcTime(NOT_AFTER),
  });
  const { problems, chain } = diagnose(inputOf({ presented: [hostile] }));
  const text = JSON.stringify([problems, problems.map(describeEvidence), chain[0]?.extensions]);
  assert.doesNotMatch(text, /[\u0000-\u001f\u202e]|\\u00/);
  assert.equal(chain[0]?.subject, 'CN=evil\\u{1b}[2J\\u{202e}\\u{0}\\,O\\=Bank');
});

test('a server name that is none is the error of the caller', () => {
  assert.throws(() => diagnose(inputOf({ presented: [leaf], serverName: '' })), TypeError);
});

test('serverAuth among several usages is enough', () => {
  const both = leafWith({
    extensions: () => [alternativeNames(HOST), extendedKeyUsage(CLIENT_AUTH, SERVER_AUTH)],
  });
  assert.deepEqual(diagnose(inputOf({ presented: [both, issuing] })).problems, []);
});
