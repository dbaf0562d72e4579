/** `postern sync`: a person's Send/Receive. Starts the daemon if need be, asks what has to be asked. */

import type { OfflineReason } from '@postern/connector';
import type { Command } from 'commander';
import { finish } from '../arguments.ts';
import { connectorClient } from '../connector-client.ts';
import { ensureDaemon } from '../daemon.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { findHome } from '../home.ts';
import { processOutput } from '../output.ts';
import { type Attended, attend } from '../terminal/attend.ts';
import { profileLines } from '../terminal/connections-text.ts';
import { unanswered } from '../terminal/no-terminal.ts';
import { readPassword } from '../terminal/password.ts';
import { chooseProfile } from './profile.ts';

interface SyncOptions {
  json?: true;
  passwordStdin?: true;
  profile?: string;
}

/** Declares `postern sync`. */
export function define(command: Command): void {
  finish(command, ['postern sync', 'postern sync --profile work --json'])
    .option('--profile <NAME>', 'the profile; needed where there are several')
    .option('--password-stdin', 'read the password from standard input')
    .action(run);
}

async function run(options: SyncOptions): Promise<void> {
  const output = processOutput();
  const { control, wasStarted } = await ensureDaemon(findHome());
  if (wasStarted) output.note('Postern has started.');
  const client = connectorClient(control);
  const { name, email } = await chooseProfile(client, options.profile);

  const report = (await client.status()).profiles.find(({ profile }) => profile === name);
  const reason = report?.workOffline?.reason;
  const needsPassword = reason === 'no-password' || reason === 'wrong-password';
  if (options.passwordStdin === true || needsPassword) {
    const prompt = `Password of ${email}: `;
    const fromStdin = options.passwordStdin === true;
    await client.setPassword(name, await readPassword({ prompt, fromStdin }));
  }

  const attendance = await attend(client, name, output);
  try {
    const attended = await attendance.sendReceive();
    if (attended.question !== null) throw unanswered(attended.question);
    attendance.close();
    if (options.json === true) output.json({ schema: 1, ...attended });
    else for (const line of profileLines(attended.report, output)) output.line(line);
    process.exitCode = exitCodeFor(attended.outcome, attended.report.workOffline?.reason);
  } finally {
    attendance.close();
  }
}

function exitCodeFor(outcome: Attended['outcome'], reason: OfflineReason | undefined): ExitCode {
  if (outcome === 'done') return EXIT.fine;
  if (outcome === 'failed') return EXIT.findings;
  return outcome === 'offline' && reason === 'server-away' ? EXIT.cannotConnect : EXIT.refused;
}
