/** One question as the daemon would hand it over, for tests that need no server. */

import type {
  CauseReport,
  CertificateReport,
  ComparisonReport,
  QuestionReport,
} from '@postern/connector';

/** Monday 23 November 2026, 08:00 UTC. */
export const NOW = new Date('2026-11-23T08:00:00Z');
export const SHA256 = '4b9b15d1'.repeat(8);

export const CERTIFICATE: CertificateReport = {
  sha256: SHA256,
  sha1: '0a'.repeat(20),
  subject: 'CN=mail.example.com',
  issuer: 'CN=Example CA',
  serialNumber: '01',
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2027-01-01T00:00:00.000Z',
  names: ['mail.example.com'],
  publicKey: 'RSA 2048',
  spkiSha256: '5b'.repeat(32),
  signatureAlgorithm: 'RSA with SHA-256',
  isCa: false,
  keyUsage: ['digital signature'],
  extendedKeyUsage: ['server authentication'],
  extensions: [],
  pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
};

/** A cause that is only guessed. */
export const CAUSE: CauseReport = {
  kind: 'private-root',
  certainty: 'guess',
  subject: 'CN=Example CA',
  sha256: null,
  sentence: 'The certificate may come from a private authority.',
  cure: 'Ask the administrator for the root CA certificate.',
  administrator: 'Give out the root CA certificate.',
};

/** Another issuer and another key, and an end that nobody can read. */
export const COMPARISON: ComparisonReport = {
  judgement: 'other-issuer',
  change: 'other-issuer',
  sentence: 'It shows another certificate than before, with a new key, signed by another issuer.',
  lastSeenAt: '2026-11-01T09:30:00.000Z',
  rows: [
    { field: 'subject', old: 'CN=mail.example.com', new: 'CN=mail.example.com', differs: false },
    { field: 'names', old: 'mail.example.com', new: 'mail.example.com', differs: false },
    { field: 'issuer', old: 'CN=Old CA', new: 'CN=Example CA', differs: true },
    { field: 'key', old: 'rsa (2048 bits)', new: 'rsa (2048 bits)', differs: false },
    { field: 'spki', old: 'aa00bb11'.repeat(8), new: '5b'.repeat(32), differs: true },
    {
      field: 'not-before',
      old: '2026-01-01T00:00:00.000Z',
      new: '2026-01-01T00:00:00.000Z',
      differs: false,
    },
    { field: 'not-after', old: '2027-01-01T00:00:00.000Z', new: null, differs: true },
    { field: 'serial-number', old: '01', new: '02', differs: true },
    { field: 'signature', old: 'RSA with SHA-256', new: 'RSA with SHA-256', differs: false },
    { field: 'sha256', old: 'aa00bb11'.repeat(8), new: SHA256, differs: true },
  ],
};

/** A first question about an unknown issuer and an expired certificate, with changes. */
export function question(about: Partial<QuestionReport> = {}): QuestionReport {
  return {
    id: 'q1',
    host: 'mail.example.com',
    port: 443,
    purpose: 'folders',
    profile: 'work',
    email: 'anna@example.com',
    because: 'first',
    initiatedBy: 'person',
    openedAt: NOW.toISOString(),
    leafSha256: SHA256,
    problems: [
      {
        kind: 'issuer-not-found',
        position: 0,
        sentence: 'The issuer of this certificate could not be found.',
        evidence: 'issuer "CN=Example CA" was neither sent nor is it trusted here',
        overridable: true,
        problem: { kind: 'issuer-not-found', position: 0, issuer: 'CN=Example CA' },
      },
      {
        kind: 'expired',
        position: 0,
        sentence: 'The certificate has expired.',
        evidence:
          'certificate expired 3 days before 2026-11-23T08:00:00Z: valid until 2026-11-20T08:00:00Z',
        overridable: true,
        problem: {
          kind: 'expired',
          position: 0,
          subject: 'CN=mail.example.com',
          notAfter: '2026-11-20T08:00:00Z',
          at: '2026-11-23T08:00:00Z',
        },
      },
    ],
    remarks: [],
    causes: [],
    chain: [CERTIFICATE],
    path: [
      {
        position: 0,
        anchor: null,
        status: 'not verified',
        sha256: SHA256,
        subject: 'CN=mail.example.com',
      },
    ],
    expected: null,
    comparison: null,
    choices: [
      { interval: '1d', needsFingerprint: false },
      { interval: '1h', needsFingerprint: false },
      { interval: 'until-stop', needsFingerprint: false },
      { interval: '7d', needsFingerprint: true },
      { interval: '30d', needsFingerprint: true },
    ],
    waiting: ['folders', 'mail', 'gal'],
    supportText: null,
    administratorReport: 'Report on the server certificate of mail.example.com:443\n',
    ...about,
  };
}
