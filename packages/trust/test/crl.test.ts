import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { MAX_LIST_BYTES, parseCrl, parseCrlFile } from '../src/crl.ts';
import { FormatError } from '../src/errors.ts';
import {
  ascii,
  caExtensions,
  extension,
  makeCertificate,
  oid,
  sequence,
  tlv,
} from './make-certificate.ts';
import {
  deltaOf,
  directoryName,
  integer,
  issuingPoint,
  type ListRecipe,
  makeCrl,
  NEXT_UPDATE,
  REASON,
  REVOKED_AT,
  reasonCode,
  THIS_UPDATE,
} from './make-crl.ts';
import { tempFolder } from './temp-folder.ts';

const root = makeCertificate({ subject: 'Root', extensions: caExtensions() });
const SERIAL = Buffer.of(0x5a, 0x01);

function listOf(recipe: Omit<ListRecipe, 'issuer'>) {
  return parseCrl(makeCrl({ issuer: root, ...recipe }), 'test.crl');
}

test('a list is read field by field', () => {
  const list = listOf({
    number: 300,
    entries: [{ serial: SERIAL, reason: REASON.keyCompromise }],
    extensions: [
      deltaOf(299),
      issuingPoint({ fullName: [directoryName(root.subject)], only: 'user', reasons: [1, 8] }),
    ],
  });
  const { find, signed, signature, sha256, bytes, authorityKeyId, scope, ...rest } = list;
  assert.deepEqual(rest, {
    source: 'test.crl',
    version: 2,
    issuer: 'CN=Root',
    issuerKey: 'directory:550403="root"',
    thisUpdate: THIS_UPDATE,
    nextUpdate: NEXT_UPDATE,
    number: 300n,
    deltaBase: 299n,
    issuingDistributionPoint: {
      names: ['directory:550403="root"'],
      only: 'certificates of users',
      reasons: 0x102,
      isIndirect: false,
    },
    signatureAlgorithm: 'ecdsa-with-SHA256',
    unusable: [],
    malformed: [],
  });
  assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.deepEqual([bytes > 200, signed.length > 100, signature.length > 60], [true, true, true]);
  assert.match(authorityKeyId ?? '', /^[0-9a-f]{40}$/);
  assert.match(scope, /^30/);
  assert.deepEqual(find(SERIAL, list.issuerKey), [{ at: REVOKED_AT, reason: 'keyCompromise' }]);
  assert.deepEqual(find(SERIAL, 'directory:another'), []);
  assert.deepEqual(find(Buffer.of(0x5a), list.issuerKey), []);
});

test('an entry whose reason is not in use is still an entry', () => {
  const list = listOf({ entries: [{ serial: SERIAL, reason: 7 }] });
  assert.deepEqual(list.find(SERIAL, list.issuerKey), [{ at: REVOKED_AT, reason: 'reason 07' }]);
});

test('an entry with other extensions beside the reason is read', () => {
  const invalidity = extension('2.5.29.24', false, ascii(0x18, '20260101000000Z'));
  const list = listOf({ entries: [{ serial: SERIAL, reason: 4, extensions: [invalidity] }] });
  assert.deepEqual(list.malformed, []);
  assert.deepEqual(list.find(SERIAL, list.issuerKey), [{ at: REVOKED_AT, reason: 'superseded' }]);
});

const unknownPart = tlv(0x86, Buffer.of(0xff));
const point = (...parts: Uint8Array[]): Uint8Array =>
  extension('2.5.29.28', true, sequence(...parts));
const YES = Buffer.of(0xff);

const malformed: { name: string; recipe: Omit<ListRecipe, 'issuer'>; reason: RegExp }[] = [
  {
    name: 'a date that does not exist',
    recipe: { thisUpdate: ascii(0x17, '260230000000Z') },
    reason: /^date that does not exist at byte /,
  },
  {
    name: 'a date out of any range',
    recipe: { nextUpdate: ascii(0x18, '99999999999999Z') },
    reason: /^date that does not exist at byte /,
  },
  {
    name: 'a date with fractions of a second',
    recipe: { nextUpdate: ascii(0x18, '20270101000000.5Z') },
    reason: /^date that is not in the form of RFC 5280 at byte /,
  },
  {
    name: 'an entry that is no entry',
    recipe: { rawEntries: sequence(integer(1)) },
    reason: /^no entry at byte /,
  },
  {
    name: 'an entry without a date',
    recipe: { rawEntries: sequence(sequence(tlv(2, SERIAL), integer(1))) },
    reason: /^no date at byte /,
  },
  {
    name: 'a serial number that is not minimal',
    recipe: { entries: [{ serial: Buffer.of(0, 1) }] },
    reason: /^integer not minimal at byte /,
  },
  {
    name: 'a serial number beyond all measure',
    recipe: { entries: [{ serial: Buffer.alloc(2000, 1) }] },
    reason: /^serial number too long at byte /,
  },
  {
    name: 'an entry with two reasons',
    recipe: { entries: [{ serial: SERIAL, reason: 1, extensions: [reasonCode(6)] }] },
    reason: /^2\.5\.29\.21 is there twice at byte /,
  },
  {
    name: 'a reason that is a number',
    recipe: {
      entries: [{ serial: SERIAL, extensions: [extension('2.5.29.21', false, integer(1))] }],
    },
    reason: /^no reason at byte /,
  },
  {
    name: 'entries with extensions in a list of version 1',
    recipe: { version: 1, entries: [{ serial: SERIAL, reason: 1 }] },
    reason: /^extensions in a version 1 list at byte /,
  },
  {
    name: 'an extension twice',
    recipe: { extensions: [deltaOf(1), deltaOf(2)] },
    reason: /^2\.5\.29\.27 is there twice at byte /,
  },
  {
    name: 'a negative number',
    recipe: { number: null, extensions: [extension('2.5.29.20', false, tlv(2, YES))] },
    reason: /^number that is negative or too long at byte /,
  },
  {
    name: 'an authority key identifier that is none',
    recipe: { extensions: [extension('2.5.29.18', false, Buffer.of(5)), point(unknownPart)] },
    reason: /^unknown part at byte /,
  },
  {
    name: 'a scope with parts out of order',
    recipe: { extensions: [point(tlv(0x82, YES), tlv(0x81, YES))] },
    reason: /^unknown part at byte /,
  },
  {
    name: 'a scope of users only and CAs only',
    recipe: { extensions: [point(tlv(0x81, YES), tlv(0x82, YES))] },
    reason: /^covers only one kind and only another at byte /,
  },
  {
    name: 'a scope with a default written out',
    recipe: { extensions: [point(tlv(0x81, Buffer.of(0)))] },
    reason: /^default value written out at byte /,
  },
  {
    name: 'a scope with a name of no kind',
    recipe: { extensions: [point(tlv(0xa0, tlv(0xa2, integer(1))))] },
    reason: /^name of an unknown kind at byte /,
  },
  {
    name: 'a scope nested too deeply',
    recipe: {
      extensions: [
        point(
          Array.from({ length: 40 }).reduce<Uint8Array>((inner) => tlv(0xa0, inner), integer(1)),
        ),
      ],
    },
    reason: /^nested too deeply at byte /,
  },
  {
    name: 'more extensions than any list has',
    recipe: {
      extensions: Array.from({ length: 70 }, (_, i) => extension(`1.2.3.${i}`, false, integer(1))),
    },
    reason: /^72 extensions, at most 64 are read at byte /,
  },
];

for (const { name, recipe, reason } of malformed) {
  test(`a list with ${name} is malformed`, () => {
    const list = listOf(recipe);
    assert.equal(list.malformed.length, 1);
    assert.match(list.malformed[0] ?? '', reason);
    assert.deepEqual(list.find(SERIAL, list.issuerKey), []);
  });
}

test('a list whose issuer is empty is malformed', () => {
  const { malformed: reasons } = parseCrl(
    makeCrl({ issuer: { ...root, subject: sequence() } }),
    'test.crl',
  );
  assert.match(reasons[0] ?? '', /^empty issuer at byte /);
});

test('two different signature algorithms make a list malformed', () => {
  const der = makeCrl({ issuer: root });
  const other = oid('1.2.840.10045.4.3.3');
  der.set(other, Buffer.from(der).lastIndexOf(oid('1.2.840.10045.4.3.2')));
  const { malformed: reasons } = parseCrl(der, 'test.crl');
  assert.match(reasons[0] ?? '', /^two different signature algorithms at byte /);
});

/** Wrapped as RFC 7468 has it. */
function pem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

const first = makeCrl({ issuer: root, number: 1 });
const second = makeCrl({ issuer: root, number: 2 });

test('a file holds one list in DER, or several in PEM among other blocks', () => {
  const numbers = (file: Uint8Array | string) =>
    parseCrlFile(Buffer.from(file), 'lists.pem').map(({ number }) => number);
  assert.deepEqual(numbers(first), [1n]);
  assert.deepEqual(numbers(pem('X509 CRL', first) + pem('X509 CRL', second)), [1n, 2n]);
  assert.deepEqual(numbers(pem('CERTIFICATE', root.der) + pem('CRL', second)), [2n]);
  assert.deepEqual(numbers(pem('X509 CRL', first).replaceAll('\n', '\r\n')), [1n]);
});

const noFile: { name: string; text: string; message: string; offset: number | null }[] = [
  { name: 'nothing', text: '', message: 'there is no revocation list', offset: null },
  {
    name: 'a certificate',
    text: pem('CERTIFICATE', root.der),
    message: 'there is no revocation list',
    offset: null,
  },
  {
    name: 'a block that does not end',
    text: `first\n${pem('X509 CRL', first).slice(0, -10)}`,
    message: 'block "X509 CRL" does not end',
    offset: 6,
  },
  {
    name: 'a block that is not base64',
    text: pem('X509 CRL', first).replace('M', '!'),
    message: 'revocation list is not base64',
    offset: 0,
  },
  {
    name: 'an empty block',
    text: pem('X509 CRL', Buffer.alloc(0)),
    message: 'revocation list is not base64',
    offset: 0,
  },
];

for (const { name, text, message, offset } of noFile) {
  test(`a file with ${name} is no file of lists`, () => {
    assert.throws(
      () => parseCrlFile(Buffer.from(text), 'lists.pem'),
      (error) => {
        assert.ok(error instanceof FormatError);
        const { code, what } = error;
        assert.deepEqual(
          { code, what, message: error.message, offset: error.offset },
          { code: 'ERR_PEM_INVALID', what: 'lists.pem', message, offset },
        );
        return true;
      },
    );
  });
}

test('a long list in PEM is the same as in DER', () => {
  const entries = Array.from({ length: 8000 }, (_, i) => ({
    serial: Buffer.of(1, i >> 8, i & 0xff),
  }));
  const der = makeCrl({ issuer: root, entries });
  assert.ok(der.length > 150_000 && der.length < MAX_LIST_BYTES);
  const [fromPem] = parseCrlFile(Buffer.from(pem('X509 CRL', der)), 'long.pem');
  assert.equal(fromPem?.sha256, parseCrl(der, 'long.der').sha256);
});

test('a list that the openssl program makes is read, in PEM and in DER', (t) => {
  const folder = tempFolder(t);
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...args: string[]): boolean => {
    try {
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
      return true;
    } catch {
      return false;
    }
  };
  const how = 'apt-get install openssl';
  if (!requireOrSkip(t, openssl('version'), 'the openssl program', how)) return;
  writeFileSync(
    at('index.txt'),
    'R\t270101000000Z\t261015120000Z,keyCompromise\t5A01\tunknown\t/CN=x\n',
  );
  writeFileSync(at('crlnumber'), '2A\n');
  writeFileSync(
    at('ca.cnf'),
    `[ca]
default_ca = here
[here]
database = ${at('index.txt')}
crlnumber = ${at('crlnumber')}
default_md = sha256
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
[req]
distinguished_name = name
x509_extensions = ca_certificate
[name]
[ca_certificate]
subjectKeyIdentifier = hash
`,
  );
  assert.ok(
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/O=Test/CN=CA', '-config', 'ca.cnf'],
    ),
  );
  assert.ok(
    openssl(
      ...['ca', '-gencrl', '-config', 'ca.cnf', '-keyfile', 'ca.key', '-cert', 'ca.pem'],
      ...['-out', 'list.pem'],
    ),
  );
  assert.ok(openssl('crl', '-in', 'list.pem', '-outform', 'DER', '-out', 'list.der'));
  const [fromPem] = parseCrlFile(readFileSync(at('list.pem')), 'list.pem');
  const [fromDer] = parseCrlFile(readFileSync(at('list.der')), 'list.der');
  assert.equal(fromPem?.sha256, fromDer?.sha256);
  assert.deepEqual(
    [fromDer?.malformed, fromDer?.unusable, fromDer?.number, fromDer?.issuer],
    [[], [], 0x2an, 'O=Test, CN=CA'],
  );
  assert.deepEqual(fromDer?.find(SERIAL, fromDer.issuerKey), [
    { at: REVOKED_AT, reason: 'keyCompromise' },
  ]);
});
