/** What each connection brought before, in a few words, for a profile that has not been online yet. */

import type { ConnectionPurpose } from '@postern/trust';
import { counted } from './connection.ts';
import { storedPreferences } from './connections/preferences.ts';
import { storedSenders } from './connections/senders.ts';
import { storedSignatures } from './connections/signatures.ts';
import type { MailStore } from './store/records.ts';

/** Reads the summaries from the store; nothing for a connection that never brought anything. */
export async function storedSummaries(
  store: MailStore,
): Promise<Partial<Record<ConnectionPurpose, string>>> {
  const { token, messages } = await store.standing();
  if (token === null) return {};
  const folders = await store.folders();
  const gal = await store.galStanding();
  const signatures = await storedSignatures(store);
  const senders = await storedSenders(store);
  const preferences = await storedPreferences(store);
  return {
    mail: counted(messages, 'message'),
    folders: counted(folders.length, 'folder'),
    gal: counted(gal.entries, 'entry', 'entries'),
    signatures: counted(signatures.length, 'signature'),
    senders: `${senders.allowed.length} allowed, ${senders.blocked.length} blocked`,
    preferences: counted(preferences.length, 'preference'),
  };
}
