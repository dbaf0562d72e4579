/** The report of one server or file for people: verdict first, what failed before what passed, then the path. Pure. */

import type { CauseReport } from '@postern/connector';
import { formatFingerprint, type Position, type ProblemKind } from '@postern/trust';
import type { Output } from '../output.ts';
import { endpointText, printable } from '../printable.ts';
import { pathLines } from '../terminal/certificate-text.ts';
import { fingerprintLines, hanging, labelled } from '../terminal/layout.ts';
import { counted, instantText } from '../terminal/words.ts';
import { type CheckReport, daysLeft, NOT_CONSULTED, type ProblemReport } from './report.ts';

const DATES: readonly ProblemKind[] = ['expired', 'not-yet-valid'];
const NAMES: readonly ProblemKind[] = ['name-constraint', 'name-mismatch'];
const ISSUER: readonly ProblemKind[] = [
  'bad-signature',
  'incomplete-chain',
  'issuer-not-found',
  'not-a-ca',
  'path-too-long',
  'root-not-trusted',
  'self-signed',
];
const REVOCATION: readonly ProblemKind[] = ['revocation-unknown', 'revoked'];

/** Widest text in columns; longer lines are hard to read. */
const MAX_WIDTH = 100;

/** The whole report. `timeZone` is the computer's own unless given. */
export function checkLines(report: CheckReport, output: Output, timeZone?: string): string[] {
  const { paint } = output;
  const isNamed = report.serverName === null || report.serverName !== report.host;
  const name =
    report.serverName === null ? 'name: not checked' : `as ${printable(report.serverName)}`;
  return [
    `${whereText(report)}   ${verdictWord(report, paint)}${isNamed ? `   (${name})` : ''}`,
    '',
    ...bodyLines(report, output, timeZone),
  ];
}

/** What was looked at: `mail.example.com:25 (smtp)`, or the file. */
export function whereText({ host, port, startTls, file }: CheckReport): string {
  if (host === null || port === null)
    return file === '-' ? 'standard input' : printable(file ?? '');
  return `${endpointText({ host, port })}${startTls === null ? '' : ` (${startTls})`}`;
}

/** `SECURE` is the gate's word, and said of nothing else. */
export function verdictWord({ verdict }: CheckReport, paint: Output['paint']): string {
  if (verdict === 'secure') return paint('good', 'SECURE');
  return verdict === 'not-secure' ? paint('danger', 'NOT SECURE') : paint('caution', 'NO PROBLEM');
}

/** The report below its first two lines. */
export function bodyLines(report: CheckReport, output: Output, timeZone?: string): string[] {
  const { paint } = output;
  const width = Math.min(output.width, MAX_WIDTH);
  const [leaf] = report.chain;
  return [
    ...report.problems.flatMap((problem) =>
      hanging(
        `  x ${topicOf(problem.kind).padEnd(9)}`,
        `${printable(problem.sentence)}${whoseUnlessSaid(problem)}${evidenceText(problem, timeZone)}`,
        width,
      ),
    ),
    ...(report.rule === null ? [] : [`  x Policy   refused by the rule ${printable(report.rule)}`]),
    ...report.endsSoon.flatMap(({ position, notAfter, days }) =>
      hanging(
        '  ! Dates    ',
        `ends in ${counted(days, 'day')}, on ${instantText(notAfter, timeZone)}${whose(position)}`,
        width,
      ),
    ),
    ...passedLines(report, width, timeZone),
    ...remarkLines(report, width),
    ...causeLines(report.causes, width),
    ...(report.path.length === 0
      ? []
      : ['', 'Path', ...pathLines(report.path, wholePath(report), { paint, width })]),
    ...(leaf === undefined
      ? []
      : [
          '',
          ...labelled(
            fingerprintLines(formatFingerprint(leaf.sha256)).map((line, index) => [
              index === 0 ? 'SHA-256' : '',
              line,
            ]),
            width,
          ),
        ]),
  ];
}

/** The same of several certificates is said once. */
function remarkLines({ remarks, strict }: CheckReport, width: number): string[] {
  const sign = strict ? '  x Remark   ' : '  - Remark   ';
  const positions = new Map<string, Position[]>();
  for (const { sentence, position } of remarks) {
    positions.set(sentence, [...(positions.get(sentence) ?? []), position]);
  }
  return [...positions].flatMap(([sentence, found]) => {
    const [first = null, ...others] = found;
    const where =
      others.length === 0
        ? whose(first)
        : ` (certificates ${found.map((position) => (position ?? 0) + 1).join(', ')} of the chain)`;
    return hanging(sign, `${printable(sentence)}${where}`, width);
  });
}

/** A guess is worded as one; a cure follows each cause, and for the administrator the commands. */
function causeLines(causes: readonly CauseReport[], width: number): string[] {
  const told = (certainty: CauseReport['certainty'], heading: string): string[] => {
    const own = causes.filter((cause) => cause.certainty === certainty);
    if (own.length === 0) return [];
    return [
      '',
      heading,
      ...own.flatMap(({ sentence, cure, administrator }) => [
        ...hanging('  - ', printable(sentence), width),
        ...hanging('    ', printable(cure), width),
        ...adviceLines(administrator),
      ]),
    ];
  };
  return [...told('proof', 'What it is'), ...told('guess', 'What it may be')];
}

/** Not wrapped: the commands are there to be copied. */
function adviceLines(advice: string | null): string[] {
  if (advice === null) return [];
  const lines = advice.split('\n').filter(Boolean);
  return [
    '    For the administrator of the server:',
    ...lines.map((line) => `      ${printable(line)}`),
  ];
}

/** Kinds whose sentence leaves nothing out that the path below does not show. */
const SAYS_ALL: readonly ProblemKind[] = ['incomplete-chain', 'root-not-trusted', 'self-signed'];

/** What the sentence leaves out, where people want it: whose certificate it is, and which day. */
function evidenceText(problem: ProblemReport, timeZone: string | undefined): string {
  const { kind } = problem;
  const text = (field: string): string | null => {
    const value = problem[field];
    return typeof value === 'string' ? value : null;
  };
  const [notAfter, notBefore] = [text('notAfter'), text('notBefore')];
  if (kind === 'name-mismatch' && Array.isArray(problem.presented)) {
    return ` It is for ${problem.presented.map(String).map(printable).join(', ') || 'no name at all'}.`;
  }
  if (kind === 'expired' && notAfter !== null) {
    return ` It ended on ${instantText(notAfter, timeZone)}.`;
  }
  if (kind === 'not-yet-valid' && notBefore !== null) {
    return ` It begins on ${instantText(notBefore, timeZone)}.`;
  }
  if (kind === 'issuer-not-found') return ` It was issued by ${printable(text('issuer') ?? '')}.`;
  if (kind === 'old-protocol') {
    return ` It speaks ${printable(text('protocol') ?? '')}; ${printable(text('minimum') ?? '')} is the least.`;
  }
  // What the sentence says already needs no evidence.
  if (SAYS_ALL.includes(kind)) return '';
  return ` (${printable(problem.evidence)})`;
}

function wholePath({ problems }: CheckReport): string {
  return problems[0]?.sentence ?? 'verified';
}

function topicOf(kind: ProblemKind): string {
  if (DATES.includes(kind)) return 'Dates';
  if (NAMES.includes(kind)) return 'Name';
  if (ISSUER.includes(kind)) return 'Issuer';
  if (REVOCATION.includes(kind)) return 'Revoked';
  return kind === 'old-protocol' ? 'Protocol' : 'Other';
}

function passedLines(report: CheckReport, width: number, timeZone: string | undefined): string[] {
  const [leaf] = report.chain;
  if (leaf === undefined) return [];
  const failed = new Set(report.problems.map(({ kind }) => topicOf(kind)));
  const root = report.path.find(({ anchor }) => anchor !== null);
  const days = daysLeft(report);
  const passed: [sign: string, topic: string, text: string][] = [];
  if (!failed.has('Issuer') && root !== undefined) {
    passed.push(['+', 'Issuer', `${printable(root.subject)} (${printable(root.anchor ?? '')})`]);
  }
  if (report.serverName === null) passed.push(['?', 'Name', 'not checked: give it with --name']);
  else if (!failed.has('Name')) {
    passed.push(['+', 'Name', `${printable(report.serverName)} matches`]);
  }
  if (!failed.has('Dates') && report.endsSoon.length === 0 && days !== null) {
    const until = instantText(leaf.notAfter, timeZone);
    passed.push(['+', 'Dates', `valid until ${until} (${counted(days, 'day')})`]);
  }
  if (!failed.has('Protocol') && report.protocol !== null) {
    passed.push(['+', 'Protocol', report.protocol]);
  }
  if (report.openssl === NOT_CONSULTED) passed.push(['?', 'OpenSSL', NOT_CONSULTED]);
  return passed.flatMap(([sign, topic, text]) =>
    hanging(`  ${sign} ${topic.padEnd(9)}`, text, width),
  );
}

/** Most sentences say it themselves. */
function whoseUnlessSaid({ sentence, position }: ProblemReport): string {
  return sentence.includes(' of the chain') ? '' : whose(position);
}

function whose(position: Position): string {
  return position === null || position === 0 ? '' : ` (certificate ${position + 1} of the chain)`;
}
