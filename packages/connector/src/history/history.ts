/**
 * The history as its users see it. Keeping a fact never throws and never waits for the disk: a thread
 * writes it at once. Equal verdicts in a row are counted here and written now and then, so that a
 * million handshakes are one entry and few writes. What cannot be written waits, and is said.
 */

import type { Clock, Endpoint } from '@postern/trust';
import { StoreError } from '@postern/trust';
import type { HistoryEntry, HistoryPage } from '../api.ts';
import type { HistoryFact, HistoryFilter, ServerHistory } from './facts.ts';
import { type HistoryThread, openHistoryThread } from './thread.ts';

/** Longest time that a count is known to this process alone, in ms: what a crash may take away. */
const RECOUNT_MS = 30_000;

/** Time until what could not be written is tried again by itself, in ms. */
const RETRY_MS = 30_000;

/** Facts that wait while they cannot be written, the newest; with their certificates 3 MB at most of usual ones. */
const MAX_WAITING = 1000;

/** Facts written in one go. */
const BATCH = 256;

/** Connections of servers whose last verdict is remembered; a person's servers are a handful. */
const MAX_RUNS = 1024;

/** Entries of one piece of an export. */
const PIECE = 1000;

/** The durable record of what happened to trust. */
export interface History {
  /** Keeps a fact. Never throws and waits for nothing. */
  record(fact: HistoryFact): void;
  /** Throws StoreError, as the three below. */
  page(filter: HistoryFilter): Promise<HistoryPage>;
  /** Everything, oldest first, in pieces. */
  all(): AsyncGenerator<readonly HistoryEntry[]>;
  server(endpoint: Endpoint): Promise<ServerHistory>;
  /** Why nothing can be written now; null while all is well. */
  readonly failure: StoreError | null;
  /** Tells when writing begins to fail. */
  onFailure(listener: (failure: StoreError) => void): () => void;
  /** Writes what waits and closes the file. Never throws. */
  close(): Promise<void>;
}

/** What a history needs beside its file. */
export interface HistoryOptions {
  clock: Clock;
  log?: (line: string) => void;
}

/** A fact on its way to the file, or in it. */
interface Kept {
  fact: HistoryFact;
  lastMs: number;
  count: number;
  /** Null until it is written, and for good where no entry was needed. */
  id: number | null;
  /** How often it happened as far as the file knows. */
  writtenCount: number;
}

/**
 * Opens the history; a file that cannot be opened is a failure that is told, tried again, and stops
 * nothing else. The file is private and open in one process at a time.
 */
export function openHistory(file: string, about: HistoryOptions): History {
  const { clock, log } = about;
  const runs = new Map<string, { signature: string; kept: Kept }>();
  /** Counted up since they were written. */
  const stale = new Set<Kept>();
  const listeners = new Set<(failure: StoreError) => void>();
  let waiting: Kept[] = [];
  let thread: Promise<HistoryThread> | null = null;
  let writing: Promise<void> | null = null;
  let cancelRetry: (() => void) | null = null;
  let cancelRecount: (() => void) | null = null;
  let failure: StoreError | null = null;
  let isClosed = false;

  function opened(): Promise<HistoryThread> {
    if (thread !== null) return thread;
    if (isClosed) return Promise.reject(unusable(file, 'it is closed'));
    const opening = openHistoryThread(file);
    const forget = (): void => {
      if (thread === opening) thread = null;
    };
    opening.then(({ ended }) => {
      failure = null;
      return ended.then(forget);
    }, forget);
    thread = opening;
    return opening;
  }

  function note(error: unknown): void {
    const before = failure;
    failure = error instanceof StoreError ? error : unusable(file, error);
    if (before !== null) return;
    log?.(`history: ${failure.code}: ${failure.message}`);
    for (const listener of listeners) listener(failure);
  }

  /** Lets these wait, the newest of them if they are too many. */
  function hold(all: Kept[]): void {
    waiting = all.slice(-MAX_WAITING);
    const lost = new Set(all.slice(0, -MAX_WAITING));
    if (lost.size === 0) return;
    // What is met again after that is a fact like any other.
    for (const [key, { kept }] of runs) if (lost.has(kept)) runs.delete(key);
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      try {
        const open = await opened();
        for (const kept of batch) kept.writtenCount = kept.count;
        const facts = batch.map(({ fact, lastMs, count }) => ({ ...fact, lastMs, count }));
        const ids = await open.append(facts);
        for (const [nth, kept] of batch.entries()) {
          kept.id = ids[nth] ?? null;
          if (kept.count !== kept.writtenCount) recountLater(kept);
        }
        failure = null;
      } catch (error) {
        hold([...batch, ...waiting]);
        note(error);
        if (!isClosed) cancelRetry ??= clock.setTimer(retry, RETRY_MS);
        return;
      }
    }
  }

  function write(): Promise<void> {
    writing ??= writeAll().finally(() => {
      writing = null;
    });
    return writing;
  }

  function retry(): void {
    cancelRetry = null;
    void write();
  }

  function recountLater(kept: Kept): void {
    if (kept.id === null) return;
    stale.add(kept);
    cancelRecount ??= clock.setTimer(() => void recount(), RECOUNT_MS);
  }

  async function recount(): Promise<void> {
    cancelRecount?.();
    cancelRecount = null;
    const counted = [...stale];
    stale.clear();
    const recounts = counted.flatMap(({ id, lastMs, count, fact }) => {
      const { host, port, leafSha256 } = fact;
      const endpoint = host === null || port === null ? null : { host, port };
      return id === null ? [] : [{ id, lastMs, count, endpoint, leafSha256 }];
    });
    if (recounts.length === 0) return;
    try {
      await (await opened()).recount(recounts);
      failure = null;
    } catch (error) {
      for (const kept of counted) recountLater(kept);
      note(error);
    }
  }

  /** The thread after everything that is known by now was written, as far as it can be. */
  async function upToDate(): Promise<HistoryThread> {
    await write();
    await recount();
    return opened();
  }

  function countUp(fact: HistoryFact): boolean {
    const key = keyOfRun(fact);
    const signature = signatureOf(fact);
    const run = runs.get(key);
    if (run?.signature !== signature) return false;
    run.kept.count += 1;
    run.kept.lastMs = fact.atMs;
    recountLater(run.kept);
    return true;
  }

  function beginRun(fact: HistoryFact, kept: Kept): void {
    const key = keyOfRun(fact);
    // What was used last goes last.
    runs.delete(key);
    runs.set(key, { signature: signatureOf(fact), kept });
    const [oldest] = runs.keys();
    if (runs.size > MAX_RUNS && oldest !== undefined) runs.delete(oldest);
  }

  /** Whatever else happens at a server ends what was in a row there. */
  function endRuns({ host, port }: HistoryFact): void {
    const server = host === null ? '' : keyOfServer(host, port);
    for (const key of runs.keys()) if (key.startsWith(server)) runs.delete(key);
  }

  void opened().catch(note);

  return {
    record(fact) {
      if (isClosed) return;
      if (fact.kind === 'verdict' && countUp(fact)) return;
      if (endsRows(fact)) endRuns(fact);
      const kept: Kept = { fact, lastMs: fact.atMs, count: 1, id: null, writtenCount: 0 };
      if (fact.kind === 'verdict') beginRun(fact, kept);
      hold([...waiting, kept]);
      // While writing fails it is tried from time to time, not with every fact.
      if (cancelRetry === null) void write();
    },
    async page(filter) {
      return (await upToDate()).page(filter);
    },
    async *all() {
      const open = await upToDate();
      for (let id = 0; ; ) {
        const piece = await open.after(id, PIECE);
        const last = piece.at(-1);
        if (last === undefined) return;
        yield piece;
        id = last.id;
      }
    },
    async server(endpoint) {
      return (await upToDate()).server(endpoint);
    },
    get failure() {
      return failure;
    },
    onFailure(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancelRetry?.();
      try {
        await write();
        await recount();
        cancelRecount?.();
        await (await thread)?.close();
      } catch (error) {
        note(error);
      }
    },
  };
}

/** A question is what came of a verdict, and comes with it. */
function endsRows({ kind, outcome }: HistoryFact): boolean {
  return kind !== 'verdict' && !(kind === 'question' && outcome === null);
}

function keyOfServer(host: string, port: number | null): string {
  return port === null ? `${host} ` : `${host} ${port} `;
}

function keyOfRun({ host, port, purpose }: HistoryFact): string {
  return `${keyOfServer(host ?? '', port)}${purpose}`;
}

function signatureOf({ outcome, leafSha256, problems, untilMs, detail }: HistoryFact): string {
  return JSON.stringify([outcome, leafSha256, problems, untilMs, detail]);
}

function unusable(file: string, cause: unknown): StoreError {
  const message = `history "${file}" cannot be used: ${String(cause)}`;
  return new StoreError('ERR_STORE_FAILED', message, { path: file, cause });
}
