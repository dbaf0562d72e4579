/** The accounts of the directory: made, found, given passwords. */

import { randomUUID } from 'node:crypto';
import { hashPassword, randomPassword } from './access/password.ts';
import { setGalEntry } from './gal.ts';
import { FIRST_FOLDERS } from './mailbox/folder-rows.ts';
import { FIRST_PREFERENCES } from './preferences.ts';
import type { Tx } from './store/database.ts';
import type { AccountsTable } from './store/schema.ts';
import type { Store } from './store/store.ts';
import { UsageFault } from './usage-fault.ts';

/** The first id of a user's own items (ZCS: Mailbox.FIRST_USER_ID). */
const FIRST_USER_ID = 256;

/** An account to be made. Without a password one is made by chance. */
export interface AccountDraft {
  name: string;
  displayName?: string;
  password?: string;
  isAdmin?: boolean;
}

/** What is known of a new account. The password is nowhere else: show it once. */
export interface NewAccount {
  id: string;
  name: string;
  mailboxId: number;
  password: string;
}

/** Makes an account with an empty mailbox and its entry in the address list. Throws UsageFault. */
export async function addAccount(store: Store, draft: AccountDraft): Promise<NewAccount> {
  const name = draft.name.toLowerCase();
  if (!/^[^\s@"<>,;:\\]{1,64}@[a-z0-9.-]{1,255}$/.test(name)) {
    throw new UsageFault(`"${draft.name}" is no mail address`);
  }
  const password = draft.password ?? randomPassword();
  const passwordHash = await hashPassword(password);
  const id = randomUUID();
  const displayName = draft.displayName ?? name;
  return store.database.write(async (tx) => {
    if ((await accountByName(tx, name)) !== null) {
      throw new UsageFault(`account "${name}" is there already`);
    }
    const { mailbox_id: mailboxId } = await tx
      .insertInto('accounts')
      .values((eb) => ({
        // The mailbox's number is the row's, given by counting on.
        mailbox_id: eb
          .selectFrom('accounts')
          .select((inner) =>
            inner(inner.fn.coalesce(inner.fn.max('mailbox_id'), inner.lit(0)), '+', 1).as('next'),
          ),
        id,
        name,
        display_name: displayName,
        password_hash: passwordHash,
        is_admin: draft.isAdmin ? 1 : 0,
        validity: 1,
        change_token: 1,
        oldest_token: 0,
        next_item_id: FIRST_USER_ID + 1,
        changed_at: store.clock.now().getTime(),
      }))
      .returning('mailbox_id')
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('folders')
      .values(
        FIRST_FOLDERS.map((folder) => ({
          ...folder,
          mailbox_id: mailboxId,
          mod_metadata: 1,
          mod_content: 1,
        })),
      )
      .execute();
    await tx
      .insertInto('preferences')
      .values(
        FIRST_PREFERENCES.map(([key, value]) => ({
          account_id: id,
          name: key,
          position: 0,
          value,
        })),
      )
      .execute();
    await setGalEntry(tx, {
      id: `account:${id}`,
      name: displayName,
      fields: galFields(name, displayName),
    });
    return { id, name, mailboxId, password };
  });
}

function galFields(name: string, displayName: string): readonly (readonly [string, string])[] {
  const words = displayName === name ? [] : displayName.split(' ');
  const firstName = words.slice(0, -1).join(' ');
  return [
    ['email', name],
    ['fullName', displayName],
    ...(words.length > 1
      ? ([
          ['firstName', firstName],
          ['lastName', words.at(-1) ?? ''],
        ] as const)
      : []),
  ];
}

/** Gives an account a new password (by chance where none is given), which ends its tokens. Throws UsageFault. */
export async function changePassword(
  store: Store,
  name: string,
  password = randomPassword(),
): Promise<string> {
  const passwordHash = await hashPassword(password);
  await store.database.write(async (tx) => {
    const account = await requiredAccount(tx, name);
    await tx
      .updateTable('accounts')
      .set({ password_hash: passwordHash, validity: account.validity + 1 })
      .where('id', '=', account.id)
      .execute();
  });
  return password;
}

/** The account of that address, or null. */
export async function accountByName(tx: Tx, name: string): Promise<AccountsTable | null> {
  const row = await tx
    .selectFrom('accounts')
    .selectAll()
    .where('name', '=', name.toLowerCase())
    .executeTakeFirst();
  return row ?? null;
}

/** The account of that address; throws UsageFault. */
export async function requiredAccount(tx: Tx, name: string): Promise<AccountsTable> {
  const account = await accountByName(tx, name);
  if (account === null) throw new UsageFault(`there is no account "${name}"`);
  return account;
}

/** Names of all accounts, in alphabetical order. */
export async function accountNames(store: Store): Promise<readonly string[]> {
  const rows = await store.database.queries
    .selectFrom('accounts')
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map((row) => row.name);
}
