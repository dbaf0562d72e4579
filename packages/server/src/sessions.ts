/**
 * Sessions, for NoOp with `wait` only: a session knows up to which change its client was told. Blocks of
 * notifications are not sent; a client asks with Sync.
 */

import { randomUUID } from 'node:crypto';
import type { Identity } from './access/tokens.ts';
import { fault } from './faults.ts';
import type { Store } from './store/store.ts';
import { WaitPlace } from './waits.ts';

/** Sessions per account (ZCS: zimbra_session_limit_soap 5), and how long an unused one lives, in ms. */
const MAX_SESSIONS = 5;
const IDLE_MS = 10 * 60_000;
/** Bounds and default of a wait, in ms (ZCS: zimbra_noop_min/max/default_timeout). */
const TIMEOUT_MS = { least: 30_000, most: 1_200_000, usual: 300_000 };

interface Session {
  owner: string;
  told: number;
  usedAt: number;
  place: WaitPlace;
}

/** All sessions, in memory. */
export class Sessions {
  readonly #store: Store;
  readonly #sessions = new Map<string, Session>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The session of that id, or a new one where there is none: its id, and whether it is new. */
  async open(owner: Identity, id: string): Promise<{ id: string; isNew: boolean }> {
    this.#expire();
    const found = this.#sessions.get(id);
    if (found !== undefined && found.owner === owner.accountId) {
      found.usedAt = this.#now();
      return { id, isNew: false };
    }
    const own = [...this.#sessions].filter(([, one]) => one.owner === owner.accountId);
    for (const [oldest] of own.slice(0, Math.max(0, own.length - MAX_SESSIONS + 1))) {
      this.#sessions.delete(oldest);
    }
    const newId = randomUUID();
    this.#sessions.set(newId, {
      owner: owner.accountId,
      told: await this.#tokenOf(owner.mailboxId),
      usedAt: this.#now(),
      place: new WaitPlace(),
    });
    return { id: newId, isNew: true };
  }

  /** Waits until the mailbox changes; a new session waits not at all. Returns whether another wait took this one's place. */
  async wait(
    owner: Identity,
    id: string,
    isNew: boolean,
    timeoutMs: number | null,
    signal: AbortSignal,
  ): Promise<{ displaced: boolean }> {
    const session = this.#sessions.get(id);
    if (session === undefined) throw fault.invalidRequest('no such session');
    if (isNew) return { displaced: false };
    const bounded = Math.min(
      Math.max(timeoutMs ?? TIMEOUT_MS.usual, TIMEOUT_MS.least),
      TIMEOUT_MS.most,
    );
    const look = async (): Promise<boolean> =>
      (await this.#tokenOf(owner.mailboxId)) > session.told;
    const { mailboxId } = owner;
    const end = await session.place.wait(this.#store, [mailboxId], bounded, signal, look);
    session.usedAt = this.#now();
    if (end === 'displaced') return { displaced: true };
    session.told = await this.#tokenOf(mailboxId);
    return { displaced: false };
  }

  /** Ends a session. */
  end(owner: Identity, id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined || session.owner !== owner.accountId) return;
    session.place.end('displaced');
    this.#sessions.delete(id);
  }

  /** Answers all who wait: the server stops. */
  stop(): void {
    for (const session of this.#sessions.values()) session.place.end('stopped');
  }

  async #tokenOf(mailboxId: number): Promise<number> {
    const row = await this.#store.database.queries
      .selectFrom('accounts')
      .select('change_token')
      .where('mailbox_id', '=', mailboxId)
      .executeTakeFirst();
    return row?.change_token ?? 0;
  }

  #expire(): void {
    const oldest = this.#now() - IDLE_MS;
    for (const [id, session] of this.#sessions) {
      if (session.usedAt < oldest && !session.place.isTaken) this.#sessions.delete(id);
    }
  }

  #now(): number {
    return this.#store.clock.now().getTime();
  }
}
