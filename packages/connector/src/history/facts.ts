/** What the history takes and gives: plain data that crosses the border of a thread. Instants are ms since 1970. */

import type { Endpoint } from '@postern/trust';
import type { HistoryEntry, HistoryKind, HistoryPage } from '../api.ts';

/** Something that happened at one instant, as it is to be kept. */
export interface HistoryFact
  extends Omit<HistoryEntry, 'at' | 'count' | 'id' | 'lastAt' | 'until'> {
  atMs: number;
  untilMs: number | null;
  /** The certificate itself where the server showed one: kept once, so that it can be looked at later. */
  leafDer: Uint8Array | null;
}

/** A fact with how often it happened in a row. */
export interface CountedFact extends HistoryFact {
  lastMs: number;
  count: number;
}

/** An entry that has been met again: what it stands for by now. */
export interface Recount {
  id: number;
  lastMs: number;
  count: number;
  endpoint: Endpoint | null;
  leafSha256: string | null;
}

/** Which entries are wanted; null lets all through. */
export interface HistoryFilter {
  kinds: readonly HistoryKind[] | null;
  /** Server names with their ports; a null port is every port. */
  servers: readonly { host: string; port: number | null }[] | null;
  /** Anywhere in what an entry says, whatever the case. */
  text: string | null;
  /** Only entries with a smaller id, for the next page. */
  beforeId: number | null;
  limit: number;
}

/** A certificate that a server has shown. */
export interface SeenLeaf {
  sha256: string;
  der: Uint8Array;
  firstMs: number;
  lastMs: number;
}

/** What is kept of one server: its entries, oldest first, and the certificates that it showed. */
export interface ServerHistory {
  entries: readonly HistoryEntry[];
  leaves: readonly SeenLeaf[];
}

/** What the history's thread does. */
export interface HistoryOperations {
  /**
   * Keeps facts; on disk when this returns. Gives the id of each, null for one that needed no entry: an
   * expiry that is known already.
   */
  append(facts: readonly CountedFact[]): readonly (number | null)[];
  recount(recounts: readonly Recount[]): void;
  page(filter: HistoryFilter): HistoryPage;
  /** Entries with a greater id, oldest first. */
  after(id: number, limit: number): readonly HistoryEntry[];
  server(endpoint: Endpoint): ServerHistory;
}
