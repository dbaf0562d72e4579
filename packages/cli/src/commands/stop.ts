/** `postern stop`: ends the daemon, and the server on this machine if `start --demo` started it. */

import type { Command } from 'commander';
import { finish } from '../arguments.ts';
import { stopRunning } from '../background.ts';
import { isDemoHome } from '../demo-home.ts';
import { findHome } from '../home.ts';
import { processOutput } from '../output.ts';
import { serverRun } from '../server-process.ts';

/** Declares `postern stop`. */
export function define(command: Command): void {
  finish(command, ['postern stop']).action(async ({ json }: { json?: true }) => {
    const home = findHome();
    const output = processOutput();
    const daemon = await stopRunning(home.run);
    const server = isDemoHome(home) ? await stopRunning(serverRun(home.server)) : false;
    if (json === true) return output.json({ schema: 1, stopped: { daemon, server } });
    output.line(daemon ? 'Postern has stopped.' : 'Postern was not running.');
    if (server) output.line('The server on this machine has stopped.');
  });
}
