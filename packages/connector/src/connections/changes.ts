/**
 * The changes connection: a request that the server answers when something changed. Wait sets where
 * the server has them, else NoOp with a wait, else asking every minute. Article: "to detect changes
 * made on the server".
 */

import {
  createWaitSetRequest,
  noOpRequest,
  readCreateWaitSetResponse,
  readNoOpResponse,
  readWaitSetResponse,
  SoapFault,
  waitSetRequest,
} from '@postern/soap';
import type { ConnectionRun } from '../connection.ts';

/** What the watch tells. */
export interface Watcher {
  /** The server will tell from now on. */
  onWatching(): void;
  onChange(): void;
}

/** How long the server may keep us waiting, in ms (ZCS: default 300 s; proxies and firewalls drop idle connections after 5 to 10 minutes). */
const WAIT_MS = 300_000;

/** How much later than promised an answer may come, in ms. */
const GRACE_MS = 30_000;

/** Between two looks where the server can only be asked, in ms. */
const POLL_MS = 60_000;

/** Watches until the run's signal aborts; every other end is an error. */
export async function watchChanges(run: ConnectionRun, watcher: Watcher): Promise<never> {
  for (;;) {
    try {
      await watchSet(run, watcher);
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      // Idle sets are dropped after 20 minutes, and the sixth of an account drops the first.
      if (error.code === 'admin.NO_SUCH_WAITSET') continue;
      if (!isUnknown(error)) throw error;
      await watchWithNoOp(run, watcher);
    }
  }
}

/** Resolves when the set was taken from us: then a new one is made. */
async function watchSet(run: ConnectionRun, watcher: Watcher): Promise<void> {
  const { session, store, errand } = run;
  const { id } = await session.account(errand);
  // From the token that is stored here: a change between the last sync and now is told at once.
  const { token } = await store.standing();
  const made = readCreateWaitSetResponse(
    (await session.soap(errand, createWaitSetRequest([{ id, token }]))).body,
  );
  const [refused] = made.errors;
  if (refused !== undefined) {
    throw new SoapFault('service.UNKNOWN_DOCUMENT', `account cannot be watched: ${refused.kind}`);
  }
  watcher.onWatching();
  let { sequence } = made;
  for (;;) {
    const wait = { waitSet: made.waitSet, sequence, block: true, timeoutMs: WAIT_MS };
    const answer = await session.soap(errand, waitSetRequest(wait), {
      answerWithinMs: WAIT_MS + GRACE_MS,
    });
    const result = readWaitSetResponse(answer.body);
    if (result.canceled || result.sequence === null) return pause(run, GRACE_MS);
    sequence = result.sequence;
    if (result.changedAccounts.length > 0) watcher.onChange();
  }
}

/** NoOp with a wait needs a notification session; without either there is only asking. */
async function watchWithNoOp(run: ConnectionRun, watcher: Watcher): Promise<never> {
  const { session, errand } = run;
  let notifications = '';
  let known: number | null = null;
  let isPolling = false;
  watcher.onWatching();
  for (;;) {
    const request = noOpRequest(isPolling || notifications === '' ? null : { timeoutMs: WAIT_MS });
    let changeToken: number | null = null;
    try {
      const answer = await session.soap(errand, request, {
        session: isPolling ? null : notifications,
        answerWithinMs: WAIT_MS + GRACE_MS,
      });
      changeToken = answer.context.changeToken;
      if (answer.context.session === null || readNoOpResponse(answer.body).displaced)
        isPolling = true;
      else notifications = answer.context.session;
    } catch (error) {
      if (!(error instanceof SoapFault) || isPolling) throw error;
      isPolling = true;
    }
    // A server that tells no token is asked by the sync itself.
    if (changeToken === null || (known !== null && changeToken !== known)) watcher.onChange();
    known = changeToken ?? known;
    if (isPolling) await pause(run, POLL_MS);
  }
}

/** Faults of a server that does not know the request (ZCS: UNKNOWN_DOCUMENT; PERM_DENIED where it is switched off). */
function isUnknown(fault: SoapFault): boolean {
  return fault.code === 'service.UNKNOWN_DOCUMENT' || fault.code === 'service.PERM_DENIED';
}

function pause({ clock, errand: { signal } }: ConnectionRun, delayMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.setTimer(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', abort, { once: true });
  });
}
