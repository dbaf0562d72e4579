import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageSummary } from '../src/api.ts';
import { readMessage } from '../src/read-message.ts';
import { listHeaders } from '../src/store/headers.ts';

const SUMMARY: MessageSummary = {
  id: 1,
  folderId: 2,
  subject: '',
  from: '',
  receivedAt: '2026-11-23T08:00:00.000Z',
  sizeBytes: 0,
  unread: false,
  flagged: false,
  hasAttachment: false,
};

const HEADERS: readonly { name: string; raw: string; subject: string; from: string }[] = [
  {
    name: 'folded',
    raw: 'Subject: a\r\n b\r\nFrom: x@y.test\r\n\r\n',
    subject: 'a b',
    from: 'x@y.test',
  },
  { name: 'encoded', raw: 'SUBJECT: =?iso-8859-1?Q?Gr=FC=DFe?=\n\n', subject: 'Grüße', from: '' },
  { name: 'in the body alone', raw: '\r\nSubject: body\r\n', subject: '', from: '' },
  {
    name: 'that moves a cursor',
    raw: 'Subject: a\u001b[2Jb\u202ec\r\n\r\n',
    subject: 'a [2Jb c',
    from: '',
  },
  {
    name: 'in an unknown character set',
    raw: 'Subject: =?x-none?Q?a?=\r\n\r\n',
    subject: 'a',
    from: '',
  },
  { name: 'without an end', raw: 'Subject: only', subject: 'only', from: '' },
];

for (const { name, raw, subject, from } of HEADERS) {
  test(`a list shows a header ${name} as a person reads it`, () => {
    const found = listHeaders(Buffer.from(raw));
    assert.deepEqual([found.subject, found.from], [subject, from]);
  });
}

test('headers of a megabyte are cut, not believed', () => {
  const found = listHeaders(Buffer.from(`Subject: ${'x'.repeat(1_000_000)}`));
  assert.ok(found.subject.length <= 998);
});

test('HTML becomes text: no markup, no script, entities read', async () => {
  const html =
    '<html><style>p{}</style><script>alert(1)</script><p>Hello &amp; <b>bye</b></p><br>x&#x21;&bogus;</html>';
  const { text, isWholeText } = await readMessage(
    SUMMARY,
    Buffer.from(`Content-Type: text/html\r\n\r\n${html}`),
  );
  assert.equal(text, 'Hello & bye\n\nx!&bogus;');
  assert.equal(isWholeText, false);
});

test('attachments are named and counted, and text keeps its lines', async () => {
  const raw = [
    'To: =?utf-8?q?J=C3=B6rg?= <j@example.test>',
    'Message-ID: <1@example.test>',
    'Date: Mon, 23 Nov 2026 09:00:00 +0100',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'one',
    'two',
    '--b',
    'Content-Type: application/pdf; name="plan.pdf"',
    'Content-Disposition: attachment; filename="plan.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    'AAAA',
    '--b--',
    '',
  ].join('\r\n');
  const message = await readMessage(SUMMARY, Buffer.from(raw));
  assert.deepEqual(
    [message.to, message.messageId, message.sentAt, message.text.trimEnd(), message.attachments],
    [
      'Jörg <j@example.test>',
      '<1@example.test>',
      '2026-11-23T08:00:00.000Z',
      'one\ntwo',
      [{ name: 'plan.pdf', contentType: 'application/pdf', sizeBytes: 3 }],
    ],
  );
});

test('any bytes are a message', async () => {
  const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 151 + 7) % 256));
  const message = await readMessage(SUMMARY, noise);
  assert.ok(!/[\u0000-\u0008\u001b\u202e]/.test(message.text));
});
