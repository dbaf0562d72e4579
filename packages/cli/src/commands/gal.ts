/** `postern gal`: the Global Address List in the local copy. */

import type { Command } from 'commander';
import { parseCount, verb } from '../arguments.ts';
import { connectorClient } from '../connector-client.ts';
import { openControl } from '../control.ts';
import { findHome } from '../home.ts';
import { processOutput, table } from '../output.ts';
import { printable } from '../printable.ts';
import { chooseProfile } from './profile.ts';

interface SearchOptions {
  json?: true;
  limit: string;
  profile?: string;
}

/** Declares `postern gal`. */
export function define(command: Command): void {
  verb(command, 'search', 'Search names and addresses.', ['postern gal search "anna b"'])
    .argument('[TEXT]', 'part of a name or an address; all entries without it', '')
    .option('--profile <NAME>', 'the profile; needed where there are several')
    .option('--limit <COUNT>', 'at most so many', '50')
    .action(search);
}

async function search(text: string, options: SearchOptions): Promise<void> {
  const output = processOutput();
  const limit = parseCount(options.limit);
  const client = connectorClient(openControl(findHome().run));
  const { name } = await chooseProfile(client, options.profile);
  const entries = await client.gal(name, text, limit);
  if (options.json === true) return output.json({ schema: 1, entries });
  const rows = entries.map((entry) => [printable(entry.name), printable(entry.email)]);
  for (const line of table(rows, output.width)) output.line(line);
  if (entries.length === 0) output.note('No entry was found.');
}
