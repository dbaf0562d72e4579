/**
 * Wait sets (ZCS: WaitSetMgr, SomeAccountsWaitSet): what was changed is told by account, and told again until the
 * client shows, by the sequence that it sends, that it has heard.
 */

import { randomUUID } from 'node:crypto';
import type { CreatedWaitSet, Wait, WaitResult, WatchedAccount } from '@postern/soap';
import type { Identity } from './access/tokens.ts';
import { fault } from './faults.ts';
import { parseSyncToken } from './mailbox/sync-token.ts';
import type { Store } from './store/store.ts';
import { WaitPlace } from './waits.ts';

/** Sets per account; the longest unused goes first (ZCS: zimbra_waitset_max_per_account 5). */
const MAX_SETS = 5;
/** A set that is not used for so long is gone, in ms (ZCS: 20 minutes). */
const IDLE_MS = 20 * 60_000;
/** Bounds and default of a wait, in ms (ZCS: zimbra_waitset_min/max/default_request_timeout). */
const TIMEOUT_MS = { least: 30_000, most: 1_200_000, usual: 300_000 };

interface Watched {
  mailboxId: number;
  /** Changes up to this token were told. */
  told: number;
  /** The sequence with which the last change was told, 0 for none. */
  toldWith: number;
}

interface WaitSet {
  owner: string;
  sequence: number;
  usedAt: number;
  watched: Map<string, Watched>;
  place: WaitPlace;
}

/** All wait sets, in memory: a client makes a new one when the server was started anew. */
export class WaitSets {
  readonly #store: Store;
  readonly #sets = new Map<string, WaitSet>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Makes a set. Accounts other than the owner's own are errors in the answer. */
  async create(owner: Identity, accounts: readonly WatchedAccount[]): Promise<CreatedWaitSet> {
    this.#expire(owner.accountId);
    const id = `WaitSet${randomUUID()}`;
    const set: WaitSet = {
      owner: owner.accountId,
      sequence: 0,
      usedAt: this.#now(),
      watched: new Map(),
      place: new WaitPlace(),
    };
    const errors = await this.#watch(set, owner, accounts);
    this.#sets.set(id, set);
    return { waitSet: id, sequence: '0', errors };
  }

  /** Answers one WaitSetRequest. Throws admin.NO_SUCH_WAITSET. */
  async wait(owner: Identity, wait: Required<Wait>, signal: AbortSignal): Promise<WaitResult> {
    const set = this.#find(owner, wait.waitSet);
    set.usedAt = this.#now();
    const heard = Number.parseInt(wait.sequence, 10) || 0;
    const errors = await this.#watch(set, owner, [...wait.add, ...wait.update]);
    const mailboxes = [...set.watched.values()].map((one) => one.mailboxId);
    if (wait.block) {
      const asked = wait.timeoutMs ?? TIMEOUT_MS.usual;
      const timeoutMs = Math.min(Math.max(asked, TIMEOUT_MS.least), TIMEOUT_MS.most);
      const look = async (): Promise<boolean> => (await this.#changed(set, heard)).length > 0;
      const end = await set.place.wait(this.#store, mailboxes, timeoutMs, signal, look);
      set.usedAt = this.#now();
      if (end === 'displaced')
        return { sequence: null, canceled: true, changedAccounts: [], errors };
    }
    return { ...(await this.#tell(set, heard)), canceled: false, errors };
  }

  /** Ends a set. Throws admin.NO_SUCH_WAITSET. */
  destroy(owner: Identity, id: string): void {
    this.#find(owner, id).place.end('displaced');
    this.#sets.delete(id);
  }

  /** Answers all who wait: the server stops. */
  stop(): void {
    for (const set of this.#sets.values()) set.place.end('stopped');
  }

  #find(owner: Identity, id: string): WaitSet {
    this.#expire(owner.accountId);
    const set = this.#sets.get(id);
    if (set === undefined || set.owner !== owner.accountId)
      throw fault.noSuchWaitSet(id.slice(0, 64));
    return set;
  }

  async #watch(
    set: WaitSet,
    owner: Identity,
    accounts: readonly WatchedAccount[],
  ): Promise<{ id: string; kind: string }[]> {
    const errors: { id: string; kind: string }[] = [];
    for (const { id, token } of accounts) {
      if (id !== owner.accountId) {
        errors.push({ id, kind: 'PERM_DENIED' });
        continue;
      }
      const told = token === null ? await this.#tokenOf(owner.mailboxId) : seen(token);
      set.watched.set(id, { mailboxId: owner.mailboxId, told, toldWith: 0 });
    }
    return errors;
  }

  async #tokenOf(mailboxId: number): Promise<number> {
    const row = await this.#store.database.queries
      .selectFrom('accounts')
      .select('change_token')
      .where('mailbox_id', '=', mailboxId)
      .executeTakeFirst();
    return row?.change_token ?? 0;
  }

  /** Accounts that changed, or whose change was told with a sequence that the client has not heard. */
  async #changed(set: WaitSet, heard: number): Promise<readonly { id: string; token: number }[]> {
    const changed: { id: string; token: number }[] = [];
    for (const [id, one] of set.watched) {
      const token = await this.#tokenOf(one.mailboxId);
      if (token > one.told || one.toldWith > heard) changed.push({ id, token });
    }
    return changed;
  }

  async #tell(
    set: WaitSet,
    heard: number,
  ): Promise<Pick<WaitResult, 'changedAccounts' | 'sequence'>> {
    const changed = await this.#changed(set, heard);
    if (changed.length > 0) set.sequence++;
    for (const { id, token } of changed) {
      const one = set.watched.get(id);
      if (one !== undefined) set.watched.set(id, { ...one, told: token, toldWith: set.sequence });
    }
    return { sequence: String(set.sequence), changedAccounts: changed.map((one) => one.id) };
  }

  #expire(accountId: string): void {
    const oldest = this.#now() - IDLE_MS;
    for (const [id, set] of this.#sets) {
      if (set.usedAt < oldest && !set.place.isTaken) this.#sets.delete(id);
    }
    const own = [...this.#sets].filter(([, set]) => set.owner === accountId);
    own.sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [id, set] of own.slice(0, Math.max(0, own.length - MAX_SETS))) {
      set.place.end('displaced');
      this.#sets.delete(id);
    }
  }

  #now(): number {
    return this.#store.clock.now().getTime();
  }
}

/** The token up to which a client has seen all: one in the middle of a change has not seen that change. */
function seen(token: string): number {
  const { changes } = parseSyncToken(token);
  return changes.id === null ? changes.token : changes.token - 1;
}
