/** Draws the Certificate Trust Dialog: a state in, lines out. No text of a certificate stands in its first sentence. */

import type { CertificateReport, QuestionReport } from '@postern/connector';
import { formatFingerprint, TRUST_INTERVAL_MS } from '@postern/trust';
import { endpointText, printable } from '../printable.ts';
import { type Drawing, detailsLines, generalLines, pathLines } from './certificate-text.ts';
import { fingerprintLines, hanging, labelled, wrapped } from './layout.ts';
import { isViewable, mayAuthorize, type QuestionState } from './question.ts';
import {
  CONNECTION_NAMES,
  connectionName,
  INTERVAL_WORDS,
  instantText,
  phraseFor,
} from './words.ts';

/** The title, by gravity. */
export function titleOf({ because }: Pick<QuestionReport, 'because'>): string {
  if (because === 'was-secure') return 'This server used to be verified and no longer is';
  if (because === 'changed') return "The server's certificate has changed";
  return 'This connection is not secure';
}

/** Which connection, which account, which server. */
export function firstSentence(report: QuestionReport): string {
  const account = report.email === null ? '' : ` for ${printable(report.email)}`;
  const doing = `While ${phraseFor(report.purpose)}${account}`;
  return report.because === 'plain-http'
    ? `${doing}, Postern would have to use ${endpointText(report)} without protection.`
    : `${doing}, Postern could not verify ${endpointText(report)}.`;
}

/** The whole screen, without the prompt. */
export function drawQuestion(state: QuestionState, now: Date, drawing: Drawing): string[] {
  const lines = screenLines(state, now, drawing);
  if (state.note === null) return lines;
  return [...lines, '', ...hanging('! ', state.note, drawing.width)];
}

/** What stands before the cursor. */
export function promptOf(state: QuestionState): string {
  switch (state.screen) {
    case 'fingerprint':
      return 'Fingerprint from your administrator [Work Offline]: ';
    case 'authorize':
      return 'Type "authorize" to Authorize Connections [Work Offline]: ';
    default:
      return 'Your choice [Work Offline]: ';
  }
}

function screenLines(state: QuestionState, now: Date, drawing: Drawing): string[] {
  switch (state.screen) {
    case 'question':
      return questionLines(state, drawing);
    case 'certificate':
      return certificateLines(state, drawing);
    case 'periods':
      return periodLines(state, now, drawing);
    case 'fingerprint':
      return fingerprintScreen(drawing);
    case 'authorize':
      return authorizeLines(state, now, drawing);
  }
}

function questionLines(state: QuestionState, drawing: Drawing): string[] {
  const { report } = state;
  const { width, paint } = drawing;
  const tone = report.because === 'changed' ? 'caution' : 'danger';
  return [
    paint(tone, titleOf(report)),
    '',
    ...wrapped(firstSentence(report), width),
    'Nothing has been sent: no password and no mail.',
    '',
    ...problemLines(report, width),
    ...(report.expected === null
      ? []
      : ['', ...wrapped(CHANGE_SENTENCE, width), '', ...comparisonLines(report, drawing)]),
    ...reasonLines(report, width),
    ...waitingLines(report, width),
    '',
    ...choiceLines(state, width),
  ];
}

function problemLines(report: QuestionReport, width: number): string[] {
  if (report.because === 'plain-http') {
    return hanging(
      '  x ',
      'This connection would use HTTP: anybody on the way can read and change your password and all your mail.',
      width,
    );
  }
  return [
    ...report.problems.flatMap(({ position, sentence }) =>
      hanging('  x ', `${printable(sentence)}${whose(position)}`, width),
    ),
    ...report.remarks.flatMap(({ position, sentence }) =>
      hanging('  - ', `Remark: ${printable(sentence)}${whose(position)}`, width),
    ),
  ];
}

/** Which certificate of the chain is meant; nothing is said of the server's own. */
function whose(position: number | null): string {
  return position === null || position === 0 ? '' : ` (certificate ${position + 1} of the chain)`;
}

function reasonLines(report: QuestionReport, width: number): string[] {
  const reason = {
    'override-expired': 'You trusted this certificate before; that time is over.',
    'new-problem': 'You trusted this certificate before; since then it shows a new problem.',
  }[report.because];
  return reason === undefined ? [] : ['', ...wrapped(reason, width)];
}

function waitingLines({ waiting, purpose }: QuestionReport, width: number): string[] {
  const order = Object.keys(CONNECTION_NAMES);
  const others = waiting
    .filter((waits) => waits !== purpose)
    .sort((a, b) => order.indexOf(a) - order.indexOf(b))
    .map(connectionName);
  if (others.length === 0) return [];
  const count =
    others.length === 1 ? '1 other connection waits' : `${others.length} other connections wait`;
  return ['', ...wrapped(`${count} for the same answer: ${others.join(', ')}.`, width)];
}

function choiceLines(state: QuestionState, width: number): string[] {
  const rows: [string, string][] = [['Enter', 'Work Offline (recommended)']];
  if (isViewable(state)) rows.push(['v', 'View Certificate']);
  if (mayAuthorize(state)) rows.push(['c', 'Connect Despite the Risks']);
  const lines = labelled(rows, width);
  if (mayAuthorize(state)) return lines;
  const { supportText } = state.report;
  const forbidden = state.report.problems.some(({ overridable }) => !overridable)
    ? 'What is wrong here cannot be allowed by anybody: only the server can be repaired.'
    : 'Your organization does not allow connecting to a server that is not verified.';
  const help = supportText === null ? 'Ask your administrator.' : printable(supportText);
  return [...wrapped(`${forbidden} ${help}`, width), '', ...lines];
}

function certificateLines(state: QuestionState, drawing: Drawing): string[] {
  const { report, tab, position } = state;
  const certificate = report.chain[position];
  if (certificate === undefined) return ['The server presented no certificate.'];
  const reasons = report.problems
    .filter((problem) => problem.position === position || problem.position === null)
    .map(({ sentence }) => sentence);
  const verdict = report.problems[0]?.sentence ?? 'No problem was found.';
  const drawn = {
    general: () => generalLines(certificate, reasons, drawing),
    details: () => detailsLines(certificate, drawing),
    path: () => pathLines(report.path, verdict, drawing),
  }[tab]();
  const others =
    report.chain.length < 2
      ? []
      : [
          [
            '1',
            `to ${report.chain.length}: another certificate of the chain (1 is the server's)`,
          ] as const,
        ];
  return [
    drawing.paint(
      'strong',
      `View Certificate — ${TAB_TITLES[tab]}, certificate ${position + 1} of ${report.chain.length}`,
    ),
    '',
    ...drawn,
    '',
    ...labelled(
      [
        ['Enter', 'Work Offline (recommended)'],
        ['g, d, p', 'General, Details, Certification Path'],
        ...others,
        ['b', 'back to the question'],
      ],
      drawing.width,
    ),
  ];
}

const TAB_TITLES = { general: 'General', details: 'Details', path: 'Certification Path' } as const;

function periodLines(
  { report }: QuestionState,
  now: Date,
  { width, paint, timeZone }: Drawing,
): string[] {
  const rows = report.choices.map(({ interval, needsFingerprint }, index) => {
    const end = instantText(new Date(now.getTime() + TRUST_INTERVAL_MS[interval]), timeZone);
    const until = interval === 'until-stop' ? `at most until ${end}` : `until ${end}`;
    const needs = needsFingerprint ? ', needs the fingerprint from your administrator' : '';
    return [String(index + 1), `${INTERVAL_WORDS[interval]} (${until}${needs})`] as const;
  });
  return [
    paint('danger', 'Connect Despite the Risks'),
    '',
    ...wrapped(
      'If this is not your server, whoever runs it can read your password and all your mail. Has your administrator told you to expect this?',
      width,
    ),
    '',
    report.because === 'plain-http'
      ? 'For how long should this unprotected connection be allowed?'
      : 'For how long should this certificate be trusted?',
    '',
    ...labelled(
      [['Enter', 'Work Offline (recommended)'], ...rows, ['b', 'back to the question']],
      width,
    ),
  ];
}

function fingerprintScreen({ width, paint }: Drawing): string[] {
  return [
    paint('danger', 'Connect Despite the Risks'),
    '',
    ...wrapped(
      "Type or paste the SHA-256 fingerprint of the server's certificate that your administrator gave you. Get it by telephone or in person, never from this connection.",
      width,
    ),
  ];
}

function authorizeLines(
  state: QuestionState,
  now: Date,
  { width, paint, timeZone }: Drawing,
): string[] {
  const { report, interval, typedFingerprint } = state;
  if (interval === null) return [];
  const end = instantText(new Date(now.getTime() + TRUST_INTERVAL_MS[interval]), timeZone);
  const despite = report.problems.map(({ sentence }) => printable(sentence)).join(' ');
  const fingerprint =
    report.leafSha256 === null ? [] : fingerprintLines(formatFingerprint(report.leafSha256));
  return [
    paint('danger', 'Authorize Connections'),
    '',
    ...labelled(
      [
        ['Connections', 'all eight, of every profile on this server and port'],
        ['Server', endpointText(report)],
        ['Despite', despite === '' ? 'HTTP is not protected.' : despite],
        ['Until', interval === 'until-stop' ? `Postern stops, at most ${end}` : end],
        ...fingerprint.map((line, index) => [index === 0 ? 'Certificate' : '', line] as const),
        ...(typedFingerprint === null
          ? []
          : [['Checked', 'with the fingerprint you typed'] as const]),
      ],
      width,
    ),
    '',
    ...wrapped(
      'If the server shows another certificate or a new problem, Postern asks again. There is no "Always". Program updates still wait for SECURE.',
      width,
    ),
  ];
}

/** No judgement by names: what kind of change it is, a checked signature or the administrator has to say. */
const CHANGE_SENTENCE =
  'It shows another certificate than before. Only your administrator can confirm that this change was intended.';

/** Old and new, row by row; what differs is marked by word and sign. */
function comparisonLines(report: QuestionReport, { width, timeZone }: Drawing): string[] {
  const { expected } = report;
  const now = report.chain[0];
  if (expected === null || now === undefined) return [];
  const seen = instantText(expected.lastSeenAt, timeZone);
  const before = expected.certificate;
  if (before === null) {
    return labelled(
      [
        ['Seen before', `SHA-256 ${formatFingerprint(expected.sha256)} (${seen})`],
        ['Now', `SHA-256 ${formatFingerprint(now.sha256)}`],
      ],
      width,
    );
  }
  const column = Math.max(20, Math.floor((width - 15) / 2) - 2);
  const cell = (lines: readonly string[], index: number): string => lines[index] ?? '';
  const rows = comparedRows(timeZone).flatMap(([label, read]) => {
    const old = read(before);
    const fresh = read(now);
    const mark = old === fresh ? '=' : '≠';
    const left = chopped(old, column);
    const right = chopped(fresh, column);
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
      `  ${index === 0 ? mark : ' '} ${(index === 0 ? label : '').padEnd(9)}${cell(left, index).padEnd(column + 2)}${cell(right, index)}`.trimEnd(),
    );
  });
  return [
    `    ${''.padEnd(9)}${`Before (${seen})`.padEnd(column + 2)}Now`,
    ...rows,
    '    = Same   ≠ Differs',
  ];
}

function comparedRows(timeZone: string | undefined): [string, (of: CertificateReport) => string][] {
  return [
    ['To', ({ subject }) => printable(subject)],
    ['Names', ({ names }) => names.map(printable).join(', ')],
    ['Issuer', ({ issuer }) => printable(issuer)],
    // Two keys of one size look the same without a part of their fingerprint.
    [
      'Key',
      ({ publicKey, spkiSha256 }) => `${printable(publicKey)} ${inFours(spkiSha256.slice(0, 16))}…`,
    ],
    ['From', ({ notBefore }) => instantText(notBefore, timeZone)],
    ['To date', ({ notAfter }) => instantText(notAfter, timeZone)],
    ['SHA-256', ({ sha256 }) => inFours(sha256)],
  ];
}

/** Upper-case hex in groups of four, for comparing by eye. */
function inFours(hex: string): string {
  return (hex.toUpperCase().match(/.{4}/g) ?? []).join(' ');
}

/** As wrapped, and a word that is too long is cut into pieces: a column must not push its neighbour. */
function chopped(text: string, width: number): string[] {
  return wrapped(text, width).flatMap(
    (line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''],
  );
}
