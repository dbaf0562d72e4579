/** `postern roots`: root CA certificates that the user adds, each for one server name. */

import { readFile } from 'node:fs/promises';
import { formatFingerprint } from '@postern/trust';
import type { Command } from 'commander';
import { parseSha256, verb } from '../arguments.ts';
import { type ConnectorClient, connectorClient } from '../connector-client.ts';
import { ensureDaemon } from '../daemon.ts';
import { findHome } from '../home.ts';
import { processOutput } from '../output.ts';
import { printable } from '../printable.ts';
import { instantText } from '../terminal/words.ts';

interface Json {
  json?: true;
}

/** Declares `postern roots`. */
export function define(command: Command): void {
  verb(command, 'list', 'List the root CA certificates that you added.', [
    'postern roots list',
  ]).action(list);
  verb(command, 'add', 'Trust a root CA certificate for one server name.', [
    'postern roots add ca.pem --name mail.example.com --sha256 4B:9B:...:8D',
  ])
    .argument('<FILE>', 'the root CA certificate (PEM or DER)')
    .requiredOption('--name <NAME>', 'the only server name that it counts for')
    .requiredOption('--sha256 <FINGERPRINT>', 'from your administrator')
    .action(add);
  verb(command, 'remove', 'Remove a root CA certificate.', [
    'postern roots remove 4B:9B:...:8D --name mail.example.com',
  ])
    .argument('<SHA256>', 'its fingerprint')
    .option('--name <NAME>', 'only for this server name')
    .action(remove);
}

async function client(): Promise<ConnectorClient> {
  return connectorClient((await ensureDaemon(findHome())).control);
}

async function list({ json }: Json): Promise<void> {
  const output = processOutput();
  const roots = await (await client()).roots();
  if (json === true) return output.json({ schema: 1, roots });
  for (const root of roots) {
    output.line(`${printable(root.serverName)}   ${printable(root.subject)}`);
    output.line(`  SHA-256  ${formatFingerprint(root.sha256)}`);
    output.line(`  added ${instantText(root.addedAt)}, valid until ${instantText(root.notAfter)}`);
  }
  if (roots.length === 0) output.note('You added no root CA certificate.');
}

async function add(file: string, options: Json & { name: string; sha256: string }): Promise<void> {
  const output = processOutput();
  const sha256 = parseSha256(options.sha256);
  const root = await (await client()).addRoot(options.name, await readFile(file), sha256);
  if (options.json === true) return output.json({ schema: 1, root });
  output.line(
    `${printable(root.subject)} is trusted for ${printable(root.serverName)}, and for no other name.`,
  );
}

async function remove(fingerprint: string, options: Json & { name?: string }): Promise<void> {
  const output = processOutput();
  const sha256 = parseSha256(fingerprint);
  await (await client()).removeRoot(sha256, options.name ?? null);
  if (options.json === true) output.json({ schema: 1, removed: sha256 });
  else output.line('The root CA certificate is removed.');
}
