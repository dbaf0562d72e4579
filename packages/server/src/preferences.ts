/** An account's preferences, signatures and lists of senders. They are no part of the mailbox and have no change token, as in ZCS. */

import { randomUUID } from 'node:crypto';
import type {
  Preference,
  SenderListChange,
  SenderLists,
  SenderListsChange,
  Signature,
  SignatureDraft,
  SignatureName,
} from '@postern/soap';
import { fault } from './faults.ts';
import type { Tx } from './store/database.ts';

/** What a new account begins with. */
export const FIRST_PREFERENCES: readonly Preference[] = [
  ['zimbraPrefLocale', 'en_US'],
  ['zimbraPrefTimeZoneId', 'Europe/Berlin'],
  ['zimbraPrefComposeFormat', 'html'],
  ['zimbraPrefGroupMailBy', 'conversation'],
  ['zimbraPrefMailPollingInterval', '5m'],
  ['zimbraPrefMailSignatureEnabled', 'TRUE'],
  ['zimbraPrefOutOfOfficeReplyEnabled', 'FALSE'],
  ['zimbraPrefSaveToSent', 'TRUE'],
];

/** Bounds of ZCS's class of service: zimbraSignatureMaxNumEntries, zimbraMailSignatureMaxLength, zimbraMailWhitelistMaxNumEntries. */
const MAX_SIGNATURES = 20;
const MAX_SIGNATURE_LENGTH = 10_240;
const MAX_SENDERS = 100;
/** Longest value of a preference, in characters, and most values of one. */
const MAX_PREFERENCE_LENGTH = 10_240;
const MAX_PREFERENCE_VALUES = 200;

/** The preferences of an account: all, or those named. */
export async function readPreferences(
  tx: Tx,
  accountId: string,
  names: readonly string[],
): Promise<readonly Preference[]> {
  const rows = await tx
    .selectFrom('preferences')
    .select(['name', 'value'])
    .where('account_id', '=', accountId)
    .orderBy('name')
    .orderBy('position')
    .execute();
  const wanted = new Set(names);
  return rows
    .filter((row) => wanted.size === 0 || wanted.has(row.name))
    .map((row) => [row.name, row.value]);
}

/** Changes preferences: a name replaces all its values, `+name` adds one, `-name` removes one, an empty value clears. */
export async function changePreferences(
  tx: Tx,
  accountId: string,
  changes: readonly Preference[],
): Promise<void> {
  const wanted = new Map<string, string[]>();
  for (const [key, value] of changes) {
    const found = /^([+-]?)(zimbraPref[A-Za-z0-9]{1,100})$/.exec(key);
    if (found === null) throw fault.invalidRequest('pref name must start with zimbraPref');
    const [, sign, name = ''] = found;
    if (value.length > MAX_PREFERENCE_LENGTH) throw fault.invalidAttribute(`${name} is too long`);
    const values = wanted.get(name) ?? (sign === '' ? [] : await valuesOf(tx, accountId, name));
    wanted.set(name, sign === '-' ? values.filter((one) => one !== value) : values);
    if (sign !== '-' && value !== '') wanted.get(name)?.push(value);
  }
  for (const [name, values] of wanted) {
    if (values.length > MAX_PREFERENCE_VALUES)
      throw fault.invalidAttribute(`${name} has too many values`);
    await tx
      .deleteFrom('preferences')
      .where('account_id', '=', accountId)
      .where('name', '=', name)
      .execute();
    for (const [position, value] of values.entries()) {
      await tx
        .insertInto('preferences')
        .values({ account_id: accountId, name, position, value })
        .execute();
    }
  }
}

async function valuesOf(tx: Tx, accountId: string, name: string): Promise<string[]> {
  return (await readPreferences(tx, accountId, [name])).map(([, value]) => value);
}

/** The signatures of an account. */
export async function readSignatures(tx: Tx, accountId: string): Promise<readonly Signature[]> {
  const rows = await tx
    .selectFrom('signatures')
    .select(['id', 'name', 'plain', 'html'])
    .where('account_id', '=', accountId)
    .orderBy('name')
    .execute();
  return rows.map((row) => ({ ...row }));
}

/** Makes a signature; the first one becomes the default. Throws account.SIGNATURE_EXISTS, TOO_MANY_SIGNATURES. */
export async function createSignature(
  tx: Tx,
  accountId: string,
  draft: SignatureDraft,
): Promise<SignatureName> {
  const all = await readSignatures(tx, accountId);
  const name = checkedName(draft, all, null);
  if (all.length >= MAX_SIGNATURES) throw fault.tooManySignatures(MAX_SIGNATURES);
  const id = draft.id ?? randomUUID();
  if (id.length > 64 || all.some((one) => one.id === id))
    throw fault.signatureExists(id.slice(0, 64));
  assertLength(draft);
  await tx
    .insertInto('signatures')
    .values({
      account_id: accountId,
      id,
      name,
      plain: draft.plain ?? null,
      html: draft.html ?? null,
    })
    .execute();
  if (all.length === 0)
    await changePreferences(tx, accountId, [['zimbraPrefDefaultSignatureId', id]]);
  return { id, name };
}

/** Changes what is given of a signature; an empty text removes it. Throws account.NO_SUCH_SIGNATURE. */
export async function modifySignature(
  tx: Tx,
  accountId: string,
  draft: SignatureDraft,
): Promise<void> {
  const all = await readSignatures(tx, accountId);
  const before = all.find((one) => one.id === draft.id);
  if (before === undefined) throw fault.noSuchSignature(draft.id ?? '');
  assertLength(draft);
  const text = (given: string | null | undefined, kept: string | null): string | null =>
    given === null || given === undefined ? kept : given === '' ? null : given;
  await tx
    .updateTable('signatures')
    .set({
      name: draft.name ? checkedName(draft, all, before.id) : before.name,
      plain: text(draft.plain, before.plain),
      html: text(draft.html, before.html),
    })
    .where('account_id', '=', accountId)
    .where('id', '=', before.id)
    .execute();
}

/** Deletes a signature by id or name. Throws account.NO_SUCH_SIGNATURE. */
export async function deleteSignature(
  tx: Tx,
  accountId: string,
  which: SignatureDraft,
): Promise<void> {
  const all = await readSignatures(tx, accountId);
  const found = all.find((one) => (which.id ? one.id === which.id : one.name === which.name));
  if (found === undefined) throw fault.noSuchSignature(which.id ?? which.name ?? '');
  await tx
    .deleteFrom('signatures')
    .where('account_id', '=', accountId)
    .where('id', '=', found.id)
    .execute();
}

function checkedName(
  draft: SignatureDraft,
  all: readonly Signature[],
  ownId: string | null,
): string {
  const name = draft.name?.trim() ?? '';
  if (name === '' || name.length > 256)
    throw fault.invalidRequest('signature name is missing or too long');
  const twin = all.find((one) => one.id !== ownId && one.name.toLowerCase() === name.toLowerCase());
  if (twin !== undefined) throw fault.signatureExists(name);
  return name;
}

function assertLength(draft: SignatureDraft): void {
  const longest = Math.max(draft.plain?.length ?? 0, draft.html?.length ?? 0);
  if (longest > MAX_SIGNATURE_LENGTH) {
    throw fault.invalidAttribute(
      `signature is too long: ${longest}, at most ${MAX_SIGNATURE_LENGTH}`,
    );
  }
}

const LISTS = ['allowed', 'blocked'] as const;

/** The lists of an account. */
export async function readSenders(tx: Tx, accountId: string): Promise<SenderLists> {
  const rows = await tx
    .selectFrom('senders')
    .select(['list', 'address'])
    .where('account_id', '=', accountId)
    .orderBy('address')
    .execute();
  const of = (list: string): readonly string[] =>
    rows.filter((row) => row.list === list).map((row) => row.address);
  return { allowed: of('allowed'), blocked: of('blocked') };
}

/** Changes the lists of an account. */
export async function changeSenders(
  tx: Tx,
  accountId: string,
  change: SenderListsChange,
): Promise<void> {
  const before = await readSenders(tx, accountId);
  for (const list of LISTS) {
    const wanted = change[list];
    if (wanted === null) continue;
    const addresses = changedList(before[list], wanted);
    if (addresses.length > MAX_SENDERS) {
      throw fault.invalidRequest(`list holds ${addresses.length} entries, at most ${MAX_SENDERS}`);
    }
    await tx
      .deleteFrom('senders')
      .where('account_id', '=', accountId)
      .where('list', '=', list)
      .execute();
    for (const address of addresses) {
      await tx.insertInto('senders').values({ account_id: accountId, list, address }).execute();
    }
  }
}

function changedList(before: readonly string[], change: SenderListChange): readonly string[] {
  const clean = (all: readonly string[]): string[] =>
    all.map((one) => one.trim().toLowerCase().slice(0, 320)).filter((one) => one !== '');
  if (change.kind === 'replace') return [...new Set(clean(change.addresses))];
  const removed = new Set(clean(change.removed));
  return [...new Set([...before, ...clean(change.added)])].filter((one) => !removed.has(one));
}

/** True if the sender, or the sender's domain, is on the list. */
export function isListed(list: readonly string[], sender: string): boolean {
  const domain = sender.slice(sender.lastIndexOf('@') + 1);
  return list.includes(sender) || list.includes(domain) || list.includes(`@${domain}`);
}
