/** Draws the Certificate Trust Dialog: a state in, lines out. No text of a certificate stands in its first sentence. */

import type { CauseReport, QuestionReport } from '@postern/connector';
import { formatFingerprint, TRUST_INTERVAL_MS } from '@postern/trust';
import { endpointText, printable, printableLines } from '../printable.ts';
import { type Drawing, detailsLines, generalLines, pathLines } from './certificate-text.ts';
import { comparisonLines } from './comparison-text.ts';
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
    case 'report':
      return reportLines(state, drawing);
    case 'periods':
      return periodLines(state, now, drawing);
    case 'fingerprint':
      return fingerprintScreen(drawing);
    case 'authorize':
      return authorizeLines(state, now, drawing);
  }
}

function questionLines(state: QuestionState, drawing: Drawing): string[] {
  return [...drawFacts(state.report, drawing), '', ...choiceLines(state, drawing.width)];
}

/** What there is to know of a question, without its choices. */
export function drawFacts(report: QuestionReport, drawing: Drawing): string[] {
  const { width, paint } = drawing;
  const tone = report.because === 'changed' ? 'caution' : 'danger';
  return [
    paint(tone, titleOf(report)),
    '',
    ...wrapped(firstSentence(report), width),
    'Nothing has been sent: no password and no mail.',
    '',
    ...problemLines(report, width),
    ...causeLines('What it is', report.causes, 'proof', width),
    ...causeLines('What it may be', report.causes, 'guess', width),
    ...(report.comparison === null ? [] : ['', ...comparisonLines(report.comparison, drawing)]),
    ...reasonLines(report, width),
    ...waitingLines(report, width),
    ...forbiddenLines(report, width),
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

/** Causes of one certainty, each with what to do about it. */
function causeLines(
  title: string,
  causes: readonly CauseReport[],
  certainty: CauseReport['certainty'],
  width: number,
): string[] {
  const lines = causes
    .filter((cause) => cause.certainty === certainty)
    .flatMap(({ sentence, cure }) => [
      ...hanging('  - ', printable(sentence), width),
      ...hanging('    ', printable(cure), width),
    ]);
  return lines.length === 0 ? [] : ['', title, ...lines];
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
  rows.push(['r', 'Copy report for the administrator']);
  if (mayAuthorize(state)) rows.push(['c', 'Connect Despite the Risks']);
  return labelled(rows, width);
}

/** Why there is no choice but Work Offline, and who can help. */
function forbiddenLines(
  { choices, problems, supportText }: QuestionReport,
  width: number,
): string[] {
  if (choices.length > 0) return [];
  const forbidden = problems.some(({ overridable }) => !overridable)
    ? 'What is wrong here cannot be allowed by anybody: only the server can be repaired.'
    : 'Your organization does not allow connecting to a server that is not verified.';
  const help = supportText === null ? 'Ask your administrator.' : printable(supportText);
  return ['', ...wrapped(`${forbidden} ${help}`, width)];
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

/** As it is, from edge to edge: whatever stood beside it would be copied too. */
function reportLines({ report }: QuestionState, { width, paint }: Drawing): string[] {
  return [
    paint('strong', 'Copy report for the administrator'),
    '',
    ...wrapped('Send what stands between the lines. No password and no account is in it.', width),
    '',
    REPORT_MARK,
    ...printableLines(report.administratorReport.trimEnd()).split('\n'),
    REPORT_MARK,
    '',
    ...labelled(
      [
        ['Enter', 'Work Offline (recommended)'],
        ['b', 'back to the question'],
      ],
      width,
    ),
  ];
}

const REPORT_MARK = '-'.repeat(76);

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
