import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe as suite, test } from 'node:test';
import { renewedWithSameKey } from '@postern/badcerts';
import type { Anchor } from '../src/anchors.ts';
import { parseCertificate } from '../src/certificate.ts';
import { compareCertificates, describeJudgement } from '../src/compare.ts';
import { diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import {
  caExtensions,
  type KeyPair,
  leafExtensions,
  type Made,
  makeCertificate,
  NOT_AFTER,
  NOT_BEFORE,
  nameOf,
} from './make-certificate.ts';

/** Monday 23 November 2026, 08:00 UTC. */
const AT = new Date('2026-11-23T08:00:00Z');
/** Three weeks before. */
const SEEN = new Date('2026-11-02T08:00:00Z');
const HOST = 'mail.example.test';

const root = makeCertificate({ subject: 'Example Root', extensions: caExtensions() });
const issuing = makeCertificate({
  subject: 'Issuing CA',
  issuer: root,
  extensions: caExtensions(),
});
const otherRoot = makeCertificate({ subject: 'Other Root', extensions: caExtensions() });
/** A stranger who calls itself as the issuer is called. */
const namesake = makeCertificate({ subject: 'Example Root', extensions: caExtensions() });

function server(issuer?: Made, key?: KeyPair): Made {
  return makeCertificate({
    subject: HOST,
    ...(issuer === undefined ? {} : { issuer }),
    ...(key === undefined ? {} : { key }),
    extensions: leafExtensions(HOST),
  });
}

const before = server(root);
const own = server();

/** Says that the issuer signed it, and somebody else did. */
function forged(by: KeyPair): Made {
  return makeCertificate({
    subject: HOST,
    issuer: root,
    signedBy: by,
    extensions: leafExtensions(HOST),
  });
}

interface Situation {
  name: string;
  old: Made;
  /** False where only the fingerprint was kept. */
  isKept?: boolean;
  presented: readonly [Made, ...Made[]];
  anchors?: readonly Made[];
  fetched?: readonly Made[];
  wasSecure?: boolean;
  judgement: string;
  change?: string;
  sentence: string;
}

function compare(situation: Omit<Situation, 'change' | 'judgement' | 'name' | 'sentence'>) {
  const {
    old,
    isKept = true,
    presented,
    anchors = [],
    fetched = [],
    wasSecure = false,
  } = situation;
  const diagnosis = diagnose({
    presented: presented.map(({ der }) => der),
    serverName: HOST,
    anchors: anchors.map(
      ({ der }): Anchor => ({
        certificate: parseCertificate(der),
        origin: { kind: 'system', source: 'test' },
      }),
    ),
    policy: DEFAULT_POLICY,
    at: AT,
    protocol: 'TLSv1.3',
    openssl: undefined,
  });
  const { sha256 } = parseCertificate(old.der);
  const found = compareCertificates({
    expected: { sha256, der: isKept ? old.der : null, lastSeenAt: SEEN },
    diagnosis,
    fetched: fetched.map(({ der }) => parseCertificate(der)),
    wasSecure,
  });
  assert.ok(found !== null);
  return found;
}

const RENEWED = 'It shows a renewed certificate with the same key as before.';
const SAME_ISSUER =
  'It shows another certificate than before, with a new key, signed by the same issuer.';
const OTHER_ISSUER =
  'It shows another certificate than before, with a new key, signed by another issuer.';
const NAMESAKE = `${OTHER_ISSUER.slice(0, -1)} that has the same name.`;
const UNKNOWN =
  'It shows another certificate than before, with a new key, and whether the same issuer signed it is not known.';

const situations: readonly Situation[] = [
  {
    name: 'the same key in a new certificate',
    old: before,
    presented: [server(root, before.key)],
    judgement: 'same-key',
    sentence: RENEWED,
  },
  {
    name: 'the same key, now signed by another issuer',
    old: before,
    presented: [server(otherRoot, before.key), otherRoot],
    judgement: 'same-key',
    sentence: RENEWED,
  },
  {
    name: 'a new key, and the issuer was sent',
    old: before,
    presented: [server(root), root],
    judgement: 'new-key-same-issuer',
    sentence: SAME_ISSUER,
  },
  {
    name: 'a new key, and the issuer is an anchor that was not sent',
    old: before,
    presented: [server(root)],
    anchors: [root],
    judgement: 'new-key-same-issuer',
    sentence: SAME_ISSUER,
  },
  {
    name: 'a new key, and the issuer was left out and fetched',
    old: before,
    presented: [server(root)],
    fetched: [root],
    judgement: 'new-key-same-issuer',
    sentence: SAME_ISSUER,
  },
  {
    name: 'a new key, and what was fetched has signed neither',
    old: before,
    presented: [server(root)],
    fetched: [otherRoot, namesake],
    judgement: 'unknown',
    sentence: UNKNOWN,
  },
  {
    name: 'a new key under an issuer that nobody has',
    old: before,
    presented: [server(root)],
    judgement: 'unknown',
    sentence: UNKNOWN,
  },
  {
    name: 'a new key and another issuer',
    old: before,
    presented: [server(otherRoot), otherRoot],
    judgement: 'other-issuer',
    sentence: OTHER_ISSUER,
  },
  {
    name: 'an issuer of the same name with another key',
    old: before,
    presented: [server(namesake), namesake],
    judgement: 'other-issuer',
    sentence: NAMESAKE,
  },
  {
    name: 'an issuer of the same name that is not sent',
    old: before,
    presented: [server(namesake)],
    judgement: 'unknown',
    sentence: UNKNOWN,
  },
  {
    name: 'a forgery beside the true issuer',
    old: before,
    presented: [forged(namesake.key), root],
    judgement: 'other-issuer',
    sentence: NAMESAKE,
  },
  {
    name: 'an issuer that was moved below another root',
    old: server(issuing),
    presented: [
      server(issuing),
      makeCertificate({
        subject: 'Issuing CA',
        key: issuing.key,
        issuer: otherRoot,
        extensions: caExtensions(),
      }),
    ],
    judgement: 'new-key-same-issuer',
    sentence: SAME_ISSUER,
  },
  {
    name: 'a self-signed certificate with a new key after a self-signed one',
    old: server(),
    presented: [server()],
    judgement: 'other-issuer',
    sentence: NAMESAKE,
  },
  {
    name: 'a self-signed certificate that was renewed with its key',
    old: own,
    presented: [server(undefined, own.key)],
    judgement: 'same-key',
    sentence: RENEWED,
  },
  {
    name: 'a certificate of which only the fingerprint is known',
    old: before,
    isKept: false,
    presented: [server(root, before.key), root],
    judgement: 'unknown',
    sentence: 'It shows another certificate than before, of which only the fingerprint was kept.',
  },
  {
    name: 'verified before, now self-signed',
    old: before,
    presented: [server(), root],
    wasSecure: true,
    judgement: 'was-verified',
    change: 'other-issuer',
    sentence:
      'This server was verified before and is not now: it shows another certificate than before, with a new key, signed by another issuer.',
  },
  {
    name: 'verified before, now renewed with the same key',
    old: before,
    presented: [server(root, before.key)],
    wasSecure: true,
    judgement: 'was-verified',
    change: 'same-key',
    sentence:
      'This server was verified before and is not now: it shows a renewed certificate with the same key as before.',
  },
  {
    name: 'verified before, and the certificate has not changed',
    old: before,
    isKept: false,
    presented: [before],
    wasSecure: true,
    judgement: 'was-verified',
    change: 'same-certificate',
    sentence:
      'This server was verified before and is not now: it shows the same certificate as before.',
  },
  {
    name: 'verified before, of which only the fingerprint is known',
    old: before,
    isKept: false,
    presented: [server(otherRoot), otherRoot],
    wasSecure: true,
    judgement: 'was-verified',
    change: 'unknown',
    sentence:
      'This server was verified before and is not now: it shows another certificate than before, of which only the fingerprint was kept.',
  },
];

suite('what a change is', () => {
  for (const { name, judgement, change = judgement, sentence, ...situation } of situations) {
    test(name, () => {
      const found = compare(situation);
      assert.deepEqual(
        [found.judgement, found.change, describeJudgement(found)],
        [judgement, change, sentence],
      );
    });
  }

  test('a chain that zmcertmgr would renew with its key is told as a renewal', async () => {
    const made = await renewedWithSameKey(HOST);
    const [old = new Uint8Array()] = made.before.presented;
    const found = compareCertificates({
      expected: { sha256: parseCertificate(old).sha256, der: old, lastSeenAt: SEEN },
      diagnosis: { chain: made.after.presented.map(parseCertificate), path: [] },
      wasSecure: false,
    });
    assert.equal(found?.judgement, 'same-key');
    const different = found?.rows.filter(({ differs }) => differs).map(({ field }) => field);
    assert.deepEqual(different, ['not-before', 'serial-number', 'sha256']);
  });

  test('what was kept under another fingerprint counts as not kept', () => {
    const found = compareCertificates({
      expected: { sha256: 'ab'.repeat(32), der: before.der, lastSeenAt: SEEN },
      diagnosis: { chain: [parseCertificate(server(root, before.key).der)], path: [] },
      wasSecure: false,
    });
    assert.equal(found?.change, 'unknown');
    assert.equal(found?.isOldKept, false);
  });

  test('two certificates that cannot be read do not have the same key', () => {
    const old = Uint8Array.of(0x30, 0x01, 0x00);
    const found = compareCertificates({
      expected: { sha256: parseCertificate(old).sha256, der: old, lastSeenAt: SEEN },
      diagnosis: { chain: [parseCertificate(Uint8Array.of(0x30, 0x02, 0x05, 0x00))], path: [] },
      wasSecure: false,
    });
    assert.equal(found?.change, 'unknown');
  });

  test('no certificate cannot be compared', () => {
    const found = compareCertificates({
      expected: { sha256: 'ab'.repeat(32), der: null, lastSeenAt: SEEN },
      diagnosis: { chain: [], path: [] },
      wasSecure: true,
    });
    assert.equal(found, null);
  });
});

suite('keys that are made to fit', () => {
  test('an issuer with a huge exponent is not taken for the issuer of both', () => {
    const key = rsaWithExponent(2n ** 127n - 1n);
    const issuer = makeCertificate({ subject: 'Fitting CA', key, extensions: caExtensions() });
    const found = compare({ old: server(issuer), presented: [server(issuer), issuer] });
    assert.equal(found.change, 'unknown');
  });

  test('the usual exponent is', () => {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const issuer = makeCertificate({ subject: 'Usual CA', key, extensions: caExtensions() });
    const found = compare({ old: server(issuer), presented: [server(issuer), issuer] });
    assert.equal(found.change, 'new-key-same-issuer');
  });
});

suite('old and new side by side', () => {
  test('every field has its values and says whether it differs', () => {
    const old = makeCertificate({
      subject: HOST,
      issuer: root,
      serial: Uint8Array.of(0x11),
      extensions: leafExtensions(HOST),
    });
    const fresh = makeCertificate({
      subject: HOST,
      issuer: root,
      key: old.key,
      serial: Uint8Array.of(0x12),
      notAfter: new Date('2027-11-01T00:00:00Z'),
      extensions: leafExtensions(HOST, '192.0.2.7'),
    });
    const [was, is] = [parseCertificate(old.der), parseCertificate(fresh.der)];
    assert.deepEqual(compare({ old, presented: [fresh] }).rows, [
      { field: 'subject', old: `CN=${HOST}`, new: `CN=${HOST}`, differs: false },
      { field: 'names', old: HOST, new: `${HOST}, ip:192.0.2.7`, differs: true },
      { field: 'issuer', old: 'CN=Example Root', new: 'CN=Example Root', differs: false },
      { field: 'key', old: 'ec (prime256v1)', new: 'ec (prime256v1)', differs: false },
      { field: 'spki', old: was.spkiSha256, new: is.spkiSha256, differs: false },
      {
        field: 'not-before',
        old: NOT_BEFORE.toISOString(),
        new: NOT_BEFORE.toISOString(),
        differs: false,
      },
      {
        field: 'not-after',
        old: NOT_AFTER.toISOString(),
        new: '2027-11-01T00:00:00.000Z',
        differs: true,
      },
      { field: 'serial-number', old: was.serialNumber, new: is.serialNumber, differs: true },
      {
        field: 'signature',
        old: was.signatureAlgorithm,
        new: was.signatureAlgorithm,
        differs: false,
      },
      { field: 'sha256', old: was.sha256, new: is.sha256, differs: true },
    ]);
  });

  test('names are compared beyond where their text is cut', () => {
    const long = 'x'.repeat(600);
    const named = (end: string): Made =>
      makeCertificate({ subject: nameOf(`${long}${end}`), extensions: leafExtensions(HOST) });
    const { rows } = compare({ old: named('a'), presented: [named('b')] });
    const subject = rows.find(({ field }) => field === 'subject');
    assert.equal(subject?.old, subject?.new);
    assert.equal(subject?.differs, true);
  });

  test('of thousands of names ten are shown, and all are compared', () => {
    const named = (last: string): Made =>
      makeCertificate({
        subject: HOST,
        extensions: leafExtensions(
          ...Array.from({ length: 1999 }, (_, index) => `${index}.example.test`),
          last,
        ),
      });
    const { rows } = compare({
      old: named('a.example.test'),
      presented: [named('b.example.test')],
    });
    const names = rows.find(({ field }) => field === 'names');
    assert.match(names?.new ?? '', /^0\.example\.test, .*, 9\.example\.test and 1990 more$/);
    assert.equal(names?.new, names?.old);
    assert.equal(names?.differs, true);
  });

  test('where only the fingerprint was kept nothing else is said of the old one', () => {
    const fresh = server(otherRoot);
    const { rows } = compare({ old: before, isKept: false, presented: [fresh] });
    const known = rows.filter(({ old }) => old !== null).map(({ field }) => field);
    assert.deepEqual(known, ['sha256']);
    assert.deepEqual(
      rows.filter(({ differs }) => differs !== null).map(({ field }) => field),
      ['sha256'],
    );
  });
});

/** An RSA key of 2048 bits whose public exponent is this prime. */
function rsaWithExponent(e: bigint): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = privateKey.export({ format: 'jwk' });
  const [p, q] = [numberOf(jwk.p), numberOf(jwk.q)];
  const d = inverse(e, (p - 1n) * (q - 1n));
  const fitting = createPrivateKey({
    format: 'jwk',
    key: {
      ...jwk,
      e: base64Of(e),
      d: base64Of(d),
      dp: base64Of(d % (p - 1n)),
      dq: base64Of(d % (q - 1n)),
    },
  });
  return { privateKey: fitting, publicKey: createPublicKey(fitting) };
}

function numberOf(base64: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(base64 ?? '', 'base64url').toString('hex')}`);
}

function base64Of(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

/** Euclid's algorithm: x with a·x ≡ 1 (mod m). */
function inverse(a: bigint, m: bigint): bigint {
  let [r, next, x, nextX] = [m, a % m, 0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [x, nextX] = [nextX, x - quotient * nextX];
  }
  return ((x % m) + m) % m;
}
