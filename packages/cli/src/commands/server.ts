/** `postern server`: a Zimbra-compatible server on this machine, to try Postern on, and its administration. */

import path from 'node:path';
import {
  createAccount,
  importMail,
  isMailMode,
  listAccounts,
  MAIL_MODES,
  serverFingerprint,
  setPassword,
} from '@postern/server';
import { formatFingerprint } from '@postern/trust';
import { type Command, Option } from 'commander';
import { parsePort, verb } from '../arguments.ts';
import { stopRunning } from '../background.ts';
import { UsageError } from '../failure.ts';
import { findHome, type Home } from '../home.ts';
import { processOutput } from '../output.ts';
import { printable } from '../printable.ts';
import { runServer } from '../server-host.ts';
import { ensureServer, type ServerReport, serverReport, serverRun } from '../server-process.ts';
import { labelled } from '../terminal/layout.ts';
import { readPassword } from '../terminal/password.ts';
import { counted, instantText, sizeText } from '../terminal/words.ts';

interface HomeOptions {
  home?: string;
  json?: true;
}

interface RunOptions extends HomeOptions {
  adminPort?: string;
  hostName?: string;
  httpPort?: string;
  httpsPort?: string;
  mode?: string;
  reportStart?: true;
}

/** Declares `postern server`. */
export function define(command: Command): void {
  listening(
    withHome(verb(command, 'run', 'Run the server in the foreground.', ['postern server run'])),
  ).action(run);
  listening(
    withHome(
      verb(command, 'start', 'Start the server in the background.', ['postern server start']),
    ),
  ).action(start);
  withHome(verb(command, 'stop', 'Stop the server.', ['postern server stop'])).action(stop);
  withHome(
    verb(command, 'status', 'Say where the server listens.', ['postern server status']),
  ).action(status);
  withHome(
    verb(command, 'fingerprint', 'Print the fingerprints: the administrator’s side of the check.', [
      'postern server fingerprint',
    ]),
  ).action(fingerprint);
  withHome(
    verb(command, 'import', 'Load .eml files and mbox files into an account’s Inbox.', [
      'postern server import --account anna@example.com ./old-mail',
    ]),
  )
    .argument('<FOLDER>', 'a folder, looked through with all that is below it')
    .requiredOption('--account <ADDRESS>', 'the account')
    .action(importFolder);

  const account = command
    .command('account')
    .description('Accounts of the server.')
    .helpCommand(false);
  withHome(verb(account, 'list', 'List the accounts.', ['postern server account list'])).action(
    showAccounts,
  );
  withHome(
    verb(account, 'add', 'Make an account; its random first password is shown once.', [
      'postern server account add anna@example.com --display-name "Anna Berger"',
    ]),
  )
    .argument('<ADDRESS>', 'the account')
    .option('--display-name <NAME>', 'as it stands in the address list')
    .option('--password-stdin', 'read the password from standard input instead')
    .action(addAccount);
  withHome(
    verb(account, 'password', 'Give an account a new random password, shown once.', [
      'postern server account password anna@example.com',
    ]),
  )
    .argument('<ADDRESS>', 'the account')
    .option('--password-stdin', 'read the password from standard input instead')
    .action(changePassword);
}

function withHome(command: Command): Command {
  return command.option('--home <FOLDER>', 'the server’s home; ZIMBRA_HOME unless given');
}

function listening(command: Command): Command {
  return command
    .option('--https-port <PORT>', 'port for HTTPS; 8443 where it is free')
    .option('--http-port <PORT>', 'port for HTTP; 8080 where it is free')
    .option('--admin-port <PORT>', 'port for administration; 7071 where it is free')
    .option('--mode <MODE>', `zimbraMailMode for this run: ${MAIL_MODES.join(', ')}`)
    .option('--host-name <NAME>', 'name in the certificate of a fresh home')
    .addOption(new Option('--report-start', 'say on file descriptor 3 when it answers').hideHelp());
}

function homeOf({ home }: HomeOptions): Home {
  const found = findHome();
  return home === undefined ? found : { ...found, server: path.resolve(home) };
}

async function run(options: RunOptions): Promise<void> {
  await runServer(homeOf(options).server, {
    ...listeningOptions(options),
    reportsStart: options.reportStart === true,
  });
}

function listeningOptions({ adminPort, hostName, httpPort, httpsPort, mode }: RunOptions) {
  if (mode !== undefined && !isMailMode(mode)) {
    throw new UsageError(`"${mode}" is not one of ${MAIL_MODES.join(', ')}`);
  }
  return {
    ports: {
      ...(httpsPort === undefined ? {} : { https: parsePort(httpsPort) }),
      ...(httpPort === undefined ? {} : { http: parsePort(httpPort) }),
      ...(adminPort === undefined ? {} : { admin: parsePort(adminPort) }),
    },
    ...(hostName === undefined ? {} : { hostName }),
    ...(mode === undefined ? {} : { mode }),
  };
}

async function start(options: RunOptions): Promise<void> {
  const output = processOutput();
  // Checked here, so that a mistake is told at once and not by the background process.
  const { ports, hostName, mode } = listeningOptions(options);
  const { report, wasStarted } = await ensureServer(homeOf(options), [
    ...Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, String(port)]),
    ...(hostName === undefined ? [] : ['--host-name', hostName]),
    ...(mode === undefined ? [] : ['--mode', mode]),
  ]);
  if (options.json === true) return output.json({ ...report, wasStarted });
  output.note(wasStarted ? 'The server has started.' : 'The server was running already.');
  showServer(report);
}

async function stop(options: HomeOptions): Promise<void> {
  const output = processOutput();
  const stopped = await stopRunning(serverRun(homeOf(options).server));
  if (options.json === true) output.json({ schema: 1, stopped });
  else output.line(stopped ? 'The server has stopped.' : 'The server was not running.');
}

async function status(options: HomeOptions): Promise<void> {
  const report = await serverReport(homeOf(options).server);
  if (options.json === true) processOutput().json(report);
  else showServer(report);
}

function showServer({ home, hostName, mode, ports, sha256 }: ServerReport): void {
  const output = processOutput();
  const port = (number: number | null): string =>
    number === null ? 'not in this mode' : String(number);
  const rows: [string, string][] = [
    ['Home', printable(home)],
    ['Name', printable(hostName)],
    ['zimbraMailMode', mode],
    ['HTTPS', port(ports.https)],
    ['HTTP', port(ports.http)],
    ['Administration', port(ports.admin)],
    ['SHA-256', formatFingerprint(sha256)],
  ];
  for (const line of labelled(rows, 120, '')) output.line(line);
}

async function fingerprint(options: HomeOptions): Promise<void> {
  const output = processOutput();
  const { server } = homeOf(options);
  const found = await serverFingerprint(server);
  if (options.json === true) return output.json({ schema: 1, ...found });
  output.line(`Server certificate   ${printable(found.subject)}`);
  output.line(`  SHA-256  ${formatFingerprint(found.sha256)}`);
  output.line(`  SHA-1    ${formatFingerprint(found.sha1)}`);
  output.line(`  valid until ${instantText(found.notAfter)}`);
  output.line('Root CA certificate');
  output.line(`  SHA-256  ${formatFingerprint(found.authoritySha256)}`);
  output.line(`  file     ${path.join(server, 'ssl', 'zimbra', 'ca', 'ca.pem')}`);
}

async function importFolder(
  folder: string,
  options: HomeOptions & { account: string },
): Promise<void> {
  const output = processOutput();
  const { account } = options;
  const home = homeOf(options).server;
  const { imported, bytes, skipped } = await importMail({
    home,
    account,
    files: [path.resolve(folder)],
  });
  if (options.json === true) {
    return output.json({ schema: 1, account, messages: imported, bytes, skipped });
  }
  output.line(
    `Imported ${counted(imported, 'message')} (${sizeText(bytes)}) into ${printable(account)}.`,
  );
  for (const { file, reason } of skipped)
    output.note(`Skipped ${printable(file)}: ${printable(reason)}`);
}

async function showAccounts(options: HomeOptions): Promise<void> {
  const output = processOutput();
  const accounts = await listAccounts({ home: homeOf(options).server });
  if (options.json === true) return output.json({ schema: 1, accounts });
  for (const name of accounts) output.line(printable(name));
}

async function addAccount(
  name: string,
  options: HomeOptions & { displayName?: string; passwordStdin?: true },
): Promise<void> {
  const given = await givenPassword(options);
  const { displayName } = options;
  const added = await createAccount({
    home: homeOf(options).server,
    name,
    ...(displayName === undefined ? {} : { displayName }),
    ...(given === null ? {} : { password: given }),
  });
  showPassword(added, given === null, options);
}

async function changePassword(
  account: string,
  options: HomeOptions & { passwordStdin?: true },
): Promise<void> {
  const given = await givenPassword(options);
  const { password } = await setPassword({
    home: homeOf(options).server,
    account,
    ...(given === null ? {} : { password: given }),
  });
  showPassword({ name: account, password }, given === null, options);
}

async function givenPassword({ passwordStdin }: { passwordStdin?: true }): Promise<string | null> {
  return passwordStdin === true ? readPassword({ prompt: '', fromStdin: true }) : null;
}

/** A password that was made by chance is shown this once; one that was given is not shown at all. */
function showPassword(
  account: { name: string; password: string },
  isNew: boolean,
  { json }: HomeOptions,
): void {
  const output = processOutput();
  const { name, password } = account;
  if (json === true) output.json({ schema: 1, name, ...(isNew ? { password } : {}) });
  else if (isNew) output.line(`${printable(name)}   password (shown this once): ${password}`);
  else output.line(`${printable(name)} has the password that was given.`);
}
