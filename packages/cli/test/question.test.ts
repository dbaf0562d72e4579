/** The question without a terminal: what is drawn, and what typing comes to. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type CauseReport,
  type ComparisonReport,
  PHRASES,
  type QuestionReport,
} from '@postern/connector';
import type { TrustAnswer } from '@postern/trust';
import {
  after,
  afterExplanation,
  afterRejection,
  askAbout,
  eventFrom,
  type QuestionState,
} from '../src/terminal/question.ts';
import { drawQuestion, firstSentence, promptOf, titleOf } from '../src/terminal/question-text.ts';

import { CAUSE, CERTIFICATE, COMPARISON, NOW, question, SHA256 } from './sample-question.ts';

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
        '  r      Copy report for the administrator',
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
    assert.equal(
      screen(askAbout(question({ because: 'changed', comparison: COMPARISON }))),
      [
        "The server's certificate has changed",
        '',
        'While synchronizing folders for anna@example.com, Postern could not verify',
        'mail.example.com:443.',
        'Nothing has been sent: no password and no mail.',
        '',
        '  x The issuer of this certificate could not be found.',
        '  x The certificate has expired.',
        '',
        'It shows another certificate than before, with a new key, signed by another',
        'issuer. Only your administrator can confirm that this change was intended.',
        '',
        '             Before (Sun 1 Nov 2026 09:30)  Now',
        '  = To       CN=mail.example.com            CN=mail.example.com',
        '  = Names    mail.example.com               mail.example.com',
        '  ≠ Issuer   CN=Old CA                      CN=Example CA',
        '  = Key      rsa (2048 bits)                rsa (2048 bits)',
        '  ≠          AA00 BB11 AA00 BB11…           5B5B 5B5B 5B5B 5B5B…',
        '  = From     Thu 1 Jan 2026 00:00           Thu 1 Jan 2026 00:00',
        '  ≠ To date  Fri 1 Jan 2027 00:00           (not readable)',
        '  ≠ Serial   01                             02',
        '  = Signed   RSA with SHA-256               RSA with SHA-256',
        '  ≠ SHA-256  AA00 BB11 AA00 BB11 AA00 BB11  4B9B 15D1 4B9B 15D1 4B9B 15D1',
        '             AA00 BB11 AA00 BB11 AA00 BB11  4B9B 15D1 4B9B 15D1 4B9B 15D1',
        '             AA00 BB11 AA00 BB11            4B9B 15D1 4B9B 15D1',
        '    = Same   ≠ Differs',
        '',
        '2 other connections wait for the same answer: Mail, Address list.',
        '',
        '  Enter  Work Offline (recommended)',
        '  v      View Certificate',
        '  r      Copy report for the administrator',
        '  c      Connect Despite the Risks',
      ].join('\n'),
    );
  });

  test('of a certificate that was not kept only the fingerprint is compared', () => {
    const rows = COMPARISON.rows.map((row) =>
      row.field === 'sha256' ? row : { ...row, old: null, differs: null },
    );
    const comparison = { ...COMPARISON, change: 'unknown' as const, rows };
    const drawn = screen(askAbout(question({ because: 'changed', comparison })));
    assert.match(drawn, /Before \(Sun 1 Nov 2026 09:30\) +Now\n {2}≠ SHA-256 {2}AA00/);
  });

  test('a server that was verified with the same certificate shows no comparison, only that', () => {
    const comparison: ComparisonReport = {
      ...COMPARISON,
      judgement: 'was-verified',
      change: 'same-certificate',
      sentence:
        'This server was verified before and is not now: it shows the same certificate as before.',
    };
    const drawn = screen(askAbout(question({ because: 'was-secure', comparison })));
    assert.match(
      drawn,
      /\n\nThis server was verified before[^.]+it shows the same\s+certificate\s+as\s+before\.\n\n/,
    );
    assert.doesNotMatch(drawn, /Before \(/);
  });

  test('what is proven and what is guessed stand apart, each with what to do', () => {
    const proven: CauseReport = {
      kind: 'ended-recently',
      certainty: 'proof',
      position: 0,
      notAfter: '2026-11-20T00:00:00.000Z',
      days: 3,
      sentence: 'The certificate ended 3 days ago, on 2026-11-20, and has not been renewed.',
      cure: 'Tell the administrator of the server to renew it, and try again afterwards.',
      administrator: 'Renew it.',
    };
    const drawn = screen(askAbout(question({ causes: [proven, CAUSE] })));
    const shown = [
      '  x The certificate has expired.',
      '',
      'What it is',
      '  - The certificate ended 3 days ago, on 2026-11-20, and has not been renewed.',
      '    Tell the administrator of the server to renew it, and try again',
      '    afterwards.',
      '',
      'What it may be',
      '  - The certificate may come from a private authority.',
      '    Ask the administrator for the root CA certificate.',
      '',
    ].join('\n');
    assert.ok(drawn.includes(shown), drawn);
  });

  test('text of a certificate in a cause or a comparison cannot move the cursor', () => {
    const evil = 'a\u001b[2J\u202eb';
    const causes = [{ ...CAUSE, sentence: evil, cure: evil }];
    const rows = COMPARISON.rows.map((row) => ({ ...row, old: evil, new: evil }));
    const comparison = { ...COMPARISON, sentence: evil, rows };
    const state = askAbout(
      question({ causes, comparison, administratorReport: `${evil}\n${evil}` }),
    );
    for (const drawn of [screen(state), screen(after(state, { type: 'copyReport' }))]) {
      assert.match(drawn, /\\u\{1B\}\[2J/);
      assert.doesNotMatch(drawn, /[^\P{C}\n]/u);
    }
  });

  test('a question of any kind fits a terminal of 80 columns', () => {
    const state = askAbout(
      question({ because: 'changed', comparison: COMPARISON, causes: [CAUSE] }),
    );
    const lines = drawQuestion(state, NOW, { ...DRAWING, width: 80 });
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
  });

  test('the report for the administrator is drawn from edge to edge, with a way back', () => {
    const state = typing(question({ administratorReport: 'Report\n  one line\n' }), 'r');
    assert.equal(
      screen(state),
      [
        'Copy report for the administrator',
        '',
        'Send what stands between the lines. No password and no account is in it.',
        '',
        '-'.repeat(76),
        'Report',
        '  one line',
        '-'.repeat(76),
        '',
        '  Enter  Work Offline (recommended)',
        '  b      back to the question',
      ].join('\n'),
    );
    assert.equal(after(state, { type: 'back' }).screen, 'question');
    assert.deepEqual(after(state, eventFrom(state, '')).answer, { kind: 'workOffline' });
    assert.equal(after(state, eventFrom(state, 'authorize')).answer, null);
  });

  test('what is found out later is told once, and takes back nothing that was chosen', () => {
    const chosen = typing(question(), 'c', '1');
    const explained = afterExplanation(chosen, question({ causes: [CAUSE] }));
    assert.deepEqual([explained.screen, explained.interval], ['authorize', '1d']);
    assert.equal(explained.note, 'More is known now about the cause.');
    const waiting = question({ causes: [CAUSE], waiting: ['folders', 'mail'] });
    assert.equal(afterExplanation({ ...explained, note: null }, waiting).note, null);
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
