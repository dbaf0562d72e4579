/** The preferences connection. Article: "to synchronize preferences". */

import { getPrefsRequest, type Preference, readGetPrefsResponse } from '@postern/soap';
import { type ConnectionRun, type ConnectionSummary, counted } from '../connection.ts';
import type { MailStore } from '../store/records.ts';

/** Fetches all preferences; one with several values is there several times. */
export async function synchronisePreferences(run: ConnectionRun): Promise<ConnectionSummary> {
  const { body } = await run.session.soap(run.errand, getPrefsRequest());
  const preferences = readGetPrefsResponse(body);
  await run.store.putDocument('preferences', JSON.stringify(preferences));
  return counted(preferences.length, 'preference');
}

/** Preferences as they are here. */
export async function storedPreferences(store: MailStore): Promise<readonly Preference[]> {
  return JSON.parse((await store.document('preferences')) ?? '[]') as readonly Preference[];
}
