/**
 * How fast items are asked for. As fast as the server answers, until it says that it is overrun; then
 * slower, and slower again. ZCS's DoSFilter refuses more than 30 requests a second with 503 by default.
 */

import type { Clock } from '@postern/trust';

/** Least time between two requests after the first refusal, in ms: 25 a second, below ZCS's 30. */
const FIRST_GAP_MS = 40;
const MAX_GAP_MS = 5_000;

/** How long nothing is asked after a refusal, in ms; doubled with each further one. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** So many slow-downs without any answer in between: the server is not overrun but away. */
const MAX_REFUSALS = 6;

/** The pace of one connection. */
export interface Pace {
  /** Waits for one's turn. Resolves with a number that `refused` takes. Rejects with the signal's reason. */
  turn(signal: AbortSignal): Promise<number>;
  /** The server was overrun by the request of that turn. Returns whether to go on trying. */
  refused(turn: number): boolean;
  /** The server answered. */
  answered(): void;
}

/** Begins at full speed. */
export function createPace(clock: Clock): Pace {
  let gapMs = 0;
  let nextAtMs = 0;
  let refusals = 0;
  let epoch = 0;

  function wait(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
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

  return {
    async turn(signal) {
      signal.throwIfAborted();
      if (gapMs > 0) {
        const nowMs = clock.now().getTime();
        const atMs = Math.max(nowMs, nextAtMs);
        nextAtMs = atMs + gapMs;
        if (atMs > nowMs) await wait(atMs - nowMs, signal);
      }
      return epoch;
    },
    refused(turn) {
      // Requests that were under way together are refused together: that is one refusal.
      if (turn !== epoch) return true;
      epoch += 1;
      refusals += 1;
      gapMs = gapMs === 0 ? FIRST_GAP_MS : Math.min(2 * gapMs, MAX_GAP_MS);
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (refusals - 1), MAX_PAUSE_MS);
      nextAtMs = clock.now().getTime() + pauseMs;
      return refusals <= MAX_REFUSALS;
    },
    answered() {
      refusals = 0;
    },
  };
}
