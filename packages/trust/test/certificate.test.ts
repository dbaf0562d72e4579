import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import {
  formatFingerprint,
  parseCertificate,
  parseFingerprint,
  parsePem,
  toPem,
} from '../src/certificate.ts';
import { FormatError } from '../src/errors.ts';
import {
  alternativeNames,
  basicConstraints,
  caExtensions,
  ecKey,
  extendedKeyUsage,
  extension,
  keyUsage,
  leafExtensions,
  makeCertificate,
  NOT_AFTER,
  NOT_BEFORE,
  nameOf,
  oid,
  sequence,
  tlv,
} from './make-certificate.ts';

const root = makeCertificate({ subject: 'Example Root', extensions: caExtensions(3) });
const leaf = makeCertificate({
  subject: 'mail.example.test',
  issuer: root,
  serial: Buffer.from('00d1ff', 'hex'),
  extensions: leafExtensions('mail.example.test', '10.0.0.5'),
});

test('a certificate is read into plain fields', () => {
  const read = parseCertificate(leaf.der);
  const { x509, der, sha256, sha1, extensions, ...fields } = read;
  assert.ok(x509);
  assert.deepEqual(der, leaf.der);
  assert.equal(formatFingerprint(sha256), x509.fingerprint256);
  assert.equal(formatFingerprint(sha1), x509.fingerprint);
  const issuer = parseCertificate(root.der);
  assert.deepEqual(fields, {
    version: 3,
    serialNumber: '00d1ff',
    subject: 'CN=mail.example.test',
    issuer: 'CN=Example Root',
    subjectId: Buffer.from(leaf.subject).toString('hex'),
    issuerId: Buffer.from(root.subject).toString('hex'),
    commonName: 'mail.example.test',
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    subjectAltNames: [
      { type: 'dns', value: 'mail.example.test' },
      { type: 'ip', value: '10.0.0.5' },
    ],
    publicKey: { algorithm: 'ec', bits: 256, curve: 'prime256v1', isUsable: true },
    spkiSha256: fields.spkiSha256,
    signatureAlgorithm: 'ecdsa-with-SHA256',
    isCa: null,
    pathLength: null,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth'],
    netscapeServer: null,
    subjectKeyId: fields.subjectKeyId,
    authorityKeyId: issuer.subjectKeyId,
    authorityIssuerId: null,
    authoritySerialNumber: null,
    issuerUrls: [],
    nameConstraints: null,
    constrainedNames: [
      { type: 'dns', value: 'mail.example.test', text: 'mail.example.test' },
      { type: 'ip', octets: Uint8Array.of(10, 0, 0, 5), text: '10.0.0.5' },
      {
        type: 'directory',
        relative: ['550403="mail.example.test"'],
        text: 'CN=mail.example.test',
      },
    ],
    policies: {
      policies: null,
      mappings: [],
      requireExplicitPolicy: null,
      inhibitPolicyMapping: null,
      inhibitAnyPolicy: null,
    },
    malformed: [],
    oddities: [],
  });
  assert.deepEqual(
    extensions.map(({ name, critical, value }) => ({ name, critical, value })).slice(0, 3),
    [
      { name: 'key usage', critical: true, value: 'digitalSignature' },
      { name: 'extended key usage', critical: false, value: 'serverAuth' },
      {
        name: 'subject alternative name',
        critical: false,
        value: 'dns: mail.example.test, ip: 10.0.0.5',
      },
    ],
  );
  assert.deepEqual([issuer.isCa, issuer.pathLength], [true, 3]);
  assert.deepEqual(issuer.keyUsage, ['keyCertSign', 'cRLSign']);
});

test('every bit of key usage has its name', () => {
  const all = makeCertificate({
    subject: 'x',
    extensions: () => [keyUsage(0, 1, 2, 3, 4, 5, 6, 7, 8)],
  });
  assert.deepEqual(parseCertificate(all.der).keyUsage, [
    'digitalSignature',
    'nonRepudiation',
    'keyEncipherment',
    'dataEncipherment',
    'keyAgreement',
    'keyCertSign',
    'cRLSign',
    'encipherOnly',
    'decipherOnly',
  ]);
});

test('the roots of Node are all well formed, and read as OpenSSL reads them', () => {
  for (const pem of rootCertificates) {
    const [der] = parsePem(pem, 'root');
    assert.ok(der);
    const read = parseCertificate(der);
    const openssl = new X509Certificate(pem);
    assert.deepEqual(read.malformed, [], read.subject);
    assert.equal(read.notAfter.getTime(), Date.parse(openssl.validTo));
    assert.equal(read.notBefore.getTime(), Date.parse(openssl.validFrom));
    assert.equal(BigInt(`0x${read.serialNumber}`), BigInt(`0x${openssl.serialNumber}`));
    assert.equal(read.isCa, openssl.ca);
    assert.notEqual(read.publicKey.bits, null);
  }
});

test('the same bytes are parsed once, and what the caller does to its buffer later has no effect', () => {
  const buffer = Uint8Array.from(leaf.der);
  const first = parseCertificate(buffer);
  assert.equal(parseCertificate(Uint8Array.from(leaf.der)), first);
  buffer.fill(0);
  assert.deepEqual(first.der, leaf.der);
  assert.throws(() => Object.assign(first, { isCa: true }), TypeError);
});

describe('what is malformed is said', () => {
  const names = alternativeNames('mail.example.test');
  const table: { name: string; der: Uint8Array; reasons: RegExp[] }[] = [
    { name: 'no bytes', der: new Uint8Array(), reasons: [/^truncated at byte 0$/] },
    { name: 'text', der: Buffer.from('hello, world'), reasons: [/^truncated/] },
    {
      name: 'bytes after the end',
      der: Buffer.concat([leaf.der, Buffer.from([0])]),
      reasons: [/^1 bytes after the end$/],
    },
    {
      name: 'an extension twice',
      der: makeCertificate({ subject: 'x', extensions: () => [names, names] }).der,
      reasons: [/^subject alternative name is there twice$/],
    },
    {
      name: 'extensions before version 3',
      der: makeCertificate({ subject: 'x', version: 2, extensions: () => [names] }).der,
      reasons: [/^extensions in a version 2 certificate$/],
    },
    {
      name: 'no extension in the list',
      der: makeCertificate({ subject: 'x', extensions: () => [extendedKeyUsage()] }).der,
      reasons: [/^extended key usage cannot be read: empty at byte 0$/],
    },
    {
      name: 'an address of five bytes',
      der: makeCertificate({
        subject: 'x',
        extensions: () => [extension('2.5.29.17', false, sequence(tlv(0x87, new Uint8Array(5))))],
      }).der,
      reasons: [/^subject alternative name cannot be read: IP address of a wrong length/],
    },
    {
      name: 'a name beyond ASCII',
      der: makeCertificate({
        subject: 'x',
        extensions: () => [
          extension('2.5.29.17', false, sequence(tlv(0x82, Buffer.from('bücher.test')))),
        ],
      }).der,
      reasons: [/^subject alternative name cannot be read: name beyond ASCII/],
    },
    {
      name: 'a boolean that is neither 00 nor FF',
      der: makeCertificate({
        subject: 'x',
        extensions: () => [extension('2.5.29.19', true, sequence(Buffer.from([0x01, 0x01, 0x01])))],
      }).der,
      reasons: [/^basic constraints cannot be read: boolean that is neither 00 nor FF/],
    },
    {
      name: 'a negative path length',
      der: makeCertificate({ subject: 'x', extensions: () => [basicConstraints(true, 0xff)] }).der,
      reasons: [/^basic constraints cannot be read: negative number/],
    },
    {
      name: 'a length that is not minimal',
      der: makeCertificate({
        subject: 'x',
        extensions: () => [extension('2.5.29.17', false, Buffer.from('308103820161', 'hex'))],
      }).der,
      reasons: [/^subject alternative name cannot be read: length not minimal/],
    },
    {
      name: 'a day that does not exist',
      der: makeCertificate({
        subject: 'x',
        notBefore: tlv(0x17, Buffer.from('260230000000Z')),
        extensions: () => [],
      }).der,
      reasons: [/^date that does not exist at byte \d+$/],
    },
    {
      name: 'a time zone in a date',
      der: makeCertificate({
        subject: 'x',
        notBefore: tlv(0x17, Buffer.from('260601000000+0100')),
        extensions: () => [],
      }).der,
      reasons: [/^date that is not in the form of RFC 5280 at byte \d+$/],
    },
    {
      name: 'more bytes than are read',
      der: new Uint8Array(70_000),
      reasons: [/^70000 bytes, at most 65536 are read$/],
    },
  ];
  for (const { name, der, reasons } of table) {
    test(name, () => {
      const { malformed } = parseCertificate(der);
      assert.equal(malformed.length, reasons.length, malformed.join('; '));
      for (const [index, reason] of reasons.entries()) assert.match(malformed[index] ?? '', reason);
    });
  }
});

describe('what is only odd is no fault', () => {
  const table: { name: string; serial: string; kind: string }[] = [
    { name: 'a negative serial number', serial: 'ff00', kind: 'serial-not-positive' },
    { name: 'a serial number of zero', serial: '00', kind: 'serial-not-positive' },
    { name: 'a serial number of 21 bytes', serial: '01'.repeat(21), kind: 'serial-too-long' },
  ];
  for (const { name, serial, kind } of table) {
    test(name, () => {
      const made = makeCertificate({
        subject: 'x',
        serial: Buffer.from(serial, 'hex'),
        extensions: () => [],
      });
      const { malformed, oddities } = parseCertificate(made.der);
      assert.deepEqual([malformed, oddities.map((oddity) => oddity.kind)], [[], [kind]]);
    });
  }
});

test('names are read whatever their string type, and long ones are cut', () => {
  const subject = (der: Uint8Array): string =>
    parseCertificate(makeCertificate({ subject: der, key: ecKey(), extensions: () => [] }).der)
      .subject;
  const value = (tag: number, hex: string): Uint8Array =>
    sequence(tlv(0x31, sequence(oid('2.5.4.10'), tlv(tag, Buffer.from(hex, 'hex')))));
  assert.equal(subject(nameOf('Zoë')), 'CN=Zoë');
  assert.equal(subject(value(0x1e, '005a006f00eb')), 'O=Zoë');
  assert.equal(subject(nameOf('a, b+c')), 'CN=a\\, b\\+c');
  const long = subject(nameOf('x'.repeat(10_000)));
  assert.equal(long.length, 512);
  assert.ok(long.endsWith('…'));
});

describe('PEM', () => {
  const pem = toPem(leaf.der);
  test('goes there and back', () => {
    assert.deepEqual(parsePem(pem, 'file'), [leaf.der]);
    assert.equal(
      new X509Certificate(pem).fingerprint256,
      new X509Certificate(leaf.der).fingerprint256,
    );
  });
  test('may hold several certificates, other blocks, other text and CRLF', () => {
    const other = '-----BEGIN PARAMETERS-----\nAAAA\n-----END PARAMETERS-----\n';
    const text = `subject: x\n${pem}${other}${toPem(root.der)}`.replaceAll('\n', '\r\n');
    assert.deepEqual(parsePem(text, 'file'), [leaf.der, root.der]);
  });
  const table: { name: string; text: string; message: string; offset: number | null }[] = [
    { name: 'nothing', text: '', message: 'there is no certificate', offset: null },
    {
      name: 'a key alone',
      text: '-----BEGIN KEY-----\nAAAA\n-----END KEY-----',
      message: 'there is no certificate',
      offset: null,
    },
    {
      name: 'a block cut off',
      text: `# x\n${pem.slice(0, -30)}`,
      message: 'block "CERTIFICATE" does not end',
      offset: 4,
    },
    {
      name: 'a letter that is not base64',
      text: pem.replace('MII', 'M*I').replace('MIH', 'M*H'),
      message: 'certificate is not base64',
      offset: 0,
    },
    {
      name: 'an empty block',
      text: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----',
      message: 'certificate is not base64',
      offset: 0,
    },
  ];
  for (const { name, text, message, offset } of table) {
    test(`${name} is refused, saying what and where`, () => {
      assert.throws(
        () => parsePem(text, 'ca.pem'),
        (error) => {
          assert.ok(error instanceof FormatError);
          assert.deepEqual(
            [error.code, error.message, error.what, error.offset],
            ['ERR_PEM_INVALID', message, 'ca.pem', offset],
          );
          return true;
        },
      );
    });
  }
});

describe('fingerprints', () => {
  const hex = '0123456789abcdef'.repeat(4);
  const pairs = formatFingerprint(hex);
  test('are upper-case pairs with colons', () => {
    assert.match(pairs, /^01:23:45:67:89:AB:CD:EF:/);
    assert.equal(pairs.length, 95);
  });
  const table: [notation: string, read: string | null][] = [
    [hex, hex],
    [pairs, hex],
    [pairs.replaceAll(':', ' '), hex],
    [pairs.replaceAll(':', '-'), hex],
    [`  ${pairs}\n`, hex],
    [`SHA256:${hex}`, hex],
    [`sha-256 ${hex}`, hex],
    [`SHA256 Fingerprint=${pairs}`, hex],
    [`sha256 Fingerprint=${pairs}`, hex],
    [`\u200e${hex}`, hex],
    [hex.slice(2), null],
    [`${hex}00`, null],
    [hex.replace('0', 'g'), null],
    [`SHA1 Fingerprint=${pairs.slice(0, 59)}`, null],
    ['', null],
    ['yes', null],
  ];
  for (const [notation, read] of table) {
    test(`${JSON.stringify(notation.slice(0, 40))} is ${read === null ? 'none' : 'read'}`, () => {
      assert.equal(parseFingerprint(notation), read);
    });
  }
});

test('two names of the same spelling in different string types have different ids', () => {
  const printable = makeCertificate({ subject: nameOf('Same', 0x13), extensions: () => [] });
  const utf8 = makeCertificate({ subject: nameOf('Same', 0x0c), extensions: () => [] });
  const [a, b] = [parseCertificate(printable.der), parseCertificate(utf8.der)];
  assert.equal(a.subject, b.subject);
  assert.notEqual(a.subjectId, b.subjectId);
});
