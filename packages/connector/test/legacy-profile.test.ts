import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upgradeProfile } from '../src/legacy-profile.ts';

const ALLOW_INVALID =
  'Allow Invalid Certificates was ticked in the old profile. It does not exist any more and was left out: you will be asked when a certificate cannot be trusted.';
const INTERVAL =
  'The old profile held a period for which a certificate was trusted. Such periods, "Always" among them, are not taken over: you will be asked when a certificate cannot be trusted.';
const PASSWORD = 'The old profile held a password. Passwords are not taken over.';
const HTTP =
  'The old profile did not use a secure connection. The server is asked for one at every start; without it nothing is sent until you confirm unprotected HTTP.';

const KEY =
  'HKEY_CURRENT_USER\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Windows Messaging Subsystem\\Profiles\\Anna\\zco';

function registry(...lines: string[]): string {
  return ['Windows Registry Editor Version 5.00', '', `[${KEY}]`, ...lines, ''].join('\r\n');
}

const PLAIN = registry(
  '"ServerName"="mail.example.test"',
  '"Port"="443"',
  '"UseSSL"="1"',
  '"EmailAddress"="anna@example.test"',
);

const EXPECTED = {
  name: 'Anna',
  email: 'anna@example.test',
  serverName: 'mail.example.test',
  port: 443,
  httpPort: 80,
  useSecureConnection: true,
  advanced: { detectChanges: true, lookForUpgrades: true, messageCutoffDays: 0 },
};

test('a registry export is read in UTF-16 and in UTF-8', () => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(PLAIN, 'utf16le')]);
  for (const content of [PLAIN, Buffer.from(PLAIN), Buffer.from(`\ufeff${PLAIN}`), utf16]) {
    assert.deepEqual(upgradeProfile(content, 'old.reg'), { profile: EXPECTED, notices: [] });
  }
});

const DROPPED: readonly { name: string; lines: readonly string[]; notices: readonly string[] }[] = [
  {
    name: 'a ticked Allow Invalid Certificates',
    lines: ['"AllowInvalidCertificates"=dword:00000001'],
    notices: [ALLOW_INVALID],
  },
  {
    name: 'an unticked Allow Invalid Certificates',
    lines: ['"Allow Invalid Certificates"="0"'],
    notices: [],
  },
  { name: 'the period Always', lines: ['"TrustInterval"="Always"'], notices: [INTERVAL] },
  { name: 'a period in days', lines: ['"CertTrustPeriod"=dword:0000001e'], notices: [INTERVAL] },
  { name: 'a password', lines: ['"Password"="swordfish"'], notices: [PASSWORD] },
  {
    name: 'everything at once',
    lines: ['"AllowInvalidCerts"="1"', '"TrustUntil"="2099-01-01"', '"Password"=hex:73,00,00,00'],
    notices: [ALLOW_INVALID, INTERVAL, PASSWORD],
  },
];

for (const { name, lines, notices } of DROPPED) {
  test(`${name} is dropped, and said once where it counted`, () => {
    const upgraded = upgradeProfile(`${PLAIN.trimEnd()}\r\n${lines.join('\r\n')}`, 'old.reg');
    assert.deepEqual(upgraded, { profile: EXPECTED, notices });
    assert.ok(!JSON.stringify(upgraded.profile).includes('swordfish'));
  });
}

test('an old profile without SSL stays unticked and keeps its port for HTTP', () => {
  const { profile, notices } = upgradeProfile(
    JSON.stringify({
      server: 'mail.example.test',
      port: '8080',
      useSSL: '0',
      'e-mail': 'a@example.test',
    }),
    'old.json',
  );
  assert.deepEqual(
    [profile.useSecureConnection, profile.httpPort, profile.port, profile.name],
    [false, 8080, 8443, 'a'],
  );
  assert.deepEqual(notices, [HTTP]);
});

test('old JSON with a nested dialog is read', () => {
  const { notices } = upgradeProfile(
    JSON.stringify({
      server: 'mail.example.test',
      useSSL: true,
      email: 'a@example.test',
      advanced: { allowInvalidCertificates: true },
    }),
    'old.json',
  );
  assert.deepEqual(notices, [ALLOW_INVALID]);
});

const NONSENSE: readonly { name: string; content: string; message: RegExp }[] = [
  { name: 'something else', content: 'hello', message: /line 1 of "x" cannot be read/ },
  {
    name: 'an export without a server',
    content: registry('"Port"="1"'),
    message: /no server name/,
  },
  {
    name: 'a port that is none',
    content: registry('"Server"="a.test"', '"Port"="x"'),
    message: /"port" must be/,
  },
  { name: 'a broken line', content: registry('Server=a'), message: /line 4 of "x"/ },
  { name: 'broken JSON', content: '{', message: /"x" is not JSON/ },
  {
    name: 'two profiles',
    content: registry('"Server"="a.test"', '[HKEY_CURRENT_USER\\B]', '"Server"="b.test"'),
    message: /holds 2 profiles/,
  },
];

for (const { name, content, message } of NONSENSE) {
  test(`${name} is refused as a legacy profile`, () => {
    assert.throws(() => upgradeProfile(content, 'x'), { code: 'ERR_PROFILE_INVALID', message });
  });
}
