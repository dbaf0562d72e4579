/** `postern mail`: folders and messages of the local copy, and the outbox. */

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseCount, verb } from '../arguments.ts';
import { type ConnectorClient, connectorClient } from '../connector-client.ts';
import { openControl } from '../control.ts';
import { CommandFailure, EXIT, UsageError } from '../failure.ts';
import { findHome } from '../home.ts';
import { processOutput, table } from '../output.ts';
import { clipped, printable, printableLines } from '../printable.ts';
import { labelled } from '../terminal/layout.ts';
import { instantText, sizeText } from '../terminal/words.ts';
import { chooseProfile } from './profile.ts';

interface Options {
  json?: true;
  profile?: string;
}

/** Largest message that is sent, in bytes: above it every server's own limit comes first (ZCS: 10 MB unless set). */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** Columns of the sender in a list. */
const FROM_WIDTH = 28;

/** Declares `postern mail`. */
export function define(command: Command): void {
  withProfile(verb(command, 'folders', 'List the folders.', ['postern mail folders'])).action(
    folders,
  );
  withProfile(
    verb(command, 'list', 'List messages, newest first.', [
      'postern mail list',
      'postern mail list --folder Sent --limit 5',
    ]),
  )
    .option('--folder <PATH>', 'only this folder')
    .option('--limit <COUNT>', 'at most so many', '20')
    .action(list);
  withProfile(
    verb(command, 'show', 'Show one message as text.', [
      'postern mail show 257',
      'postern mail show 257 --raw > message.eml',
    ]),
  )
    .argument('<ID>', 'the number from "postern mail list"')
    .option('--raw', 'the message byte for byte, as the server gave it')
    .action(show);
  withProfile(
    verb(
      command,
      'send',
      'Put a message into the outbox; it is sent as soon as there is a connection.',
      ['postern mail send message.eml', 'postern mail send - < message.eml'],
    ),
  )
    .argument('<FILE>', 'a message in the form of RFC 5322; - for standard input')
    .action(send);
  withProfile(
    verb(command, 'outbox', 'List what waits to be sent.', ['postern mail outbox']),
  ).action(outbox);
}

function withProfile(command: Command): Command {
  return command.option('--profile <NAME>', 'the profile; needed where there are several');
}

async function open(options: Options): Promise<{ client: ConnectorClient; name: string }> {
  const client = connectorClient(openControl(findHome().run));
  return { client, name: (await chooseProfile(client, options.profile)).name };
}

async function folders(options: Options): Promise<void> {
  const output = processOutput();
  const { client, name } = await open(options);
  const found = await client.folders(name);
  if (options.json === true) return output.json({ schema: 1, folders: found });
  const rows = found.map(({ path, unread, stored, total }) => [
    printable(path),
    `${stored} of ${total}`,
    unread === 0 ? '' : `${unread} unread`,
  ]);
  for (const line of table(rows, output.width)) output.line(line);
}

async function list(options: Options & { folder?: string; limit: string }): Promise<void> {
  const output = processOutput();
  const limit = parseCount(options.limit);
  const { client, name } = await open(options);
  const folderId =
    options.folder === undefined ? null : await findFolder(client, name, options.folder);
  const messages = await client.messages(name, { folderId, limit });
  if (options.json === true) return output.json({ schema: 1, messages });
  const rows = messages.map((message) => [
    String(message.id),
    message.unread ? 'unread' : '',
    instantText(message.receivedAt),
    clipped(printable(message.from), FROM_WIDTH),
    printable(message.subject),
  ]);
  for (const line of table(rows, output.width)) output.line(line);
  if (messages.length === 0) output.note('There is no message here.');
}

/** The folder of this path, with or without a leading slash. Throws UsageError. */
async function findFolder(client: ConnectorClient, name: string, wanted: string): Promise<number> {
  const bare = (path: string): string => path.replace(/^\//, '').toLowerCase();
  const folder = (await client.folders(name)).find(({ path }) => bare(path) === bare(wanted));
  if (folder !== undefined) return folder.id;
  throw new UsageError(`there is no folder "${wanted}"`, ['"postern mail folders" shows them']);
}

async function show(id: string, options: Options & { raw?: true }): Promise<void> {
  const output = processOutput();
  const number = parseCount(id);
  const { client, name } = await open(options);
  if (options.raw === true) {
    process.stdout.write(await client.rawMessage(name, number));
    return;
  }
  const message = await client.message(name, number);
  if (options.json === true) return output.json({ schema: 1, message });
  const rows: [string, string][] = [
    ['From', printable(message.from)],
    ['To', printable(message.to)],
    ...(message.cc === '' ? [] : [['Cc', printable(message.cc)] satisfies [string, string]]),
    ['Subject', printable(message.subject)],
    ['Received', instantText(message.receivedAt)],
    ...message.attachments.map((part, index): [string, string] => [
      index === 0 ? 'Attached' : '',
      `${printable(part.name)} (${printable(part.contentType)}, ${sizeText(part.sizeBytes)})`,
    ]),
  ];
  for (const line of labelled(rows, output.width, '')) output.line(line);
  output.line();
  output.line(printableLines(message.text.trimEnd()));
  if (!message.isWholeText)
    output.note('(This text was made from HTML or is cut: --raw gives the whole message.)');
}

async function send(file: string, options: Options): Promise<void> {
  const output = processOutput();
  const raw = file === '-' ? await readStdin() : await readFile(file);
  if (raw.length > MAX_MESSAGE_BYTES) {
    throw new UsageError(
      `the message has ${raw.length} bytes, at most ${MAX_MESSAGE_BYTES} allowed`,
    );
  }
  if (!/^(to|cc|bcc):/im.test(headerOf(raw))) {
    throw new UsageError('the message names no recipient', [
      'it needs a "To:", "Cc:" or "Bcc:" line',
    ]);
  }
  const { client, name } = await open(options);
  const id = await client.send(name, raw);
  if (options.json === true) output.json({ schema: 1, id });
  else output.line('The message is in the outbox. It is sent as soon as there is a connection.');
}

async function outbox(options: Options): Promise<void> {
  const output = processOutput();
  const { client, name } = await open(options);
  const messages = await client.outbox(name);
  if (options.json === true) output.json({ schema: 1, messages });
  else {
    const rows = messages.map(({ state, createdAt, sizeBytes, subject, error }) => [
      state,
      instantText(createdAt),
      sizeText(sizeBytes),
      printable(subject) + (error === null ? '' : ` (${printable(error)})`),
    ]);
    for (const line of table(rows, output.width)) output.line(line);
    if (messages.length === 0) output.note('The outbox is empty.');
  }
  const failed = messages.find(({ state }) => state === 'failed');
  if (failed !== undefined) {
    throw new CommandFailure(EXIT.findings, 'a message could not be sent', {
      code: 'ERR_SEND_FAILED',
    });
  }
}

function headerOf(raw: Uint8Array): string {
  const text = Buffer.from(raw).toString('latin1');
  const end = text.search(/\r?\n\r?\n/);
  return end < 0 ? text : text.slice(0, end);
}

async function readStdin(): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part);
  return Buffer.concat(parts);
}
