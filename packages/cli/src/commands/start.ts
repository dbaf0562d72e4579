/** `postern start`: the daemon, and with --demo or --server a whole first run, to the live view of the eight connections. */

import type { ProfileReport } from '@postern/connector';
import type { Command } from 'commander';
import { finish, parseEndpoint } from '../arguments.ts';
import { type ConnectorClient, connectorClient } from '../connector-client.ts';
import { ensureDaemon } from '../daemon.ts';
import { DEMO_PROFILE } from '../demo-home.ts';
import { offerDesk } from '../desk.ts';
import { CommandFailure, EXIT, UsageError } from '../failure.ts';
import { findHome } from '../home.ts';
import { type Output, processOutput } from '../output.ts';
import { isPersonThere } from '../terminal/ask.ts';
import { type Attended, attend } from '../terminal/attend.ts';
import { offlineText, profileLines } from '../terminal/connections-text.ts';
import { unanswered } from '../terminal/no-terminal.ts';
import { readPassword } from '../terminal/password.ts';

interface StartOptions {
  demo?: true;
  fresh?: true;
  json?: true;
  passwordStdin?: true;
  server?: string;
  user?: string;
}

/** Declares `postern start`. */
export function define(command: Command): void {
  finish(command, [
    'postern start',
    'postern start --demo',
    'postern start --demo --fresh',
    'postern start --server mail.example.com --user anna@example.com',
  ])
    .option('--demo', 'with a server on this machine and a sample mailbox')
    .option('--fresh', 'with --demo: begin anew, with another CA and another mailbox')
    .option('--server <HOST[:PORT]>', 'with your own server, and none on this machine')
    .option('--user <ADDRESS>', 'with --server: your account')
    .option('--password-stdin', 'with --server: read the password from standard input')
    .addHelpText(
      'after',
      '\nOn a terminal it opens the desk in your browser, where it can, and stays to show the eight connections;\nCtrl-C leaves Postern running in the background.',
    )
    .action(run);
}

async function run(options: StartOptions): Promise<void> {
  const home = findHome();
  const output = processOutput();
  checkOptions(options);
  output.note('Starting Postern.');
  const { control, wasStarted } = await ensureDaemon(home);
  output.note(wasStarted ? 'Postern runs in the background.' : 'Postern was running already.');
  const client = connectorClient(control);

  let profile: string;
  if (options.server !== undefined && options.user !== undefined) {
    profile = await prepareOwnServer(
      client,
      options.server,
      options.user,
      options.passwordStdin === true,
    );
  } else if (options.demo === true) {
    const { prepareDemo, removeDemo } = await import('../demo.ts');
    if (options.fresh === true) await removeDemo(home, client, output);
    await prepareDemo(home, client, output);
    profile = DEMO_PROFILE;
  } else {
    await offerDesk(client, null, output);
    if (options.json === true) output.json(await client.status());
    return;
  }
  await offerDesk(client, profile, output);
  await connect(client, profile, options, output);
}

function checkOptions({ demo, fresh, server, user }: StartOptions): void {
  if (fresh === true && demo !== true) throw new UsageError('--fresh goes with --demo');
  if ((server === undefined) !== (user === undefined)) {
    throw new UsageError('--server and --user go together', [
      'postern start --server mail.example.com --user anna@example.com',
    ]);
  }
  if (server !== undefined && fresh === true) {
    throw new UsageError('--fresh begins the demo anew; it does not go with --server');
  }
}

/** A profile on the person's own server, named after it, with the password in the daemon's memory. */
async function prepareOwnServer(
  client: ConnectorClient,
  target: string,
  email: string,
  fromStdin: boolean,
): Promise<string> {
  const { host, port } = parseEndpoint(target);
  const known = (await client.profiles()).profiles.find(
    (profile) =>
      profile.serverName === host.toLowerCase() && profile.email === email && profile.port === port,
  );
  const name =
    known?.name ?? host.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, 'ip-');
  const password = await readPassword({ prompt: `Password of ${email}: `, fromStdin });
  if (known === undefined) {
    await client.createProfile({ name, email, serverName: host, port, useSecureConnection: true });
  }
  await client.setPassword(name, password);
  return name;
}

async function connect(
  client: ConnectorClient,
  profile: string,
  options: StartOptions,
  output: Output,
): Promise<void> {
  output.note('Connecting.');
  const attendance = await attend(client, profile, output);
  try {
    const attended = await attendance.sendReceive();
    if (attended.question !== null) {
      if (options.json === true) output.json(await client.status());
      else for (const line of profileLines(attended.report, output)) output.line(line);
      throw unanswered(attended.question);
    }
    const isLive = isPersonThere() && options.json !== true && attended.outcome === 'done';
    if (!isLive) {
      attendance.close();
      if (options.json === true) output.json(await client.status());
      else for (const line of profileLines(attended.report, output)) output.line(line);
      throwUnlessDone(attended);
      return;
    }
    // Before the line that speaks of Ctrl-C.
    const signal = interrupted();
    output.note(
      'All connections have run. New mail is shown as it arrives; Ctrl-C leaves Postern running.',
    );
    const goesOn = await attendance.follow(signal);
    attendance.close();
    if (!goesOn) {
      throw new CommandFailure(EXIT.cannotConnect, 'Postern has stopped', {
        code: 'ERR_NOT_RUNNING',
      });
    }
    output.note('Postern goes on in the background. "npx postern stop" ends it.');
  } finally {
    attendance.close();
  }
}

/** Aborts at Ctrl-C, instead of ending this process there and then. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller.signal;
}

function throwUnlessDone({ outcome, report }: Attended): void {
  if (outcome === 'done') return;
  if (outcome === 'failed') {
    throw new CommandFailure(EXIT.findings, 'not every connection ran', {
      code: 'ERR_SYNC_FAILED',
    });
  }
  throw offlineFailure(report);
}

function offlineFailure({ workOffline }: ProfileReport): CommandFailure {
  const isAway = workOffline?.reason === 'server-away';
  return new CommandFailure(
    isAway ? EXIT.cannotConnect : EXIT.refused,
    `Postern works offline${workOffline === null ? '' : `: ${offlineText(workOffline)}`}`,
    { code: 'ERR_OFFLINE', hints: ['"postern status" says more'] },
  );
}
