/**
 * Random chains: a few CAs that issue each other, some of them odd, and leaves below them. Mostly right,
 * so that about every third chain is good, and wrong in what verifiers differ about.
 */

import { generateKeyPairSync } from 'node:crypto';
import {
  alternativeNames,
  ascii,
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  ecKey,
  extendedKeyUsage,
  extension,
  type KeyPair,
  keyUsage,
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
} from '../make-certificate.ts';
import type { Batch } from './compare.ts';
import type { Random } from './random.ts';

/** Monday 23 November 2026, 08:00 UTC. */
const AT = new Date('2026-11-23T08:00:00Z');

const HOST = 'mail.example.test';
const ANY_USE = '2.5.29.37.0';
/** Netscape's step-up, which OpenSSL takes for server use. */
const STEP_UP = '2.16.840.1.113730.4.1';

const GOOD_KEYS: readonly KeyPair[] = [
  ...Array.from({ length: 12 }, () => ecKey()),
  ...Array.from({ length: 3 }, () => ecKey('P-384')),
  ...Array.from({ length: 3 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 })),
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('ed448'),
  generateKeyPairSync('rsa-pss', { modulusLength: 2048 }),
];
const ODD_KEYS: readonly KeyPair[] = [
  generateKeyPairSync('rsa', { modulusLength: 1024 }),
  generateKeyPairSync('rsa', { modulusLength: 1963 }),
  generateKeyPairSync('rsa', { modulusLength: 1960 }),
  generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }),
  ecKey('secp192k1'),
  ecKey('secp224r1'),
  ecKey('secp256k1'),
  ecKey('sect233r1'),
  ecKey('brainpoolP256r1'),
];

const after = (ms: number): Date => new Date(AT.getTime() + ms);

/** Some leaves under one set of CAs, all asked for by one name. */
export function randomBatch(random: Random, leaves: number): Batch {
  const serverName = random.chance(8) ? '192.0.2.7' : HOST;
  const keys = random.shuffle(GOOD_KEYS);
  const [rootKey = random.pick(keys), ...otherKeys] = keys;
  const root = randomCa(random, 'Root', random.chance(4) ? random.pick(ODD_KEYS) : rootKey);
  const roots = [root];
  if (random.chance(15)) roots.push(randomCa(random, 'Root', random.pick(otherKeys)));
  const made: Made[] = [];
  const count = 1 + random.below(4);
  for (let index = 0; index < count; index += 1) {
    const issuer = random.chance(60) ? (made.at(-1) ?? root) : random.pick([...roots, ...made]);
    const name = random.chance(80) ? `Issuing ${index}` : random.pick(['Root', 'Issuing 0']);
    const key = random.chance(4) ? random.pick(ODD_KEYS) : (otherKeys[index] ?? rootKey);
    made.push(randomCa(random, name, key, issuer));
    // Cross-signs and renewals: the same name and key again.
    if (random.chance(15)) made.push(randomCa(random, name, key, random.pick([...roots, ...made])));
  }
  const issuer = random.chance(80) ? (made.at(-1) ?? root) : random.pick([...roots, ...made]);
  const anchors = roots.filter(() => random.chance(95));
  if (random.chance(3)) anchors.push(random.pick(made));
  let pool = made.filter(() => random.chance(96));
  if (random.chance(15)) pool = random.shuffle(pool);
  if (random.chance(8)) pool.push(random.pick(made));
  if (random.chance(10)) pool.push(root);
  return {
    about: 'random chain',
    serverName,
    at: random.chance(10) ? after(random.pick([-1000, 500, 1000])) : AT,
    leaves: Array.from({ length: leaves }, () => randomLeaf(random, serverName, issuer).der),
    pool: pool.map(({ der }) => der),
    anchors: anchors.map(({ der }) => der),
  };
}

/** What is odd in about every `rarity`th certificate; nothing otherwise. */
function seldom<T>(random: Random, percent: number, odd: readonly T[], usual: T): T {
  return random.chance(percent) ? random.pick(odd) : usual;
}

function dates(random: Random): { notBefore: Date | Uint8Array; notAfter: Date | Uint8Array } {
  return {
    notBefore: seldom<Date | Uint8Array>(
      random,
      3,
      [AT, after(-1000), after(1000), ascii(0x18, '20260601000000Z'), ascii(0x17, '2606010000Z')],
      NOT_BEFORE,
    ),
    notAfter: seldom<Date | Uint8Array>(
      random,
      4,
      [
        AT,
        after(-1000),
        after(1000),
        ascii(0x18, '99991231235959Z'),
        ascii(0x18, '20270601000000.5Z'),
        ascii(0x17, '270601000000+0100'),
        ascii(0x17, '490101000000Z'),
        ascii(0x17, '500101000000Z'),
      ],
      NOT_AFTER,
    ),
  };
}

function authorityIdentifier(random: Random, key: KeyPair, issuer: Made | undefined): Uint8Array[] {
  const name = tlv(0xa1, tlv(0xa4, issuer?.subject ?? nameOf('Nobody')));
  return seldom<Uint8Array[]>(
    random,
    5,
    [
      [],
      [authorityKeyId(ecKey())],
      [authorityKeyId(key, name, tlv(0x82, Buffer.of(1, 2, 3)))],
      [extension('2.5.29.35', false, sequence())],
      [extension('2.5.29.35', false, sequence(name, tlv(0x82, Buffer.of(9))))],
      [extension('2.5.29.35', true, sequence(tlv(0x80, Buffer.of(1))))],
    ],
    [authorityKeyId(key)],
  );
}

/** Extensions that any certificate may have beside. */
function oddExtensions(random: Random): Uint8Array[] {
  const policy = (id: string): Uint8Array => sequence(oid(id));
  const odd: readonly (() => Uint8Array)[] = [
    () => extension('1.2.3.4', true, tlv(0x05)),
    () => extension('1.2.3.4', false, random.bytes(random.below(9))),
    () => extension('2.5.29.32', random.chance(50), sequence(policy('2.5.29.32.0'))),
    () => extension('2.5.29.32', random.chance(50), sequence(policy('1.2.3.5'))),
    () => extension('2.5.29.36', true, sequence(tlv(0x80, Buffer.of(random.below(3))))),
    () => extension('2.5.29.54', true, tlv(0x02, Buffer.of(random.below(2)))),
    () => extension('2.5.29.33', true, sequence(sequence(oid('1.2.3.5'), oid('1.2.3.6')))),
    () =>
      extension(
        '2.16.840.1.113730.1.1',
        random.chance(50),
        tlv(0x03, Buffer.of(0, random.below(256))),
      ),
    () => extension('2.5.29.31', random.chance(50), sequence()),
    () => extension('1.3.6.1.5.5.7.1.1', false, sequence()),
    () => extension('1.3.6.1.5.5.7.1.1', random.chance(50), random.bytes(4)),
    () => extension('1.3.6.1.5.5.7.1.14', random.chance(50), sequence()),
    () => extension('1.3.6.1.5.5.7.1.7', true, sequence()),
    () => extension('1.3.6.1.5.5.7.1.24', random.chance(50), sequence(tlv(0x02, Buffer.of(5)))),
    () => extension('2.5.29.17', false, sequence(ascii(0x82, HOST))),
    () => extension('2.5.29.18', true, sequence(ascii(0x82, HOST))),
    () => extension('2.5.29.9', true, sequence()),
    () => extension('2.5.29.46', true, sequence()),
    () => nameConstraints(random),
  ];
  return random.chance(5) ? [random.pick(odd)()] : [];
}

function nameConstraints(random: Random): Uint8Array {
  const base = (): Uint8Array =>
    random.pick([
      ascii(0x82, 'example.test'),
      ascii(0x82, '.example.test'),
      ascii(0x82, 'example.test.'),
      ascii(0x82, 'xample.test'),
      ascii(0x82, 'EXAMPLE.test'),
      ascii(0x82, ''),
      ascii(0x82, HOST),
      ascii(0x82, 'other.test'),
      ascii(0x81, 'example.test'),
      ascii(0x86, '.example.test'),
      tlv(0x87, Buffer.of(192, 0, 2, 0, 255, 255, 255, 0)),
      tlv(0x87, Buffer.of(0, 0, 0, 0, 0, 0, 0, 0)),
      tlv(0x87, Buffer.of(192, 0, 2, 0, 255, 0, 255, 0)),
      tlv(0x87, Buffer.alloc(32)),
      tlv(0xa4, nameOf(HOST)),
      tlv(0xa4, nameOf('Issuing 0')),
      tlv(0xa4, sequence()),
      tlv(0x88, Buffer.of(0x2a, 3)),
      tlv(0xa0, oid('1.2.3'), tlv(0xa0, tlv(0x0c))),
    ]);
  const tree = (tag: number): Uint8Array =>
    tlv(
      tag,
      ...Array.from({ length: 1 + random.below(3) }, () =>
        sequence(base(), ...(random.chance(4) ? [tlv(0x80, Buffer.of(random.below(2)))] : [])),
      ),
    );
  const trees = random.pick([[0xa0], [0xa1], [0xa0, 0xa1], [0xa1, 0xa0]]);
  return extension('2.5.29.30', random.chance(70), sequence(...trees.map(tree)));
}

function randomCa(random: Random, name: string, key: KeyPair, issuer?: Made): Made {
  const bits = seldom(random, 2, [[0], [6], [0, 5], [5, 8], []], [5, 6]);
  const constraints = seldom<Uint8Array[]>(
    random,
    5,
    [
      [],
      [basicConstraints(false)],
      [basicConstraints(true, 0)],
      [basicConstraints(true, 0)],
      [basicConstraints(true, 1)],
      [basicConstraints(true, 255)],
      [basicConstraints(true, undefined, false)],
      [extension('2.5.29.19', true, sequence(tlv(0x02, Buffer.of(1))))],
      [extension('2.5.29.19', true, sequence(tlv(0x01, Buffer.of(1))))],
      [extension('2.5.29.19', true, Buffer.of(0x30, 0x03, 0x01, 0x01))],
      [basicConstraints(true), basicConstraints(true)],
    ],
    [basicConstraints(true)],
  );
  const usage = seldom<Uint8Array[]>(
    random,
    8,
    [
      [extendedKeyUsage(SERVER_AUTH)],
      [extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH)],
      [extendedKeyUsage(CLIENT_AUTH)],
      [extendedKeyUsage(ANY_USE)],
      [extendedKeyUsage(STEP_UP)],
      [extendedKeyUsage(SERVER_AUTH, ANY_USE)],
      [extension('2.5.29.37', true, sequence())],
    ],
    [],
  );
  const version = seldom<1 | 2 | 3>(random, 1, [1, 2], 3);
  return makeCertificate({
    subject: seldom<string | Uint8Array>(
      random,
      2,
      [sequence(), nameOf(name, 0x13), nameOf(name.toUpperCase()), nameOf(`${name} `)],
      name,
    ),
    key,
    ...(issuer === undefined ? {} : { issuer: renamed(random, issuer) }),
    ...(random.chance(1) ? { signedBy: random.pick(GOOD_KEYS) } : {}),
    ...dates(random),
    version,
    hash: seldom<'md5' | 'sha1' | 'sha256'>(random, 1, ['sha1', 'md5'], 'sha256'),
    ...serial(random),
    extensions: ({ issuerKey }) =>
      version === 1 && random.chance(80)
        ? []
        : [
            ...constraints,
            ...(bits.length === 0 ? [] : [keyUsage(...bits)]),
            ...usage,
            ...(random.chance(95) ? [subjectKeyId(key)] : []),
            ...authorityIdentifier(random, issuerKey, issuer),
            ...(random.chance(8) ? [nameConstraints(random)] : []),
            ...oddExtensions(random),
          ],
  });
}

/** The issuer's name as another program would write it, seldom. */
function renamed(random: Random, issuer: Made): Made {
  if (!random.chance(3)) return issuer;
  const name = random.pick(['Root', 'root', 'Issuing 0', 'Issuing  0', 'issuing 1 ']);
  return { ...issuer, subject: nameOf(name, random.pick([0x0c, 0x13, 0x16, 0x1e])) };
}

function serial(random: Random): { serial?: Uint8Array } {
  if (!random.chance(3)) return {};
  const odd = [
    Buffer.of(0),
    Buffer.of(0x80),
    Buffer.alloc(24, 1),
    Buffer.of(0, 1),
    Buffer.alloc(0),
  ];
  return { serial: random.pick(odd) };
}

function randomLeaf(random: Random, serverName: string, issuer: Made): Made {
  const key = random.chance(5) ? random.pick(ODD_KEYS) : random.pick(GOOD_KEYS);
  const names = seldom<readonly Uint8Array[]>(
    random,
    25,
    [
      [alternativeNames('*.example.test')],
      [alternativeNames('other.test', serverName)],
      [alternativeNames('other.test')],
      [alternativeNames('MAIL.example.test')],
      [alternativeNames('mail.example.test.')],
      [alternativeNames('m*.example.test')],
      [alternativeNames('*.test')],
      [alternativeNames('*.*.test')],
      [alternativeNames('mail_1.example.test', serverName)],
      [alternativeNames('mail.example.test\0.evil.test')],
      [alternativeNames('')],
      [extension('2.5.29.17', true, sequence(ascii(0x82, serverName)))],
      [extension('2.5.29.17', false, sequence(ascii(0x86, 'https://mail.example.test/')))],
      [extension('2.5.29.17', false, sequence(ascii(0x81, 'a@example.test')))],
      [extension('2.5.29.17', false, sequence(tlv(0x87, Buffer.of(192, 0, 2, 7))))],
      [extension('2.5.29.17', false, sequence(tlv(0x87, Buffer.of(192, 0, 2))))],
      [extension('2.5.29.17', false, sequence(ascii(0x82, serverName), tlv(0x89)))],
      [extension('2.5.29.17', false, sequence())],
      [],
    ],
    [alternativeNames(serverName)],
  );
  const bits = seldom<readonly number[]>(
    random,
    10,
    [[], [2], [4], [1], [5], [0, 5], [0, 2], [7]],
    [0],
  );
  const usage = seldom<readonly Uint8Array[]>(
    random,
    12,
    [
      [],
      [extendedKeyUsage(CLIENT_AUTH)],
      [extendedKeyUsage(ANY_USE)],
      [extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH)],
      [extendedKeyUsage(STEP_UP)],
      [extendedKeyUsage('1.3.6.1.5.5.7.3.8', SERVER_AUTH)],
      [extension('2.5.29.37', true, sequence(oid(SERVER_AUTH)))],
      [extension('2.5.29.37', true, sequence())],
    ],
    [extendedKeyUsage(SERVER_AUTH)],
  );
  const constraints = seldom<readonly Uint8Array[]>(
    random,
    15,
    [[basicConstraints(false)], [basicConstraints(true)], [basicConstraints(true, 0)]],
    [],
  );
  const version = seldom<1 | 2 | 3>(random, 2, [1, 2], 3);
  const isSelf = random.chance(2);
  return makeCertificate({
    subject: seldom<string | Uint8Array>(
      random,
      10,
      [sequence(), nameOf('other.test'), nameOf('Root'), nameOf('Issuing 0'), nameOf(HOST, 0x1e)],
      serverName,
    ),
    key,
    ...(isSelf ? {} : { issuer: renamed(random, issuer) }),
    ...(random.chance(1) ? { signedBy: random.pick(GOOD_KEYS) } : {}),
    ...dates(random),
    version,
    hash: seldom<'md5' | 'sha1' | 'sha256'>(random, 2, ['sha1', 'md5'], 'sha256'),
    ...serial(random),
    extensions: ({ issuerKey }) => [
      ...constraints,
      ...(bits.length === 0 ? [] : [keyUsage(...bits)]),
      ...usage,
      ...names,
      ...(random.chance(90) ? [subjectKeyId(key)] : []),
      ...authorityIdentifier(random, issuerKey, issuer),
      ...oddExtensions(random),
    ],
  });
}
