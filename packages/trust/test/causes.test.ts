/** Causes on paper: each where its test says so, and a control beside it where it must stay silent. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Anchor,
  type Cause,
  causesOf,
  type Diagnosis,
  diagnose,
  type Evidence,
  type LocalRoot,
  NO_EVIDENCE,
  parseCertificate,
  toPem,
} from '@postern/trust';
import { codeLines, importsOf, textOf } from '../../../test/house/repository.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import {
  alternativeNames,
  ascii,
  caExtensions,
  ecKey,
  extension,
  leafExtensions,
  type Made,
  makeCertificate,
  oid,
  type Recipe,
  sequence,
  tlv,
} from './make-certificate.ts';

/** Monday 23 November 2026, 08:00 UTC. */
const AT = new Date('2026-11-23T08:00:00Z');
const HOST = 'mail.example.test';
const DAY_MS = 86_400_000;
const ISSUER_URL = 'http://ca.example.test/issuing.cer';

const root = makeCertificate({ subject: 'Example Root', extensions: caExtensions() });
const issuing = makeCertificate({
  subject: 'Example Issuing CA',
  issuer: root,
  extensions: caExtensions(0),
});
const leaf = makeCertificate({ subject: HOST, issuer: issuing, extensions: leafExtensions(HOST) });
const selfSigned = makeCertificate({ subject: HOST, extensions: leafExtensions(HOST) });
const otherRoot = makeCertificate({ subject: 'Other Root', extensions: caExtensions() });
const otherLeaf = makeCertificate({
  subject: HOST,
  issuer: otherRoot,
  extensions: leafExtensions(HOST),
});

/** A leaf that says where its issuer is to be had. */
const pointing = leafWith(
  extension(
    '1.3.6.1.5.5.7.1.1',
    false,
    sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), ascii(0x86, ISSUER_URL))),
  ),
);

/** A leaf with signed certificate timestamps, as every public authority makes them. */
const logged = leafWith(extension('1.3.6.1.4.1.11129.2.4.2', false, tlv(0x04, Buffer.alloc(2))));

/** Issued by `issuing`, and identifying another key as its issuer's. */
const identifiesAnother = makeCertificate({
  subject: HOST,
  issuer: issuing,
  extensions: () => [
    alternativeNames(HOST),
    extension('2.5.29.35', false, sequence(tlv(0x80, Buffer.alloc(20)))),
  ],
});

function leafWith(more: Uint8Array, recipe: Partial<Recipe> = {}): Made {
  return makeCertificate({
    subject: HOST,
    issuer: issuing,
    ...recipe,
    extensions: (made) => [...leafExtensions(HOST)(made), more],
  });
}

function named(...names: string[]): Made {
  return makeCertificate({
    subject: names[0] ?? '',
    issuer: issuing,
    extensions: leafExtensions(...names),
  });
}

interface Situation {
  presented: readonly Made[];
  anchors?: readonly Made[];
  serverName?: string;
  at?: Date;
  protocol?: string;
  evidence?: Partial<Evidence>;
}

function diagnosisOf(situation: Situation): Diagnosis {
  return diagnose({
    presented: situation.presented.map(({ der }) => der),
    serverName: situation.serverName ?? HOST,
    anchors: (situation.anchors ?? [root]).map(
      ({ der }): Anchor => ({
        certificate: parseCertificate(der),
        origin: { kind: 'system', source: 'test' },
      }),
    ),
    policy: DEFAULT_POLICY,
    at: situation.at ?? AT,
    protocol: situation.protocol ?? 'TLSv1.3',
    openssl: null,
  });
}

function causesIn(situation: Situation): readonly Cause[] {
  return causesOf(diagnosisOf(situation), { ...NO_EVIDENCE, ...situation.evidence });
}

function localRoot(made: Made): LocalRoot {
  const { subject, sha256, spkiSha256 } = parseCertificate(made.der);
  return { subject, sha256, spkiSha256 };
}

function before(made: Made): Evidence['wasSecure'] {
  const { sha256, spkiSha256 } = parseCertificate(made.der);
  return { leafSha256: sha256, leafDer: made.der, spkiSha256, at: new Date(AT.getTime() - DAY_MS) };
}

function sha256Of(made: Made): string {
  return parseCertificate(made.der).sha256;
}

const clocks = (release: string | null, memory: string | null = null): Partial<Evidence> => ({
  clock: { release, memory },
});

const BEHIND = new Date('2019-01-03T00:00:00Z');
/** A root that is good at any instant of these tests, so that the leaf's dates alone are wrong. */
const oldRoot = makeCertificate({
  subject: 'Old Root',
  notBefore: new Date('2010-01-01T00:00:00Z'),
  notAfter: new Date('2045-01-01T00:00:00Z'),
  extensions: caExtensions(),
});

function underOldRoot(notBefore: string, notAfter: string): Made {
  return makeCertificate({
    subject: HOST,
    issuer: oldRoot,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    extensions: leafExtensions(HOST),
  });
}

const current = underOldRoot('2026-06-01T00:00:00Z', '2027-06-01T00:00:00Z');

interface Case extends Situation {
  name: string;
  expected: readonly Cause[];
}

function check(cases: readonly Case[]): void {
  for (const { name, expected, ...situation } of cases) {
    test(name, () => assert.deepEqual(causesIn(situation), expected));
  }
}

describe('the clock', () => {
  const blamed = {
    kind: 'clock',
    now: BEHIND.toISOString(),
    atLeast: '2026-11-22T00:00:00.000Z',
  } as const;
  check([
    {
      name: 'is blamed when it is before the release of the program and right dates would be good',
      presented: [current],
      anchors: [oldRoot],
      at: BEHIND,
      evidence: clocks('2026-11-22T00:00:00.000Z'),
      expected: [{ ...blamed, certainty: 'proof', source: 'release' }],
    },
    {
      name: 'is only suspected where the dates would be good later than anything that is known',
      presented: [underOldRoot('2026-12-24T00:00:00Z', '2027-06-01T00:00:00Z')],
      anchors: [oldRoot],
      at: BEHIND,
      evidence: clocks('2026-11-22T00:00:00.000Z'),
      expected: [{ ...blamed, certainty: 'guess', source: 'release' }],
    },
    {
      name: 'is only suspected on the word of its own memory, which a wrong clock may have written',
      presented: [current],
      anchors: [oldRoot],
      at: BEHIND,
      evidence: clocks('2018-01-01T00:00:00.000Z', '2026-11-22T00:00:00.000Z'),
      expected: [{ ...blamed, certainty: 'guess', source: 'memory' }],
    },
    {
      name: 'is not blamed when setting it right would not make the dates good',
      presented: [underOldRoot('2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z')],
      anchors: [oldRoot],
      at: BEHIND,
      evidence: clocks('2026-11-22T00:00:00.000Z'),
      expected: [],
    },
    {
      name: 'is not blamed when it is right and the certificate is early',
      presented: [underOldRoot('2026-12-24T00:00:00Z', '2027-06-01T00:00:00Z')],
      anchors: [oldRoot],
      evidence: clocks('2026-11-22T00:00:00.000Z', '2026-11-23T07:00:00.000Z'),
      expected: [],
    },
    {
      name: 'is not blamed for being five minutes behind',
      presented: [underOldRoot('2026-11-23T08:04:00Z', '2027-06-01T00:00:00Z')],
      anchors: [oldRoot],
      evidence: clocks(null, '2026-11-23T08:05:00.000Z'),
      expected: [],
    },
    {
      name: 'is suspected for being more than five minutes behind',
      presented: [underOldRoot('2026-11-23T08:04:00Z', '2027-06-01T00:00:00Z')],
      anchors: [oldRoot],
      evidence: clocks(null, '2026-11-23T08:05:00.001Z'),
      expected: [
        {
          kind: 'clock',
          certainty: 'guess',
          now: AT.toISOString(),
          atLeast: '2026-11-23T08:05:00.001Z',
          source: 'memory',
        },
      ],
    },
    {
      name: 'is not blamed for a chain whose dates are good',
      presented: [underOldRoot('2010-06-01T00:00:00Z', '2027-06-01T00:00:00Z')],
      anchors: [oldRoot],
      serverName: 'elsewhere.test',
      at: BEHIND,
      evidence: clocks('2026-11-22T00:00:00.000Z'),
      expected: [],
    },
  ]);
});

describe('a sign-in page', () => {
  const portal = (status: number, location: string | null): Partial<Evidence> => ({
    portal: { status, location },
  });
  const redirect = (location: string): Cause => ({
    kind: 'sign-in-page',
    certainty: 'guess',
    status: 302,
    location,
  });
  const broken = { presented: [leaf, issuing], serverName: 'mail.other.test' };
  check([
    {
      name: 'is proven by status 511, which only a network sends',
      ...broken,
      evidence: portal(511, null),
      expected: [{ kind: 'sign-in-page', certainty: 'proof', status: 511, location: null }],
    },
    {
      name: 'is suspected where the way leads to another host',
      ...broken,
      evidence: portal(302, 'http://login.hotel.test/?from=mail'),
      expected: [redirect('http://login.hotel.test/?from=mail')],
    },
    {
      name: 'is suspected where the way leads to an address',
      ...broken,
      evidence: portal(302, 'http://192.0.2.1/login'),
      expected: [redirect('http://192.0.2.1/login')],
    },
    ...[
      ['a server switches to HTTPS', 301, 'https://mail.other.test/'],
      ['a server switches to HTTPS at another port', 302, 'https://mail.other.test:8443/zimbra/'],
      ['the way leads on within the server', 302, '/zimbra/'],
      ['the way leads to another name of the same domain', 302, 'https://webmail.other.test/'],
      ['the way leads to the domain itself', 301, 'https://other.test/'],
      ['the server answers', 200, null],
      ['the server answers and mentions a place', 200, 'http://login.hotel.test/'],
      ['the server has nothing', 404, null],
      ['a redirect leads nowhere', 302, null],
      ['a redirect cannot be read', 302, 'http://['],
    ].map(
      ([name, status, location]): Case => ({
        name: `is not suspected where ${name}`,
        ...broken,
        evidence: portal(status as number, location as string | null),
        expected: [],
      }),
    ),
    {
      name: 'is not suspected where the server verifies',
      presented: [leaf, issuing],
      evidence: portal(511, null),
      expected: [],
    },
  ]);
});

describe('software that inspects', () => {
  const wrongName = 'mail.other.test';
  check([
    {
      name: 'is named by a root key in the store, which policy does not let count',
      presented: [leaf, issuing, root],
      anchors: [],
      evidence: { systemRoots: [localRoot(root)] },
      expected: [
        {
          kind: 'inspection',
          certainty: 'guess',
          root: 'CN=Example Root',
          sha256: sha256Of(root),
        },
      ],
    },
    {
      name: 'is named by the key of the anchor where more than dates is wrong',
      presented: [leaf, issuing],
      serverName: wrongName,
      evidence: { systemRoots: [localRoot(root)] },
      expected: [
        {
          kind: 'inspection',
          certainty: 'guess',
          root: 'CN=Example Root',
          sha256: sha256Of(root),
        },
      ],
    },
    {
      name: "has the name that the store's certificate of that key has, not the presented one's",
      presented: [leaf, issuing, root],
      anchors: [],
      evidence: { systemRoots: [{ ...localRoot(root), subject: 'CN=In Store', sha256: 'ab' }] },
      expected: [{ kind: 'inspection', certainty: 'guess', root: 'CN=In Store', sha256: 'ab' }],
    },
    {
      name: 'stays without a name where a server that verified now has an unknown issuer',
      presented: [otherLeaf, otherRoot],
      evidence: { wasSecure: before(leaf) },
      expected: [
        {
          kind: 'private-root',
          certainty: 'proof',
          subject: 'CN=Other Root',
          sha256: sha256Of(otherRoot),
        },
        { kind: 'inspection', certainty: 'guess', root: null, sha256: null },
      ],
    },
    {
      name: 'is not suspected where the server verified before with the same issuer',
      presented: [
        makeCertificate({ subject: HOST, issuer: issuing, extensions: leafExtensions(HOST) }),
      ],
      anchors: [],
      evidence: { wasSecure: before(leaf) },
      expected: [
        {
          kind: 'private-root',
          certainty: 'guess',
          subject: 'CN=Example Issuing CA',
          sha256: null,
        },
      ],
    },
    {
      name: 'is not suspected where a server that verified has ended dates alone',
      presented: [otherLeaf],
      anchors: [otherRoot],
      at: new Date('2028-01-01T00:00:00Z'),
      evidence: { wasSecure: before(leaf) },
      expected: [],
    },
    {
      name: 'is not suspected for a root of the company whose server has ended',
      presented: [leaf, issuing],
      at: new Date('2028-01-01T00:00:00Z'),
      evidence: { systemRoots: [localRoot(root)] },
      expected: [],
    },
    {
      name: 'is not suspected where a publicly logged certificate comes under a root that only the system knows',
      presented: [logged, issuing],
      serverName: wrongName,
      evidence: { systemRoots: [localRoot(root)] },
      expected: [],
    },
    {
      name: 'is not suspected for a self-signed server in the store',
      presented: [selfSigned],
      evidence: { systemRoots: [localRoot(selfSigned)] },
      expected: [],
    },
  ]);

  for (const product of [
    'Kaspersky',
    'Zscaler',
    'Avast',
    'Fortinet',
    'Bluecoat',
    'ESET SSL Filter',
  ]) {
    test(`"${product}" in a presented certificate names nobody`, () => {
      const subject = `${product} Root CA`;
      const fake = makeCertificate({ subject, extensions: caExtensions() });
      const presented = makeCertificate({
        subject: HOST,
        issuer: fake,
        extensions: leafExtensions(HOST),
      });
      // The store has a root of that very name, with another key.
      const genuine = makeCertificate({ subject, extensions: caExtensions() });
      const causes = causesIn({
        presented: [presented, fake],
        evidence: { systemRoots: [localRoot(genuine)], wasSecure: before(leaf) },
      });
      const inspecting = causes.filter(({ kind }) => kind === 'inspection');
      assert.deepEqual(inspecting, [
        { kind: 'inspection', certainty: 'guess', root: null, sha256: null },
      ]);
    });
  }
});

describe('an intermediate that the server leaves out', () => {
  const fetched = (made: Made, completes: boolean): Evidence['fetchedIssuers'][number] => ({
    url: ISSUER_URL,
    der: made.der,
    completes,
  });
  const added = {
    kind: 'missing-intermediate',
    issuer: 'CN=Example Issuing CA',
    url: ISSUER_URL,
    pem: toPem(issuing.der),
    sha256: sha256Of(issuing),
  } as const;
  const unseen = { ...added, certainty: 'guess', pem: null, sha256: null } as const;
  const impostor = makeCertificate({
    subject: 'Example Issuing CA',
    issuer: root,
    extensions: caExtensions(0),
  });
  check([
    {
      name: 'is proven where the fetched certificate signed the last one and leads to an anchor',
      presented: [pointing],
      evidence: { fetchedIssuers: [fetched(issuing, true)] },
      expected: [{ ...added, certainty: 'proof' }],
    },
    {
      name: 'is suspected where the certificate only says where its issuer is to be had',
      presented: [pointing],
      expected: [unseen],
    },
    {
      name: 'is suspected where what was fetched signed it and leads to no anchor',
      presented: [pointing],
      anchors: [],
      evidence: { fetchedIssuers: [fetched(issuing, false)] },
      expected: [{ ...added, certainty: 'guess' }],
    },
    {
      name: 'is not proven by a certificate with the name of the issuer and another key',
      presented: [pointing],
      evidence: { fetchedIssuers: [fetched(impostor, true)] },
      expected: [unseen],
    },
    {
      name: 'is every one up to the root, which nobody has to send',
      presented: [pointing],
      anchors: [],
      evidence: { fetchedIssuers: [fetched(issuing, false), fetched(root, false)] },
      expected: [
        {
          kind: 'private-root',
          certainty: 'proof',
          subject: 'CN=Example Root',
          sha256: sha256Of(root),
        },
        { ...added, certainty: 'guess' },
      ],
    },
    {
      name: 'is not suspected where the whole chain was sent',
      presented: [pointing, issuing],
      serverName: 'mail.other.test',
      evidence: { fetchedIssuers: [fetched(issuing, true)] },
      expected: [],
    },
    {
      name: 'is not suspected where the root was sent and is not trusted',
      presented: [pointing, issuing, root],
      anchors: [],
      expected: [
        {
          kind: 'private-root',
          certainty: 'proof',
          subject: 'CN=Example Root',
          sha256: sha256Of(root),
        },
      ],
    },
    {
      name: 'is not suspected for a forged signature',
      presented: [
        makeCertificate({
          subject: HOST,
          issuer: issuing,
          signedBy: ecKey(),
          extensions: leafExtensions(HOST),
        }),
        issuing,
      ],
      evidence: { fetchedIssuers: [fetched(issuing, true)] },
      expected: [],
    },
  ]);
});

describe('a private root that is not installed', () => {
  const proven = {
    kind: 'private-root',
    certainty: 'proof',
    subject: 'CN=Example Root',
    sha256: sha256Of(root),
  } as const;
  check([
    {
      name: 'is proven where the chain ends in a root that is not trusted',
      presented: [leaf, issuing, root],
      anchors: [],
      expected: [proven],
    },
    {
      name: 'is suspected where nobody knows the issuer and nothing says where it is to be had',
      presented: [leaf],
      anchors: [],
      expected: [
        {
          kind: 'private-root',
          certainty: 'guess',
          subject: 'CN=Example Issuing CA',
          sha256: null,
        },
      ],
    },
    {
      name: 'is not blamed for a self-signed server, which has no root',
      presented: [selfSigned],
      expected: [],
    },
    {
      name: 'is not blamed where the root is trusted and the name is wrong',
      presented: [leaf, issuing],
      serverName: 'mail.other.test',
      expected: [],
    },
    {
      name: 'is not blamed where the path is whole and only a key identifier does not fit',
      presented: [identifiesAnother, issuing],
      expected: [],
    },
  ]);
});

describe('a near name', () => {
  const near = (typed: string, ...suggested: string[]): readonly Cause[] =>
    suggested.map((name) => ({
      kind: 'near-miss-name',
      certainty: 'guess',
      typed,
      suggested: name,
    }));
  const tables: readonly {
    name: string;
    typed: string;
    names: readonly string[];
    mailDomain?: string;
    expected: readonly string[];
  }[] = [
    {
      name: 'is the typed one less its first label',
      typed: 'www.example.test',
      names: ['example.test'],
      expected: ['example.test'],
    },
    {
      name: 'is the typed one with one label more',
      typed: 'example.test',
      names: ['mail.example.test'],
      expected: ['mail.example.test'],
    },
    {
      name: 'is one inside the mail domain',
      typed: 'zimbra',
      names: ['mail.example.test'],
      mailDomain: 'Example.test',
      expected: ['mail.example.test'],
    },
    {
      name: 'is one inside the mail domain, for an address too',
      typed: '192.0.2.7',
      names: ['mail.example.test'],
      mailDomain: 'example.test',
      expected: ['mail.example.test'],
    },
    {
      name: 'is at most three, the nearest first',
      typed: 'www.example.test',
      names: ['a.example.test', 'b.example.test', 'c.example.test', 'example.test'],
      mailDomain: 'example.test',
      expected: ['example.test', 'a.example.test', 'b.example.test'],
    },
    {
      name: 'is not a sister without the mail domain',
      typed: 'mail.example.test',
      names: ['webmail.example.test'],
      expected: [],
    },
    {
      name: 'is not one in another domain',
      typed: 'mail.example.test',
      names: ['mail.examp1e.test'],
      mailDomain: 'example.test',
      expected: [],
    },
    {
      name: 'is not one that only ends like the mail domain',
      typed: 'mail.example.test',
      names: ['mail.not-example.test', 'evilexample.test'],
      mailDomain: 'example.test',
      expected: [],
    },
    {
      name: 'is not one with two labels more',
      typed: 'example.test',
      names: ['a.mail.example.test'],
      expected: [],
    },
    {
      name: 'is not one with two labels less',
      typed: 'a.mail.example.test',
      names: ['example.test'],
      expected: [],
    },
    {
      name: 'is not a top level alone',
      typed: 'example.test',
      names: ['test'],
      mailDomain: 'test',
      expected: [],
    },
    {
      name: 'is not a wildcard, which nobody can type',
      typed: 'example.test',
      names: ['*.example.test'],
      expected: [],
    },
  ];
  check(
    tables.map(({ name, typed, names, mailDomain = null, expected }) => ({
      name,
      presented: [named(...names), issuing],
      serverName: typed,
      evidence: { mailDomain },
      expected: near(typed, ...expected),
    })),
  );
  check([
    {
      name: 'is not suggested where anything but the name is wrong',
      presented: [named('example.test'), issuing],
      serverName: 'www.example.test',
      at: new Date('2028-01-01T00:00:00Z'),
      expected: [],
    },
    {
      name: 'is not suggested where the issuer is unknown',
      presented: [named('example.test'), issuing, root],
      anchors: [],
      serverName: 'www.example.test',
      expected: [
        {
          kind: 'private-root',
          certainty: 'proof',
          subject: 'CN=Example Root',
          sha256: sha256Of(root),
        },
      ],
    },
    {
      name: 'is not suggested where TLS is too old',
      presented: [named('example.test'), issuing],
      serverName: 'www.example.test',
      protocol: 'TLSv1.1',
      expected: [
        {
          kind: 'old-protocols-only',
          certainty: 'proof',
          protocol: 'TLSv1.1',
          minimum: 'TLSv1.2',
        },
      ],
    },
    {
      name: 'is never the common name',
      presented: [
        makeCertificate({
          subject: 'example.test',
          issuer: issuing,
          extensions: leafExtensions('mail.other.test'),
        }),
        issuing,
      ],
      serverName: 'www.example.test',
      expected: [],
    },
  ]);
});

describe('an end a short time ago', () => {
  const ended = (at: string, days: number | null): Case => ({
    name: days === null ? `is not said of ${at}` : `is said at ${at} as ${days} days`,
    presented: [underOldRoot('2026-01-01T00:00:00Z', '2026-11-01T00:00:00Z')],
    anchors: [oldRoot],
    at: new Date(at),
    expected:
      days === null
        ? []
        : [
            {
              kind: 'ended-recently',
              certainty: 'proof',
              position: 0,
              notAfter: '2026-11-01T00:00:00.000Z',
              days,
            },
          ],
  });
  check([
    ended('2026-11-01T00:00:01Z', 0),
    ended('2026-11-03T12:00:00Z', 2),
    ended('2026-11-28T23:59:59Z', 27),
    ended('2026-11-29T00:00:00Z', null),
    ended('2026-10-31T23:59:59Z', null),
  ]);
});

describe('old protocols', () => {
  check([
    {
      name: 'are said where the best that the server has is too old',
      presented: [leaf, issuing],
      protocol: 'TLSv1',
      expected: [
        { kind: 'old-protocols-only', certainty: 'proof', protocol: 'TLSv1', minimum: 'TLSv1.2' },
      ],
    },
    {
      name: 'are not said of a server that speaks the oldest allowed one',
      presented: [leaf, issuing],
      serverName: 'mail.other.test',
      protocol: 'TLSv1.2',
      expected: [],
    },
  ]);
});

describe('causes', () => {
  test('there is none where nothing is wrong, whatever the evidence', () => {
    const evidence: Evidence = {
      clock: { memory: '2030-01-01T00:00:00.000Z', release: '2030-01-01T00:00:00.000Z' },
      systemRoots: [localRoot(root)],
      fetchedIssuers: [{ url: ISSUER_URL, der: issuing.der, completes: true }],
      portal: { status: 511, location: null },
      wasSecure: before(otherLeaf),
      mailDomain: 'example.test',
    };
    assert.deepEqual(causesIn({ presented: [leaf, issuing], evidence }), []);
  });

  test('what is proven comes before what is guessed', () => {
    const causes = causesIn({
      presented: [otherLeaf, otherRoot],
      evidence: { wasSecure: before(leaf), portal: { status: 302, location: 'http://x.test/' } },
    });
    assert.deepEqual(
      causes.map(({ kind, certainty }) => `${kind} ${certainty}`),
      ['private-root proof', 'sign-in-page guess', 'inspection guess'],
    );
  });

  test('what decides and what offers periods knows nothing of causes', () => {
    const deciding = ['decide', 'intervals', 'judge', 'authorize', 'diagnose', 'path', 'inspect'];
    const knowing = deciding.filter((name) =>
      importsOf(textOf(`packages/trust/src/${name}.ts`)).some(({ specifier }) =>
        /\/(causes|cures|explain|issuer-fetch|plain-get)\.ts$/.test(specifier),
      ),
    );
    assert.deepEqual(knowing, []);
    // Nor does it get there under another name.
    const reading = deciding.filter((name) =>
      codeLines(textOf(`packages/trust/src/${name}.ts`)).some((line) => /\bevidence\b/.test(line)),
    );
    assert.deepEqual(reading, []);
  });
});
