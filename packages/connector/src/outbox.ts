/**
 * Sends what waits in the durable outbox, oldest first. Every attempt at a message carries the same
 * send id, so that a crash between the server's yes and our note of it sends nothing twice.
 */

import { readSendMsgResponse, readUploadResponse, SoapFault, sendMsgRequest } from '@postern/soap';
import type { ConnectionRun } from './connection.ts';
import { errorSummary, ServerError } from './errors.ts';
import type { OutboxItem } from './store/records.ts';

/** Answers of the upload servlet that no second attempt will change: empty, too large, of a forbidden type. */
const HOPELESS_UPLOADS: ReadonlySet<number> = new Set([204, 400, 413, 415]);

/** Faults of the sender that time may mend; all others of the sender are final. */
const PASSING_FAULTS: ReadonlySet<string> = new Set([
  'account.MAINTENANCE_MODE',
  'mail.NO_SUCH_UPLOAD',
  'mail.QUOTA_EXCEEDED',
  'mail.TRY_AGAIN',
  'service.AUTH_EXPIRED',
  'service.AUTH_REQUIRED',
  'service.TEMPORARILY_UNAVAILABLE',
]);

/** What came of sending. `error` is the first one that another attempt may mend. */
export interface SendingOutcome {
  sent: number;
  error: unknown;
}

/** Sends until the outbox is empty or something must be tried again later. Throws TrustError and TransportError. */
export async function sendOutbox(run: ConnectionRun): Promise<SendingOutcome> {
  let sent = 0;
  for (
    let item = await run.store.nextToSend();
    item !== null;
    item = await run.store.nextToSend()
  ) {
    try {
      await run.store.recordSent(item.id, await send(run, item));
      sent += 1;
    } catch (error) {
      if (isFinal(error)) {
        await run.store.recordFailure(item.id, errorSummary(error).message);
        continue;
      }
      await run.store.recordAttempt(item.id, errorSummary(error).message);
      if (!(error instanceof SoapFault) && !(error instanceof ServerError)) throw error;
      return { sent, error };
    }
  }
  return { sent, error: null };
}

async function send({ session, errand }: ConnectionRun, item: OutboxItem): Promise<number | null> {
  const answer = await session.post(errand, '/service/upload?fmt=raw', 'message/rfc822', item.raw);
  const upload = readUploadResponse(answer.body.toString('utf8'));
  const [file] = upload.uploads;
  if (upload.status !== 200 || file === undefined) {
    throw new ServerError(
      'ERR_UPLOAD_REFUSED',
      `upload was answered with status ${upload.status}`,
      {
        purpose: errand.purpose,
        status: upload.status,
      },
    );
  }
  const { body } = await session.soap(errand, sendMsgRequest({ aid: file.aid, sendUid: item.id }));
  return readSendMsgResponse(body).savedId;
}

function isFinal(error: unknown): boolean {
  if (error instanceof SoapFault) return error.role === 'Sender' && !PASSING_FAULTS.has(error.code);
  return (
    error instanceof ServerError &&
    error.code === 'ERR_UPLOAD_REFUSED' &&
    HOPELESS_UPLOADS.has(error.status ?? 0)
  );
}
