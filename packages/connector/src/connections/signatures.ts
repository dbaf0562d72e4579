/** The signatures connection: what the server has is kept here whole. Article: "to synchronize signatures". */

import { getSignaturesRequest, readGetSignaturesResponse } from '@postern/soap';
import type { SignatureReport } from '../api.ts';
import { type ConnectionRun, type ConnectionSummary, counted } from '../connection.ts';
import type { MailStore } from '../store/records.ts';

/** Fetches all signatures. */
export async function synchroniseSignatures(run: ConnectionRun): Promise<ConnectionSummary> {
  const { body } = await run.session.soap(run.errand, getSignaturesRequest());
  const signatures: readonly SignatureReport[] = readGetSignaturesResponse(body);
  await run.store.putDocument('signatures', JSON.stringify(signatures));
  return counted(signatures.length, 'signature');
}

/** Signatures as they are here. */
export async function storedSignatures(store: MailStore): Promise<readonly SignatureReport[]> {
  return JSON.parse((await store.document('signatures')) ?? '[]') as readonly SignatureReport[];
}
