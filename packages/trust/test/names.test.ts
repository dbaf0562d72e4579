import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GeneralName } from '../src/certificate.ts';
import { FormatError } from '../src/errors.ts';
import { addressFromBytes, matchesServerName, normaliseServerName } from '../src/names.ts';

describe('a server name has one spelling', () => {
  const table: [given: string, normalised: string][] = [
    ['mail.example.test', 'mail.example.test'],
    ['MAIL.Example.TEST', 'mail.example.test'],
    ['mail.example.test.', 'mail.example.test'],
    ['mail', 'mail'],
    ['my_server.corp', 'my_server.corp'],
    ['3com.test', '3com.test'],
    ['bücher.example.test', 'xn--bcher-kva.example.test'],
    ['BÜCHER.example.test', 'xn--bcher-kva.example.test'],
    ['xn--bcher-kva.example.test', 'xn--bcher-kva.example.test'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    [`${'a'.repeat(63)}.test`, `${'a'.repeat(63)}.test`],
  ];
  for (const [given, normalised] of table) {
    test(`${given} is ${normalised}`, () => {
      assert.equal(normaliseServerName(given), normalised);
      assert.equal(normaliseServerName(normalised), normalised);
    });
  }
});

describe('what is not plainly a name is refused', () => {
  const table = [
    '.',
    '..',
    'mail..test',
    '.mail.test',
    'mail.test..',
    '127.0.0.1.',
    '127.1',
    '0x7f.1',
    '2130706433',
    '1.2.3.4.5',
    '::1%lo',
    '[::1]',
    'mail.test:443',
    'https://mail.test',
    'mail.test/x',
    'mail.test#',
    'user@mail.test',
    'mail.test ',
    ' mail.test',
    'mail test',
    'mail\u0000.test',
    'mail\u200b.test',
    'ma\u00adil.test',
    'mail。test',
    'bücher/.test',
    'bü%63her.test',
    '*.test',
    '-mail.test',
    'mail-.test',
    `${'a'.repeat(64)}.test`,
    `${'a.'.repeat(126)}test`,
    '１２７.０.０.１',
  ];
  for (const given of table) {
    test(`${JSON.stringify(given)} is refused`, () => {
      assert.throws(
        () => normaliseServerName(given),
        (error) => error instanceof FormatError && error.code === 'ERR_PROFILE_INVALID',
      );
    });
  }
  test('no name at all is the error of the caller', () => {
    assert.throws(() => normaliseServerName(''), TypeError);
  });
});

describe('names in the certificate', () => {
  const dns = (value: string): GeneralName => ({ type: 'dns', value });
  const ip = (...bytes: number[]): GeneralName => ({
    type: 'ip',
    value: addressFromBytes(Uint8Array.from(bytes)) ?? '',
  });
  const table: [serverName: string, presented: GeneralName, matches: boolean][] = [
    ['mail.example.test', dns('mail.example.test'), true],
    ['mail.example.test.', dns('mail.example.test'), true],
    ['mail.example.test', dns('MAIL.example.TEST'), true],
    ['mail.example.test', dns('example.test'), false],
    ['mail.example.test', dns('xmail.example.test'), false],
    ['mail.example.test', dns('mail.example.test.'), false],
    ['mail.example.test', dns('*.example.test'), true],
    ['a.mail.example.test', dns('*.example.test'), false],
    ['example.test', dns('*.example.test'), false],
    ['mail.example.test', dns('m*.example.test'), false],
    ['mail.example.test', dns('mail.*.test'), false],
    ['mail.example.test', dns('*.*.test'), false],
    ['mail.example.test', dns('**.example.test'), false],
    ['mail.example.test', dns('*'), false],
    ['mail.test', dns('*.test'), false],
    ['mail.test', dns('*.test.'), false],
    ['xn--bcher-kva.example.test', dns('*.example.test'), true],
    ['bücher.example.test', dns('xn--bcher-kva.example.test'), true],
    ['bücher.example.test', dns('bücher.example.test'), false],
    ['mail.example.test', dns('mail.example.test\\u{0}.evil.test'), false],
    ['my_server.corp.test', dns('my_server.corp.test'), true],
    ['mail.example.test', { type: 'uri', value: 'https://mail.example.test' }, false],
    ['mail.example.test', { type: 'email', value: 'mail.example.test' }, false],
    ['10.0.0.5', ip(10, 0, 0, 5), true],
    ['10.0.0.5', ip(10, 0, 0, 6), false],
    ['10.0.0.5', dns('10.0.0.5'), false],
    ['10.0.0.5', dns('*.0.0.5'), false],
    ['::1', ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), true],
    ['0:0:0:0:0:0:0:1', ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), true],
    ['::ffff:10.0.0.5', ip(10, 0, 0, 5), false],
    ['10.0.0.5', ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 5), false],
  ];
  for (const [serverName, presented, matches] of table) {
    const verb = matches ? 'is' : 'is not';
    test(`${serverName} ${verb} ${presented.type} ${presented.value}`, () => {
      assert.equal(matchesServerName(serverName, [presented]), matches);
    });
  }
  test('one name among several is enough', () => {
    assert.equal(matchesServerName('b.test.example', [dns('a.test'), dns('b.test.example')]), true);
  });
  test('no name matches nothing', () => {
    assert.equal(matchesServerName('mail.test', []), false);
  });
});

test('an address has 4 or 16 bytes', () => {
  assert.equal(addressFromBytes(Uint8Array.from([1, 2, 3])), null);
  assert.equal(addressFromBytes(new Uint8Array(8)), null);
  assert.equal(addressFromBytes(new Uint8Array(16)), '::');
});
