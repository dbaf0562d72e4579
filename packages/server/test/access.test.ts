import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Attempts } from '../src/access/attempts.ts';
import { hashPassword, SCRYPT_COST, verifyPassword } from '../src/access/password.ts';
import { readMessageHeaders, withoutBcc } from '../src/mailbox/message-headers.ts';
import { formatSyncToken, parseSyncToken } from '../src/mailbox/sync-token.ts';
import { ManualClock } from './fixture.ts';

const at = new Date('2026-11-23T09:00:00Z');

test('a hash says how it was made, and fits its own password only', async () => {
  const hash = await hashPassword('pässword');
  assert.match(hash, /^scrypt\$32768\$8\$3\$[0-9a-f]{32}\$[0-9a-f]{64}$/);
  assert.equal(await verifyPassword('pässword', hash), true);
  assert.equal(
    await verifyPassword('pa\u0308ssword', hash),
    true,
    'the same letters, composed otherwise',
  );
  assert.equal(await verifyPassword('password', hash), false);
  assert.equal(await verifyPassword('pässword', null), false);
  assert.notEqual(await hashPassword('pässword'), hash);
});

test('a hash of other cost is still understood', async () => {
  const weaker = { ...SCRYPT_COST, N: 1024, p: 1 };
  assert.equal(await verifyPassword('p', await hashPassword('p', weaker)), true);
});

test('attempts are counted by account and address, and by address alone', () => {
  const clock = new ManualClock(at);
  const attempts = new Attempts(clock);
  for (let n = 0; n < 10; n++) attempts.failed('anna@x.test', '192.0.2.1');
  assert.equal(attempts.isLocked('ANNA@x.test', '192.0.2.1'), true);
  assert.equal(attempts.isLocked('anna@x.test', '192.0.2.2'), false);
  assert.equal(attempts.isLocked('bob@x.test', '192.0.2.1'), false);
  for (let n = 0; n < 40; n++) attempts.failed(`${n}@x.test`, '192.0.2.1');
  assert.equal(attempts.isLocked('bob@x.test', '192.0.2.1'), true);
  clock.advance(599_999);
  assert.equal(attempts.isLocked('bob@x.test', '192.0.2.1'), true);
  clock.advance(1);
  assert.equal(attempts.isLocked('bob@x.test', '192.0.2.1'), false);
});

test('a sync token is read as it was written', () => {
  const place = fc.record({ token: fc.nat(), id: fc.option(fc.nat()) }, { noNullPrototype: true });
  fc.assert(
    fc.property(place, place, (changes, deletes) => {
      assert.deepEqual(parseSyncToken(formatSyncToken({ changes, deletes })), { changes, deletes });
    }),
  );
});

const HEADERS: readonly { name: string; message: string; expected: object }[] = [
  {
    name: 'encoded words, folded, with comments',
    message:
      'Subject: =?UTF-8?B?R3LDvMOf?=\r\n =?UTF-8?Q?e?=\r\nFrom: "B, A" <A@X.test> (a)\r\nTo: b@x.test, Group: c@x.test;\r\nMessage-ID: <1@x>\r\nReferences: <a@x> <b@x>\r\nIn-Reply-To: <b@x>\r\n\r\nTo: body@x.test',
    expected: {
      subject: 'Grüße',
      from: ['a@x.test'],
      recipients: ['b@x.test', 'c@x.test'],
      messageId: '<1@x>',
      references: ['<b@x>', '<a@x>'],
    },
  },
  {
    name: 'nothing',
    message: '',
    expected: { subject: '', from: [], recipients: [], messageId: null, references: [] },
  },
  {
    name: 'a body alone',
    message: '\r\nSubject: body',
    expected: { subject: '', from: [], recipients: [], messageId: null, references: [] },
  },
  {
    name: 'an unknown charset',
    message: 'Subject: =?x-none?Q?a=FF?=\n\n',
    expected: { from: [], recipients: [], messageId: null, references: [] },
  },
];

test('the fields that a mailbox needs are found, in broken messages too', async (t) => {
  for (const { name, message, expected } of HEADERS) {
    await t.test(name, () =>
      assert.partialDeepStrictEqual(readMessageHeaders(Buffer.from(message)), expected),
    );
  }
});

test('no bytes make the header’s reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(typeof readMessageHeaders(bytes).subject, 'string');
    }),
  );
});

const BCC: readonly { name: string; message: string; expected: string }[] = [
  {
    name: 'in the middle',
    message: 'A: 1\r\nBcc: x@y\r\nB: 2\r\n\r\nbody',
    expected: 'A: 1\r\nB: 2\r\n\r\nbody',
  },
  {
    name: 'folded, and last',
    message: 'A: 1\r\nBCC: x@y,\r\n\tz@y\r\n\r\nbody',
    expected: 'A: 1\r\n\r\nbody',
  },
  { name: 'twice', message: 'bcc:x\nA: 1\nBcc : y\n\nbody', expected: 'A: 1\n\nbody' },
  {
    name: 'in the body',
    message: 'A: 1\r\n\r\nBcc: x@y\r\n',
    expected: 'A: 1\r\n\r\nBcc: x@y\r\n',
  },
  { name: 'none', message: 'A: 1', expected: 'A: 1' },
];

test('Bcc is taken from the header, and nothing else', async (t) => {
  for (const { name, message, expected } of BCC) {
    await t.test(name, () =>
      assert.equal(Buffer.from(withoutBcc(Buffer.from(message))).toString(), expected),
    );
  }
});
