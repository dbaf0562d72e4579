import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import {
  byGravity,
  describe,
  describeEvidence,
  PROBLEM_KINDS,
  type Problem,
  type ProblemKind,
} from '../src/problem.ts';

const at = '2026-11-23T08:00:00.000Z';

/** One problem of each kind, and what is said of it. The type makes a kind without a row an error. */
const table: { [Kind in ProblemKind]: [Extract<Problem, { kind: Kind }>, string, string] } = {
  revoked: [
    { kind: 'revoked', position: 0, at: null, reason: 'keyCompromise' },
    'The certificate has been revoked by its issuer.',
    'revoked at an unknown time, reason: keyCompromise',
  ],
  'revocation-unknown': [
    { kind: 'revocation-unknown', position: 1, reason: 'list is 3 days old' },
    'Whether certificate 2 of the chain has been revoked could not be found out.',
    'list is 3 days old',
  ],
  'bad-signature': [
    { kind: 'bad-signature', position: 0, subject: 'CN=a', issuer: 'CN=b' },
    'The certificate was not signed by the issuer that it names.',
    '"CN=a" names "CN=b" as its issuer, whose key did not sign it',
  ],
  'disallowed-by-policy': [
    { kind: 'disallowed-by-policy', position: null, sha256: 'ab' },
    'A certificate that was not sent is not allowed by policy.',
    'policy disallows the certificate with SHA-256 ab',
  ],
  'name-mismatch': [
    { kind: 'name-mismatch', position: 0, serverName: 'mail.test', presented: [] },
    'The certificate does not match the server.',
    'certificate is valid for nothing, not "mail.test"',
  ],
  'self-signed': [
    { kind: 'self-signed', position: 0, subject: 'CN=a' },
    'The certificate is self-signed and not trusted.',
    '"CN=a" is its own issuer and not trusted here',
  ],
  'root-not-trusted': [
    { kind: 'root-not-trusted', position: 1, subject: 'CN=root', sha256: 'ab' },
    'The root CA certificate is not among the trusted root certification authorities.',
    'root "CN=root" with SHA-256 ab is not trusted here',
  ],
  'issuer-not-found': [
    { kind: 'issuer-not-found', position: 1, issuer: 'CN=root' },
    'The issuer of certificate 2 of the chain could not be found.',
    'issuer "CN=root" was neither sent nor is it trusted here',
  ],
  'incomplete-chain': [
    { kind: 'incomplete-chain', position: 0, missingIssuer: 'CN=ca' },
    'The server did not send the certificate of the issuer.',
    'issuer "CN=ca" was not sent and is not trusted here',
  ],
  'name-constraint': [
    {
      kind: 'name-constraint',
      position: 1,
      name: 'a.test',
      constraint: 'b.test',
      tree: 'permitted',
    },
    'Certificate 2 of the chain may not issue certificates for this name.',
    'issuer is constrained to "b.test", certificate is for "a.test"',
  ],
  'policy-constraint': [
    { kind: 'policy-constraint', position: 0, subject: 'CN=a' },
    'The certificate lacks the certificate policy that an issuer asks for.',
    '"CN=a" has no valid certificate policy, and an issuer requires one',
  ],
  'not-a-ca': [
    { kind: 'not-a-ca', position: 1, subject: 'CN=a' },
    'Certificate 2 of the chain may not issue certificates.',
    '"CN=a" issued a certificate without being a CA',
  ],
  'path-too-long': [
    { kind: 'path-too-long', position: 2, subject: 'CN=a', allowed: 0, found: 1 },
    'Certificate 3 of the chain has more issuers below it than it allows.',
    '"CN=a" allows 0 issuers below it, found 1',
  ],
  'wrong-usage': [
    { kind: 'wrong-usage', position: 0, required: 'serverAuth', presented: ['clientAuth'] },
    'The certificate is not meant for a server.',
    'certificate is for "clientAuth", not for serverAuth',
  ],
  'unknown-critical-extension': [
    { kind: 'unknown-critical-extension', position: 0, oid: '1.2.3' },
    'The certificate has a critical extension that is not understood.',
    'extension 1.2.3 is critical',
  ],
  expired: [
    { kind: 'expired', position: 0, subject: 'CN=a', notAfter: '2026-11-23T07:59:59.000Z', at },
    'The certificate has expired.',
    `certificate expired 1 second before ${at}: valid until 2026-11-23T07:59:59.000Z`,
  ],
  'not-yet-valid': [
    {
      kind: 'not-yet-valid',
      position: 0,
      subject: 'CN=a',
      notBefore: '2026-11-23T10:30:00.000Z',
      at,
    },
    'The certificate is not valid yet.',
    `certificate becomes valid 2 hours after ${at}: valid from 2026-11-23T10:30:00.000Z`,
  ],
  'weak-key': [
    { kind: 'weak-key', position: 0, algorithm: 'rsa', bits: 1024, minimum: 2048 },
    'The key of the certificate is too short.',
    'rsa key has 1024 bits, at least 2048 are required',
  ],
  'weak-signature': [
    { kind: 'weak-signature', position: 0, algorithm: 'sha1WithRSAEncryption' },
    'The signature of the certificate is of a kind that can be forged.',
    'signed with sha1WithRSAEncryption',
  ],
  'old-protocol': [
    { kind: 'old-protocol', position: null, protocol: 'TLSv1', minimum: 'TLSv1.2' },
    'The connection uses a version of TLS that is too old.',
    'connection uses TLSv1, at least TLSv1.2 is required',
  ],
  malformed: [
    { kind: 'malformed', position: 0, reason: 'truncated at byte 3' },
    'The certificate is not well formed.',
    'truncated at byte 3',
  ],
  'limit-exceeded': [
    { kind: 'limit-exceeded', position: null, limit: 'signature checks', allowed: 100, found: 101 },
    'The server presented more than is looked at.',
    '101 signature checks, at most 100',
  ],
  'refused-by-openssl': [
    { kind: 'refused-by-openssl', position: null, code: 'INVALID_CA' },
    'OpenSSL refused the certificate.',
    'OpenSSL says INVALID_CA',
  ],
};

suite('every kind of problem has one sentence and its evidence', () => {
  for (const [problem, sentence, evidence] of Object.values(table)) {
    test(`${problem.kind}: ${sentence}`, () => {
      assert.equal(describe(problem), sentence);
      assert.equal(describeEvidence(problem), evidence);
    });
  }
});

test('problems are ordered by gravity, then leaf first and the whole connection last', () => {
  const one = (kind: 'expired' | 'self-signed', position: number | null): Problem =>
    kind === 'expired'
      ? { kind, position, subject: '', notAfter: at, at }
      : { kind, position, subject: '' };
  const sorted = [one('expired', null), one('expired', 1), one('self-signed', 0), one('expired', 0)]
    .sort(byGravity)
    .map(({ kind, position }) => [kind, position]);
  assert.deepEqual(sorted, [
    ['self-signed', 0],
    ['expired', 0],
    ['expired', 1],
    ['expired', null],
  ]);
  const kinds = Object.values(table).map(([problem]) => problem);
  assert.deepEqual(
    kinds.sort(byGravity).map(({ kind }) => kind),
    [...PROBLEM_KINDS],
  );
});

test('evidence names ten names and counts the rest', () => {
  const presented = Array.from({ length: 25 }, (_, index) => `host${index}.test`);
  const text = describeEvidence({ kind: 'name-mismatch', position: 0, serverName: 'x', presented });
  assert.ok(text.includes('"host9.test" or 15 more, not "x"'));
  assert.ok(!text.includes('host10'));
});

test('a revocation list that is no list, or too large, is named', () => {
  const list = '/etc/postern/ca.crl';
  const about = { position: null, list } as const;
  const broken: Problem = { kind: 'malformed', reason: 'truncated at byte 0', ...about };
  const large: Problem = {
    kind: 'limit-exceeded',
    limit: 'bytes',
    allowed: 25_165_824,
    found: 50_000_000,
    ...about,
  };
  assert.deepEqual(
    [broken, large].map((problem) => [describe(problem), describeEvidence(problem)]),
    [
      [
        'A revocation list cannot be read.',
        'revocation list "/etc/postern/ca.crl": truncated at byte 0',
      ],
      [
        'A revocation list is larger than what is looked at.',
        'revocation list "/etc/postern/ca.crl": 50000000 bytes, at most 25165824',
      ],
    ],
  );
});
