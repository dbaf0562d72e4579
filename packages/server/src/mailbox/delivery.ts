/**
 * Sending: to the accounts of this server only; there is no way out to others, and an address that is not here
 * stops the whole message. All copies, and the note that it was sent, are one transaction.
 */

import { FOLDER } from '@postern/soap';
import { accountByName } from '../accounts.ts';
import { fault } from '../faults.ts';
import { isListed, readSenders } from '../preferences.ts';
import type { Tx } from '../store/database.ts';
import type { AccountsTable } from '../store/schema.ts';
import { changeStore, type Store } from '../store/store.ts';
import { addMessages, markAnswered, type NewMessage } from './items.ts';
import { type MessageHeaders, readMessageHeaders, withoutBcc } from './message-headers.ts';

/** Recipients of one message (Postfix: smtpd_recipient_limit 1000; here every one is a mailbox). */
const MAX_RECIPIENTS = 1000;

/** A message that an account sends. */
export interface Outgoing {
  mailboxId: number;
  name: string;
  message: Uint8Array;
  sendUid: string | null;
  save: boolean;
  answers: { id: number; kind: 'r' | 'w' } | null;
  /** The server's name and the client's address, for the trace field. */
  hostName: string;
}

/** Sends a message and returns the id of the copy in Sent. The same `sendUid` again answers the same and sends nothing. */
export async function sendMessage(store: Store, outgoing: Outgoing): Promise<number | null> {
  const headers = readMessageHeaders(outgoing.message);
  const stranger = headers.from.find((one) => one !== outgoing.name);
  if (stranger !== undefined) throw fault.permissionDenied(`cannot send as ${stranger}`);
  if (headers.recipients.length === 0) throw fault.sendAborted(['no recipient']);
  if (headers.recipients.length > MAX_RECIPIENTS) throw fault.sendAborted(['too many recipients']);
  const earlier = await store.database.read((tx) => earlierSend(tx, outgoing));
  if (earlier !== null) return earlier.saved_id;

  const at = store.clock.now();
  const delivered = Buffer.concat([
    Buffer.from(traceFields(outgoing, at), 'latin1'),
    withoutBcc(outgoing.message),
  ]);
  const known = await store.database.read((tx) => recipientsOf(tx, headers.recipients));
  const bodies = await store.bodies.put([
    ...(outgoing.save ? [outgoing.message] : []),
    ...known.map(() => delivered),
  ]);
  try {
    return await changeStore(store, async (unit, tx) => {
      const done = await earlierSend(tx, outgoing);
      if (done !== null) {
        for (const body of bodies) unit(outgoing.mailboxId).dropBody(body);
        return done.saved_id;
      }
      const left = [...bodies];
      const draft = (body: string, size: number, folderId: number, flags: string): NewMessage => ({
        body,
        size,
        headers,
        folderId,
        flags,
        receivedAt: at,
      });
      const own = unit(outgoing.mailboxId);
      const sent = outgoing.save
        ? await addMessages(own, [
            draft(left.shift() ?? '', outgoing.message.length, FOLDER.sent, 's'),
          ])
        : [];
      for (const account of known) {
        const folderId = await inboxOrJunk(tx, account, headers);
        const copy = draft(left.shift() ?? '', delivered.length, folderId, 'u');
        await addMessages(unit(account.mailbox_id), [copy]);
      }
      if (outgoing.answers !== null)
        await markAnswered(own, outgoing.answers.id, outgoing.answers.kind);
      const savedId = sent[0] ?? null;
      if (outgoing.sendUid !== null) {
        const values = {
          mailbox_id: outgoing.mailboxId,
          send_uid: outgoing.sendUid,
          saved_id: savedId,
          sent_at: at.getTime(),
        };
        await tx.insertInto('sends').values(values).execute();
      }
      return savedId;
    });
  } catch (error) {
    await store.bodies.remove(bodies);
    throw error;
  }
}

async function earlierSend(
  tx: Tx,
  { mailboxId, sendUid }: Outgoing,
): Promise<{ saved_id: number | null } | null> {
  if (sendUid === null) return null;
  const row = await tx
    .selectFrom('sends')
    .select('saved_id')
    .where('mailbox_id', '=', mailboxId)
    .where('send_uid', '=', sendUid)
    .executeTakeFirst();
  return row ?? null;
}

async function recipientsOf(tx: Tx, names: readonly string[]): Promise<readonly AccountsTable[]> {
  const known: AccountsTable[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const account = await accountByName(tx, name);
    if (account === null) unknown.push(name);
    else known.push(account);
  }
  if (unknown.length > 0) throw fault.sendAborted(unknown);
  return known;
}

async function inboxOrJunk(
  tx: Tx,
  account: AccountsTable,
  headers: MessageHeaders,
): Promise<number> {
  const lists = await readSenders(tx, account.id);
  const sender = headers.from[0] ?? '';
  const blocked = isListed(lists.blocked, sender) && !isListed(lists.allowed, sender);
  return blocked ? FOLDER.junk : FOLDER.inbox;
}

/** Return-Path and Received, as the last server on the way adds them (RFC 5321 4.4). */
function traceFields({ name, hostName }: Outgoing, at: Date): string {
  const date = at.toUTCString().replace('GMT', '+0000');
  return `Return-Path: <${name}>\r\nReceived: by ${hostName} with HTTP (Postern); ${date}\r\n`;
}
