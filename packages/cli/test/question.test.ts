/** The question without a terminal: what is drawn, and what typing comes to. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { QuestionReport } from '@postern/connector';
import type { TrustAnswer } from '@postern/trust';
import {
  after,
  afterRejection,
  askAbout,
  eventFrom,
  type QuestionState,
} from '../src/terminal/question.ts';
import { drawQuestion, firstSentence, promptOf, titleOf } from '../src/terminal/question-text.ts';
import { PHRASES } from '../src/terminal/words.ts';
import { CERTIFICATE, NOW, question, SHA256 } from './sample-question.ts';

const OTHER_SHA256 = 'aa00bb11'.repeat(8);

const DRAWING = {
  width: 78,
  timeZone: 'UTC',
  paint: (_tone: string, text: string): string => text,
};

function screen(state: QuestionState): string {
  return drawQuestion(state, NOW, DRAWING).join('\n');
}

/** What typing these lines comes to. */
function typing(report: QuestionReport, ...lines: string[]): QuestionState {
  return lines.reduce((state, line) => after(state, eventFrom(state, line)), askAbout(report));
}

describe('what is drawn', () => {
  test('the dialog reads as the article tells it, Work Offline first', () => {
    assert.equal(
      screen(askAbout(question())),
      [
        'This connection is not secure',
        '',
        'While synchronizing folders for anna@example.com, Postern could not verify',
        'mail.example.com:443.',
        'Nothing has been sent: no password and no mail.',
        '',
        '  x The issuer of this certificate could not be found.',
        '  x The certificate has expired.',
        '',
        '2 other connections wait for the same answer: Mail, Address list.',
        '',
        '  Enter  Work Offline (recommended)',
        '  v      View Certificate',
        '  c      Connect Despite the Risks',
      ].join('\n'),
    );
  });

  for (const [purpose, phrase] of Object.entries(PHRASES)) {
    test(`the first sentence for ${purpose} says "${phrase}"`, () => {
      assert.equal(
        firstSentence(question({ purpose })),
        `While ${phrase} for anna@example.com, Postern could not verify mail.example.com:443.`,
      );
    });
  }

  test('the title goes by gravity', () => {
    assert.equal(titleOf({ because: 'first' }), 'This connection is not secure');
    assert.equal(titleOf({ because: 'changed' }), "The server's certificate has changed");
    assert.equal(
      titleOf({ because: 'was-secure' }),
      'This server used to be verified and no longer is',
    );
  });

  test('where policy forbids there is no way but Work Offline, and the administrator is named', () => {
    const state = askAbout(question({ choices: [], supportText: 'Call 4711.' }));
    assert.match(screen(state), /Your organization does not allow[\s\S]*Call 4711\./);
    assert.doesNotMatch(screen(state), /Connect Despite the Risks/);
    assert.equal(after(state, { type: 'connectDespite' }).screen, 'question');
  });

  test('a changed certificate is shown beside the old one, and what differs says so', () => {
    const expected = {
      sha256: OTHER_SHA256,
      lastSeenAt: '2026-11-01T09:30:00.000Z',
      certificate: { ...CERTIFICATE, sha256: OTHER_SHA256, issuer: 'CN=Old CA' },
    };
    const drawn = screen(askAbout(question({ because: 'changed', expected })));
    assert.match(drawn, /Before \(Sun 1 Nov 2026 09:30\) +Now/);
    assert.match(drawn, /= To {7}CN=mail\.example\.com +CN=mail\.example\.com/);
    assert.match(drawn, /≠ Issuer {3}CN=Old CA +CN=Example CA/);
    assert.match(drawn, /≠ SHA-256 {2}AA00 BB11/);
  });

  test('plain HTTP is asked about in its own words, without a certificate to view', () => {
    const report = question({
      because: 'plain-http',
      problems: [],
      chain: [],
      path: [],
      leafSha256: null,
      waiting: ['folders'],
    });
    const drawn = screen(askAbout(report));
    assert.match(drawn, /would have to use\nmail\.example\.com:443 without protection/);
    assert.match(drawn, /anybody on the way can read and\s+change\s+your password/);
    assert.doesNotMatch(drawn, /View Certificate/);
    assert.equal(typing(report, 'v').screen, 'question');
  });

  test('the periods show their ends, and which need the fingerprint; there is no "Always"', () => {
    const drawn = screen(typing(question(), 'c'));
    assert.match(drawn, /1 {6}1 day \(until Tue 24 Nov 2026 08:00\)/);
    assert.match(drawn, /3 {6}until Postern stops \(at most until Tue 24 Nov 2026 08:00\)/);
    assert.match(drawn, /4 {6}7 days \(until Mon 30 Nov 2026 08:00, needs the fingerprint/);
    assert.doesNotMatch(drawn, /always/i);
  });

  test('text of a profile cannot move the cursor or turn the line', () => {
    const sentence = firstSentence(question({ email: 'a\u001b[2J\u202eb' }));
    assert.match(sentence, /for a\\u\{1B\}\[2J\\u\{202E\}b,/);
  });
});

describe('View Certificate', () => {
  const cases = [
    { typed: ['v'], shows: /General[\s\S]*Issued to +CN=mail\.example\.com/ },
    {
      typed: ['v', 'd'],
      shows: /Details[\s\S]*Signature algorithm +RSA with SHA-256[\s\S]*BEGIN CERT/,
    },
    {
      typed: ['v', 'p'],
      shows:
        /Certification Path[\s\S]*CN=mail\.example\.com \[not verified\][\s\S]*Whole path: The issuer/,
    },
    { typed: ['v', 'd', 'g'], shows: /General/ },
  ];
  for (const { typed, shows } of cases) {
    test(`typing ${typed.join(', ')} shows ${shows.source.slice(0, 18)}`, () => {
      assert.match(screen(typing(question(), ...typed)), shows);
    });
  }

  test('another certificate of the chain is chosen by its number, and one that is not there is not', () => {
    const issuer = { ...CERTIFICATE, subject: 'CN=Example CA' };
    const report = question({ chain: [CERTIFICATE, issuer] });
    assert.match(
      screen(typing(report, 'v', '2')),
      /certificate 2 of 2[\s\S]*Issued to +CN=Example CA/,
    );
    assert.equal(typing(report, 'v', '3').position, 0);
  });
});

describe('what an answer takes', () => {
  const offline: TrustAnswer = { kind: 'workOffline' };
  const oneDay: TrustAnswer = {
    kind: 'authorizeConnections',
    leafSha256: SHA256,
    interval: '1d',
    typedFingerprint: null,
  };
  const cases: { name: string; typed: string[]; answer: TrustAnswer | null }[] = [
    { name: 'Enter at once is Work Offline', typed: [''], answer: offline },
    { name: 'Enter at the periods is Work Offline', typed: ['c', ''], answer: offline },
    { name: 'Enter before authorizing is Work Offline', typed: ['c', '1', ''], answer: offline },
    {
      name: 'Enter while viewing the certificate is Work Offline',
      typed: ['v', ''],
      answer: offline,
    },
    {
      name: 'Enter instead of a fingerprint is Work Offline',
      typed: ['c', '4', ''],
      answer: offline,
    },
    { name: 'Connect Despite the Risks grants nothing', typed: ['c'], answer: null },
    { name: 'a period grants nothing', typed: ['c', '1'], answer: null },
    {
      name: 'Authorize Connections grants the period',
      typed: ['c', '1', 'authorize'],
      answer: oneDay,
    },
    { name: 'the whole words do too', typed: ['c', '1', 'Authorize Connections'], answer: oneDay },
    { name: 'yes is not enough', typed: ['c', '1', 'y', 'yes', 'a'], answer: null },
    { name: 'authorize on the first screen is nothing', typed: ['authorize'], answer: null },
    {
      name: 'a long period without a fingerprint is not there',
      typed: ['c', '4', 'authorize'],
      answer: null,
    },
    {
      name: 'a long period carries the fingerprint that was typed',
      typed: ['c', '5', SHA256.toUpperCase().replace(/../g, '$&:').slice(0, -1), 'authorize'],
      answer: { ...oneDay, interval: '30d', typedFingerprint: SHA256 },
    },
    {
      name: 'half a fingerprint goes nowhere',
      typed: ['c', '5', '4b9b', 'authorize'],
      answer: null,
    },
    { name: 'going back forgets the period', typed: ['c', '1', 'b', 'authorize'], answer: null },
    {
      name: 'a period that is not in the list is none',
      typed: ['c', '6', 'authorize'],
      answer: null,
    },
  ];
  for (const { name, typed, answer } of cases) {
    test(name, () => assert.deepEqual(typing(question(), ...typed).answer, answer));
  }

  test('a wrong fingerprint leads back to typing it, and says not to connect', () => {
    const state = typing(question(), 'c', '4', OTHER_SHA256, 'authorize');
    const again = afterRejection(state, 'fingerprint-differs');
    assert.equal(again.answer, null);
    assert.match(screen(again), /not the fingerprint of the certificate[\s\S]*Do\s+not connect/);
    assert.match(promptOf(again), /^Fingerprint/);
  });
});
