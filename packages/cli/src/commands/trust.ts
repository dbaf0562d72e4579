/** `postern trust`: what was trusted by hand, trusting by the administrator's fingerprint, Stop Trusting. */

import type { QuestionReport, TrustReport } from '@postern/connector';
import type { Endpoint, TrustInterval } from '@postern/trust';
import type { Command } from 'commander';
import { parseEndpoint, parseInterval, parseSha256, verb } from '../arguments.ts';
import { type ProblemReport, problemReport } from '../check/report.ts';
import { composeLookout } from '../compose.ts';
import { connectorClient } from '../connector-client.ts';
import { ensureDaemon } from '../daemon.ts';
import { CommandFailure, ControlError, EXIT, UsageError } from '../failure.ts';
import { findHome } from '../home.ts';
import { type Output, processOutput, table } from '../output.ts';
import { endpointText, printable, printableLines } from '../printable.ts';
import { detailsLines, generalLines, pathLines } from '../terminal/certificate-text.ts';
import { drawFacts } from '../terminal/question-text.ts';
import { counted, instantText } from '../terminal/words.ts';

interface Json {
  json?: true;
}

/** Declares `postern trust`. */
export function define(command: Command): void {
  verb(command, 'list', 'List what was trusted by hand, and until when.', [
    'postern trust list',
  ]).action(list);
  verb(command, 'show', 'Show an open question with the certificate and its path.', [
    'postern trust show mail.example.com:443',
    'postern trust show --report > report.txt',
  ])
    .argument('[HOST[:PORT]]', 'the server; all open questions without it')
    .option('--report', 'print the report for the administrator instead: no account is in it')
    .action(show);
  verb(
    command,
    'add',
    'Trust a server’s certificate by the fingerprint that your administrator gave you.',
    ['postern trust add mail.example.com --sha256 4B:9B:...:8D --for 1d'],
  )
    .argument('<HOST[:PORT]>', 'the server; port 443 unless given')
    .requiredOption('--sha256 <FINGERPRINT>', 'from your administrator, never from this connection')
    .requiredOption('--for <PERIOD>', 'until-stop, 1h, 1d, 7d or 30d')
    .addHelpText(
      'after',
      '\nPostern connects, shows every problem, and grants only if what is presented now has this fingerprint\nand policy allows it.',
    )
    .action(add);
  verb(
    command,
    'stop',
    'Stop Trusting: end every connection to a server at once and work offline.',
    ['postern trust stop mail.example.com:443'],
  )
    .argument('<HOST[:PORT]>', 'the server; port 443 unless given')
    .action(stop);
}

async function client() {
  return connectorClient((await ensureDaemon(findHome())).control);
}

async function list({ json }: Json): Promise<void> {
  const output = processOutput();
  const trusted = await (await client()).trusted();
  if (json === true) return output.json({ schema: 1, trusted });
  for (const line of table(trusted.map(trustRow), output.width)) output.line(line);
  if (trusted.length === 0) output.note('Nothing was trusted by hand.');
}

function trustRow(trust: TrustReport): string[] {
  const end = instantText(trust.expiresAt);
  const state = trust.state === 'live' ? `until ${end}` : trust.state;
  const certificate =
    trust.leafSha256 === 'plain-http' ? 'plain HTTP' : `SHA-256 ${trust.leafSha256.slice(0, 16)}…`;
  const despite = trust.problems.map((key) => printable(key.replace(/@.*$/, ''))).join(', ');
  return [endpointText(trust), state, certificate, despite];
}

async function show(
  target: string | undefined,
  { json, report }: Json & { report?: true },
): Promise<void> {
  const output = processOutput();
  const wanted = target === undefined ? null : parseEndpoint(target);
  const { questions } = await (await client()).status();
  const found = questions.filter((question) => wanted === null || isAt(question, wanted));
  if (json === true) return output.json({ schema: 1, questions: found });
  if (found.length === 0) {
    output.note('There is no open question.');
    return;
  }
  for (const [index, question] of found.entries()) {
    if (index > 0) output.line();
    if (report === true) output.line(printableLines(question.administratorReport.trimEnd()));
    else showQuestion(question, output);
  }
  process.exitCode = EXIT.refused;
}

function isAt(question: QuestionReport, { host, port }: Endpoint): boolean {
  return question.host === host.toLowerCase() && question.port === port;
}

function showQuestion(question: QuestionReport, output: Output): void {
  const drawing = { paint: output.paint, width: Math.min(output.width, 100) };
  const [certificate] = question.chain;
  // The choices are for a terminal that can be answered on.
  for (const line of drawFacts(question, drawing)) output.line(line);
  output.line();
  if (certificate !== undefined) {
    const reasons = question.problems.map(({ sentence }) => sentence);
    const lines = [
      output.paint('strong', 'General'),
      ...generalLines(certificate, [], drawing).slice(2),
      '',
      output.paint('strong', 'Details'),
      ...detailsLines(certificate, drawing),
      '',
      output.paint('strong', 'Certification Path'),
      ...pathLines(question.path, reasons[0] ?? 'No problem was found.', drawing),
    ];
    for (const line of lines) output.line(line);
  }
  output.line();
  output.line('Run "postern sync" to be asked.');
}

async function add(target: string, options: Json & { sha256: string; for: string }): Promise<void> {
  const output = processOutput();
  const endpoint = parseEndpoint(target);
  const sha256 = parseSha256(options.sha256);
  const interval = parseInterval(options.for);
  const problems = await problemsAt(endpoint);
  if (options.json !== true) {
    for (const { sentence } of problems) output.note(`  x ${printable(sentence)}`);
  }
  const override = await addByFingerprint(endpoint, sha256, interval);
  if (options.json === true) return output.json({ schema: 1, problems, override });
  if (override === null) {
    output.line(`${endpointText(endpoint)} is SECURE: there is nothing to trust by hand.`);
    return;
  }
  output.line(
    `${endpointText(endpoint)} is trusted by you until ${instantText(override.expiresAt)}.`,
  );
}

/** A look from here, so that the person sees everything that is wrong before anything is granted. */
async function problemsAt(endpoint: Endpoint): Promise<ProblemReport[]> {
  const lookout = await composeLookout(findHome(), null);
  try {
    const { diagnosis } = await lookout.gate.look(endpoint);
    return diagnosis.problems.map(problemReport);
  } finally {
    await lookout.close();
  }
}

/** The daemon dials again and decides. What is presented is never printed: it would only be copied. */
async function addByFingerprint(
  endpoint: Endpoint,
  sha256: string,
  interval: TrustInterval,
): Promise<TrustReport | null> {
  try {
    return await (await client()).addTrust(endpoint, sha256, interval);
  } catch (error) {
    if (!(error instanceof ControlError) || error.code !== 'ERR_TRUST_CHANGED') throw error;
    const message = `the certificate that ${endpointText(endpoint)} presents does not have this fingerprint`;
    throw new CommandFailure(EXIT.refused, message, {
      code: error.code,
      hints: ['do not connect: ask your administrator'],
    });
  }
}

async function stop(target: string, { json }: Json): Promise<void> {
  const output = processOutput();
  const endpoint = parseEndpoint(target);
  const stopped = await (await client()).stopTrusting(endpoint);
  if (json === true) return output.json({ schema: 1, ...stopped });
  if (!stopped.override && stopped.roots === 0) {
    const hints = ['"postern trust list" and "postern roots list" show what is'];
    throw new UsageError(`nothing was trusted by hand at ${endpointText(endpoint)}`, hints);
  }
  const withdrawn = [
    ...(stopped.override ? ['the trusted certificate'] : []),
    ...(stopped.roots > 0 ? [counted(stopped.roots, 'root CA certificate')] : []),
  ];
  output.line(
    `Stopped trusting ${endpointText(endpoint)}: withdrew ${withdrawn.join(' and ')}, ended ${counted(stopped.sockets, 'connection')}.`,
  );
  output.line('Postern works offline with this server. Your mail stays on this computer.');
}
