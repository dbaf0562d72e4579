/** Tags: found by name or id, and made when an item is first tagged with a new name (ZCS does so too). */

import { fault } from '../faults.ts';
import type { Tx } from '../store/database.ts';
import type { TagsTable } from '../store/schema.ts';
import type { MailboxChange } from '../store/store.ts';

/** All tags of a mailbox. */
export function tagRows(tx: Tx, mailboxId: number): Promise<TagsTable[]> {
  return tx
    .selectFrom('tags')
    .selectAll()
    .where('mailbox_id', '=', mailboxId)
    .orderBy('id')
    .execute();
}

/** The id of a tag by name or id; where `create` is true a new name makes a tag. Throws mail.NO_SUCH_TAG. */
export async function tagFor(
  change: MailboxChange,
  name: string,
  create: boolean,
): Promise<number> {
  const rows = await tagRows(change.tx, change.mailboxId);
  const found = rows.find((one) => one.name === name || String(one.id) === name);
  if (found !== undefined) return found.id;
  if (!create) throw fault.noSuchTag(name.slice(0, 128));
  if (name === '' || name.length > 128 || /[\u0000-\u001f\u007f:,]/.test(name)) {
    throw fault.invalidName(name.slice(0, 128));
  }
  const id = await change.newIds(1);
  const row = { mailbox_id: change.mailboxId, id, name, mod_metadata: await change.token() };
  await change.tx.insertInto('tags').values(row).execute();
  return id;
}
