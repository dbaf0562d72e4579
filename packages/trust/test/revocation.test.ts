import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCrl } from '../src/crl.ts';
import { conclude, diagnose, examine } from '../src/diagnose.ts';
import { describeEvidence, problemKey } from '../src/problem.ts';
import {
  ascii,
  authorityKeyId,
  basicConstraints,
  caExtensions,
  ecKey,
  extension,
  keyUsage,
  leafExtensions,
  makeCertificate,
  nameOf,
  sequence,
  subjectKeyId,
} from './make-certificate.ts';
import {
  certificateIssuer,
  type ListRecipe,
  NEXT_UPDATE,
  REASON,
  REVOKED_AT,
  THIS_UPDATE,
} from './make-crl.ts';

import {
  AT,
  cannotBeUsed,
  DAY_MS,
  HELD,
  HOST,
  held,
  ISSUING_SERIAL,
  inputOf,
  issuing,
  leaf,
  leafWith,
  listed,
  listSigner,
  OTHER_SERIAL,
  problemsOf,
  REVOKED,
  revoked,
  root,
  SERIAL,
  table,
  unknown,
  unknownExtension,
} from './revocation-stage.ts';

table('revocation by one list of each issuer', [
  {
    name: 'a certificate that is in no list is good',
    lists: { issuing: { issuer: issuing } },
    expected: [],
  },
  {
    name: 'a certificate in the list of its issuer is revoked, with date and reason',
    lists: { issuing: { issuer: issuing, entries: revoked } },
    expected: [REVOKED],
  },
  {
    name: 'an entry without a reason is a revocation without a reason',
    lists: { issuing: { issuer: issuing, entries: [{ serial: SERIAL }] } },
    expected: [`revoked@0 revoked ${REVOKED_AT.toISOString()}, reason: none given`],
  },
  {
    name: 'an entry whose date does not exist is a revocation without a date',
    lists: {
      issuing: { issuer: issuing, entries: [{ serial: SERIAL, at: ascii(0x17, '269999999999Z') }] },
    },
    expected: ['revoked@0 revoked at an unknown time, reason: none given'],
  },
  {
    name: 'the entry of another certificate says nothing',
    lists: { issuing: { issuer: issuing, entries: [{ serial: OTHER_SERIAL }] } },
    expected: [],
  },
  {
    name: 'an intermediate in the list of the root is revoked',
    noRootList: true,
    lists: {
      root: { issuer: root, entries: [{ serial: ISSUING_SERIAL, reason: 2 }] },
      issuing: { issuer: issuing },
    },
    expected: [`revoked@1 revoked ${REVOKED_AT.toISOString()}, reason: cACompromise`],
  },
  {
    name: 'a certificate without a list of its issuer is unknown',
    expected: [unknown('no revocation list of "CN=Issuing" is at hand')],
  },
  {
    name: 'without any list every certificate but the anchor is unknown',
    noRootList: true,
    expected: [
      unknown('no revocation list of "CN=Issuing" is at hand'),
      'revocation-unknown@1 no revocation list of "CN=Root" is at hand',
    ],
  },
  {
    name: 'a list of version 1 counts',
    lists: { issuing: { issuer: issuing, version: 1 } },
    expected: [],
  },
  {
    name: 'an entry in a list of version 1 revokes',
    lists: { issuing: { issuer: issuing, version: 1, entries: [{ serial: SERIAL }] } },
    expected: [`revoked@0 revoked ${REVOKED_AT.toISOString()}, reason: none given`],
  },
  {
    name: 'a self-signed root that is trusted needs no list',
    chain: [leaf, issuing, root],
    lists: { issuing: { issuer: issuing } },
    expected: [],
  },
]);

table('modes', [
  {
    name: 'off: a revoked certificate is not looked for',
    mode: 'off',
    lists: { issuing: { issuer: issuing, entries: revoked } },
    expected: [],
  },
  {
    name: 'when available: a certificate without a list is passed over',
    mode: 'when-available',
    expected: [],
  },
  {
    name: 'when available: nothing at all is passed over',
    mode: 'when-available',
    noRootList: true,
    expected: [],
  },
  {
    name: 'when available: a certificate in a list is revoked',
    mode: 'when-available',
    lists: { issuing: { issuer: issuing, entries: revoked } },
    expected: [REVOKED],
  },
  {
    name: 'when available: a list that cannot be used is not passed over',
    mode: 'when-available',
    lists: { issuing: { issuer: issuing, signedBy: ecKey() } },
    expected: [listed('it was not signed by the issuer that it names')],
  },
]);

table('dates of a list', [
  {
    name: 'a list counts in its first second',
    at: THIS_UPDATE,
    lists: { issuing: { issuer: issuing } },
    expected: [],
  },
  {
    name: 'a list counts to the end of its last second',
    at: new Date(NEXT_UPDATE.getTime() - 1),
    lists: { issuing: { issuer: issuing } },
    expected: [],
  },
  {
    name: 'a list that is to be replaced this second leaves it unknown',
    at: AT,
    lists: { issuing: { issuer: issuing, nextUpdate: AT } },
    expected: [
      unknown(
        'revocation list "issuing" was to be replaced by 2026-11-23T08:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'a list of tomorrow leaves it unknown',
    lists: { issuing: { issuer: issuing, thisUpdate: new Date(AT.getTime() + DAY_MS) } },
    expected: [
      unknown(
        'revocation list "issuing" counts from 2026-11-24T08:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'a list that does not say when it will be replaced leaves it unknown',
    lists: { issuing: { issuer: issuing, nextUpdate: null } },
    expected: [unknown('revocation list "issuing" does not say when it will be replaced')],
  },
  {
    name: 'a list of 1999 leaves it unknown',
    lists: {
      issuing: {
        issuer: issuing,
        thisUpdate: ascii(0x17, '990101000000Z'),
        nextUpdate: ascii(0x17, '990201000000Z'),
      },
    },
    expected: [
      unknown(
        'revocation list "issuing" was to be replaced by 1999-02-01T00:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'a list until the year 2050, written in the long form, counts',
    lists: { issuing: { issuer: issuing, nextUpdate: new Date('2051-01-01T00:00:00Z') } },
    expected: [],
  },
  {
    name: 'a revocation for good is proven by an old list',
    lists: { issuing: { issuer: issuing, nextUpdate: THIS_UPDATE, entries: revoked } },
    expected: [REVOKED],
  },
  {
    name: 'a revocation for good is not undone by a newer list without it',
    lists: { old: { issuer: issuing, entries: revoked }, issuing: { issuer: issuing, number: 8 } },
    expected: [REVOKED],
  },
  {
    name: 'a list of tomorrow proves nothing today',
    lists: {
      issuing: {
        issuer: issuing,
        thisUpdate: new Date(AT.getTime() + DAY_MS),
        entries: revoked,
      },
    },
    expected: [
      unknown(
        'revocation list "issuing" counts from 2026-11-24T08:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'a hold is not proven by an old list',
    lists: { issuing: { issuer: issuing, nextUpdate: THIS_UPDATE, entries: held } },
    expected: [
      unknown(
        'revocation list "issuing" was to be replaced by 2026-11-01T00:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'of two lists the newer one speaks: a hold is over',
    lists: { old: { issuer: issuing, entries: held }, issuing: { issuer: issuing, number: 8 } },
    expected: [],
  },
  {
    name: 'of two lists the newer one speaks, in whatever order they come',
    lists: { issuing: { issuer: issuing, number: 8, entries: held }, old: { issuer: issuing } },
    expected: [HELD],
  },
  {
    name: 'a newer list that is stale is not made up for by an older one that is not',
    lists: {
      issuing: { issuer: issuing, number: 8, nextUpdate: THIS_UPDATE },
      old: { issuer: issuing },
    },
    expected: [
      unknown(
        'revocation list "issuing" was to be replaced by 2026-11-01T00:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'a list of tomorrow takes nothing from the one of today',
    lists: {
      today: { issuer: issuing },
      tomorrow: { issuer: issuing, number: 8, thisUpdate: new Date(AT.getTime() + DAY_MS) },
    },
    expected: [],
  },
]);

table('what is not understood in a list', [
  {
    name: 'a list without a number',
    lists: { issuing: { issuer: issuing, number: null } },
    expected: [cannotBeUsed('it has no number')],
  },
  {
    name: 'a critical number',
    lists: {
      issuing: {
        issuer: issuing,
        number: null,
        extensions: [extension('2.5.29.20', true, Buffer.of(2, 1, 7))],
      },
    },
    expected: [cannotBeUsed('its number is marked as critical')],
  },
  {
    name: 'an unknown critical extension of the list',
    lists: { issuing: { issuer: issuing, extensions: [unknownExtension] } },
    expected: [cannotBeUsed('it has a critical extension that is not understood: 1.2.3.4')],
  },
  {
    name: 'an unknown extension of the list that is not critical says nothing',
    lists: {
      issuing: { issuer: issuing, extensions: [extension('1.2.3.4', false, Buffer.of(5, 0))] },
    },
    expected: [],
  },
  {
    name: 'an unknown critical extension of the entry of another certificate',
    lists: {
      issuing: {
        issuer: issuing,
        entries: [{ serial: OTHER_SERIAL, extensions: [unknownExtension] }],
      },
    },
    expected: [cannotBeUsed('an entry has a critical extension that is not understood: 1.2.3.4')],
  },
  {
    name: 'an unknown critical extension does not hide a revocation',
    lists: {
      issuing: { issuer: issuing, entries: revoked, extensions: [unknownExtension] },
    },
    expected: [REVOKED],
  },
  {
    name: 'a hold that is taken back in a list that is no delta',
    lists: {
      issuing: { issuer: issuing, entries: [{ serial: SERIAL, reason: REASON.removeFromCRL }] },
    },
    expected: [unknown('revocation list "issuing" is no delta and takes back a revocation')],
  },
  {
    name: 'other issuers in a list that is not indirect',
    lists: {
      issuing: {
        issuer: issuing,
        entries: [{ serial: OTHER_SERIAL, extensions: [certificateIssuer(nameOf('Other'))] }],
      },
    },
    expected: [cannotBeUsed('it names other issuers without being an indirect list')],
  },
  {
    name: 'a list signed with SHA-1',
    lists: { issuing: { issuer: issuing, hash: 'sha1' } },
    expected: [listed('it is signed with ecdsa-with-SHA1, which is not relied on')],
  },
  {
    name: 'distribution points of the certificate that cannot be read',
    chain: [leafWith(extension('2.5.29.31', false, sequence())), issuing],
    lists: { issuing: { issuer: issuing } },
    expected: [
      unknown('where its revocation is published cannot be read: no distribution points at byte 0'),
      'malformed@0 CRL distribution points cannot be read: no distribution points at byte 0',
    ],
  },
]);

const stranger = makeCertificate({ subject: 'Issuing', extensions: caExtensions() });
const withoutListing = makeCertificate({
  subject: 'Issuing',
  issuer: root,
  serial: ISSUING_SERIAL,
  extensions: ({ key, issuerKey }) => [
    basicConstraints(true),
    keyUsage(5),
    subjectKeyId(key),
    authorityKeyId(issuerKey),
  ],
});
const leafOfThat = makeCertificate({
  subject: HOST,
  issuer: withoutListing,
  serial: SERIAL,
  extensions: leafExtensions(HOST),
});
const SIGNER_SERIAL = Buffer.of(0x4b, 0x09);
const signer = listSigner('Issuing', root, SIGNER_SERIAL);
const oddSigner = listSigner('Issuing', root, SIGNER_SERIAL, unknownExtension);
const bySigner: ListRecipe = { issuer: signer };
const signerOfStranger = listSigner('Issuing', stranger, SIGNER_SERIAL);
const expiredSigner = makeCertificate({
  subject: 'Issuing',
  issuer: root,
  serial: SIGNER_SERIAL,
  notBefore: new Date('2026-06-01T00:00:00Z'),
  notAfter: new Date('2026-07-01T00:00:00Z'),
  extensions: ({ key }) => [keyUsage(6), subjectKeyId(key)],
});
const NOT_COUNTED = (fault: string): string =>
  unknown(`revocation lists of "CN=Issuing" do not count: ${fault}`);

table('who signed', [
  {
    name: 'a list by another key is no list of the issuer',
    lists: { issuing: { issuer: issuing, signedBy: ecKey() } },
    expected: [listed('it was not signed by the issuer that it names')],
  },
  {
    name: 'a bad list beside a good one takes nothing from it',
    lists: {
      issuing: { issuer: issuing },
      bad: { issuer: issuing, signedBy: ecKey(), entries: revoked },
    },
    expected: [],
  },
  {
    name: 'a list of a root that is trusted, but not the root of this certificate, does not count',
    anchors: [root, stranger],
    lists: { issuing: { issuer: stranger, entries: revoked } },
    expected: [listed('its issuer does not lead to the root of this certificate')],
  },
  {
    name: 'an issuer whose key usage leaves lists out signs none',
    chain: [leafOfThat, withoutListing],
    lists: { issuing: { issuer: withoutListing } },
    expected: [listed('its issuer may not sign revocation lists')],
  },
  {
    name: 'a second certificate of the issuer, with a key of its own, signs its lists',
    chain: [leafOfThat, withoutListing, signer],
    lists: { issuing: bySigner },
    expected: [],
  },
  {
    name: 'a revocation in a list of the second key is one',
    chain: [leafOfThat, withoutListing, signer],
    lists: { issuing: { ...bySigner, entries: revoked } },
    expected: [REVOKED],
  },
  {
    name: 'a second certificate that is revoked signs nothing',
    chain: [leafOfThat, withoutListing, signer],
    noRootList: true,
    lists: {
      root: { issuer: root, entries: [{ serial: SIGNER_SERIAL, reason: 1 }] },
      issuing: bySigner,
    },
    expected: [NOT_COUNTED('the certificate that signs them has been revoked')],
  },
  {
    name: 'a second certificate that has expired signs nothing',
    chain: [leafOfThat, withoutListing, expiredSigner],
    lists: { issuing: { issuer: expiredSigner } },
    expected: [NOT_COUNTED('the certificate that signs them is not valid at this time')],
  },
  {
    name: 'a second certificate from elsewhere signs nothing',
    chain: [leafOfThat, withoutListing, signerOfStranger],
    lists: { issuing: { issuer: signerOfStranger } },
    expected: [listed('its issuer does not lead to the root of this certificate')],
  },
  {
    name: 'a second certificate with a critical extension that is not understood signs nothing',
    chain: [leafOfThat, withoutListing, oddSigner],
    lists: { issuing: { issuer: oddSigner } },
    expected: [listed('the certificate of its issuer has problems of its own')],
  },
  {
    name: 'the name of the issuer in other letters is the same name',
    lists: { issuing: { issuer: { ...issuing, subject: nameOf('ISSUING  ', 0x13) } } },
    expected: [],
  },
]);

test('serial numbers are compared as they stand: negative, long, and with a sign octet', () => {
  for (const serial of [
    Buffer.of(0xff),
    Buffer.of(0, 0xff),
    Buffer.alloc(20, 0x7f),
    Buffer.alloc(80, 0x11),
  ]) {
    const certificate = makeCertificate({
      subject: HOST,
      issuer: issuing,
      serial,
      extensions: leafExtensions(HOST),
    });
    const chain = [certificate, issuing];
    const entries = [{ serial, reason: REASON.keyCompromise }];
    assert.deepEqual(problemsOf({ chain, lists: { issuing: { issuer: issuing, entries } } }), [
      REVOKED,
    ]);
    const longer = [{ serial: Buffer.concat([Buffer.of(1), serial]) }];
    const near = [...longer, { serial: serial[0] === 0xff ? Buffer.of(0, 0xff) : Buffer.of(0xff) }];
    assert.deepEqual(
      problemsOf({ chain, lists: { issuing: { issuer: issuing, entries: near } } }),
      [],
    );
  }
});

test('a list that cannot be read is a problem, though others say that all is good', () => {
  const input = inputOf({ lists: { issuing: { issuer: issuing } } });
  const lists = [
    ...input.revocationLists,
    parseCrl(Buffer.from('nonsense'), 'C:\\lists\\odd\u202e.crl'),
  ];
  const { problems } = diagnose({
    ...input,
    revocationLists: lists,
    at: AT,
    protocol: null,
    openssl: null,
  });
  assert.deepEqual(
    problems.map((problem) => `${problemKey(problem)} ${describeEvidence(problem)}`),
    ['malformed@connection revocation list "C:\\lists\\odd\\u{202e}.crl": truncated at byte 0'],
  );
});

test('an examination that is kept sees a list become stale', () => {
  const examination = examine(inputOf({ lists: { issuing: { issuer: issuing } } }));
  const kindsAt = (when: Date): string[] =>
    conclude(examination, { at: when, protocol: null, openssl: null }).problems.map(problemKey);
  assert.deepEqual(kindsAt(AT), []);
  assert.deepEqual(kindsAt(NEXT_UPDATE), ['revocation-unknown@0', 'revocation-unknown@1']);
});

test('a chain without a trusted root is judged by the issuers in it alone', () => {
  const situation = { anchors: [], chain: [leaf, issuing, root] };
  const lists = { issuing: { issuer: issuing, entries: revoked } };
  const keys = problemsOf({ ...situation, lists }).map((text) => text.split(' ')[0]);
  assert.deepEqual(keys, ['revoked@0', 'root-not-trusted@2']);
});
