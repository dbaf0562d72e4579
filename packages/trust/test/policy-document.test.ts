import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goodPlan, makeChain } from '@postern/badcerts';
import { toPem } from '../src/certificate.ts';
import { FormatError } from '../src/errors.ts';
import type { Policy } from '../src/policy.ts';
import { policyKey, readPolicyDocument } from '../src/policy-document.ts';

const WHAT = 'policy.json';
const HEX = 'ab'.repeat(32);
const COLONS = 'AB:'.repeat(32).slice(0, -1);
const { parts } = await makeChain(goodPlan('policy document', 'mail.example.test'));
const PEM = toPem(parts.root.der);

const read: { key: string; value: unknown; expected: Partial<Policy> }[] = [
  { key: 'RequireSecureConnection', value: true, expected: { requireSecureConnection: true } },
  { key: 'TrustOverride', value: 'off', expected: { trustOverride: 'off' } },
  {
    key: 'TrustOverrideHosts',
    value: ['Mail.Example.TEST', '2001:DB8::1'],
    expected: { trustOverrideHosts: ['mail.example.test', '2001:db8::1'] },
  },
  { key: 'MaxTrustDays', value: 0, expected: { maxTrustDays: 0 } },
  { key: 'MaxTrustDays', value: 30, expected: { maxTrustDays: 30 } },
  { key: 'RequireFingerprintCheck', value: false, expected: { requireFingerprintCheck: false } },
  { key: 'RootsFromSystem', value: false, expected: { rootsFromSystem: false } },
  {
    key: 'ExtraRoots',
    value: [{ pem: PEM, hosts: ['a.test'] }],
    expected: { extraRoots: [{ pem: PEM, hosts: ['a.test'] }] },
  },
  {
    key: 'ExtraRoots',
    value: [{ pem: PEM }],
    expected: { extraRoots: [{ pem: PEM, hosts: null }] },
  },
  {
    key: 'PinnedKeys',
    value: [{ host: 'A.test', spkiSha256: [COLONS] }],
    expected: { pinnedKeys: [{ host: 'a.test', spkiSha256: [HEX] }] },
  },
  { key: 'DisallowedCertificates', value: [COLONS], expected: { disallowedCertificates: [HEX] } },
  { key: 'Revocation', value: 'when-available', expected: { revocation: 'when-available' } },
  {
    key: 'RevocationLists',
    value: ['/etc/postern/ca.crl'],
    expected: { revocationLists: ['/etc/postern/ca.crl'] },
  },
  { key: 'MinimumTlsVersion', value: 'TLSv1.3', expected: { minimumTlsVersion: 'TLSv1.3' } },
  { key: 'ServerName', value: 'mail.example.test', expected: { serverName: 'mail.example.test' } },
  { key: 'SupportText', value: 'Call 123', expected: { supportText: 'Call 123' } },
  {
    key: 'SupportUrl',
    value: 'https://help.example.test',
    expected: { supportUrl: 'https://help.example.test/' },
  },
  {
    key: 'SupportUrl',
    value: 'mailto:help@example.test',
    expected: { supportUrl: 'mailto:help@example.test' },
  },
];

for (const { key, value, expected } of read) {
  test(`${key} ${JSON.stringify(value).slice(0, 60)} is read`, () => {
    assert.deepEqual(readPolicyDocument(JSON.stringify({ [key]: value }), WHAT), expected);
  });
}

const refused: { key: string; value: unknown; message: RegExp }[] = [
  {
    key: 'requireSecureConnection',
    value: true,
    message: /^key "requireSecureConnection" is not one of RequireSecureConnection, /,
  },
  {
    key: 'TrustOveride',
    value: 'off',
    message: /^key "TrustOveride" is not one of .*TrustOverride, /,
  },
  { key: '__proto__', value: {}, message: /^key "__proto__" is not one of / },
  {
    key: 'RequireSecureConnection',
    value: 'true',
    message: /^RequireSecureConnection: "true" is not true or false$/,
  },
  { key: 'RootsFromSystem', value: null, message: /^RootsFromSystem: null is not true or false$/ },
  {
    key: 'TrustOverride',
    value: 'On',
    message: /^TrustOverride: "On" is not one of "off", "listed", "on"$/,
  },
  {
    key: 'TrustOverride',
    value: 'listed',
    message: /^TrustOverride is "listed", and TrustOverrideHosts does not say/,
  },
  {
    key: 'TrustOverrideHosts',
    value: 'a.test',
    message: /^TrustOverrideHosts: "a.test" is not a list$/,
  },
  {
    key: 'TrustOverrideHosts',
    value: ['*.a.test'],
    message: /^TrustOverrideHosts: server name "\*\.a\.test" is not a host name$/,
  },
  {
    key: 'TrustOverrideHosts',
    value: ['https://a.test'],
    message: /^TrustOverrideHosts: .* is not a host name$/,
  },
  {
    key: 'TrustOverrideHosts',
    value: [''],
    message: /^TrustOverrideHosts: "" is not a host name or an IP address$/,
  },
  {
    key: 'MaxTrustDays',
    value: 31,
    message: /^MaxTrustDays: 31 is not a whole number of days from 0 to 30$/,
  },
  { key: 'MaxTrustDays', value: -1, message: /^MaxTrustDays: -1 is not / },
  { key: 'MaxTrustDays', value: 1.5, message: /^MaxTrustDays: 1.5 is not / },
  { key: 'MaxTrustDays', value: '7', message: /^MaxTrustDays: "7" is not / },
  {
    key: 'ExtraRoots',
    value: [{ pem: 'nothing' }],
    message: /^ExtraRoots: there is no certificate$/,
  },
  { key: 'ExtraRoots', value: [{ pem: 7 }], message: /^ExtraRoots: pem 7 is not a text$/ },
  {
    key: 'ExtraRoots',
    value: [PEM],
    message: /^ExtraRoots: "-----BEGIN .*\.\.\. is not an object$/,
  },
  {
    key: 'ExtraRoots',
    value: [{ pem: PEM, host: 'a' }],
    message: /^ExtraRoots: key "host" is not one of pem, hosts$/,
  },
  {
    key: 'PinnedKeys',
    value: [{ host: 'a.test', spkiSha256: [] }],
    message: /^PinnedKeys: no spkiSha256 for host "a.test"$/,
  },
  {
    key: 'PinnedKeys',
    value: [{ host: 'a.test' }],
    message: /^PinnedKeys: nothing is not a list$/,
  },
  {
    key: 'PinnedKeys',
    value: [
      { host: 'a.test', spkiSha256: [HEX] },
      { host: 'A.test', spkiSha256: [HEX] },
    ],
    message: /^PinnedKeys: host "a.test" is named twice$/,
  },
  {
    key: 'DisallowedCertificates',
    value: ['ab'.repeat(20)],
    message: /is not a SHA-256 fingerprint of 64 hexadecimal digits$/,
  },
  {
    key: 'Revocation',
    value: 'on',
    message: /^Revocation: "on" is not one of "off", "when-available", "required"$/,
  },
  {
    key: 'RevocationLists',
    value: ['ca.crl'],
    message: /^RevocationLists: "ca.crl" is not an absolute path$/,
  },
  {
    key: 'RevocationLists',
    value: '/etc/postern/ca.crl',
    message: /^RevocationLists: "\/etc\/postern\/ca.crl" is not a list$/,
  },
  { key: 'RevocationLists', value: [7], message: /^RevocationLists: 7 is not an absolute path$/ },
  {
    key: 'RevocationLists',
    value: ['/etc/ca.crl\0.txt'],
    message: /^RevocationLists: "\/etc\/ca.crl\\u0000.txt" is not an absolute path$/,
  },
  {
    key: 'MinimumTlsVersion',
    value: 'TLSv1.1',
    message: /^MinimumTlsVersion: "TLSv1.1" is not one of "TLSv1.2", "TLSv1.3"$/,
  },
  {
    key: 'SupportText',
    value: 'two\nlines',
    message: /^SupportText: "two\\nlines" is not a line of 1 to 500 characters$/,
  },
  { key: 'SupportText', value: 'right to left \u202e', message: /^SupportText: / },
  { key: 'SupportText', value: 'x'.repeat(501), message: /^SupportText: "x+\.\.\. is not a line/ },
  {
    key: 'SupportUrl',
    value: 'javascript:alert(1)',
    message: /^SupportUrl: "javascript:alert\(1\)" is not an https: or mailto: address$/,
  },
  { key: 'SupportUrl', value: 'http://help.example.test', message: /^SupportUrl: / },
];

function refuses(text: string, message: RegExp): void {
  assert.throws(
    () => readPolicyDocument(text, WHAT),
    (error) => {
      assert.ok(error instanceof FormatError, String(error));
      assert.equal(error.code, 'ERR_POLICY_INVALID');
      assert.equal(error.what, WHAT);
      assert.match(error.message, message);
      return true;
    },
  );
}

for (const { key, value, message } of refused) {
  test(`${key} ${JSON.stringify(value).slice(0, 60)} makes the document invalid`, () => {
    refuses(`{${JSON.stringify(key)}: ${JSON.stringify(value)}}`, message);
  });
}

const broken: { name: string; text: string; message: RegExp }[] = [
  { name: 'an empty file', text: '', message: /^policy "policy.json" is not JSON$/ },
  { name: 'a truncated document', text: '{"MaxTrustDays": 7', message: /is not JSON$/ },
  { name: 'a list', text: '[]', message: /^policy "policy.json" is not a JSON object$/ },
  { name: 'null', text: 'null', message: /is not a JSON object$/ },
];

for (const { name, text, message } of broken) {
  test(`${name} is no policy document`, () => refuses(text, message));
}

test('a byte order mark before the document changes nothing', () => {
  assert.deepEqual(readPolicyDocument('\uFEFF{"MaxTrustDays": 7}', WHAT), { maxTrustDays: 7 });
});

test('a document that states nothing is read as nothing', () => {
  assert.deepEqual(readPolicyDocument('{}', WHAT), {});
});

test('every field has the key of the same name with a capital', () => {
  assert.equal(policyKey('maxTrustDays'), 'MaxTrustDays');
  assert.equal(policyKey('minimumTlsVersion'), 'MinimumTlsVersion');
});
