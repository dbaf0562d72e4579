/** Many servers as a table: one row each, printed as it comes, and what shares a certificate told once. Pure. */

import type { Output } from '../output.ts';
import { clipped, endpointText, printable } from '../printable.ts';
import { counted } from '../terminal/words.ts';
import { bodyLines, verdictWord } from './lines.ts';
import type { Outcome } from './many.ts';
import { type CheckReport, daysLeft, hasFindings } from './report.ts';
import type { Target } from './targets.ts';

/** Widest column of servers; a longer name pushes its row. */
const MAX_SERVER_WIDTH = 44;

/** Codes for a port on which nothing can be looked at, and the word for each. */
const ABSENT: Readonly<Record<string, string>> = {
  ERR_CONNECT_FAILED: 'closed',
  ERR_CONNECT_TIMEOUT: 'no answer',
};

/** Columns of the table, known before the first row. */
export function serverWidth(targets: readonly Target[]): number {
  const longest = targets.reduce((width, target) => Math.max(width, serverText(target).length), 0);
  return Math.min(longest, MAX_SERVER_WIDTH);
}

/** `mail.example.com:443  SECURE      2027-01-31  67 days`, and what is wrong. */
export function rowOf({ target, report, failure }: Outcome, width: number, output: Output): string {
  const server = serverText(target).padEnd(width);
  if (report === null) {
    const word = ABSENT[failure.code] ?? 'NO TLS';
    const tone = ABSENT[failure.code] === undefined ? 'danger' : 'dim';
    const line = `${server}  ${output.paint(tone, word.padEnd(10))}  ${printable(failure.message)}`;
    return clippedTo(line, output);
  }
  const word = verdictWord(report, (tone, text) => output.paint(tone, text.padEnd(10)));
  const days = daysLeft(report);
  const end = (report.chain[0]?.notAfter ?? '').slice(0, 10).padEnd(10);
  const left = (days === null ? '' : counted(days, 'day')).padStart(11);
  const line = `${server}  ${word}  ${end}  ${left}  ${whatIsWrong(report)}`.trimEnd();
  return clippedTo(line, output);
}

/** Colours have no width: a painted line is left whole rather than cut within one. */
function clippedTo(line: string, output: Output): string {
  return line.includes('\u001b') ? line : clipped(line, output.width);
}

function serverText(target: Target): string {
  return `${endpointText(target)}${target.startTls === null ? '' : ` (${target.startTls})`}`;
}

/** The gravest problem, and how many more. */
function whatIsWrong({ problems, endsSoon, rule, strict, remarks }: CheckReport): string {
  const counting = strict ? remarks.map(({ sentence }) => sentence) : [];
  const all = [
    ...problems.map(({ sentence }) => sentence),
    ...(rule === null ? [] : [`Refused by the rule ${rule}.`]),
    ...(endsSoon.length === 0 ? [] : ['Ends soon.']),
    ...counting,
  ];
  const [first] = all;
  if (first === undefined) return '';
  return `${printable(first)}${all.length > 1 ? ` (and ${all.length - 1} more)` : ''}`;
}

/** What many came to, counted without keeping them. */
export class Tally {
  secure = 0;
  findings = 0;
  unreached = 0;

  /** Counts one more. */
  add({ report }: Outcome): void {
    if (report === null) this.unreached += 1;
    else if (hasFindings(report)) this.findings += 1;
    else this.secure += 1;
  }

  /** `1000 checked: 990 SECURE, 8 with findings, 2 not reached`. */
  text(): string {
    const all = this.secure + this.findings + this.unreached;
    const parts: readonly [count: number, what: string][] = [
      [this.secure, 'SECURE'],
      [this.findings, 'with findings'],
      [this.unreached, 'not reached'],
    ];
    const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
    return `${all} checked: ${told.join(', ')}`;
  }
}

/** Whether nothing listens there, which is no finding for one port of many of one host. */
export function isAbsent({ failure }: Outcome): boolean {
  return failure !== null && ABSENT[failure.code] !== undefined;
}

/** The full report once for each certificate and what is wrong with it, under the ports that show it. */
export function sharedLines(outcomes: readonly Outcome[], output: Output): string[] {
  const groups = new Map<string, { report: CheckReport; ports: number[] }>();
  for (const { target, report } of outcomes) {
    if (report === null || !hasFindings(report)) continue;
    const { problems, rule } = report;
    const key = JSON.stringify([
      report.chain.map(({ sha256 }) => sha256),
      problems.map(({ kind, position }) => [kind, position]),
      rule,
    ]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { report, ports: [target.port] });
    else known.ports.push(target.port);
  }
  return [...groups.values()].flatMap(({ report, ports }) => [
    '',
    output.paint('strong', `${ports.length === 1 ? 'Port' : 'Ports'} ${ports.join(', ')}`),
    ...bodyLines(report, output),
  ]);
}
