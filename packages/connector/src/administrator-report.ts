/**
 * The report for the administrator: all that is known of a bad certificate, as text to be copied
 * into a message. Pure. It holds no secret: no account, no password, no path of this computer.
 */

import path from 'node:path';
import {
  type Certificate,
  type Diagnosis,
  describe,
  describeEvidence,
  type Endpoint,
  endpointKey,
  formatFingerprint,
  generalNameText,
  keyText,
  type PathElement,
  type Position,
  type Problem,
} from '@postern/trust';
import type { CauseReport } from './api.ts';
import { excerpt } from './text.ts';

/** What made the report, by version. */
export interface ReportVersions {
  postern: string;
  /** As `process.version`: `v24.17.0`. */
  node: string;
  openssl: string;
}

/** What the report says. */
export interface AdministratorReportInput {
  /** Null for a chain on disk. */
  endpoint: Endpoint | null;
  /** The connection that met it; null where somebody only looked. */
  purpose: string | null;
  at: Date;
  /** Only the gate's verdict says so. */
  isSecure: boolean;
  /** Null where the server did not answer TLS and the connection would be plain HTTP. */
  diagnosis: Diagnosis | null;
  /** False where no name was given to look for; true unless given. */
  isNameChecked?: boolean;
  causes: readonly Pick<CauseReport, 'administrator' | 'certainty' | 'sentence'>[];
  versions: ReportVersions;
  /** Further options of `postern check` that repeat it, `--starttls smtp`. No path may stand in them. */
  checkOptions?: readonly string[];
}

/** In columns: what mail programs leave unbroken (RFC 3676 4.2 recommends at most 78). */
const WIDTH = 76;

/** Names of one certificate at most; it may have thousands. */
const MAX_NAMES = 20;

/** Text with a line break at its end. */
export function administratorReport(input: AdministratorReportInput): string {
  const { endpoint, diagnosis, purpose, isSecure, versions, causes } = input;
  const { isNameChecked = true, checkOptions = [] } = input;
  const server = endpoint === null ? null : endpointKey(endpoint);
  const lines = [
    server === null
      ? 'Report on a chain of certificates in a file'
      : `Report on the server certificate of ${server}`,
    '',
    ...rows([
      ...(server === null ? [] : [['Server', server] as const]),
      ...(purpose === null ? [] : [['Connection', excerpt(purpose)] as const]),
      ['Looked at', instantText(input.at)],
      ['Verdict', isSecure ? 'SECURE' : 'NOT SECURE'],
      ...(diagnosis === null ? [] : connectionRows(diagnosis, isNameChecked)),
      [
        'Made by',
        `Postern ${versions.postern}, Node.js ${versions.node.replace(/^v/, '')}, OpenSSL ${versions.openssl}`,
      ],
    ]),
    ...(diagnosis === null
      ? section('Problems', [
          ...item('-', 'The server did not answer with TLS: the connection would be plain HTTP.'),
        ])
      : problemLines(diagnosis)),
    ...causeLines('What the cause is', causes, 'proof'),
    ...causeLines('What the cause may be', causes, 'guess'),
    ...(diagnosis === null ? [] : certificateLines(diagnosis)),
    ...(server === null
      ? []
      : section('To look again', [`  ${['postern check', server, ...checkOptions].join(' ')}`])),
  ];
  return `${lines.join('\n')}\n`;
}

function connectionRows(
  { serverName, protocol, openssl }: Diagnosis,
  isNameChecked: boolean,
): [string, string][] {
  const verdict = openssl === undefined ? 'was not consulted' : (openssl ?? 'found nothing wrong');
  return [
    ['Name', isNameChecked ? serverName : 'not checked'],
    ...(protocol === null ? [] : [['Protocol', protocol] satisfies [string, string]]),
    ['OpenSSL', verdict],
  ];
}

function problemLines({ problems, remarks }: Diagnosis): string[] {
  return [
    ...section(
      'Problems',
      problems.flatMap((problem) => [
        ...item('-', `${describe(problem)} [${problem.kind}${whose(problem.position)}]`),
        ...item(' ', describeEvidence(withoutFolder(problem))),
      ]),
    ),
    ...section(
      'Remarks (not counted)',
      remarks.flatMap(({ kind, position, sentence }) =>
        item('-', `${sentence} [${kind}${whose(position)}]`),
      ),
    ),
  ];
}

/** A revocation list is named by its file alone: the folder is a path of this computer. */
function withoutFolder(problem: Problem): Problem {
  return 'list' in problem && problem.list !== undefined
    ? { ...problem, list: path.basename(problem.list) }
    : problem;
}

function causeLines(
  title: string,
  causes: AdministratorReportInput['causes'],
  certainty: CauseReport['certainty'],
): string[] {
  return section(
    title,
    causes
      .filter((cause) => cause.certainty === certainty)
      .flatMap(({ sentence, administrator }) => [
        ...item('-', sentence),
        ...(administrator === null ? [] : adviceLines(administrator)),
      ]),
  );
}

/**
 * Commands are there to be copied, so lines that hold nothing of others' (which stands in quotes) are
 * not wrapped. A certificate begins at the first column: `openssl` reads no other.
 */
function adviceLines(administrator: string): string[] {
  const [advice = '', ...pem] = administrator.split(/^(?=-----BEGIN )/m);
  return [
    ...advice
      .trimEnd()
      .split('\n')
      .flatMap((line) => (line.includes('"') ? item(' ', line) : [`    ${line}`])),
    ...pem.flatMap((block) => block.trimEnd().split('\n')),
  ];
}

function certificateLines({ chain, path: elements }: Diagnosis): string[] {
  return [
    ...section(
      'Certificates, as the server sent them',
      chain.flatMap((certificate, position) => [
        ...(position === 0 ? [] : ['']),
        `  Certificate ${position + 1}`,
        ...rows(certificateRows(certificate), '    '),
      ]),
    ),
    ...section(
      'Path, from the server upwards',
      elements.flatMap((element) => item('-', pathText(element))),
    ),
  ];
}

function certificateRows(certificate: Certificate): [string, string][] {
  const { subject, issuer, subjectAltNames, notBefore, notAfter, serialNumber } = certificate;
  const names = subjectAltNames.slice(0, MAX_NAMES).map(generalNameText);
  const left = subjectAltNames.length - names.length;
  const [first = '', second = ''] = inTwo(formatFingerprint(certificate.sha256));
  return [
    ['Subject', quoted(subject)],
    ['Issuer', quoted(issuer)],
    ['Names', `${names.map(quoted).join(', ') || 'none'}${left > 0 ? ` and ${left} more` : ''}`],
    ['Valid from', instantText(notBefore)],
    ['Valid to', instantText(notAfter)],
    ['Serial', serialNumber],
    ['Key', keyText(certificate)],
    ['Signature', certificate.signatureAlgorithm],
    ['SHA-256', first],
    ['', second],
  ];
}

/** The file that an anchor came from is a path of this computer. */
const ORIGINS = {
  policy: 'trusted: deployed by policy',
  system: 'trusted: known to the computer',
  user: 'trusted: added for this server',
} as const;

function pathText({ certificate, position, anchor }: PathElement): string {
  const sent = position === null ? 'not sent' : `certificate ${position + 1}`;
  const trusted = anchor === null ? '' : `, ${ORIGINS[anchor.origin.kind]}`;
  return `${quoted(certificate.subject)} (${sent}${trusted})`;
}

/** A section that says nothing is left out. */
function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

/** A sign and the text that hangs from it. */
function item(sign: string, text: string): string[] {
  return hanging(`  ${sign} `, text);
}

function rows(all: readonly (readonly [label: string, value: string])[], indent = '  '): string[] {
  const column = Math.max(...all.map(([label]) => label.length)) + 2;
  return all.flatMap(([label, value]) => hanging(indent + label.padEnd(column), value));
}

/** Broken at spaces; a word that is longer than a line is cut, for it may be a name made to be that. */
function hanging(beginning: string, text: string): string[] {
  const room = WIDTH - beginning.length;
  const words = text
    .split(' ')
    .flatMap((word) => word.match(new RegExp(`.{1,${room}}`, 'gsu')) ?? ['']);
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of words) {
    if (line !== null && [...line, ' ', ...word].length > room) {
      lines.push(line);
      line = null;
    }
    line = line === null ? word : `${line} ${word}`;
  }
  lines.push(line ?? '');
  return lines.map((one, index) =>
    `${index === 0 ? beginning : ' '.repeat(beginning.length)}${one}`.trimEnd(),
  );
}

function inTwo(fingerprint: string): [string, string] {
  const pairs = fingerprint.split(':');
  return [pairs.slice(0, 16).join(':'), pairs.slice(16).join(':')];
}

function whose(position: Position): string {
  return position === null ? '' : `, certificate ${position + 1}`;
}

/** Marks where a certificate's text begins and ends: what it says is only what it says. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', "'")}"`;
}

/** To the second, as certificates are; a hostile one may hold no date at all. */
function instantText(at: Date): string {
  return Number.isNaN(at.getTime()) ? 'no date' : at.toISOString().replace(/\.\d+Z$/, 'Z');
}
