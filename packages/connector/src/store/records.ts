/** What the local store takes and gives: plain data that crosses the border of a thread. Instants are ms since 1970. */

import type { ItemKind } from '@postern/soap';
import type { GalReport, MessageDetail, MessageSummary, OutboxReport } from '../api.ts';

/** An item that the server named and that is not here yet. */
export interface PendingItem {
  id: number;
  kind: ItemKind;
  folderId: number | null;
}

/** Everything there is on the server: the first step of an initial sync. */
export interface InitialStep {
  token: string;
  items: readonly PendingItem[];
}

/** One changed item; null means unchanged. */
export interface ItemChange {
  id: number;
  kind: ItemKind;
  folderId: number | null;
  flags: string | null;
  tags: string | null;
  conversationId: number | null;
  receivedAt: number | null;
  changeToken: number | null;
  revision: number | null;
}

/** What changed on the server since the last token. */
export interface DeltaStep {
  token: string;
  items: readonly ItemChange[];
  deletedIds: readonly number[];
}

/** What a delta came to. `pending` must be fetched. */
export interface DeltaOutcome {
  deleted: number;
  updated: number;
  pending: number;
}

/** A fetched item; its bytes are `length` bytes from `offset` on in the batch. */
export interface FetchedItem {
  id: number;
  kind: ItemKind;
  folderId: number | null;
  flags: string;
  tags: string;
  conversationId: number | null;
  receivedAt: number;
  changeToken: number | null;
  revision: number | null;
  /** Null where the server gave no content for an item of this kind. */
  content: { offset: number; length: number } | null;
}

/** Items that become durable together with the loss of their pending rows. */
export interface ItemBatch {
  items: readonly FetchedItem[];
  /** Ids that the server does not have any more. */
  goneIds: readonly number[];
  bytes: Uint8Array;
}

/** Where the store stands. */
export interface StoreStanding {
  /** Null before the first initial sync. */
  token: string | null;
  pending: number;
  items: number;
  messages: number;
  bytes: number;
}

/** A folder as the server told it. */
export interface FolderRecord {
  id: number;
  parentId: number | null;
  name: string;
  path: string;
  view: string | null;
  unread: number;
  total: number;
}

/** Which messages are listed, newest first. */
export interface MessageQuery {
  /** Null for all folders. */
  folderId: number | null;
  limit: number;
  /** The last message of the page before; null for the first page. */
  beforeId: number | null;
}

/** An item with its bytes. */
export interface StoredItem {
  summary: MessageSummary;
  kind: ItemKind;
  revision: number | null;
  tags: string;
  raw: Uint8Array | null;
}

/** One answer of the address list. `isFull` replaces what is here. */
export interface GalStep {
  token: string;
  isFull: boolean;
  entries: readonly GalReport[];
  deletedIds: readonly string[];
}

/** A message to be sent, durable once `enqueue` resolved. */
export interface OutboxDraft {
  id: string;
  raw: Uint8Array;
  createdAt: number;
}

/** The oldest message that waits to be sent. */
export interface OutboxItem {
  id: string;
  raw: Uint8Array;
  attempts: number;
}

/** Documents that a connection keeps whole. */
export type DocumentKey = 'account' | 'gal' | 'preferences' | 'senders' | 'signatures' | 'upgrade';

/** What the store does, as its thread does it. Every writing operation is one transaction. */
export interface StoreOperations {
  standing(): StoreStanding;
  /** Remembers the token with all that is to be fetched; forgets items that are not named. */
  beginInitial(step: InitialStep): void;
  /** Applies deletions and changes of metadata, remembers what must be fetched, and the token. */
  applyDelta(step: DeltaStep): DeltaOutcome;
  /** Items to be fetched, newest first, with ids below `belowId`. */
  pending(limit: number, belowId: number | null): readonly PendingItem[];
  storeBatch(batch: ItemBatch): void;
  replaceFolders(folders: readonly FolderRecord[]): void;
  folders(): readonly (FolderRecord & { stored: number })[];
  messages(query: MessageQuery): readonly MessageSummary[];
  item(id: number): StoredItem | null;
  /** A message as a person reads it; null where it is not here. */
  detail(id: number): Promise<MessageDetail | null>;
  document(key: DocumentKey): string | null;
  putDocument(key: DocumentKey, json: string): void;
  applyGal(step: GalStep): void;
  galStanding(): { token: string | null; entries: number };
  searchGal(query: string, limit: number): readonly GalReport[];
  enqueue(draft: OutboxDraft): void;
  nextToSend(): OutboxItem | null;
  recordAttempt(id: string, error: string): void;
  recordSent(id: string, savedId: number | null): void;
  /** The server will never take it; it stays for the person to see. */
  recordFailure(id: string, error: string): void;
  outbox(): readonly OutboxReport[];
}

/** The store as its users see it: every operation on another thread. */
export type MailStore = {
  [K in keyof StoreOperations]: (
    ...args: Parameters<StoreOperations[K]>
  ) => Promise<Awaited<ReturnType<StoreOperations[K]>>>;
} & {
  /** Ends the thread; everything that resolved before is on disk. */
  close(): Promise<void>;
};
