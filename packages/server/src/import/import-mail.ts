/**
 * Loads messages into a mailbox: `.eml` files byte for byte, mbox files split. Broken messages are kept as they are. Works
 * beside a running server, which tells its clients at once. Each batch is committed as a whole: what was
 * counted as done stays, whatever happens to the rest.
 */

import * as fs from 'node:fs/promises';
import path from 'node:path';
import { requiredAccount } from '../accounts.ts';
import { folderAtPath, folderRows } from '../mailbox/folder-rows.ts';
import { createFolder } from '../mailbox/folders.ts';
import { addMessages, type NewMessage } from '../mailbox/items.ts';
import { readMessageHeaders } from '../mailbox/message-headers.ts';
import { changeMailbox, type MailboxChange, type Store } from '../store/store.ts';
import { UsageFault } from '../usage-fault.ts';
import { MAX_MESSAGE_BYTES, readMbox } from './mbox.ts';

/** A batch ends at so many messages or bytes: large enough that a commit weighs little, small enough to show progress. */
const BATCH = { messages: 200, bytes: 16 * 1024 * 1024 };
const DAY_MS = 86_400_000;

/** How far an import is. `total` is null where mbox files are among the files: their messages are not counted first. */
export interface ImportProgress {
  done: number;
  total: number | null;
  bytes: number;
}

/** What an import did. */
export interface ImportResult {
  imported: number;
  bytes: number;
  /** What was not taken, and why: `empty`, `too large`, `no message in it`. */
  skipped: readonly { file: string; reason: string }[];
}

/** One message to be stored. */
export interface IncomingMessage {
  bytes: Uint8Array;
  /** With `u` for unread; default none. */
  flags?: string;
  /** Default: what the message's own Date says. */
  receivedAt?: Date;
}

/** Imports files and what is in folders, in order of their names. Throws UsageFault. */
export async function importFiles(
  store: Store,
  accountName: string,
  sources: readonly string[],
  targetFolder: string,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportResult> {
  const files: string[] = [];
  for (const source of sources) files.push(...(await filesIn(source)));
  const skipped: { file: string; reason: string }[] = [];
  const total = files.some((file) => !isEml(file)) ? null : files.length;
  const result = await importMessages(
    store,
    accountName,
    messagesOf(files, skipped),
    targetFolder,
    (done) => onProgress({ ...done, total }),
  );
  return { ...result, skipped };
}

/** Stores messages, in batches, in a folder that is made where it is missing. Throws UsageFault. */
export async function importMessages(
  store: Store,
  accountName: string,
  messages: AsyncIterable<IncomingMessage> | Iterable<IncomingMessage>,
  targetFolder: string,
  onProgress: (progress: { done: number; bytes: number }) => void = () => undefined,
): Promise<{ imported: number; bytes: number; ids: readonly number[] }> {
  const account = await store.database.read((tx) => requiredAccount(tx, accountName));
  const ids: number[] = [];
  let bytes = 0;
  let batch: IncomingMessage[] = [];
  let batchBytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    ids.push(...(await storeBatch(store, account.mailbox_id, batch, targetFolder)));
    bytes += batchBytes;
    batch = [];
    batchBytes = 0;
    onProgress({ done: ids.length, bytes });
  };
  for await (const message of messages) {
    batch.push(message);
    batchBytes += message.bytes.length;
    if (batch.length >= BATCH.messages || batchBytes >= BATCH.bytes) await flush();
  }
  await flush();
  return { imported: ids.length, bytes, ids };
}

async function storeBatch(
  store: Store,
  mailboxId: number,
  batch: readonly IncomingMessage[],
  targetFolder: string,
): Promise<readonly number[]> {
  const bodies = await store.bodies.put(batch.map((one) => one.bytes));
  const newest = store.clock.now().getTime() + DAY_MS;
  try {
    return await changeMailbox(store, mailboxId, async (change) => {
      const folderId = await folderAt(change, targetFolder);
      const drafts = batch.map(({ bytes, flags, receivedAt }, index): NewMessage => {
        const headers = readMessageHeaders(bytes);
        const { date } = headers;
        const dated =
          date !== null && date.getTime() > 0 && date.getTime() < newest ? date : change.at;
        return {
          body: bodies[index] ?? '',
          size: bytes.length,
          headers,
          folderId,
          flags: flags ?? '',
          receivedAt: receivedAt ?? dated,
        };
      });
      return addMessages(change, drafts);
    });
  } catch (error) {
    await store.bodies.remove(bodies);
    throw error;
  }
}

/** The folder at that path, made with those above it where it is missing. */
async function folderAt(change: MailboxChange, target: string): Promise<number> {
  let rows = await folderRows(change.tx, change.mailboxId);
  let at = folderAtPath(rows, '/');
  let reached = '';
  for (const name of target.split('/').filter((one) => one !== '')) {
    reached += `/${name}`;
    const found = folderAtPath(rows, reached);
    at = found ?? (await createFolder(change, { name, parentId: at?.id ?? 1 }));
    if (found === null) rows = await folderRows(change.tx, change.mailboxId);
  }
  if (at === null || at.parent_id === null) {
    throw new UsageFault(`"${target}" is no folder for messages`);
  }
  return at.id;
}

function isEml(file: string): boolean {
  return file.toLowerCase().endsWith('.eml');
}

/** Extensions that mbox files have (Thunderbird's have none, and are known by their first line). */
async function isMbox(file: string): Promise<boolean> {
  const handle = await fs.open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(5), 0, 5, 0);
    return buffer.subarray(0, bytesRead).toString('latin1') === 'From ';
  } finally {
    await handle.close();
  }
}

async function filesIn(source: string): Promise<string[]> {
  const found = await fs.stat(source).catch((cause: unknown) => {
    throw new UsageFault(`"${source}" cannot be read`, { cause });
  });
  if (!found.isDirectory()) return [source];
  const entries = await fs.readdir(source, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const file = path.join(source, entry.name);
    if (entry.isDirectory()) files.push(...(await filesIn(file)));
    else if (entry.isFile() && (isEml(file) || (await isMbox(file)))) files.push(file);
  }
  return files;
}

async function* messagesOf(
  files: readonly string[],
  skipped: { file: string; reason: string }[],
): AsyncGenerator<IncomingMessage> {
  for (const file of files) {
    if (!isEml(file) && (await isMbox(file))) {
      for await (const bytes of readMbox(file)) {
        if (bytes === null) skipped.push({ file, reason: 'too large' });
        else if (bytes.length > 0) yield { bytes };
      }
      continue;
    }
    const { size } = await fs.stat(file);
    if (size > MAX_MESSAGE_BYTES) skipped.push({ file, reason: 'too large' });
    else if (size === 0) skipped.push({ file, reason: 'empty' });
    else yield { bytes: await fs.readFile(file) };
  }
}
