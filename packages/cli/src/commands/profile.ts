/** `postern profile`: the profile properties, without a window. */

import { readFile } from 'node:fs/promises';
import type { Profile } from '@postern/connector';
import type { Command } from 'commander';
import { parseCount, parseEndpoint, parsePort, parseSwitch, verb } from '../arguments.ts';
import { type ConnectorClient, connectorClient } from '../connector-client.ts';
import { ensureDaemon } from '../daemon.ts';
import { UsageError } from '../failure.ts';
import { findHome } from '../home.ts';
import { type Output, processOutput, table } from '../output.ts';
import { endpointText, printable } from '../printable.ts';
import { profileLines, unreadableLine } from '../terminal/connections-text.ts';
import { labelled } from '../terminal/layout.ts';
import { readPassword } from '../terminal/password.ts';

interface Json {
  json?: true;
}

interface Settings extends Json {
  cutoffDays?: string;
  detectChanges?: string;
  email?: string;
  httpPort?: string;
  passwordStdin?: true;
  port?: string;
  secure?: string;
  server?: string;
}

/** Declares `postern profile`. */
export function define(command: Command): void {
  verb(command, 'list', 'List the profiles.', ['postern profile list']).action(list);
  verb(command, 'show', 'Show one profile and its connections.', ['postern profile show work'])
    .argument('[NAME]', 'the profile; needed where there are several')
    .action(show);
  settings(
    verb(command, 'create', 'Create a profile.', [
      'postern profile create work --email anna@example.com --server mail.example.com --secure on',
    ]).argument('<NAME>', 'letters, digits, ".", "_" and "-"'),
  )
    .option('--password-stdin', 'read the password from standard input and keep it in memory')
    .action(create);
  settings(
    verb(command, 'set', 'Change a profile.', [
      'postern profile set work --secure on',
      'postern profile set work --cutoff-days 90',
    ]).argument('<NAME>', 'the profile'),
  )
    .option('--password-stdin', 'read a new password from standard input and keep it in memory')
    .action(change);
  verb(
    command,
    'import',
    'Read a profile of an older connector (.reg or JSON). Nothing in it grants anything.',
    ['postern profile import old-profile.reg'],
  )
    .argument('<FILE>', 'a registry export or a JSON file')
    .action(importFile);
  verb(command, 'remove', 'Remove a profile with its local copy of the mail.', [
    'postern profile remove work',
  ])
    .argument('<NAME>', 'the profile')
    .action(remove);
  verb(command, 'offline', 'Work Offline, or leave it.', ['postern profile offline work on'])
    .argument('<NAME>', 'the profile')
    .argument('<on|off>', 'on: Work Offline')
    .action(offline);
}

/** The profile of this name, or the only one. Throws UsageError. */
export async function chooseProfile(
  client: ConnectorClient,
  name: string | undefined,
): Promise<Profile> {
  if (name !== undefined) return client.profile(name);
  const { profiles, unreadable } = await client.profiles();
  const [only, ...others] = [...profiles, ...unreadable].map((one) => one.name).sort();
  if (only === undefined) {
    throw new UsageError('there is no profile yet', ['run "postern profile create --help"']);
  }
  if (others.length > 0) {
    const names = [only, ...others].join(', ');
    throw new UsageError('there are several profiles', [`name one of them: ${names}`]);
  }
  return client.profile(only);
}

/** The daemon, started if need be: profiles are its own. */
async function openClient(): Promise<ConnectorClient> {
  return connectorClient((await ensureDaemon(findHome())).control);
}

function settings(command: Command): Command {
  return command
    .option('--email <ADDRESS>', 'the account')
    .option('--server <HOST[:PORT]>', 'Server Name')
    .option('--port <PORT>', 'port for secure connections')
    .option('--http-port <PORT>', 'port for plain HTTP')
    .option('--secure <on|off>', 'Use Secure Connection')
    .option('--detect-changes <on|off>', 'watch the server for changes')
    .option('--cutoff-days <DAYS>', 'receive only mail of the last DAYS at first; 0 for all');
}

/** The properties that were named on the command line. */
function stated(options: Settings): Record<string, unknown> {
  const server = options.server === undefined ? null : parseEndpoint(options.server);
  const namesPort = options.server !== undefined && /:[0-9]+$/.test(options.server);
  const advanced = {
    ...(options.detectChanges === undefined
      ? {}
      : { detectChanges: parseSwitch(options.detectChanges) }),
    ...(options.cutoffDays === undefined
      ? {}
      : { messageCutoffDays: options.cutoffDays === '0' ? 0 : parseCount(options.cutoffDays) }),
  };
  return {
    ...(options.email === undefined ? {} : { email: options.email }),
    ...(server === null ? {} : { serverName: server.host }),
    ...(server !== null && namesPort ? { port: server.port } : {}),
    ...(options.port === undefined ? {} : { port: parsePort(options.port) }),
    ...(options.httpPort === undefined ? {} : { httpPort: parsePort(options.httpPort) }),
    ...(options.secure === undefined ? {} : { useSecureConnection: parseSwitch(options.secure) }),
    ...(Object.keys(advanced).length === 0 ? {} : { advanced }),
  };
}

async function list({ json }: Json): Promise<void> {
  const output = processOutput();
  const { profiles, unreadable } = await (await openClient()).profiles();
  for (const one of unreadable) output.note(unreadableLine(one));
  if (json === true) return output.json({ schema: 1, profiles, unreadable });
  const rows = profiles.map((profile) => [
    profile.name,
    printable(profile.email),
    endpointText({ host: profile.serverName, port: profile.port }),
    profile.useSecureConnection ? '' : 'Use Secure Connection is off',
  ]);
  for (const line of table(rows, output.width)) output.line(line);
  if (profiles.length + unreadable.length === 0) output.note('There is no profile yet.');
}

async function show(name: string | undefined, { json }: Json): Promise<void> {
  const output = processOutput();
  const client = await openClient();
  const profile = await chooseProfile(client, name);
  const report =
    (await client.status()).profiles.find((one) => one.profile === profile.name) ?? null;
  if (json === true) return output.json({ schema: 1, profile, report });
  showProfile(profile, output);
  if (report === null) return;
  output.line();
  for (const line of profileLines(report, output)) output.line(line);
}

async function create(name: string, options: Settings): Promise<void> {
  const output = processOutput();
  const { email, serverName } = stated(options);
  if (typeof email !== 'string') throw new UsageError('a profile needs --email');
  if (typeof serverName !== 'string') throw new UsageError('a profile needs --server');
  const password = await givenPassword(options);
  const client = await openClient();
  const profile = await client.createProfile({ ...stated(options), name, email, serverName });
  if (password !== null) await client.setPassword(name, password);
  if (options.json === true) return output.json({ schema: 1, profile });
  showProfile(profile, output);
  output.note('Run "postern sync" to connect.');
}

async function change(name: string, options: Settings): Promise<void> {
  const output = processOutput();
  const changes = stated(options);
  const password = await givenPassword(options);
  if (Object.keys(changes).length === 0 && password === null) {
    throw new UsageError('nothing to change', [
      'run "postern profile set --help" to see what there is',
    ]);
  }
  const client = await openClient();
  const profile =
    Object.keys(changes).length === 0
      ? await client.profile(name)
      : await client.changeProfile(name, changes);
  if (password !== null) await client.setPassword(name, password);
  if (options.json === true) output.json({ schema: 1, profile });
  else showProfile(profile, output);
}

async function importFile(file: string, { json }: Json): Promise<void> {
  const output = processOutput();
  const legacy = decode(await readFile(file));
  const { profile, notices } = await (await openClient()).importProfile(legacy);
  if (json === true) return output.json({ schema: 1, profile, notices });
  showProfile(profile, output);
  for (const notice of notices) output.line(`Notice: ${printable(notice)}`);
}

/** Registry exports are UTF-16LE with a byte order mark; everything else here is UTF-8. */
function decode(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(bytes);
}

async function remove(name: string, { json }: Json): Promise<void> {
  const output = processOutput();
  await (await openClient()).removeProfile(name);
  if (json === true) output.json({ schema: 1, removed: name });
  else output.line(`Profile ${printable(name)} is removed.`);
}

async function offline(name: string, state: string, { json }: Json): Promise<void> {
  const output = processOutput();
  const isOffline = parseSwitch(state);
  await (await openClient()).workOffline(name, isOffline);
  if (json === true) output.json({ schema: 1, workOffline: isOffline });
  else output.line(isOffline ? 'Working offline.' : 'Working online.');
}

async function givenPassword({ passwordStdin }: Settings): Promise<string | null> {
  return passwordStdin === true ? readPassword({ prompt: '', fromStdin: true }) : null;
}

function showProfile(profile: Profile, output: Output): void {
  const { advanced } = profile;
  const rows: [string, string][] = [
    ['Name', profile.name],
    ['E-mail', printable(profile.email)],
    ['Server Name', printable(profile.serverName)],
    ['Port', `${profile.port} (plain HTTP: ${profile.httpPort})`],
    ['Use Secure Connection', profile.useSecureConnection ? 'on' : 'off'],
    ['Detect changes', advanced.detectChanges ? 'on' : 'off'],
    [
      'First receive',
      advanced.messageCutoffDays === 0 ? 'all mail' : `the last ${advanced.messageCutoffDays} days`,
    ],
  ];
  for (const line of labelled(rows, output.width, '')) output.line(line);
}
