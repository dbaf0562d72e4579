/**
 * The mail connection: sends what is in the outbox, then receives. What changed is asked first; its
 * token is stored together with the list of what must be fetched, and items are fetched one by one
 * in a window. Article: "to send/receive email".
 */

import {
  type Folder,
  ITEM_KINDS,
  type ItemKind,
  readSyncResponse,
  SoapFault,
  type SyncItem,
  type SyncResult,
  syncRequest,
} from '@postern/soap';
import { type ConnectionRun, type ConnectionSummary, counted } from '../connection.ts';
import { sendOutbox } from '../outbox.ts';
import { LARGE_ANSWER_BYTES } from '../session.ts';
import type { ItemChange, PendingItem } from '../store/records.ts';
import { fetchItems } from './mail-items.ts';

/** What the mail connection has to know beyond a run. */
export interface MailOptions {
  /** An initial sync takes messages of the last so many days; 0 means all. */
  cutoffDays: number;
  /** Whether the server told of a change since the last `takeChange`. */
  hasChange(): boolean;
  /** The same, and forgets it. */
  takeChange(): boolean;
  /** Items are on disk. */
  onStored(count: number): void;
}

const DAY_MS = 86_400_000;

/** Conversations are made of messages; the server's grouping is in each message. */
const KEPT_KINDS: ReadonlySet<ItemKind> = new Set(ITEM_KINDS.filter((kind) => kind !== 'c'));

/** Tokens that the server does not take any more: everything is asked again. */
const STALE_TOKEN: ReadonlySet<string> = new Set(['mail.INVALID_SYNC_TOKEN', 'mail.MUST_RESYNC']);

/** Sends and receives until nothing is left. */
export async function synchroniseMail(
  run: ConnectionRun,
  options: MailOptions,
): Promise<ConnectionSummary> {
  const sending = await sendOutbox(run);
  let failure: unknown = null;
  do {
    // A change told from here on is newer than what the next request answers, or the same.
    options.takeChange();
    await takeChanges(run, options);
    failure = await fetchItems(run, options);
  } while (options.takeChange());
  const error = failure ?? sending.error;
  if (error !== null) throw error;
  return counted((await run.store.standing()).messages, 'message');
}

/** Asks what changed since the stored token, or for everything, until the server has no more to tell. */
async function takeChanges(
  { session, store, clock, errand }: ConnectionRun,
  options: MailOptions,
): Promise<void> {
  let { token } = await store.standing();
  for (;;) {
    const messagesSince =
      token === null && options.cutoffDays > 0
        ? new Date(clock.now().getTime() - options.cutoffDays * DAY_MS)
        : null;
    let result: SyncResult;
    try {
      const request = syncRequest({ token, messagesSince });
      const answer = await session.soap(errand, request, { maxBytes: LARGE_ANSWER_BYTES });
      result = readSyncResponse(answer.body);
    } catch (error) {
      if (!(error instanceof SoapFault) || !STALE_TOKEN.has(error.code) || token === null)
        throw error;
      token = null;
      continue;
    }
    if (token === null) {
      await store.beginInitial({ token: result.token, items: [...everythingIn(result)] });
    } else {
      await store.applyDelta({
        token: result.token,
        items: result.items.filter(({ kind }) => KEPT_KINDS.has(kind)).map(changeOf),
        deletedIds: result.deletedIds,
      });
    }
    token = result.token;
    if (!result.more) return;
  }
}

function* everythingIn(result: SyncResult): Generator<PendingItem> {
  if (result.tree !== null) yield* itemsIn(result.tree);
  for (const folder of result.folders) yield* itemsIn(folder);
  for (const { id, kind, folderId } of result.items) {
    if (KEPT_KINDS.has(kind)) yield { id, kind, folderId };
  }
}

function* itemsIn(folder: Folder): Generator<PendingItem> {
  for (const kind of KEPT_KINDS) {
    for (const id of folder.items[kind] ?? []) yield { id, kind, folderId: folder.id };
  }
  for (const inner of folder.folders) yield* itemsIn(inner);
}

function changeOf(item: SyncItem): ItemChange {
  return {
    id: item.id,
    kind: item.kind,
    folderId: item.folderId,
    flags: item.flags,
    tags: item.tags,
    conversationId: item.conversationId,
    receivedAt: item.receivedAt?.getTime() ?? null,
    changeToken: item.changeToken,
    revision: item.revision,
  };
}
