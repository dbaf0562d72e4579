/**
 * The store: database, bodies and listeners together, and the one way to change a mailbox. A unit of work is
 * one transaction over any number of mailboxes; each of them gets one new change token, and its listeners are
 * told after the commit.
 */

import { realpathSync } from 'node:fs';
import type { Clock } from '@postern/trust';
import { type Home, isMissing } from '../home.ts';
import { Bodies } from './bodies.ts';
import { Changes } from './changes.ts';
import { type Database, openDatabase, type Tx } from './database.ts';

/** Everything that lasts. */
export interface Store {
  readonly database: Database;
  readonly bodies: Bodies;
  readonly changes: Changes;
  readonly clock: Clock;
  close(): Promise<void>;
}

/**
 * The open stores of this process, by database. Two connections of one process could wait for each other's
 * transaction for ever, since each wait stops the whole process; so a home has one, which is counted.
 */
const open = new Map<string, { store: Omit<Store, 'close'>; users: number }>();

/** Opens the store of a home whose folders exist, or shares the one that is open in this process. Throws StoreError. */
export function openStore(home: Home, clock: Clock): Store {
  const path = realpathSync(home.store);
  const shared = open.get(path) ?? { store: createStore(home, clock), users: 0 };
  open.set(path, shared);
  shared.users++;
  let isOpen = true;
  return {
    ...shared.store,
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      shared.users--;
      if (shared.users > 0) return;
      open.delete(path);
      shared.store.changes.stop();
      await shared.store.database.close();
    },
  };
}

function createStore(home: Home, clock: Clock): Omit<Store, 'close'> {
  const database = openDatabase(home.database);
  const changes = new Changes(clock, () => database.foreignVersion());
  return { database, bodies: new Bodies(home.store), changes, clock };
}

/** One mailbox within a unit of work. */
export interface MailboxChange {
  readonly tx: Tx;
  readonly mailboxId: number;
  readonly at: Date;
  /** This change's token; taken at the first call, so that a change of nothing takes none. */
  token(): Promise<number>;
  /** The first of `count` new item ids in a row. */
  newIds(count: number): Promise<number>;
  /** Removes a body once the change is committed. */
  dropBody(name: string): void;
}

/** Gives the change of a mailbox, the same one each time within one unit of work. */
export type Unit = (mailboxId: number) => MailboxChange;

/** Runs one unit of work: all of it is committed durably, or nothing. */
export async function changeStore<T>(
  store: Store,
  work: (unit: Unit, tx: Tx) => Promise<T>,
): Promise<T> {
  const changed = new Set<number>();
  const dropped: string[] = [];
  const result = await store.database.write((tx) => {
    const changes = new Map<number, MailboxChange>();
    const unit: Unit = (mailboxId) => {
      const known = changes.get(mailboxId);
      if (known !== undefined) return known;
      const change = mailboxChange(tx, mailboxId, store.clock.now(), {
        changed: () => changed.add(mailboxId),
        dropped: (name) => dropped.push(name),
      });
      changes.set(mailboxId, change);
      return change;
    };
    return work(unit, tx);
  });
  for (const mailboxId of changed) store.changes.committed(mailboxId);
  // What cannot be removed now is swept away later.
  store.bodies.remove(dropped).catch((error: unknown) => {
    if (!isMissing(error)) process.emitWarning('bodies of deleted messages could not be removed');
  });
  return result;
}

/** Runs one unit of work on one mailbox. */
export function changeMailbox<T>(
  store: Store,
  mailboxId: number,
  work: (change: MailboxChange) => Promise<T>,
): Promise<T> {
  return changeStore(store, (unit) => work(unit(mailboxId)));
}

function mailboxChange(
  tx: Tx,
  mailboxId: number,
  at: Date,
  tell: { changed: () => void; dropped: (name: string) => void },
): MailboxChange {
  let token: Promise<number> | null = null;
  const take = async (): Promise<number> => {
    tell.changed();
    const row = await tx
      .updateTable('accounts')
      .set((eb) => ({ change_token: eb('change_token', '+', 1), changed_at: at.getTime() }))
      .where('mailbox_id', '=', mailboxId)
      .returning('change_token')
      .executeTakeFirstOrThrow();
    return row.change_token;
  };
  return {
    tx,
    mailboxId,
    at,
    token: () => {
      token ??= take();
      return token;
    },
    newIds: async (count) => {
      const row = await tx
        .updateTable('accounts')
        .set((eb) => ({ next_item_id: eb('next_item_id', '+', count) }))
        .where('mailbox_id', '=', mailboxId)
        .returning('next_item_id')
        .executeTakeFirstOrThrow();
      return row.next_item_id - count;
    },
    dropBody: tell.dropped,
  };
}
