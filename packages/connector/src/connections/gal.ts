/**
 * The GAL connection: the whole address list once, then what changed. Each page is stored with its
 * token, so a list that was cut off goes on where it was. Article: "to synchronize the GAL".
 */

import { type GalEntry, readSyncGalResponse, syncGalRequest } from '@postern/soap';
import type { GalReport } from '../api.ts';
import { type ConnectionRun, type ConnectionSummary, counted } from '../connection.ts';
import { ServerError } from '../errors.ts';
import { LARGE_ANSWER_BYTES } from '../session.ts';

/** Most pages of one run; a server that never says "that was all" is broken. ZCS's pages have up to 1000 entries. */
const MAX_PAGES = 1000;

/** Brings the address list up to date. */
export async function synchroniseGal(run: ConnectionRun): Promise<ConnectionSummary> {
  const { session, store, errand, clock } = run;
  const startedAt = clock.now().toISOString();
  let { token } = await store.galStanding();
  let done = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { body } = await session.soap(errand, syncGalRequest({ token }), {
      maxBytes: LARGE_ANSWER_BYTES,
    });
    const answer = readSyncGalResponse(body);
    if (answer.fullSyncRecommended && token !== null) {
      token = null;
      continue;
    }
    await store.applyGal({
      token: answer.token,
      isFull: token === null,
      entries: answer.entries.map(reportOf),
      deletedIds: answer.deletedIds,
    });
    done += answer.entries.length;
    run.progress({ unit: 'entries', done, total: null, bytes: 0, startedAt });
    token = answer.token;
    if (!answer.more) return counted((await store.galStanding()).entries, 'entry', 'entries');
  }
  throw new ServerError('ERR_ANSWER_LIMIT', `address list has more than ${MAX_PAGES} pages`, {
    purpose: errand.purpose,
  });
}

function reportOf(entry: GalEntry): GalReport {
  const field = (name: string): string | undefined =>
    entry.fields.find(([key]) => key === name)?.[1];
  const email = field('email') ?? '';
  return {
    id: entry.id,
    name: field('fullName') ?? field('displayName') ?? field('nickname') ?? email,
    email,
    fields: entry.fields,
  };
}
