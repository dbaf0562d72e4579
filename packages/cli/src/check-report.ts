/** What `postern check` says of a server: the diagnosis as fields, and those fields as text. Pure. */

import { type CertificateReport, certificateReport } from '@postern/connector';
import {
  describe,
  formatFingerprint,
  type Look,
  NEVER_OVERRIDABLE,
  type Position,
  type Problem,
  type ProblemKind,
} from '@postern/trust';
import type { Output } from './output.ts';
import { endpointText, printable } from './printable.ts';
import { type PathReport, pathLines } from './terminal/certificate-text.ts';
import { fingerprintLines, hanging, labelled } from './terminal/layout.ts';
import { counted, instantText } from './terminal/words.ts';

/** A problem with its evidence as further fields. */
export type ProblemReport = {
  kind: ProblemKind;
  position: Position;
  sentence: string;
  overridable: boolean;
} & Record<string, unknown>;

/** The JSON of `postern check`. Instants are ISO 8601 in UTC, fingerprints lower-case hex SHA-256. */
export interface CheckReport {
  schema: 1;
  verdict: 'not-secure' | 'secure';
  host: string;
  port: number;
  serverName: string;
  at: string;
  protocol: string | null;
  /** OpenSSL's own verdict: null when it authorised the chain. */
  openssl: string | null;
  /** The rule of policy that refuses, if one does. */
  rule: string | null;
  problems: ProblemReport[];
  remarks: { kind: string; position: Position; sentence: string }[];
  chain: CertificateReport[];
  path: PathReport[];
}

/** The fields of a look. `SECURE` only if the gate would say so. */
export function checkReport({ endpoint, diagnosis, verdict }: Look): CheckReport {
  return {
    schema: 1,
    verdict: verdict.kind === 'secure' ? 'secure' : 'not-secure',
    host: endpoint.host,
    port: endpoint.port,
    serverName: diagnosis.serverName,
    at: diagnosis.at.toISOString(),
    protocol: diagnosis.protocol,
    openssl: diagnosis.openssl ?? null,
    rule: verdict.kind === 'refuse' && verdict.because === 'policy' ? verdict.rule : null,
    problems: diagnosis.problems.map(problemReport),
    remarks: diagnosis.remarks.map(({ kind, position, sentence }) => ({
      kind,
      position,
      sentence,
    })),
    chain: diagnosis.chain.map(certificateReport),
    path: diagnosis.path.map(({ certificate, position, anchor }) => ({
      position,
      anchor: anchor === null ? null : anchorText(anchor.origin),
      status: pathStatus(position, anchor !== null, diagnosis.problems),
      sha256: certificate.sha256,
      subject: certificate.subject,
    })),
  };
}

/** One problem with its evidence, as every `--json` gives it. */
export function problemReport(problem: Problem): ProblemReport {
  return {
    ...problem,
    sentence: describe(problem),
    overridable: !NEVER_OVERRIDABLE.has(problem.kind),
  };
}

function anchorText(origin: { kind: string; source?: string; serverName?: string }): string {
  if (origin.kind === 'user') return `root that you added for ${origin.serverName ?? ''}`;
  if (origin.kind === 'policy') return `root of your organization (${origin.source ?? ''})`;
  return `root in ${origin.source ?? ''}`;
}

function pathStatus(
  position: Position,
  isAnchor: boolean,
  problems: readonly { kind: ProblemKind; position: Position }[],
): string {
  const own = problems.filter(
    (problem) => problem.position !== null && problem.position === position,
  );
  if (own.length > 0) return own.map(({ kind }) => kind).join(', ');
  return isAnchor ? 'trusted' : 'ok';
}

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

const DAY_MS = 86_400_000;

/** The report for people: verdict first, what failed before what passed, then the path. */
export function checkLines(report: CheckReport, output: Output, timeZone?: string): string[] {
  const { paint } = output;
  const width = Math.min(output.width, 100);
  const isSecure = report.verdict === 'secure';
  const word = isSecure ? paint('good', 'SECURE') : paint('danger', 'NOT SECURE');
  const named = report.serverName === report.host ? '' : `   (as ${printable(report.serverName)})`;
  const leaf = report.chain[0];
  return [
    `${endpointText(report)}   ${word}${named}`,
    '',
    ...report.problems.flatMap((problem) =>
      hanging(
        `  x ${topicOf(problem.kind).padEnd(9)}`,
        `${printable(problem.sentence)}${whose(problem.position)}${evidenceText(problem, timeZone)}`,
        width,
      ),
    ),
    ...(report.rule === null ? [] : [`  x Policy   refused by the rule ${printable(report.rule)}`]),
    ...passedLines(report, width, timeZone),
    ...report.remarks.flatMap(({ position, sentence }) =>
      hanging('  - Remark   ', `${printable(sentence)}${whose(position)}`, width),
    ),
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

/** What the sentence leaves out, where people want it: whose certificate it is, and which day. */
function evidenceText(problem: ProblemReport, timeZone: string | undefined): string {
  const { kind, presented, notAfter, notBefore, issuer } = problem;
  if (kind === 'name-mismatch' && Array.isArray(presented)) {
    return ` It is for ${presented.map(String).map(printable).join(', ') || 'no name at all'}.`;
  }
  if (kind === 'expired' && typeof notAfter === 'string') {
    return ` It ended on ${instantText(notAfter, timeZone)}.`;
  }
  if (kind === 'not-yet-valid' && typeof notBefore === 'string') {
    return ` It begins on ${instantText(notBefore, timeZone)}.`;
  }
  if (kind === 'issuer-not-found' && typeof issuer === 'string') {
    return ` It was issued by ${printable(issuer)}.`;
  }
  return '';
}

function wholePath({ problems }: CheckReport): string {
  return problems[0]?.sentence ?? 'verified';
}

function topicOf(kind: ProblemKind): string {
  if (DATES.includes(kind)) return 'Dates';
  if (NAMES.includes(kind)) return 'Name';
  if (ISSUER.includes(kind)) return 'Issuer';
  return kind === 'old-protocol' ? 'Protocol' : 'Other';
}

function passedLines(report: CheckReport, width: number, timeZone: string | undefined): string[] {
  const leaf = report.chain[0];
  if (leaf === undefined) return [];
  const failed = new Set(report.problems.map(({ kind }) => topicOf(kind)));
  const root = report.path.find(({ anchor }) => anchor !== null);
  const days = Math.floor((Date.parse(leaf.notAfter) - Date.parse(report.at)) / DAY_MS);
  const passed: [string, string][] = [];
  if (!failed.has('Issuer') && root !== undefined) {
    passed.push(['Issuer', `${printable(root.subject)} (${printable(root.anchor ?? '')})`]);
  }
  if (!failed.has('Name')) passed.push(['Name', `${printable(report.serverName)} matches`]);
  if (!failed.has('Dates')) {
    passed.push([
      'Dates',
      `valid until ${instantText(leaf.notAfter, timeZone)} (${counted(days, 'day')})`,
    ]);
  }
  if (!failed.has('Protocol') && report.protocol !== null)
    passed.push(['Protocol', report.protocol]);
  return passed.flatMap(([topic, text]) => hanging(`  + ${topic.padEnd(9)}`, text, width));
}

function whose(position: Position): string {
  return position === null || position === 0 ? '' : ` (certificate ${position + 1} of the chain)`;
}
