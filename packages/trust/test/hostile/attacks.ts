/** Chains made to be slow, to be large, or to be misread: what an attacker may send. */

import type { ProblemKind } from '../../src/problem.ts';
import {
  alternativeNames,
  ascii,
  basicConstraints,
  caExtensions,
  ecKey,
  extendedKeyUsage,
  extension,
  type KeyPair,
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
  spkiOf,
  subjectKeyId,
  tlv,
  utcTime,
} from '../make-certificate.ts';

export const HOST = 'mail.example.test';

export interface Attack {
  name: string;
  presented: readonly Uint8Array[];
  /** One of these must be said; nothing, where what is sent is large and right. */
  expected: readonly ProblemKind[];
}

const root = makeCertificate({ subject: 'Root', extensions: caExtensions() });
const issuing = makeCertificate({ subject: 'Issuing', issuer: root, extensions: caExtensions() });
const leafKey = ecKey();

/** The root that is trusted in every attack. */
export const ROOT: Uint8Array = root.der;

function leafWith(...more: Uint8Array[]): Uint8Array {
  return makeCertificate({
    subject: HOST,
    key: leafKey,
    issuer: issuing,
    extensions: (keys) => [...leafExtensions(HOST)(keys), ...more],
  }).der;
}

const good = leafWith();

function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A chain of CAs, one below the other; each has the extensions that are given beside. */
function tower(height: number, more: (index: number) => Uint8Array[]): Uint8Array[] {
  return storeys(
    repeat(height, (index) => nameOf(`Storey ${index}`)),
    more,
  );
}

/** The extensions that are given go before those of the same kind that a certificate has as a rule. */
function storeys(
  subjects: readonly Uint8Array[],
  more: (index: number) => Uint8Array[] = () => [],
): Uint8Array[] {
  const made: Made[] = [];
  const including = (usual: Uint8Array[], index: number): Uint8Array[] => {
    const given = more(index);
    const ids = new Set(given.map((one) => oidOf(one)));
    return [...usual.filter((one) => !ids.has(oidOf(one))), ...given];
  };
  for (const [index, subject] of subjects.entries()) {
    made.push(
      makeCertificate({
        subject,
        issuer: made.at(-1) ?? root,
        extensions: (keys) => including(caExtensions()(keys), index),
      }),
    );
  }
  const leaf = makeCertificate({
    subject: HOST,
    key: leafKey,
    issuer: made.at(-1) ?? root,
    extensions: (keys) => including(leafExtensions(HOST)(keys), subjects.length),
  });
  return [leaf.der, ...made.map(({ der }) => der).reverse()];
}

/** The identifier of an extension, as it is written. */
function oidOf(one: Uint8Array): string {
  const header = (one[1] ?? 0) < 0x80 ? 2 : 2 + ((one[1] ?? 0) & 0x7f);
  return Buffer.from(one).toString('hex', header, header + 2 + (one[header + 1] ?? 0));
}

/** The same certificate with another serial number: distinct, its signature broken. */
function renumbered(der: Uint8Array, number: number): Uint8Array {
  const copy = Uint8Array.from(der);
  const serial = Buffer.from(copy.buffer).indexOf(Buffer.from([0x02, 0x03, 0x01]));
  copy.set([number >> 8, number & 0xff], serial + 3);
  return copy;
}

/** Certificates of one name, each of `count` keys signing each other's. */
function maze(count: number): Uint8Array[] {
  const keys = repeat(count, () => ecKey());
  const inMaze = (key: KeyPair): Made => ({ der: new Uint8Array(), key, subject: nameOf('Maze') });
  const certificates = keys.flatMap((key) =>
    keys
      .filter((other) => other !== key)
      .map((other) =>
        makeCertificate({
          subject: 'Maze',
          key,
          issuer: inMaze(other),
          extensions: () => [basicConstraints(true), keyUsage(5)],
        }),
      ),
  );
  const [first = ecKey()] = keys;
  const leaf = makeCertificate({
    subject: HOST,
    key: leafKey,
    issuer: inMaze(first),
    extensions: () => [alternativeNames(HOST), extendedKeyUsage(SERVER_AUTH)],
  });
  return [leaf.der, ...certificates.map(({ der }) => der)].slice(0, 16);
}

/** A certificate that nobody signed, so that whatever stands in it can be of any kind. */
function forged(subject: string, spki: Uint8Array, how: Slow): Uint8Array {
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, Buffer.of(1)),
    how.algorithm,
    nameOf('Slow'),
    sequence(utcTime(NOT_BEFORE), utcTime(NOT_AFTER)),
    nameOf(subject),
    spki,
    tlv(0xa3, sequence(basicConstraints(true))),
  );
  return sequence(tbs, how.algorithm, tlv(0x03, Buffer.of(0), how.signature));
}

interface Slow {
  algorithm: Uint8Array;
  signature: Uint8Array;
  key(index: number): Uint8Array;
}

/** Issuers of one name none of whom signed, and whose keys are slow to check against. */
function slowKeys(how: Slow): Uint8Array[] {
  const leaf = forged(HOST, spkiOf(leafKey), how);
  return [leaf, ...repeat(15, (index) => forged('Slow', how.key(index), how))];
}

const WITH_RSA = sequence(oid('1.2.840.113549.1.1.11'), tlv(0x05));
const WITH_EC = sequence(oid('1.2.840.10045.4.3.2'));
const WITH_DSA = sequence(oid('2.16.840.1.101.3.4.3.2'));

/** Two numbers below the order of every group here. */
const PAIR = sequence(tlv(0x02, Buffer.alloc(27, 0x55)), tlv(0x02, Buffer.alloc(27, 0x33)));

const RSA = sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05));

function rsaKey(modulusBytes: number, exponent: Uint8Array, index: number): Uint8Array {
  const modulus = tlv(0x02, Buffer.of(0x7f), Buffer.alloc(modulusBytes - 1, 0xff - 2 * index));
  return sequence(RSA, tlv(0x03, Buffer.of(0), sequence(modulus, exponent)));
}

const F4 = tlv(0x02, Buffer.of(1, 0, 1));

function names(count: number, make: (index: number) => Uint8Array): Uint8Array {
  return extension('2.5.29.17', false, sequence(...repeat(count, make)));
}

/** Two octets that are letters, so that ten thousand names or subtrees are small. */
function letters(index: number): Uint8Array {
  return Buffer.of(0x61 + (index % 26), 0x61 + (Math.floor(index / 26) % 26));
}

function constraints(tag: number, count: number, make: (index: number) => Uint8Array): Uint8Array {
  const trees = repeat(count, (index) => sequence(make(index)));
  return extension('2.5.29.30', true, sequence(tlv(tag, ...trees)));
}

const policy = (index: number): Uint8Array => oid(`1.3.6.1.4.1.${index + 1}`);
const policies = (count: number): Uint8Array =>
  extension('2.5.29.32', false, sequence(...repeat(count, (index) => sequence(policy(index)))));
const explicit = extension('2.5.29.36', true, sequence(tlv(0x80, Buffer.of(0))));

/** Each policy becomes each other one: what made OpenSSL's tree grow without bound (CVE-2023-0464). */
function mappings(count: number): Uint8Array {
  const pairs = repeat(count, (from) =>
    repeat(count, (to) => sequence(policy(from), policy(to))),
  ).flat();
  return extension('2.5.29.33', true, sequence(...pairs));
}

function nested(depth: number, tag: number): Uint8Array {
  let inside: Uint8Array = new Uint8Array();
  for (let level = 0; level < depth && inside.length < 50_000; level += 1)
    inside = tlv(tag, inside);
  return inside;
}

/** An identifier of one endless arc. */
const HUGE_OID = tlv(0x06, Buffer.of(0x2a), Buffer.alloc(50_000, 0xff), Buffer.of(0x01));

/** Every attack. Made when asked for: together they are some megabytes. */
export function attacks(): readonly Attack[] {
  const below = (leaf: Uint8Array, middle: Made = issuing): Uint8Array[] => [leaf, middle.der];
  const signed = (middle: Made, ...more: Uint8Array[]): Uint8Array[] => [
    makeCertificate({
      subject: HOST,
      key: leafKey,
      issuer: middle,
      extensions: (keys) => [
        keyUsage(0),
        extendedKeyUsage(SERVER_AUTH),
        ...(more.length > 0 ? more : [alternativeNames(HOST)]),
        subjectKeyId(keys.key),
      ],
    }).der,
    middle.der,
  ];
  const constrained = (...more: Uint8Array[]): Made =>
    makeCertificate({
      subject: 'Constrained',
      issuer: root,
      extensions: (keys) => [...caExtensions()(keys), ...more],
    });
  const crowd = names(10_000, (index) => tlv(0x82, letters(index)));
  const directory = (index: number): Uint8Array => tlv(0xa4, nameOf(`${index}`));
  const place = (index: number): Uint8Array =>
    sequence(oid('1.3.6.1.5.5.7.48.2'), ascii(0x86, `http://a.test/${index}`));
  const listPlace = (index: number): Uint8Array =>
    sequence(tlv(0xa0, tlv(0xa0, ascii(0x86, `http://a.test/${index}`))));
  const ring = repeat(14, (index) => `Ring ${index}`);
  const ringKeys = ring.map(() => ecKey());
  const inRing = (index: number): Made => ({
    der: new Uint8Array(),
    key: ringKeys[index % 14] ?? leafKey,
    subject: nameOf(ring[index % 14] ?? ''),
  });
  return [
    {
      name: 'a chain of 10,000 certificates',
      presented: [good, ...repeat(9999, (index) => renumbered(issuing.der, index))],
      expected: ['limit-exceeded'],
    },
    {
      name: 'a chain of 10,000 times the same certificate',
      presented: [good, ...repeat(9999, () => issuing.der)],
      expected: ['limit-exceeded'],
    },
    {
      name: 'CAs that issue each other in a circle',
      presented: [
        makeCertificate({ subject: HOST, issuer: inRing(0), extensions: leafExtensions(HOST) }).der,
        ...ring.map(
          (subject, index) =>
            makeCertificate({
              subject,
              key: ringKeys[index] ?? leafKey,
              issuer: inRing(index + 1),
              extensions: caExtensions(),
            }).der,
        ),
      ],
      expected: ['issuer-not-found'],
    },
    ...[2, 3, 4, 5].map((count) => ({
      name: `a maze of ${count} keys of one name that sign each other`,
      presented: maze(count),
      expected: ['issuer-not-found', 'limit-exceeded', 'bad-signature'] as const,
    })),
    {
      name: 'an extension of 100 KB',
      presented: below(leafWith(extension('1.2.3.4', false, Buffer.alloc(100_000)))),
      expected: ['limit-exceeded'],
    },
    {
      name: 'an extension of 60 KB in every certificate of a long chain',
      presented: tower(14, () => [extension('1.2.3.4', false, Buffer.alloc(60_000))]),
      expected: [],
    },
    { name: '10,000 names', presented: signed(issuing, crowd), expected: ['name-mismatch'] },
    {
      name: '10,000 names and 9,000 permitted subtrees',
      presented: signed(
        constrained(constraints(0xa0, 9000, (index) => tlv(0x82, letters(index + 300)))),
        crowd,
      ),
      expected: ['limit-exceeded', 'name-constraint'],
    },
    {
      name: '10,000 names and 9,000 excluded subtrees',
      presented: signed(
        constrained(constraints(0xa1, 9000, (index) => ascii(0x82, `z${index % 10}`))),
        crowd,
      ),
      expected: ['limit-exceeded'],
    },
    {
      name: '1,500 directory names and as many subtrees of directories',
      presented: signed(
        constrained(constraints(0xa1, 1500, (index) => directory(index + 5000))),
        names(1500, directory),
      ),
      expected: ['limit-exceeded', 'malformed'],
    },
    {
      name: '4,000 subtrees in each of fourteen CAs',
      presented: tower(14, () => [constraints(0xa1, 4000, (index) => ascii(0x82, `n${index}`))]),
      expected: ['limit-exceeded', 'malformed'],
    },
    {
      name: '3,000 addresses and 3,000 ranges',
      presented: signed(
        constrained(
          constraints(0xa1, 3000, (index) =>
            tlv(0x87, Buffer.of(10, index >> 8, index & 0xff, 0, 255, 255, 255, 0)),
          ),
        ),
        names(3000, (index) => tlv(0x87, Buffer.of(192, 0, index >> 8, index & 0xff))),
      ),
      expected: ['limit-exceeded', 'name-mismatch'],
    },
    ...(['notBefore', 'notAfter'] as const).flatMap((bound) =>
      [
        '99999999999999Z',
        '20261301000000Z',
        '20270001000000Z',
        '20260230000000Z',
        '20260101246060Z',
      ]
        .map((digits) => ascii(0x18, digits))
        .concat([
          ascii(0x17, '261123080060Z'),
          ascii(0x17, ''),
          tlv(0x18, Buffer.alloc(50_000, 0x39)),
        ])
        .map((time, index) => ({
          name: `a time stamp out of range, ${bound} ${index}`,
          presented: below(
            makeCertificate({
              subject: HOST,
              issuer: issuing,
              [bound]: time,
              extensions: leafExtensions(HOST),
            }).der,
          ),
          expected: ['malformed'] as const,
        })),
    ),
    {
      name: 'names of 100 KB',
      presented: below(
        makeCertificate({
          subject: 'x'.repeat(100_000),
          issuer: issuing,
          extensions: leafExtensions(HOST),
        }).der,
      ),
      expected: ['limit-exceeded'],
    },
    {
      name: 'a name of 50 KB, full of what must be escaped',
      presented: below(
        makeCertificate({
          subject: nameOf('\u202e'.repeat(16_000)),
          issuer: issuing,
          extensions: leafExtensions(HOST),
        }).der,
      ),
      expected: [],
    },
    {
      name: 'a name of 4,000 parts',
      presented: below(
        makeCertificate({
          subject: sequence(
            ...repeat(4000, () => tlv(0x31, sequence(oid('2.5.4.3'), ascii(0x0c, 'x')))),
          ),
          issuer: issuing,
          extensions: leafExtensions(HOST),
        }).der,
      ),
      expected: ['malformed'],
    },
    {
      name: 'names of 2,000 parts in every certificate of a long chain',
      presented: storeys(
        repeat(14, (index) =>
          sequence(
            ...repeat(2000, () => tlv(0x31, sequence(oid('2.5.4.3'), ascii(0x0c, `${index}`)))),
          ),
        ),
      ),
      expected: ['malformed'],
    },
    {
      name: 'an extension under a huge identifier',
      presented: below(leafWith(sequence(HUGE_OID, tlv(0x04)))),
      expected: ['malformed'],
    },
    {
      name: 'a huge identifier among the uses',
      presented: signed(
        issuing,
        alternativeNames(HOST),
        extension('2.5.29.32', false, sequence(sequence(HUGE_OID))),
      ),
      expected: [],
    },
    {
      name: 'a huge identifier as the kind of key',
      presented: below(
        makeCertificate({
          subject: HOST,
          issuer: issuing,
          spki: sequence(sequence(HUGE_OID), tlv(0x03, Buffer.of(0, 1))),
          extensions: leafExtensions(HOST),
        }).der,
      ),
      expected: ['malformed'],
    },
    {
      name: 'a serial number of 50 KB',
      presented: below(
        makeCertificate({
          subject: HOST,
          issuer: issuing,
          serial: Buffer.alloc(50_000, 0x7f),
          extensions: leafExtensions(HOST),
        }).der,
      ),
      expected: [],
    },
    {
      name: 'a path length of 50 KB',
      presented: signed(
        makeCertificate({
          subject: 'Long',
          issuer: root,
          extensions: () => [
            extension(
              '2.5.29.19',
              true,
              sequence(Buffer.of(1, 1, 0xff), tlv(0x02, Buffer.alloc(50_000, 0x7f))),
            ),
          ],
        }),
      ),
      // More than there can be.
      expected: [],
    },
    ...(
      [
        ['RSA keys of 16,384 bits', 2048, F4],
        [
          'RSA keys whose exponent is as long as the modulus',
          384,
          tlv(0x02, Buffer.alloc(384, 0x7f)),
        ],
        ['RSA keys of 50 KB', 50_000, F4],
      ] as const
    ).map(([name, bytes, exponent]) => ({
      name,
      presented: slowKeys({
        algorithm: WITH_RSA,
        signature: Buffer.alloc(bytes, 0x55),
        key: (index) => rsaKey(bytes, exponent, index),
      }),
      expected: ['bad-signature', 'limit-exceeded'] as const,
    })),
    ...['sect571r1', 'brainpoolP512t1', 'secp521r1'].map((curve) => ({
      name: `keys on the slow curve ${curve}`,
      presented: slowKeys({ algorithm: WITH_EC, signature: PAIR, key: () => spkiOf(ecKey(curve)) }),
      expected: ['bad-signature', 'limit-exceeded'] as const,
    })),
    {
      name: 'DSA keys of 10,000 bits',
      presented: slowKeys({
        algorithm: WITH_DSA,
        signature: PAIR,
        key: (index) => {
          const number = (bytes: number, octet: number): Uint8Array =>
            tlv(0x02, Buffer.of(0), Buffer.alloc(bytes, octet));
          const domain = sequence(number(1250, 0xff), number(32, 0xff), number(1249, 0xfd));
          const algorithm = sequence(oid('1.2.840.10040.4.1'), domain);
          return sequence(algorithm, tlv(0x03, Buffer.of(0), number(1249, 0xfb - 2 * index)));
        },
      }),
      expected: ['bad-signature', 'limit-exceeded'],
    },
    ...[0x30, 0x31, 0xa0, 0x24].map((tag) => ({
      name: `elements nested thousands deep, 0x${tag.toString(16)}`,
      presented: signed(
        constrained(extension('2.5.29.30', true, nested(12_000, tag))),
        extension('2.5.29.17', false, nested(12_000, tag)),
      ),
      expected: ['malformed'] as const,
    })),
    {
      name: '3,000 policies in every certificate of a long chain',
      presented: tower(14, () => [policies(3000), explicit]),
      expected: ['limit-exceeded', 'malformed'],
    },
    {
      name: 'every policy mapped to every other, fourteen times over',
      presented: tower(14, (index) =>
        index === 14 ? [policies(30)] : [policies(30), mappings(30), explicit],
      ),
      expected: ['limit-exceeded', 'malformed'],
    },
    {
      name: 'ten thousand tiny extensions',
      presented: below(
        leafWith(...repeat(4000, (index) => sequence(oid(`1.2.${index}`), tlv(0x04)))),
      ),
      expected: ['malformed'],
    },
    {
      name: '1,000 places to fetch an issuer from',
      presented: below(
        leafWith(
          extension(
            '1.3.6.1.5.5.7.1.1',
            false,
            sequence(
              ...repeat(1000, (index) =>
                sequence(oid('1.3.6.1.5.5.7.48.2'), ascii(0x86, `http://a.test/${index}`)),
              ),
            ),
          ),
        ),
      ),
      expected: [],
    },
    ...(
      [
        ['1,500 places to fetch an issuer from', '1.3.6.1.5.5.7.1.1', 1500, place],
        [
          '5,000 uses',
          '2.5.29.37',
          5000,
          (index: number) => oid(index === 0 ? SERVER_AUTH : `1.2.${index}`),
        ],
        ['2,000 directory names', '2.5.29.18', 2000, directory],
        ['1,000 places of revocation lists', '2.5.29.31', 1000, listPlace],
        ['3,000 key identifiers', '2.5.29.35', 3000, () => tlv(0x80, Buffer.of(1))],
      ] as const
    ).map(([name, id, count, make]) => ({
      name: `${name} in every certificate of a long chain`,
      presented: tower(14, () => [extension(id, false, sequence(...repeat(count, make)))]),
      expected: id === '2.5.29.35' ? (['malformed'] as const) : [],
    })),
    {
      name: 'a signature of 60 KB',
      presented: slowKeys({
        algorithm: WITH_EC,
        signature: sequence(
          tlv(0x02, Buffer.alloc(30_000, 0x7f)),
          tlv(0x02, Buffer.alloc(30_000, 0x7f)),
        ),
        key: () => spkiOf(ecKey()),
      }),
      expected: ['bad-signature', 'limit-exceeded'],
    },
  ];
}
