import { ecKey, type Made, nameOf, oid, sequence, tlv } from './make-certificate.ts';
import {
  certificateIssuer,
  deltaOf,
  directoryName,
  distributionPoints,
  issuingPoint,
  type ListRecipe,
  REASON,
  THIS_UPDATE,
  uri,
} from './make-crl.ts';

import {
  HELD,
  held,
  issuing,
  leaf,
  leafWith,
  listed,
  listSigner,
  NOT_COVERED,
  OTHER_SERIAL,
  PARTLY,
  REVOKED,
  revoked,
  root,
  SERIAL,
  table,
  unknown,
  unknownExtension,
} from './revocation-stage.ts';

const POINT = [directoryName(nameOf('Point one'))];
const OTHER_POINT = [directoryName(nameOf('Point two'))];
/** An attribute of a relative name. */
const relative = sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from('Point one')));
const fullOfRelative = [
  directoryName(
    sequence(
      tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from('Issuing')))),
      tlv(0x31, relative),
    ),
  ),
];
const at = (...points: Parameters<typeof distributionPoints>): Made[] => [
  leafWith(distributionPoints(...points)),
  issuing,
];
const scoped = (point: Parameters<typeof issuingPoint>[0], more: Partial<ListRecipe> = {}) => ({
  issuing: { issuer: issuing, extensions: [issuingPoint(point)], ...more },
});

table('distribution points', [
  {
    name: 'the point of the list is that of the certificate',
    chain: at({ fullName: POINT }),
    lists: scoped({ fullName: POINT }),
    expected: [],
  },
  {
    name: 'a revocation at the point of the certificate is one',
    chain: at({ fullName: POINT }),
    lists: scoped({ fullName: POINT }, { entries: revoked }),
    expected: [REVOKED],
  },
  {
    name: 'the list of another point does not cover it',
    chain: at({ fullName: POINT }),
    lists: scoped({ fullName: OTHER_POINT }),
    expected: [NOT_COVERED],
  },
  {
    name: 'a list for a point does not cover a certificate without one',
    lists: scoped({ fullName: POINT }),
    expected: [NOT_COVERED],
  },
  {
    name: 'a list for all covers a certificate with a point',
    chain: at({ fullName: POINT }),
    lists: { issuing: { issuer: issuing } },
    expected: [],
  },
  {
    name: 'one name in common is enough',
    chain: at({ fullName: [...OTHER_POINT, ...POINT] }),
    lists: scoped({ fullName: [uri('http://x.test/'), ...POINT] }),
    expected: [],
  },
  {
    name: 'a name relative to the issuer is completed on both sides',
    chain: at({ relative }),
    lists: scoped({ relative }),
    expected: [],
  },
  {
    name: 'a relative name in the certificate is a full name in the list',
    chain: at({ relative }),
    lists: scoped({ fullName: fullOfRelative }),
    expected: [],
  },
  {
    name: 'a full name in the certificate is a relative name in the list',
    chain: at({ fullName: fullOfRelative }),
    lists: scoped({ relative }),
    expected: [],
  },
  {
    name: 'a relative name alone is not the whole name',
    chain: at({ relative }),
    lists: scoped({ fullName: POINT }),
    expected: [NOT_COVERED],
  },
  {
    name: 'addresses are compared without the case of the host',
    chain: at({ fullName: [uri('HTTP://CRL.test/a')] }),
    lists: scoped({ fullName: [uri('http://crl.test/a')] }),
    expected: [],
  },
  {
    name: 'addresses are compared with the case of the path',
    chain: at({ fullName: [uri('http://crl.test/A')] }),
    lists: scoped({ fullName: [uri('http://crl.test/a')] }),
    expected: [NOT_COVERED],
  },
  {
    name: 'a point that is the name of the issuer covers a certificate without one',
    lists: scoped({ fullName: [directoryName(issuing.subject)] }),
    expected: [],
  },
]);

const rootScoped = (point: Parameters<typeof issuingPoint>[0]) => ({
  root: { issuer: root, extensions: [issuingPoint(point)] },
  issuing: { issuer: issuing },
});
table('kinds of certificates', [
  { name: 'a list of users covers a server', lists: scoped({ only: 'user' }), expected: [] },
  {
    name: 'a list of CAs does not cover a server',
    lists: scoped({ only: 'ca' }),
    expected: [NOT_COVERED],
  },
  {
    name: 'a list of attribute certificates covers none',
    lists: scoped({ only: 'attribute' }),
    expected: [NOT_COVERED],
  },
  {
    name: 'a list of CAs covers a CA',
    noRootList: true,
    lists: rootScoped({ only: 'ca' }),
    expected: [],
  },
  {
    name: 'a list of users does not cover a CA',
    noRootList: true,
    lists: rootScoped({ only: 'user' }),
    expected: ['revocation-unknown@1 revocation list "root": it does not cover this certificate'],
  },
]);

const COMPROMISE = [1, 2];
const THE_REST = [3, 4, 5, 6, 7, 8];
const two = (a: number[], b: number[], more: Partial<ListRecipe> = {}) => ({
  one: { issuer: issuing, extensions: [issuingPoint({ reasons: a })] },
  other: { issuer: issuing, extensions: [issuingPoint({ reasons: b })], ...more },
});
table('reasons', [
  {
    name: 'a list for some reasons is not enough',
    lists: scoped({ reasons: COMPROMISE }),
    expected: [unknown(PARTLY)],
  },
  {
    name: 'two lists for all reasons together are enough',
    lists: two(COMPROMISE, THE_REST),
    expected: [],
  },
  {
    name: 'two lists that leave one reason out are not',
    lists: two(COMPROMISE, THE_REST.slice(1)),
    expected: [unknown(PARTLY)],
  },
  {
    name: 'a revocation in either is one',
    lists: two(COMPROMISE, THE_REST, { entries: revoked }),
    expected: [REVOKED],
  },
  {
    name: 'reasons of the distribution point narrow what a list covers',
    chain: at({ fullName: POINT, reasons: COMPROMISE }),
    lists: scoped({ fullName: POINT }),
    expected: [unknown(PARTLY)],
  },
  {
    name: 'two points with the reasons shared out are enough together',
    chain: at(
      { fullName: POINT, reasons: COMPROMISE },
      { fullName: OTHER_POINT, reasons: THE_REST },
    ),
    lists: {
      one: {
        issuer: issuing,
        extensions: [issuingPoint({ fullName: POINT, reasons: COMPROMISE })],
      },
      other: {
        issuer: issuing,
        extensions: [issuingPoint({ fullName: OTHER_POINT, reasons: THE_REST })],
      },
    },
    expected: [],
  },
  {
    name: 'reasons of the point and of the list that have none in common cover nothing',
    chain: at({ fullName: POINT, reasons: COMPROMISE }),
    lists: scoped({ fullName: POINT, reasons: THE_REST }),
    expected: [NOT_COVERED],
  },
]);

const SIGNER_SERIAL = Buffer.of(0x4b, 0x09);
const agent = listSigner('List agent', root, Buffer.of(0x4b, 0x20));
const indirect = (
  more: Partial<ListRecipe> = {},
  point: Parameters<typeof issuingPoint>[0] = {},
) => ({
  agent: { issuer: agent, extensions: [issuingPoint({ ...point, indirect: true })], ...more },
});
const forAgent: Parameters<typeof distributionPoints>[0] = {
  fullName: POINT,
  issuer: agent.subject,
};
const ofIssuing = [certificateIssuer(issuing.subject)];
const selfCovered = listSigner(
  'Agent of itself',
  issuing,
  SIGNER_SERIAL,
  distributionPoints({ issuer: nameOf('Agent of itself') }),
);
table('indirect lists', [
  {
    name: 'the issuer that the certificate names for its lists speaks for it',
    chain: [...at(forAgent), agent],
    lists: indirect(),
    expected: [],
  },
  {
    name: 'an entry with the issuer of the certificate revokes it',
    chain: [...at(forAgent), agent],
    lists: indirect({ entries: [{ serial: SERIAL, reason: 1, extensions: ofIssuing }] }),
    expected: [REVOKED],
  },
  {
    name: 'the issuer of one entry is that of the entries after it',
    chain: [...at(forAgent), agent],
    lists: indirect({
      entries: [
        { serial: OTHER_SERIAL, extensions: ofIssuing },
        { serial: SERIAL, reason: 1 },
      ],
    }),
    expected: [REVOKED],
  },
  {
    name: 'the issuer of an entry ends where another one is named',
    chain: [...at(forAgent), agent],
    lists: indirect({
      entries: [
        { serial: OTHER_SERIAL, extensions: ofIssuing },
        { serial: SERIAL, reason: 1, extensions: [certificateIssuer(nameOf('Another'))] },
      ],
    }),
    expected: [],
  },
  {
    name: 'an entry without an issuer is about certificates of the issuer of the list',
    chain: [...at(forAgent), agent],
    lists: indirect({ entries: [{ serial: SERIAL, reason: 1 }] }),
    expected: [],
  },
  {
    name: 'a list by somebody else must say that it is indirect',
    chain: [...at(forAgent), agent],
    lists: { agent: { issuer: agent } },
    expected: [listed('it does not cover this certificate', 'agent')],
  },
  {
    name: 'a list by somebody whom the certificate does not name is nothing to it',
    chain: [leaf, issuing, agent],
    lists: indirect(),
    expected: [unknown('no revocation list of "CN=Issuing" is at hand')],
  },
  {
    name: 'a point without a name stands for the name of whoever issues its lists',
    chain: [...at({ issuer: agent.subject }), agent],
    lists: indirect({}, { fullName: [directoryName(agent.subject)] }),
    expected: [],
  },
  {
    name: 'a relative name goes on from the name of whoever issues its lists',
    chain: [...at({ relative, issuer: agent.subject }), agent],
    lists: indirect({}, { relative }),
    expected: [],
  },
  {
    name: 'the issuer itself may issue an indirect list',
    lists: scoped({ indirect: true }, { entries: revoked }),
    expected: [REVOKED],
  },
  {
    name: 'whoever issues the lists about itself is good until they say otherwise',
    chain: [leafWith(distributionPoints({ issuer: selfCovered.subject })), issuing, selfCovered],
    lists: { agent: { issuer: selfCovered, extensions: [issuingPoint({ indirect: true })] } },
    expected: [],
  },
  {
    name: 'whoever lists itself as revoked is not believed any more',
    chain: [leafWith(distributionPoints({ issuer: selfCovered.subject })), issuing, selfCovered],
    lists: {
      agent: {
        issuer: selfCovered,
        extensions: [issuingPoint({ indirect: true })],
        entries: [{ serial: SIGNER_SERIAL, extensions: ofIssuing }],
      },
    },
    expected: [
      unknown(
        'revocation lists of "CN=Agent of itself" do not count: the certificate that signs them has been revoked',
      ),
    ],
  },
]);

const base = (more: Partial<ListRecipe> = {}): ListRecipe => ({
  issuer: issuing,
  number: 5,
  ...more,
});
const delta = (more: Partial<ListRecipe> = {}, of = 5): ListRecipe => ({
  issuer: issuing,
  number: 9,
  extensions: [deltaOf(of)],
  ...more,
});
const stale = { nextUpdate: THIS_UPDATE };
table('delta lists', [
  {
    name: 'a delta alone is no list',
    lists: { delta: delta() },
    expected: [
      unknown('revocation list "delta" is a delta, and the list that it changes is not at hand'),
    ],
  },
  {
    name: 'a delta alone proves a revocation',
    lists: { delta: delta({ entries: revoked }) },
    expected: [REVOKED],
  },
  {
    name: 'a delta that says nothing leaves what its base says: good',
    lists: { base: base(), delta: delta() },
    expected: [],
  },
  {
    name: 'a delta that says nothing leaves what its base says: revoked',
    lists: { base: base({ entries: revoked }), delta: delta() },
    expected: [REVOKED],
  },
  {
    name: 'a delta revokes',
    lists: { base: base(), delta: delta({ entries: revoked }) },
    expected: [REVOKED],
  },
  {
    name: 'a delta takes back a hold',
    lists: {
      base: base({ entries: held }),
      delta: delta({ entries: [{ serial: SERIAL, reason: REASON.removeFromCRL }] }),
    },
    expected: [],
  },
  {
    name: 'a delta takes back whatever its base says',
    lists: {
      base: base({ entries: [{ serial: SERIAL }] }),
      delta: delta({ entries: [{ serial: SERIAL, reason: REASON.removeFromCRL }] }),
    },
    expected: [],
  },
  {
    name: 'a delta turns a hold into a revocation',
    lists: { base: base({ entries: held }), delta: delta({ entries: revoked }) },
    expected: [REVOKED],
  },
  {
    name: 'a delta takes back what its base does not have',
    lists: {
      base: base(),
      delta: delta({ entries: [{ serial: SERIAL, reason: REASON.removeFromCRL }] }),
    },
    expected: [],
  },
  {
    name: 'a stale base with a delta that is not counts',
    lists: { base: base(stale), delta: delta() },
    expected: [],
  },
  {
    name: 'a delta of an older base than the one at hand counts',
    lists: { base: base(), delta: delta({}, 3) },
    expected: [],
  },
  {
    name: 'a delta of a newer base than the one at hand leaves it unknown',
    lists: { base: base(), delta: delta({}, 6) },
    expected: [
      unknown('revocation list "base" is older than the one that revocation list "delta" changes'),
    ],
  },
  {
    name: 'a stale delta takes nothing from a base that is not',
    lists: { base: base(), delta: delta(stale) },
    expected: [],
  },
  {
    name: 'a stale base with a stale delta is stale',
    lists: { base: base(stale), delta: delta(stale) },
    expected: [
      unknown(
        'revocation list "base" was to be replaced by 2026-11-01T00:00:00.000Z, it is 2026-11-23T08:00:00.000Z',
      ),
    ],
  },
  {
    name: 'a delta that is older than the base says nothing',
    lists: { base: base({ number: 12 }), delta: delta({ entries: held }) },
    expected: [],
  },
  {
    name: 'a delta of another scope does not change the list',
    lists: {
      base: base({ entries: held }),
      delta: delta({
        extensions: [deltaOf(5), issuingPoint({ only: 'user' })],
        entries: [{ serial: SERIAL, reason: REASON.removeFromCRL }],
      }),
    },
    expected: [HELD],
  },
  {
    name: 'a delta by another key does not change the list',
    lists: {
      base: base({ entries: held }),
      delta: delta({
        signedBy: ecKey(),
        entries: [{ serial: SERIAL, reason: REASON.removeFromCRL }],
      }),
    },
    expected: [HELD],
  },
  {
    name: 'a delta with a critical extension that is not understood leaves it unknown',
    lists: { base: base(), delta: delta({ extensions: [deltaOf(5), unknownExtension] }) },
    expected: [
      unknown(
        'revocation list "delta" cannot be used: it has a critical extension that is not understood: 1.2.3.4',
      ),
    ],
  },
]);
