/** `postern daemon`: the daemon in the foreground. Started by `postern start`; a service manager may start it too. */

import { type Command, Option } from 'commander';
import { runDaemon } from '../daemon.ts';
import { findHome } from '../home.ts';
import { version } from '../version.ts';

/** Declares `postern daemon`. */
export function define(command: Command): void {
  command
    .addOption(new Option('--report-start', 'say on file descriptor 3 when it answers').hideHelp())
    .addHelpText('after', '\nExamples:\n  $ postern daemon')
    .action(async ({ reportStart }: { reportStart?: true }) => {
      await runDaemon(findHome(), { version: version(), reportsStart: reportStart === true });
    });
}
