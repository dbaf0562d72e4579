/** The senders connection: whose mail is never junk, and whose always is. Article: "whitelists/blacklists". */

import { getWhiteBlackListRequest, readGetWhiteBlackListResponse } from '@postern/soap';
import type { SendersReport } from '../api.ts';
import type { ConnectionRun, ConnectionSummary } from '../connection.ts';
import type { MailStore } from '../store/records.ts';

/** Fetches both lists. */
export async function synchroniseSenders(run: ConnectionRun): Promise<ConnectionSummary> {
  const { body } = await run.session.soap(run.errand, getWhiteBlackListRequest());
  const lists: SendersReport = readGetWhiteBlackListResponse(body);
  await run.store.putDocument('senders', JSON.stringify(lists));
  return `${lists.allowed.length} allowed, ${lists.blocked.length} blocked`;
}

/** The lists as they are here. */
export async function storedSenders(store: MailStore): Promise<SendersReport> {
  const json = await store.document('senders');
  return json === null ? { allowed: [], blocked: [] } : (JSON.parse(json) as SendersReport);
}
