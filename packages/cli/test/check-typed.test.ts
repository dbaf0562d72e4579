/** What is typed after `postern check`: instants, ports and their protocols, lists of hosts. And one line for monitoring. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { PROBLEM_KINDS, STARTTLS_PROTOCOLS } from '@postern/trust';
import { NagiosState } from '../src/check/nagios.ts';
import { parseTarget, zimbraTargets } from '../src/check/targets.ts';
import { parseInstant, parseTimeout } from '../src/check/typed.ts';

describe('an instant', () => {
  const instants: readonly (readonly [typed: string, iso: string])[] = [
    ['2027-01-31', '2027-01-31T00:00:00.000Z'],
    ['2027-01-31T08:00', '2027-01-31T08:00:00.000Z'],
    ['2027-01-31 08:00:01', '2027-01-31T08:00:01.000Z'],
    ['2027-01-31T08:00:01.5Z', '2027-01-31T08:00:01.500Z'],
    ['2027-01-31t08:00:01z', '2027-01-31T08:00:01.000Z'],
    ['2027-01-31T08:00+01:00', '2027-01-31T07:00:00.000Z'],
    ['2027-01-31T08:00-0530', '2027-01-31T13:30:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['@0', '1970-01-01T00:00:00.000Z'],
    ['@1700000000', '2023-11-14T22:13:20.000Z'],
    ['@-1', '1969-12-31T23:59:59.000Z'],
    ['0001-01-01', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ];
  for (const [typed, iso] of instants) {
    test(`${typed} is ${iso}`, () => assert.equal(parseInstant(typed).toISOString(), iso));
  }

  const others = [
    '',
    'now',
    'tomorrow',
    '2027',
    '2027-1-31',
    '2027-02-29',
    '2027-13-01',
    '2027-01-31T25:00',
    '2027-01-31T08:00 CET',
    '31.01.2027',
    '1700000000',
    '@',
    '@1e9',
    '@99999999999999999',
    ' 2027-01-31',
  ];
  for (const typed of others) {
    test(`"${typed}" is none`, () => {
      assert.throws(() => parseInstant(typed), {
        code: 'ERR_USAGE',
        message: `"${typed}" is not an instant`,
      });
    });
  }
});

describe('a target', () => {
  const targets: readonly (readonly [typed: string, startTls: string | null])[] = [
    ['mail.example.com', null],
    ['mail.example.com:25', 'smtp'],
    ['mail.example.com:587', 'smtp'],
    ['mail.example.com:465', null],
    ['mail.example.com:24', 'lmtp'],
    ['mail.example.com:7025', 'lmtp'],
    ['mail.example.com:143', 'imap'],
    ['mail.example.com:110', 'pop3'],
    ['mail.example.com:389', 'ldap'],
    ['mail.example.com:636', null],
    ['mail.example.com:5222', 'xmpp'],
    ['mail.example.com:5269', 'xmpp-server'],
    ['[2001:db8::1]:143', 'imap'],
  ];
  for (const [typed, startTls] of targets) {
    test(`${typed} begins ${startTls === null ? 'with TLS' : `in ${startTls}`}`, () => {
      assert.equal(parseTarget(typed).startTls, startTls);
    });
  }

  test('begins as --starttls says, whatever the port', () => {
    assert.equal(parseTarget('mail.example.com:443', 'imap').startTls, 'imap');
    assert.equal(parseTarget('mail.example.com:25', null).startTls, null);
  });

  test('--zimbra is eight of one host, in any notation of it', () => {
    for (const host of ['mail.example.com', '192.0.2.7', '2001:db8::1']) {
      const typed = host === '2001:db8::1' ? ['2001:db8::1', '[2001:db8::1]'] : [host];
      for (const text of typed) {
        assert.deepEqual(
          zimbraTargets(text).map(({ host: found, port, startTls }) => [found, port, startTls]),
          [
            [host, 443, null],
            [host, 7071, null],
            [host, 8443, null],
            [host, 993, null],
            [host, 995, null],
            [host, 465, null],
            [host, 587, 'smtp'],
            [host, 7025, 'lmtp'],
          ],
        );
      }
    }
    assert.throws(() => zimbraTargets('[2001:db8::1]:443'), { code: 'ERR_USAGE' });
  });
});

test('seconds may have parts, and there is a most', () => {
  assert.deepEqual(
    [parseTimeout('5'), parseTimeout('0.25'), parseTimeout('86400')],
    [5000, 250, 86_400_000],
  );
  for (const typed of ['0', '-1', '1e3', '86401', 'x', '']) {
    assert.throws(() => parseTimeout(typed), { code: 'ERR_USAGE' });
  }
});

test('a line for monitoring has one bar, one line and an end, whatever it has to say', () => {
  const state = new NagiosState(30);
  state.fail({ message: `a|b\nc\u001b[2J${'x'.repeat(5000)}` });
  const { line, exitCode } = state.result();
  assert.equal(exitCode, 3);
  assert.match(line, /^POSTERN UNKNOWN - a\/b\\u\{A\}c\\u\{1B\}\[2Jx+$/);
  assert.ok(line.length < 500);
});

test('the schema knows every kind of problem and every protocol', () => {
  const { $defs } = JSON.parse(
    readFileSync(new URL('../../../docs/check.schema.json', import.meta.url), 'utf8'),
  );
  assert.deepEqual($defs.problem.properties.kind.enum, [...PROBLEM_KINDS]);
  assert.deepEqual($defs.startTls.enum, [null, ...STARTTLS_PROTOCOLS]);
  for (const name of ['report', 'certificate', 'remark', 'end', 'pathElement']) {
    const { required, properties } = $defs[name];
    assert.deepEqual(required, Object.keys(properties), name);
  }
});
