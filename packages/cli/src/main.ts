/** The `postern` command: parses the line, runs one command, turns whatever happens into an exit code. */

import { CommanderError } from 'commander';
import { EXIT } from './failure.ts';
import { processOutput, reportFailure } from './output.ts';
import { buildProgram } from './program.ts';

/** Runs the command line `args` and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`postern mail list | head`) is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.fine);
    throw error;
  });
  try {
    const program = await buildProgram(args);
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed help, the version or its complaint already.
      process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.usage;
      if (error.exitCode !== 0 && args[0] === 'check' && args.includes('--nagios')) {
        const { nagiosUnknown } = await import('./check/nagios.ts');
        process.exitCode = nagiosUnknown(error.message.replace(/^error: /, ''), processOutput());
      }
      return;
    }
    process.exitCode = reportFailure(error, args.includes('--json')).exitCode;
  }
}
