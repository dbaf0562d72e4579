/** `postern check`: says everything that is wrong with any TLS server, or a chain on disk. No daemon, no question, no byte of data. */

import type { Command } from 'commander';
import { finish } from '../arguments.ts';
import { textForAdministrator } from '../check/for-administrator.ts';
import { checkLines } from '../check/lines.ts';
import {
  type Looked,
  type LookedAtFile,
  type Looking,
  lookAt,
  lookAtFile,
} from '../check/looker.ts';
import {
  DEFAULT_PARALLEL,
  exitCodeOf,
  lookAtMany,
  type Outcome,
  outcomeJson,
  worse,
} from '../check/many.ts';
import { NagiosState } from '../check/nagios.ts';
import { openProgress } from '../check/progress.ts';
import { hasFindings } from '../check/report.ts';
import { isAbsent, rowOf, serverWidth, sharedLines, Tally } from '../check/table.ts';
import {
  parseStartTls,
  parseTarget,
  readTargets,
  type Target,
  zimbraTargets,
} from '../check/targets.ts';
import { parseDays, parseInstant, parseParallel, parseTimeout } from '../check/typed.ts';
import { composeLookout, type Lookout } from '../compose.ts';
import { EXIT, type ExitCode, UsageError } from '../failure.ts';
import { findHome } from '../home.ts';
import { type Output, processOutput } from '../output.ts';

interface CheckOptions {
  at?: string;
  crl?: readonly string[];
  days?: string;
  file?: string;
  hosts?: string;
  json?: true;
  nagios?: true;
  name?: string;
  parallel?: string;
  report?: true;
  roots?: string;
  starttls?: string;
  strict?: true;
  timeout?: string;
  zimbra?: string;
}

/** Declares `postern check`. */
export function define(command: Command): void {
  finish(command, [
    'postern check mail.example.com',
    'postern check mail.example.com:8443 --json',
    'postern check 192.0.2.7:443 --name mail.example.com --roots ca.pem',
    'postern check mail.example.com:587 --days 30',
    'postern check --zimbra mail.example.com',
    'postern check --hosts servers.txt --days 30 --json',
    'postern check --file chain.pem --name mail.example.com --roots ca.pem --at 2027-01-31',
    'postern check mail.example.com:993 --days 21 --nagios',
  ])
    .argument('[HOST[:PORT]...]', 'the servers; port 443 unless given')
    .option('--hosts <FILE>', 'check every HOST[:PORT] in FILE, one a line; - is standard input')
    .option('--zimbra <HOST>', 'check every port on which a Zimbra server speaks TLS')
    .option('--file <FILE>', 'check a chain on disk (PEM, leaf first, or DER); - is standard input')
    .option('--name <NAME>', 'verify NAME instead of HOST')
    .option(
      '--roots <FILE>',
      'trust only the root CA certificates in FILE (PEM or DER), not the system’s',
    )
    .option(
      '--crl <FILE>',
      'require that the certificate revocation lists in FILE (PEM or DER) cover the chain; may be repeated',
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .option('--at <INSTANT>', 'with --file: judge at 2027-01-31, 2027-01-31T08:00Z or @SECONDS')
    .option('--days <N>', 'count a certificate that ends within N days as a finding')
    .option('--strict', 'count remarks as findings')
    .option(
      '--starttls <PROTOCOL>',
      'smtp, lmtp, imap, pop3, ldap, xmpp, xmpp-server or none; by the port unless given',
    )
    .option(
      '--timeout <SECONDS>',
      'give up a server after so long; 30 s for each step unless given',
    )
    .option('--parallel <N>', `look at so many servers at once (${DEFAULT_PARALLEL})`)
    .option('--report', 'print the report for the administrator instead, to be sent as it is')
    .option('--nagios', 'one line and the exit codes of a monitoring plugin')
    .addHelpText('after', NOTES)
    .action(run);
}

const NOTES = `
Exits 0 if every server is SECURE, 1 if there are findings, 3 if one cannot be reached; for several the worst of
these. With --zimbra a closed port is no finding. A file without --name is never SECURE: 0 says that nothing else
is wrong with it. OpenSSL is not consulted for a file.
With --nagios: 0 OK, 1 WARNING (ends soon, or remarks under --strict), 2 CRITICAL (problems), 3 UNKNOWN.
Several servers with --json print one object a line. Ports 25, 587 (SMTP), 24, 7025 (LMTP), 110, 143, 389, 5222 and
5269 begin in plain text (STARTTLS) unless --starttls says otherwise.
Overrides given to Postern do not count here: a server that you trusted by hand is not SECURE.`;

async function run(typed: readonly string[], options: CheckOptions): Promise<void> {
  if (options.json === true && options.report === true) {
    throw new UsageError('--report and --json do not go together');
  }
  if (options.nagios !== true) {
    process.exitCode = await check(typed, options, processOutput());
    return;
  }
  const state = new NagiosState(options.days === undefined ? null : Number(options.days));
  try {
    await checkForNagios(typed, options, state);
  } catch (error) {
    // A monitoring system reads stdout and the exit code, whatever went wrong.
    state.fail({ message: error instanceof Error ? error.message : String(error) });
  }
  const { line, exitCode } = state.result();
  processOutput().line(line);
  process.exitCode = exitCode;
}

async function check(
  typed: readonly string[],
  options: CheckOptions,
  output: Output,
): Promise<ExitCode> {
  const what = await chosen(typed, options);
  return withLookout(options, async (lookout) => {
    if (what.kind === 'file') return checkFile(what.file, options, lookout, output);
    const looking = lookingBy(options, lookout, what.targets.length);
    const [first] = what.targets;
    if (what.kind === 'one' && first !== undefined) {
      return tell(await lookAt(first, looking), options, output);
    }
    return checkMany(what.targets, options, looking, output, what.kind === 'zimbra');
  });
}

async function checkFile(
  file: string,
  options: CheckOptions,
  lookout: Lookout,
  output: Output,
): Promise<ExitCode> {
  const looked = await readFile(file, options, lookout);
  if (looked.hasPrivateKey) {
    output.note('postern: warning: the file holds a private key too, which was not looked at');
  }
  return tell(looked, options, output);
}

/** Tells one report in the form that was asked for. */
function tell(looked: Looked, options: CheckOptions, output: Output): ExitCode {
  const { report } = looked;
  if (options.json === true) output.json(report);
  else if (options.report === true) output.line(textForAdministrator(looked, options).trimEnd());
  else for (const line of checkLines(report, output)) output.line(line);
  return hasFindings(report) ? EXIT.findings : EXIT.fine;
}

function readFile(file: string, options: CheckOptions, lookout: Lookout): Promise<LookedAtFile> {
  const { anchors, policy, clock } = lookout;
  const at = options.at === undefined ? clock.now() : parseInstant(options.at);
  return lookAtFile(file, { ...findingsBy(options), anchors, policy, at });
}

async function checkMany(
  targets: readonly Target[],
  options: CheckOptions,
  looking: Looking,
  output: Output,
  isOneHost: boolean,
): Promise<ExitCode> {
  const progress = openProgress(targets.length);
  const width = serverWidth(targets);
  const tally = new Tally();
  /** Kept for the eight ports of one host alone. */
  const kept: Outcome[] = [];
  let exitCode: ExitCode = EXIT.fine;
  let present = 0;
  await lookAtMany(
    targets,
    parallelOf(options),
    async (target) => (await lookAt(target, looking)).report,
    async (outcome) => {
      progress.clear();
      if (options.json === true) output.line(JSON.stringify(outcomeJson(outcome)));
      else if (isOneHost) kept.push(outcome);
      else output.line(rowOf(outcome, width, output));
      progress.step();
      tally.add(outcome);
      if (!isOneHost || !isAbsent(outcome)) {
        present += 1;
        exitCode = worse(exitCode, exitCodeOf(outcome));
      }
      await output.taken();
    },
  );
  if (options.json !== true) {
    if (isOneHost) {
      kept.sort((a, b) => targets.indexOf(a.target) - targets.indexOf(b.target));
      for (const outcome of kept) output.line(rowOf(outcome, width, output));
      for (const line of sharedLines(kept, output)) output.line(line);
    } else {
      output.line();
      output.line(tally.text());
    }
  }
  return present === 0 ? EXIT.cannotConnect : exitCode;
}

async function checkForNagios(
  typed: readonly string[],
  options: CheckOptions,
  state: NagiosState,
): Promise<void> {
  if (options.json === true) throw new UsageError('--nagios and --json do not go together');
  const what = await chosen(typed, options);
  await withLookout(options, async (lookout) => {
    if (what.kind === 'file') {
      state.add((await readFile(what.file, options, lookout)).report);
      return;
    }
    const looking = lookingBy(options, lookout, what.targets.length);
    await lookAtMany(
      what.targets,
      parallelOf(options),
      async (target) => (await lookAt(target, { ...looking, explains: false })).report,
      (outcome) => {
        if (outcome.report !== null) state.add(outcome.report);
        else if (what.kind !== 'zimbra' || !isAbsent(outcome)) state.fail(outcome.failure);
      },
    );
  });
}

async function withLookout<T>(
  { roots, crl }: CheckOptions,
  use: (lookout: Lookout) => Promise<T>,
): Promise<T> {
  const lookout = await composeLookout(findHome(), roots ?? null, crl);
  try {
    return await use(lookout);
  } finally {
    await lookout.close();
  }
}

type Chosen =
  | { kind: 'file'; file: string }
  | { kind: 'many' | 'one' | 'zimbra'; targets: readonly Target[] };

/** What is to be checked: one of the ways of saying it. Throws UsageError. */
async function chosen(typed: readonly string[], options: CheckOptions): Promise<Chosen> {
  const { file, hosts, zimbra, starttls, at } = options;
  const ways = [typed.length > 0, file !== undefined, hosts !== undefined, zimbra !== undefined];
  if (ways.filter(Boolean).length !== 1) {
    throw new UsageError(
      ways.includes(true)
        ? 'HOST, --hosts, --zimbra and --file do not go together'
        : 'nothing to check',
      ['postern check mail.example.com'],
    );
  }
  if (at !== undefined && file === undefined) {
    throw new UsageError('--at goes with --file: a server presents its certificate now');
  }
  if (file !== undefined) {
    if (starttls !== undefined) throw new UsageError('--starttls goes with a server, not a file');
    return { kind: 'file', file };
  }
  if (zimbra !== undefined) {
    if (starttls !== undefined) throw new UsageError('--zimbra knows the protocol of each port');
    if (options.report === true) throw onlyOne();
    return { kind: 'zimbra', targets: zimbraTargets(zimbra) };
  }
  const startTls = starttls === undefined ? undefined : parseStartTls(starttls);
  if (options.report === true && (hosts !== undefined || typed.length > 1)) throw onlyOne();
  if (hosts !== undefined) return { kind: 'many', targets: await readTargets(hosts, startTls) };
  const targets = typed.map((text) => parseTarget(text, startTls));
  return { kind: targets.length === 1 ? 'one' : 'many', targets };
}

function onlyOne(): UsageError {
  return new UsageError('--report is about one server or one file');
}

function findingsBy({ name, strict, days }: CheckOptions): {
  serverName: string | null;
  strict: boolean;
  days: number | null;
} {
  return {
    serverName: name ?? null,
    strict: strict === true,
    days: days === undefined ? null : parseDays(days),
  };
}

function lookingBy(options: CheckOptions, { gate, clock }: Lookout, targets: number): Looking {
  const { timeout } = options;
  return {
    ...findingsBy(options),
    gate,
    clock,
    timeoutMs: timeout === undefined ? null : parseTimeout(timeout),
    // A person waits for one answer; a thousand would ask a thousand others.
    explains: targets === 1,
  };
}

function parallelOf({ parallel }: CheckOptions): number {
  return parallel === undefined ? DEFAULT_PARALLEL : parseParallel(parallel);
}
