/**
 * Judges the public certificate suites (x509-limbo, PKITS, Chromium, NSS, Go, OpenSSL) with `diagnose`
 * and with the `openssl` program, and writes down what came of it as the page docs/public-cases.md.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseCertificate, parsePem } from '../../src/certificate.ts';
import { parseCrlFile } from '../../src/crl.ts';
import { type Diagnosis, diagnose } from '../../src/diagnose.ts';
import { DEFAULT_POLICY } from '../../src/policy.ts';
import { type Problem, problemKey } from '../../src/problem.ts';

const CASES = path.join(import.meta.dirname, '../../../../../shared/data/x509/public/cases.jsonl');
const DIVERGENCES = path.join(import.meta.dirname, 'divergences.json');

/** OpenSSL processes at once. */
const PARALLEL = 2;

/** One case as the suites' file has it. Certificates and lists are PEM. */
export interface PublicCase {
  id: string;
  suite: string;
  trusted: string[];
  intermediates: string[];
  leaf: string;
  time: string | null;
  name: { kind: string; value: string } | null;
  expected: 'FAILURE' | 'SUCCESS';
  features: string[];
  crls: string[];
}

/** What came of one case. */
export interface Judged {
  /** The id of the case, with a number where the suite has it again with other settings. */
  key: string;
  given: PublicCase;
  problems: readonly Problem[];
  remarks: readonly string[];
  /** `ok`, the number of the first error, or `unreadable`. */
  openssl: string;
  tookMs: number;
}

/** Where what we say is not what the suite expects, and why. */
export interface Divergence {
  key: string;
  reason: string;
}

/** Whether the suites are on this machine. */
export function hasCases(): boolean {
  return existsSync(CASES);
}

export function readDivergences(): readonly Divergence[] {
  return JSON.parse(readFileSync(DIVERGENCES, 'utf8'));
}

/** Whether we accept a case; `isStrict` counts remarks. */
export function accepts({ problems, remarks }: Judged, isStrict = false): boolean {
  return problems.length === 0 && (!isStrict || remarks.length === 0);
}

/** Judges every case. Needs the `openssl` program. */
export async function judgeCases(): Promise<readonly Judged[]> {
  const cases: PublicCase[] = readFileSync(CASES, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const times = new Map<string, number>();
  const judged: Judged[] = cases.map((given) => {
    const time = (times.get(given.id) ?? 0) + 1;
    times.set(given.id, time);
    const started = performance.now();
    const { problems, remarks } = ours(given);
    const tookMs = performance.now() - started;
    const key = time === 1 ? given.id : `${given.id}#${time}`;
    const kinds = [...new Set(remarks.map(({ kind }) => kind))];
    return { key, given, problems, remarks: kinds, openssl: '', tookMs };
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'postern-public-'));
  try {
    const waiting = judged.entries();
    const work = async (): Promise<void> => {
      for (const [index, one] of waiting) one.openssl = await openssl(one.given, folder, index);
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } finally {
    await rm(folder, { recursive: true });
  }
  return judged;
}

/** The instant of a case; where none is given, one second after the youngest certificate begins. */
function instantOf({ id, time, leaf, intermediates, trusted }: PublicCase): Date {
  if (time !== null) return new Date(time);
  const begins = [leaf, ...intermediates, ...trusted]
    .flatMap((pem) => parsePem(pem, id))
    .map((der) => parseCertificate(der).notBefore.getTime());
  return new Date(Math.max(...begins) + 1000);
}

function ours(given: PublicCase): Diagnosis {
  const presented = [given.leaf, ...given.intermediates].flatMap((pem) => parsePem(pem, given.id));
  const trusted = given.trusted.flatMap((pem) => parsePem(pem, given.id));
  const lists = given.crls.flatMap((pem) => parseCrlFile(Buffer.from(pem), given.id));
  const ownName = parseCertificate(presented[0] ?? new Uint8Array()).subjectAltNames.find(
    ({ type, value }) => type === 'ip' || (type === 'dns' && !value.includes('*')),
  );
  const diagnosis = diagnose({
    presented,
    serverName: given.name?.value ?? ownName?.value ?? 'any.test',
    anchors: trusted.map((der) => ({
      certificate: parseCertificate(der),
      origin: { kind: 'system', source: given.id },
    })),
    policy: { ...DEFAULT_POLICY, revocation: lists.length > 0 ? 'required' : 'off' },
    revocationLists: lists,
    at: instantOf(given),
    protocol: null,
    openssl: undefined,
  });
  // A case without a name says nothing about names.
  const problems = diagnosis.problems.filter(
    ({ kind }) => kind !== 'name-mismatch' || given.name !== null,
  );
  return { ...diagnosis, problems };
}

async function openssl(given: PublicCase, folder: string, index: number): Promise<string> {
  const file = async (name: string, pems: readonly string[]): Promise<string> => {
    const where = path.join(folder, `${index}-${name}.pem`);
    await writeFile(where, pems.join('\n'));
    return where;
  };
  const { name, crls, intermediates } = given;
  const args = [
    ...['verify', '-purpose', 'sslserver', '-auth_level', '2', '-no-CApath', '-no-CAstore'],
    ...['-attime', String(Math.floor(instantOf(given).getTime() / 1000))],
    ...['-CAfile', await file('anchors', given.trusted)],
    ...(name === null ? [] : [isIP(name.value) ? '-verify_ip' : '-verify_hostname', name.value]),
    ...(intermediates.length === 0 ? [] : ['-untrusted', await file('untrusted', intermediates)]),
    ...(crls.length === 0 ? [] : ['-crl_check_all', '-CRLfile', await file('crls', crls)]),
    await file('leaf', [given.leaf]),
  ];
  const { SSL_CERT_FILE: _file, SSL_CERT_DIR: _dir, ...env } = process.env;
  return new Promise((resolve) => {
    execFile('openssl', args, { env }, (error, stdout, stderr) => {
      if (error === null) return resolve('ok');
      resolve(/^error (\d+) at /m.exec(stdout + stderr)?.[1] ?? 'unreadable');
    });
  });
}

/** Names of the suites, as people know them. */
const SUITES: Readonly<Record<string, string>> = {
  chromium: 'Chromium',
  'go-nameconstraints': 'Go, name constraints',
  'nss-names': 'NSS, names',
  'openssl-verify': 'OpenSSL',
  pkits: 'NIST PKITS',
};

function suiteOf({ suite }: PublicCase): string {
  return SUITES[suite.split(':')[0] ?? ''] ?? 'x509-limbo';
}

/** The page, from what came of every case and the reasons. */
export function pageOf(judged: readonly Judged[], divergences: readonly Divergence[]): string {
  const reasons = new Map(divergences.map(({ key, reason }) => [key, reason]));
  const names = [...new Set(judged.map(({ given }) => suiteOf(given)))];
  return [
    INTRODUCTION,
    '## How the suites come out',
    '',
    ...summary(judged, names),
    ...names.flatMap((name) => [
      `## ${name}`,
      '',
      '| case | expected | ours | with `--strict` | openssl |',
      '|---|---|---|---|---|',
      ...judged.filter(({ given }) => suiteOf(given) === name).map((one) => row(one, reasons)),
      '',
    ]),
    '## Where we differ, and why',
    '',
    '| case | reason |',
    '|---|---|',
    ...divergences.map(({ key, reason }) => `| \`${key}\` | ${reason} |`),
    '',
  ].join('\n');
}

const INTRODUCTION = `# The public cases

Made by \`node scripts/public-cases-doc.ts\`; do not edit. The certificate suites of six other verifiers,
each case judged by \`diagnose\` without asking OpenSSL, and by the \`openssl\` program
(\`openssl verify -purpose sslserver -auth_level 2\`, with \`-crl_check_all\` where the case has revocation
lists). A case without a name is judged without its name; one with revocation lists as if policy required
them. *Ours* are the problems, as \`kind@position\`; \`--strict\` counts remarks as well. The number is the
error that openssl names first. A case in **bold** comes out otherwise than its suite expects: the reason
is at the end.
`;

function row(one: Judged, reasons: ReadonlyMap<string, string>): string {
  const { key, given, problems, remarks, openssl: said } = one;
  const found = [...new Set(problems.map(problemKey))].map((each) => `\`${each}\``).join(' ');
  const more = remarks.map((kind) => `\`${kind}\``).join(' ');
  const strict = accepts(one, true) ? 'accepts' : `refuses ${more}`.trim();
  const name = reasons.has(key) ? `**\`${key}\`**` : `\`${key}\``;
  const expected = given.expected === 'SUCCESS' ? 'accept' : 'refuse';
  return `| ${[name, expected, found || 'accepts', strict, said].join(' | ')} |`;
}

function summary(judged: readonly Judged[], names: readonly string[]): string[] {
  const count = (of: readonly Judged[], matches: (one: Judged) => boolean): number =>
    of.filter(matches).length;
  const wanted = ({ given }: Judged): boolean => given.expected === 'SUCCESS';
  const line = (name: string, of: readonly Judged[]): string => {
    const cells = [
      name,
      of.length,
      count(of, (one) => accepts(one) === wanted(one)),
      count(of, (one) => accepts(one) && !wanted(one)),
      count(of, (one) => accepts(one, true) && !wanted(one)),
      count(of, (one) => !accepts(one) && wanted(one)),
      count(of, (one) => (one.openssl === 'ok') === wanted(one)),
      count(of, (one) => one.openssl === 'ok' && !wanted(one)),
      count(of, (one) => one.openssl !== 'ok' && wanted(one)),
    ];
    return `| ${cells.join(' | ')} |`;
  };
  return [
    '| suite | cases | ours as expected | ours too lax | with `--strict` | ours too strict | openssl as expected | openssl too lax | openssl too strict |',
    '|---|---|---|---|---|---|---|---|---|',
    ...names.map((name) =>
      line(
        name,
        judged.filter(({ given }) => suiteOf(given) === name),
      ),
    ),
    line('all', judged),
    '',
  ];
}
