/**
 * Fetches the items that the store waits for, a fixed number at a time, and stores them in batches.
 * Memory holds one window and two batches whatever the size of the mailbox.
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { ConnectionRun } from '../connection.ts';
import { ServerError } from '../errors.ts';
import { SOCKETS_PER_PURPOSE } from '../http.ts';
import { createPace } from '../pace.ts';
import type { FetchedItem, PendingItem } from '../store/records.ts';

/** A batch is stored when it has so many items or bytes: one commit, one flush of the disk. */
const BATCH_ITEMS = 128;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Batches on their way to disk before fetching waits. */
const MAX_BATCHES_UNDER_WAY = 2;

/** So many items that fail one after another are the server's failure, not theirs. */
const MAX_FAILURES_IN_ROW = 16;

/** HTTP statuses of a server that is overrun or away: nothing is said of the item. */
const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Ids that are read ahead. */
const READ_AHEAD = 1024;

/** Largest item whatever the server says of its limit, in bytes. */
const MAX_ITEM_BYTES = 64 * 1024 * 1024;

/** What stops or follows the fetching. */
export interface FetchOptions {
  /** True once something changed: then fetching pauses for the new token. */
  hasChange(): boolean;
  onStored(count: number): void;
}

/** Where the server had nothing under that id any more. */
type Fetched = { item: FetchedItem; raw: Buffer | null } | { goneId: number };

/**
 * Fetches until nothing is pending, or until something changed. Resolves with the first error of a
 * single item, which stays pending, or null. Throws what ends the connection.
 */
export async function fetchItems(run: ConnectionRun, options: FetchOptions): Promise<unknown> {
  const { session, store, errand } = run;
  const total = (await store.standing()).pending;
  if (total === 0) return null;
  const { maxMessageBytes } = await session.account(errand);
  // Twice: a message grows by its encoding on the way.
  const maxBytes = Math.min(2 * maxMessageBytes, MAX_ITEM_BYTES);

  const stop = new AbortController();
  const signal = AbortSignal.any([errand.signal, stop.signal]);
  const source = createSource((limit, belowId) => store.pending(limit, belowId));
  const pace = createPace(run.clock);
  const progress = { unit: 'messages', done: 0, total, bytes: 0 };
  const startedAt = run.clock.now().toISOString();
  let batch: Fetched[] = [];
  let batchBytes = 0;
  let itemFailure: unknown = null;
  let failuresInRow = 0;
  const underWay = new Set<Promise<void>>();

  function flush(): void {
    if (batch.length === 0) return;
    const full = batch;
    batch = [];
    batchBytes = 0;
    const stored = storeFetched(run, full).then(({ count, bytes }) => {
      underWay.delete(stored);
      progress.done += count;
      progress.bytes += bytes;
      run.progress({ ...progress, startedAt });
      options.onStored(count);
    });
    underWay.add(stored);
    // Its failure is met where the batches are waited for.
    stored.catch(() => {});
  }

  async function fetchInTurn(wanted: PendingItem): Promise<Fetched> {
    for (;;) {
      const turn = await pace.turn(signal);
      try {
        const fetched = await fetchItem(run, wanted, maxBytes, signal);
        pace.answered();
        return fetched;
      } catch (error) {
        if (!isOverrun(error) || !pace.refused(turn)) throw error;
      }
    }
  }

  async function fetchOne(): Promise<void> {
    while (!signal.aborted) {
      if (options.hasChange()) return;
      const wanted = await source.next();
      if (wanted === null) return;
      try {
        const fetched = await fetchInTurn(wanted);
        batch.push(fetched);
        if ('item' in fetched) batchBytes += fetched.raw?.length ?? 0;
        failuresInRow = 0;
      } catch (error) {
        if (!(error instanceof ServerError) || error.code === 'ERR_REDIRECT_REFUSED') throw error;
        if (isOverrun(error)) throw error;
        itemFailure ??= error;
        failuresInRow += 1;
        if (failuresInRow > MAX_FAILURES_IN_ROW) throw error;
      }
      if (batch.length >= BATCH_ITEMS || batchBytes >= BATCH_BYTES) flush();
      while (underWay.size >= MAX_BATCHES_UNDER_WAY) await Promise.race(underWay);
    }
  }

  try {
    const window = Array.from({ length: Math.min(SOCKETS_PER_PURPOSE, total) }, fetchOne);
    await Promise.all(window);
  } finally {
    stop.abort();
    // What came is kept, whatever ended the rest.
    flush();
    await Promise.all(underWay);
  }
  errand.signal.throwIfAborted();
  return itemFailure;
}

function createSource(
  read: (limit: number, belowId: number | null) => Promise<readonly PendingItem[]>,
): { next(): Promise<PendingItem | null> } {
  let ahead: PendingItem[] = [];
  let belowId: number | null = null;
  let reading: Promise<void> | null = null;
  let isOver = false;
  async function refill(): Promise<void> {
    const items = await read(READ_AHEAD, belowId);
    // Taken from the end, which costs nothing.
    ahead = [...items].reverse();
    belowId = items.at(-1)?.id ?? belowId;
    isOver = items.length === 0;
  }
  return {
    async next() {
      while (ahead.length === 0 && !isOver) {
        reading ??= refill().finally(() => {
          reading = null;
        });
        await reading;
      }
      return ahead.pop() ?? null;
    },
  };
}

async function fetchItem(
  { session, errand }: ConnectionRun,
  wanted: PendingItem,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const path = `/service/home/~/?id=${wanted.id}&fmt=sync&nohdr=1`;
  const { status, headers, body } = await session.fetch({ ...errand, signal }, path, maxBytes);
  if (status === 200) return { item: itemOf(wanted, headers, body.length), raw: body };
  if (status === 404) return { goneId: wanted.id };
  // ZCS gives contacts and documents no content in this format: the item is kept without.
  if (wanted.kind !== 'm' && !AWAY.has(status))
    return { item: itemOf(wanted, headers, null), raw: null };
  throw new ServerError(
    'ERR_HTTP_STATUS',
    `item ${wanted.id} was answered with HTTP status ${status}`,
    {
      purpose: errand.purpose,
      status,
    },
  );
}

function isOverrun(error: unknown): boolean {
  return error instanceof ServerError && AWAY.has(error.status ?? 0);
}

/** Metadata comes as headers (ZCS: SyncFormatter). */
function itemOf(
  wanted: PendingItem,
  headers: IncomingHttpHeaders,
  length: number | null,
): FetchedItem {
  const text = (name: string): string => {
    const value = headers[`x-zimbra-${name}`];
    return typeof value === 'string' ? value : '';
  };
  const number = (name: string): number | null => {
    const value = text(name);
    return /^-?\d{1,15}$/.test(value) ? Number(value) : null;
  };
  return {
    id: wanted.id,
    kind: wanted.kind,
    folderId: number('folderid') ?? wanted.folderId,
    flags: text('flags').slice(0, 100),
    tags: text('tags').slice(0, 1000),
    conversationId: number('conv'),
    receivedAt: number('received') ?? 0,
    changeToken: number('change'),
    revision: number('revision'),
    content: length === null ? null : { offset: 0, length },
  };
}

/** Copies a batch into one buffer of its own, which moves to the store's thread. */
async function storeFetched(
  { store }: ConnectionRun,
  fetched: readonly Fetched[],
): Promise<{ count: number; bytes: number }> {
  const found = fetched.filter((one) => 'item' in one);
  const bytes = new Uint8Array(found.reduce((sum, { raw }) => sum + (raw?.length ?? 0), 0));
  let offset = 0;
  const items = found.map(({ item, raw }): FetchedItem => {
    if (raw === null) return item;
    bytes.set(raw, offset);
    const content = { offset, length: raw.length };
    offset += raw.length;
    return { ...item, content };
  });
  const goneIds = fetched.flatMap((one) => ('goneId' in one ? [one.goneId] : []));
  const length = bytes.length;
  await store.storeBatch({ items, goneIds, bytes });
  return { count: items.length, bytes: length };
}
