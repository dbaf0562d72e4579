/** What people type, read strictly. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseEndpoint,
  parseInterval,
  parsePort,
  parseSha256,
  parseSwitch,
} from '../src/arguments.ts';
import { UsageError } from '../src/failure.ts';
import { clipped, endpointText, printable, printableLines } from '../src/printable.ts';

const endpoints: { typed: string; host: string; port: number }[] = [
  { typed: 'mail.example.com', host: 'mail.example.com', port: 443 },
  { typed: 'mail.example.com:8443', host: 'mail.example.com', port: 8443 },
  { typed: '192.0.2.7:7071', host: '192.0.2.7', port: 7071 },
  { typed: '2001:db8::7', host: '2001:db8::7', port: 443 },
  { typed: '[2001:db8::7]:8443', host: '2001:db8::7', port: 8443 },
  { typed: '[::1]', host: '::1', port: 443 },
];
for (const { typed, host, port } of endpoints) {
  test(`${typed} is port ${port} of ${host}`, () => {
    assert.deepEqual(parseEndpoint(typed), { host, port });
  });
}

const refused: { name: string; read: () => unknown }[] = [
  { name: 'an address with a scheme', read: () => parseEndpoint('https://mail.example.com') },
  { name: 'a name with a space', read: () => parseEndpoint('mail example.com') },
  { name: 'a port without a name', read: () => parseEndpoint(':443') },
  { name: 'port 0', read: () => parsePort('0') },
  { name: 'port 65536', read: () => parsePort('65536') },
  { name: 'a port with a sign', read: () => parsePort('+443') },
  { name: 'Always as a period', read: () => parseInterval('Always') },
  { name: 'a period in other words', read: () => parseInterval('1 day') },
  { name: 'a SHA-1 fingerprint', read: () => parseSha256('0a'.repeat(20)) },
  { name: 'yes for on', read: () => parseSwitch('yes') },
];
for (const { name, read } of refused) {
  test(`${name} is refused as usage`, () => assert.throws(read, UsageError));
}

test('an endpoint is printed as it is typed', () => {
  for (const { typed } of endpoints) {
    assert.deepEqual(parseEndpoint(endpointText(parseEndpoint(typed))), parseEndpoint(typed));
  }
});

const hostile: { name: string; text: string; shown: string }[] = [
  { name: 'an escape sequence', text: 'a\u001b[2Jb', shown: 'a\\u{1B}[2Jb' },
  { name: 'a line end', text: 'a\r\nb', shown: 'a\\u{D}\\u{A}b' },
  { name: 'a one-byte control of C1', text: 'a\u009b2Jb', shown: 'a\\u{9B}2Jb' },
  { name: 'a turn of the reading direction', text: 'a\u202eb', shown: 'a\\u{202E}b' },
  { name: 'an invisible character', text: 'a\u200bb', shown: 'a\\u{200B}b' },
  { name: 'half a surrogate pair', text: 'a\ud800b', shown: 'a\\u{D800}b' },
];
for (const { name, text, shown } of hostile) {
  test(`${name} is written out instead of done`, () => {
    assert.equal(printable(text), shown);
    if (!/[\r\n]/.test(text)) assert.equal(printableLines(`x\n${text}`), `x\n${shown}`);
  });
}

test('text in any language stays as it is', () => {
  const text = 'Übergröße · Łukasz · 東京 · مرحبا';
  assert.equal(printable(text), text);
});

test('a line that is cut says so, by characters and not by bytes', () => {
  assert.equal(clipped('größer', 4), 'grö…');
  assert.equal(clipped('größer', 6), 'größer');
});
