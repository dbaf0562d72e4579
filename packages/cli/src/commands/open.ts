/** `postern open`: the desk in a browser, on the daemon that the terminal uses. */

import type { Command } from 'commander';
import { finish } from '../arguments.ts';
import { connectorClient } from '../connector-client.ts';
import { ensureDaemon } from '../daemon.ts';
import { DESK_IS_OPEN, openDesk, printDesk } from '../desk.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { findHome } from '../home.ts';
import { processOutput } from '../output.ts';

interface Options {
  json?: true;
  print?: true;
}

/** Declares `postern open`. */
export function define(command: Command): void {
  finish(command, ['postern open', 'postern open demo', 'postern open --print'])
    .argument('[PROFILE]', 'the profile to begin with')
    .option('--print', 'print the address instead; it is good once, for one minute')
    .action(run);
}

async function run(profile: string | undefined, { json, print }: Options): Promise<void> {
  const output = processOutput();
  const { control } = await ensureDaemon(findHome());
  const client = connectorClient(control);
  const name = profile === undefined ? null : (await client.profile(profile)).name;
  if (print === true) {
    const url = await printDesk(client, name);
    if (json === true) output.json({ schema: 1, url });
    else output.line(url);
    return;
  }
  if (!(await openDesk(client, name))) {
    throw new CommandFailure(EXIT.cannotConnect, 'there is no browser to open the desk in', {
      code: 'ERR_NO_BROWSER',
      hints: ['"postern open --print" prints the address for a browser on this computer'],
    });
  }
  if (json === true) output.json({ schema: 1, opened: true });
  else output.line(DESK_IS_OPEN);
}
