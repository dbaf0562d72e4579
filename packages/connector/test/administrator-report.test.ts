/** The report for the administrator: everything that is known, and nothing that is secret. */

import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';
import { AT, caseById, fingerprint, goodPlan, leaf, makeChain } from '@postern/badcerts';
import {
  type Anchor,
  DEFAULT_POLICY,
  type Diagnosis,
  diagnose,
  parseCertificate,
} from '@postern/trust';
import { leafExtensions, makeCertificate } from '../../trust/test/make-certificate.ts';
import { type AdministratorReportInput, administratorReport } from '../src/administrator-report.ts';

const HOST = 'mail.example.test';
const VERSIONS = { postern: '0.2.0', node: 'v24.17.0', openssl: '3.5.4' };

function diagnosisOf(
  presented: readonly Uint8Array[],
  anchors: readonly Uint8Array[],
  about: { serverName?: string; openssl?: string | null; source?: string } = {},
): Diagnosis {
  const { serverName = HOST, openssl, source = 'test' } = about;
  return diagnose({
    presented,
    serverName,
    anchors: anchors.map(
      (der): Anchor => ({ certificate: parseCertificate(der), origin: { kind: 'system', source } }),
    ),
    policy: DEFAULT_POLICY,
    at: AT,
    protocol: 'TLSv1.3',
    openssl,
  });
}

function reportOn(
  diagnosis: Diagnosis | null,
  about: Partial<AdministratorReportInput> = {},
): string {
  return administratorReport({
    endpoint: { host: HOST, port: 443 },
    purpose: 'folders',
    at: AT,
    isSecure: false,
    diagnosis,
    causes: [],
    versions: VERSIONS,
    ...about,
  });
}

const colons = (sha256: string): RegExp =>
  new RegExp((sha256.toUpperCase().match(/../g) ?? []).join(':').replace(/^(.{47}):/, '$1\\n +'));

test('it says what was connected to, what is wrong, which certificates there were, and how to look again', async () => {
  const plan = leaf({ notAfter: new Date('2026-11-20T08:00:00Z') })(goodPlan('report', HOST));
  const made = await makeChain(plan);
  const diagnosis = diagnosisOf(made.presented, made.anchors, { openssl: 'CERT_HAS_EXPIRED' });
  const report = reportOn(diagnosis, {
    causes: [
      {
        certainty: 'proof',
        sentence: 'The certificate ended 3 days ago.',
        administrator: 'Renew it.\nThen restart.',
      },
      { certainty: 'guess', sentence: 'The clock may be wrong.', administrator: null },
    ],
  });
  const [first = '', second = ''] = made.presented.map(fingerprint);
  assert.match(report, colons(first));
  assert.match(report, colons(second));
  assert.equal(
    report.replaceAll(/(?:[0-9A-F]{2}:){15}[0-9A-F]{2}/g, '(sixteen)'),
    [
      'Report on the server certificate of mail.example.test:443',
      '',
      '  Server      mail.example.test:443',
      '  Connection  folders',
      '  Looked at   2026-11-23T08:00:00Z',
      '  Verdict     NOT SECURE',
      '  Name        mail.example.test',
      '  Protocol    TLSv1.3',
      '  OpenSSL     CERT_HAS_EXPIRED',
      '  Made by     Postern 0.2.0, Node.js 24.17.0, OpenSSL 3.5.4',
      '',
      'Problems',
      '  - The certificate has expired. [expired, certificate 1]',
      '    certificate expired 3 days before 2026-11-23T08:00:00.000Z: valid until',
      '    2026-11-20T08:00:00.000Z',
      '',
      'What the cause is',
      '  - The certificate ended 3 days ago.',
      '    Renew it.',
      '    Then restart.',
      '',
      'What the cause may be',
      '  - The clock may be wrong.',
      '',
      'Certificates, as the server sent them',
      '  Certificate 1',
      '    Subject     "CN=mail.example.test"',
      '    Issuer      "O=Postern Test, CN=Intermediate"',
      '    Names       "mail.example.test"',
      '    Valid from  2026-01-01T00:00:00Z',
      '    Valid to    2026-11-20T08:00:00Z',
      '    Serial      5c0ffee1',
      '    Key         ec (prime256v1)',
      '    Signature   ecdsa-with-SHA256',
      '    SHA-256     (sixteen)',
      '                (sixteen)',
      '',
      '  Certificate 2',
      '    Subject     "O=Postern Test, CN=Intermediate"',
      '    Issuer      "O=Postern Test, CN=Root"',
      '    Names       none',
      '    Valid from  2026-01-01T00:00:00Z',
      '    Valid to    2046-01-01T00:00:00Z',
      '    Serial      4b01',
      '    Key         ec (prime256v1)',
      '    Signature   ecdsa-with-SHA256',
      '    SHA-256     (sixteen)',
      '                (sixteen)',
      '',
      'Path, from the server upwards',
      '  - "CN=mail.example.test" (certificate 1)',
      '  - "O=Postern Test, CN=Intermediate" (certificate 2)',
      '  - "O=Postern Test, CN=Root" (not sent, trusted: known to the computer)',
      '',
      'To look again',
      '  postern check mail.example.test:443',
      '',
    ].join('\n'),
  );
});

test('a server that speaks no TLS has a report too', () => {
  const report = reportOn(null, { endpoint: { host: '2001:db8::7', port: 80 } });
  assert.match(report, /^Report on the server certificate of \[2001:db8::7\]:80\n/);
  assert.match(report, /did not answer with TLS: the connection would be plain HTTP\./);
  assert.match(report, /postern check \[2001:db8::7\]:80\n$/);
});

test('only the verdict says SECURE, and a look that is not repeated by the address alone says how', async () => {
  const made = await makeChain(goodPlan('secure', HOST));
  const diagnosis = diagnosisOf(made.presented, made.anchors, { openssl: null });
  assert.match(reportOn(diagnosis), /Verdict +NOT SECURE\n/);
  const report = reportOn(diagnosis, {
    isSecure: true,
    purpose: null,
    checkOptions: ['--starttls', 'smtp'],
  });
  assert.match(report, /Verdict +SECURE\n/);
  assert.doesNotMatch(report, /Connection|Problems|Remarks|cause/);
  assert.match(report, /postern check mail\.example\.test:443 --starttls smtp\n$/);
});

test('a chain in a file is reported without a server, and without a name where none was given', async () => {
  const made = await makeChain(goodPlan('file', HOST));
  const diagnosis = { ...diagnosisOf(made.presented, []), protocol: null };
  const report = reportOn(diagnosis, { endpoint: null, purpose: null, isNameChecked: false });
  assert.match(
    report,
    /^Report on a chain of certificates in a file\n\n {2}Looked at .*\n {2}Verdict .*\n {2}Name +not checked\n {2}OpenSSL +was not consulted\n/,
  );
  assert.doesNotMatch(report, /To look again|postern check/);
});

test('a certificate to add stands as openssl can read it', async () => {
  const made = await makeChain(goodPlan('add', HOST));
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  const report = reportOn(diagnosisOf(made.presented, made.anchors), {
    causes: [{ certainty: 'proof', sentence: 'It is left out.', administrator: `Add:\n${pem}` }],
  });
  assert.ok(report.includes(`    Add:\n${pem}\n`), report);
});

suite('what others wrote', () => {
  const evil = 'x, Verdict SECURE\n\u001b[2J\u202e"Verdict: SECURE';
  const long = 'n'.repeat(400);
  test('cannot begin a line, move a cursor or widen the page', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `${index}.${'a'.repeat(60)}.test`);
    const { der } = makeCertificate({
      subject: `${evil}${long}`,
      extensions: leafExtensions(...names),
    });
    const report = reportOn(diagnosisOf([der], []), { purpose: `a\n${evil}` });
    const lines = report.split('\n');
    assert.deepEqual(
      lines.filter((line) => [...line].length > 76),
      [],
    );
    assert.doesNotMatch(report, /[^\P{C}\n]/u);
    assert.equal(lines.filter((line) => /^ {0,4}Verdict/.test(line)).length, 1);
    assert.match(report, /Subject +"CN=x\\, Verdict SECURE\\u\{a\}\\u\{1b\}\[2J/);
    assert.match(report, /and 580 more/);
    assert.ok(report.length < 10_000);
  });

  for (const id of ['form::version-1', 'chain::self-signed']) {
    test(`${id} is reported`, async () => {
      const found = caseById(id);
      const made = await found.make();
      assert.match(reportOn(diagnosisOf(made.presented, made.anchors)), /Problems\n {2}- /);
    });
  }
});

test('no path of this computer is told: neither where a root came from nor a revocation list', async () => {
  const made = await makeChain(goodPlan('path', HOST));
  const source = '/srv/anna/roots/private.pem';
  const diagnosis = diagnosisOf(made.presented, made.anchors, { source });
  const report = reportOn({
    ...diagnosis,
    problems: [
      { kind: 'malformed', position: null, reason: 'not a list', list: '/srv/anna/lists/ca.crl' },
    ],
  });
  assert.doesNotMatch(report, /srv|anna|private\.pem/);
  assert.match(report, /"ca\.crl"/);
});
