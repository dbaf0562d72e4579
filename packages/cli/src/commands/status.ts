/** `postern status`: profiles, their eight connections, open questions. */

import type { StatusReport } from '@postern/connector';
import type { Command } from 'commander';
import { finish } from '../arguments.ts';
import { connectorClient } from '../connector-client.ts';
import { openControl } from '../control.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { findHome } from '../home.ts';
import { type Output, processOutput } from '../output.ts';
import { endpointText } from '../printable.ts';
import { profileLines, unreadableLine } from '../terminal/connections-text.ts';
import { trustAddLine } from '../terminal/no-terminal.ts';
import { firstSentence } from '../terminal/question-text.ts';

/** Declares `postern status`. */
export function define(command: Command): void {
  finish(command, ['postern status', 'postern status --json'])
    .addHelpText(
      'after',
      '\nExits 0 if all is well, 1 if a connection failed or a profile works offline, 3 if Postern is not running,\n4 if a question waits for an answer or a server was refused.',
    )
    .action(async ({ json }: { json?: true }) => {
      const output = processOutput();
      const status = await connectorClient(openControl(findHome().run)).status();
      for (const one of status.unreadable) output.note(unreadableLine(one));
      if (json === true) output.json(status);
      else showStatus(status, output);
      process.exitCode = exitCodeOf(status);
    });
}

/** Prints a status for people. */
function showStatus(status: StatusReport, output: Output): void {
  if (status.profiles.length + status.unreadable.length === 0) {
    output.line(
      'There is no profile yet. Run "postern profile create --help" to see how to make one.',
    );
  }
  for (const [index, report] of status.profiles.entries()) {
    if (index > 0) output.line();
    for (const line of profileLines(report, output)) output.line(line);
  }
  for (const question of status.questions) {
    output.line();
    output.line(`Waiting for your decision: ${firstSentence(question)}`);
    output.line(`  Run "postern sync" to be asked, or ${trustAddLine(question)}`);
    output.line(`  Run "postern trust show ${endpointText(question)}" to see what is wrong.`);
  }
}

/** What a status means for the exit code. */
function exitCodeOf({ profiles, questions }: StatusReport): ExitCode {
  const reasons = profiles.map(({ workOffline }) => workOffline?.reason);
  const refused = reasons.some(
    (reason) =>
      reason === 'refused' || reason === 'stopped-trusting' || reason === 'waiting-for-decision',
  );
  if (questions.length > 0 || refused) return EXIT.refused;
  const failed = profiles.some(
    ({ workOffline, connections }) =>
      workOffline !== null || connections.some(({ activity }) => activity === 'failed'),
  );
  return failed ? EXIT.findings : EXIT.fine;
}
