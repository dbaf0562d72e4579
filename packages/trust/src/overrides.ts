/**
 * Trust overrides: what a person allowed, for one certificate at one endpoint, until an instant.
 * Remembers and forgets; whether an override covers a diagnosis is for decide.ts to say.
 */

import { randomUUID } from 'node:crypto';
import type { Endpoint } from './question.ts';
import { openStoreFile, type StoreFile, type StoreFileOptions } from './store-file.ts';

/** Stands in `leafSha256` for the confirmation of an unprotected connection, which has no certificate. */
export const PLAIN_HTTP = 'plain-http';

/** Remembered permission. Dead from `expiresAt` on, inclusive. Never an anchor, never another name. */
export interface Override {
  endpoint: Endpoint;
  /** Lower-case hex SHA-256 of the leaf; {@link PLAIN_HTTP} for the confirmation of an unprotected connection. */
  leafSha256: string;
  /** DER of the leaf, kept for the comparison with another certificate; null for `plain-http`. */
  leafDer: Uint8Array | null;
  /** `problemKey` of every problem that was shown. */
  problems: readonly string[];
  grantedAt: Date;
  expiresAt: Date;
  /** True if the person typed the administrator's fingerprint. */
  fingerprintChecked: boolean;
  /** Ends with this process at the latest. */
  untilStop: boolean;
}

/** How an override ended, kept so that the next question can say so. */
export type OverrideState = 'expired' | 'live' | 'retired' | 'withdrawn';

/** What is known of an endpoint from before. */
export interface EndpointMemory {
  /** The newest override of this endpoint, live or not. */
  override: { value: Override; state: OverrideState } | null;
  /** The last certificate with which this endpoint was `secure`; null if never, or forgotten. */
  secureWith: { leafSha256: string; leafDer: Uint8Array; spkiSha256: string; at: Date } | null;
}

/**
 * Durable memory of trust decisions. Implementations are safe with several processes: a grant is
 * on disk when `grant` returns, and a withdrawal by another process is seen by the next `recall`.
 * A clock that went back by more than five minutes ends every override.
 */
export interface Overrides {
  recall(endpoint: Endpoint, now: Date): EndpointMemory;
  /** Replaces any override of that endpoint. Throws StoreError. */
  grant(override: Override): void;
  /** Ends the live override of an endpoint; returns whether there was one. */
  end(endpoint: Endpoint, how: 'retired' | 'withdrawn', now: Date): boolean;
  /** Remembers that the endpoint was `secure` with this leaf. */
  rememberSecure(
    endpoint: Endpoint,
    leaf: { sha256: string; der: Uint8Array; spkiSha256: string },
    now: Date,
  ): void;
  /** Forgets that the endpoint was ever `secure`. */
  forgetSecure(endpoint: Endpoint): void;
  list(now: Date): { value: Override; state: OverrideState }[];
  /**
   * The latest instant that anything in here was seen or granted at; null if nothing was. May be
   * later than the clock, which then was ahead before or is behind now.
   */
  latest(): Date | null;
  close(): void;
}

/** A clock that goes back by more than this ends every override; by less, the later instant counts. */
export const CLOCK_TOLERANCE_MS = 300_000;

/**
 * How far the stored mark of the clock may lag behind the one in memory: a write per minute at most.
 * By so much a clock may go back further unseen, and only between two processes.
 */
const MARK_LAG_MS = 60_000;

/** `secureWith.at` is shown to people as a day; it is not worth a write at every connection. */
const SECURE_LAG_MS = 3_600_000;

const SCHEMA = {
  what: 'trust overrides',
  applicationId: 0x50_73_74_6f, // "Psto"
  version: 1,
  create: `
    CREATE TABLE override (
      host TEXT NOT NULL, port INTEGER NOT NULL,
      leaf_sha256 TEXT NOT NULL, leaf_der BLOB, problems TEXT NOT NULL,
      granted_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
      fingerprint_checked INTEGER NOT NULL,
      -- For an override that ends with its process: the store that granted it. Else null.
      until_stop_of TEXT,
      state TEXT NOT NULL CHECK (state IN ('expired', 'live', 'retired', 'withdrawn')),
      PRIMARY KEY (host, port)
    ) STRICT;
    CREATE TABLE secure_with (
      host TEXT NOT NULL, port INTEGER NOT NULL,
      leaf_sha256 TEXT NOT NULL, leaf_der BLOB NOT NULL, spki_sha256 TEXT NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (host, port)
    ) STRICT;
    -- The latest instant seen, and how often the clock went back too far.
    CREATE TABLE clock (
      id INTEGER PRIMARY KEY CHECK (id = 1), latest INTEGER NOT NULL, restarts INTEGER NOT NULL
    ) STRICT;
    INSERT INTO clock VALUES (1, 0, 0);
  `,
};

/** Overrides that end with this process, for tests and for programs that want nothing on disk. */
export function createMemoryOverrides(): Overrides {
  return createStore(openStoreFile(':memory:', SCHEMA));
}

/**
 * Overrides in a private SQLite file, created with mode 0600 in a folder of mode 0700 (threats, row
 * 22). Several processes may use it at once. An override "until Postern stops" is in the file so
 * that others can withdraw it and the next question can name it, but counts only for the store that
 * granted it: no other process, and no later one, takes it for live.
 * Throws StoreError ERR_STORE_UNSAFE, ERR_STORE_LOCKED, ERR_STORE_CORRUPT, ERR_STORE_VERSION.
 */
export function openFileOverrides(path: string, options: StoreFileOptions = {}): Overrides {
  return createStore(openStoreFile(path, SCHEMA, options));
}

function createStore(file: StoreFile): Overrides {
  const { database } = file;
  /** Unguessable and never written elsewhere: it dies with this store. */
  const self = randomUUID();
  /** The latest instant this process saw since the clock's last restart. */
  let seen = { latest: 0, restarts: 0 };

  const sql = {
    recall: database.prepare('SELECT * FROM override WHERE host = ? AND port = ?'),
    list: database.prepare('SELECT * FROM override ORDER BY host, port'),
    grant: database.prepare(`
      INSERT OR REPLACE INTO override VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'live')`),
    setState: database.prepare('UPDATE override SET state = ? WHERE host = ? AND port = ?'),
    expireAll: database.prepare("UPDATE override SET state = 'expired' WHERE state = 'live'"),
    anyLive: database.prepare("SELECT 1 FROM override WHERE state = 'live' LIMIT 1"),
    secureWith: database.prepare('SELECT * FROM secure_with WHERE host = ? AND port = ?'),
    rememberSecure: database.prepare(
      'INSERT OR REPLACE INTO secure_with VALUES (?, ?, ?, ?, ?, ?)',
    ),
    forgetSecure: database.prepare('DELETE FROM secure_with WHERE host = ? AND port = ?'),
    clock: database.prepare('SELECT latest, restarts FROM clock'),
    // Not the clock's mark alone: that one goes back with the clock.
    latest: database.prepare(`
      SELECT max(at) AS at FROM (
        SELECT latest AS at FROM clock UNION ALL SELECT at FROM secure_with
        UNION ALL SELECT granted_at AS at FROM override
      )`),
    setClock: database.prepare('UPDATE clock SET latest = ?, restarts = ?'),
  };

  function storedClock(): { latest: number; restarts: number } {
    const row = sql.clock.get();
    if (row === undefined) return file.corrupt('the mark of the clock is missing');
    return { latest: integer(row.latest), restarts: integer(row.restarts) };
  }

  /** The later of all instants seen since the last restart, by this process and, as stored, by others. */
  function mark(): { latest: number; restarts: number; stored: number } {
    const stored = storedClock();
    // Another process found the clock set back: what this one saw before counts no more.
    if (stored.restarts !== seen.restarts) seen = stored;
    return {
      latest: Math.max(stored.latest, seen.latest),
      restarts: stored.restarts,
      stored: stored.latest,
    };
  }

  /**
   * Takes notice of an instant and returns the one that counts. Within a transaction everything is
   * stored; else only what must be: the end of all overrides, and now and then the mark.
   */
  function notice(now: Date, isWriting: boolean): number {
    const at = now.getTime();
    const { latest, restarts, stored } = mark();
    if (at < latest - CLOCK_TOLERANCE_MS) {
      if (!isWriting) return file.write(() => notice(now, true));
      sql.expireAll.run();
      sql.setClock.run(at, restarts + 1);
      seen = { latest: at, restarts: restarts + 1 };
      return at;
    }
    const counts = Math.max(at, latest);
    seen = { latest: counts, restarts };
    if (isWriting) {
      if (counts > stored) sql.setClock.run(counts, restarts);
    } else if (counts - stored >= MARK_LAG_MS && sql.anyLive.get() !== undefined) {
      return file.write(() => notice(now, true));
    }
    return counts;
  }

  function stateOf(row: Row, at: number): OverrideState {
    const state = row.state;
    if (state !== 'live')
      return isEnded(state) ? state : file.corrupt(`state ${JSON.stringify(state)}`);
    if (at >= integer(row.expires_at)) return 'expired';
    return row.until_stop_of === null || row.until_stop_of === self ? 'live' : 'expired';
  }

  function toOverride(row: Row): Override {
    return {
      endpoint: { host: text(row.host), port: integer(row.port) },
      leafSha256: text(row.leaf_sha256),
      leafDer: row.leaf_der === null ? null : bytes(row.leaf_der),
      problems: strings(row.problems),
      grantedAt: new Date(integer(row.granted_at)),
      expiresAt: new Date(integer(row.expires_at)),
      fingerprintChecked: row.fingerprint_checked === 1,
      untilStop: row.until_stop_of !== null,
    };
  }

  /** An end that time brought is kept, so that a clock put back by minutes cannot undo it. */
  function keepEnd(row: Row, at: number): void {
    if (row.state !== 'live' || at < integer(row.expires_at)) return;
    const { host, port } = row;
    file.write(() => {
      const latest = sql.recall.get(text(host), integer(port));
      if (latest?.state === 'live' && at >= integer(latest.expires_at)) {
        sql.setState.run('expired', text(host), integer(port));
      }
    });
  }

  const integer = (value: unknown): number =>
    typeof value === 'number' ? value : file.corrupt('a number is missing');
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : file.corrupt('a text is missing');
  const bytes = (value: unknown): Uint8Array =>
    value instanceof Uint8Array ? value : file.corrupt('a certificate is missing');
  const strings = (value: unknown): readonly string[] => {
    let list: unknown;
    try {
      list = JSON.parse(text(value));
    } catch (cause) {
      return file.corrupt('a list of problems is not JSON', cause);
    }
    if (isStrings(list)) return list;
    return file.corrupt('a list of problems holds something else');
  };

  return {
    recall: ({ host, port }, now) =>
      file.read(() => {
        const at = notice(now, false);
        const row = sql.recall.get(host, port);
        if (row !== undefined) keepEnd(row, at);
        const secure = sql.secureWith.get(host, port);
        return {
          override: row === undefined ? null : { value: toOverride(row), state: stateOf(row, at) },
          secureWith:
            secure === undefined
              ? null
              : {
                  leafSha256: text(secure.leaf_sha256),
                  leafDer: bytes(secure.leaf_der),
                  spkiSha256: text(secure.spki_sha256),
                  at: new Date(integer(secure.at)),
                },
        };
      }),
    grant(override) {
      const { endpoint, leafSha256, leafDer, problems, grantedAt, expiresAt } = override;
      file.write(() => {
        notice(grantedAt, true);
        sql.grant.run(
          endpoint.host,
          endpoint.port,
          leafSha256,
          leafDer,
          JSON.stringify(problems),
          grantedAt.getTime(),
          expiresAt.getTime(),
          override.fingerprintChecked ? 1 : 0,
          override.untilStop ? self : null,
        );
      });
    },
    end: ({ host, port }, how, now) =>
      file.write(() => {
        const at = notice(now, true);
        const row = sql.recall.get(host, port);
        if (row === undefined || row.state !== 'live') return false;
        const wasLive = stateOf(row, at) === 'live';
        // Another process's override until it stops is not live here, and ends there all the same.
        const isOver = at >= integer(row.expires_at);
        sql.setState.run(isOver ? 'expired' : how, host, port);
        return wasLive;
      }),
    rememberSecure({ host, port }, leaf, now) {
      const known = file.read(() => sql.secureWith.get(host, port));
      const isKnown =
        known?.leaf_sha256 === leaf.sha256 &&
        Math.abs(now.getTime() - integer(known.at)) < SECURE_LAG_MS;
      if (isKnown) return;
      file.write(() => {
        notice(now, true);
        sql.rememberSecure.run(host, port, leaf.sha256, leaf.der, leaf.spkiSha256, now.getTime());
      });
    },
    forgetSecure({ host, port }) {
      file.write(() => sql.forgetSecure.run(host, port));
    },
    list: (now) =>
      file.read(() => {
        const at = notice(now, false);
        return sql.list.all().map((row) => ({ value: toOverride(row), state: stateOf(row, at) }));
      }),
    latest: () =>
      file.read(() => {
        const at = Math.max(integer(sql.latest.get()?.at), mark().latest);
        return at === 0 ? null : new Date(at);
      }),
    close: () => file.close(),
  };
}

type Row = Record<string, unknown>;

function isEnded(state: unknown): state is Exclude<OverrideState, 'live'> {
  return state === 'expired' || state === 'retired' || state === 'withdrawn';
}

function isStrings(list: unknown): list is readonly string[] {
  return Array.isArray(list) && list.every((item) => typeof item === 'string');
}
