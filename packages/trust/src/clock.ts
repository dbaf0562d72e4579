/**
 * Time as an argument. Nothing else in Postern's rooms calls `Date.now()` or `setTimeout` for a
 * decision, so that every decision can be replayed at a fixed instant.
 */

/** Where time comes from. `setTimer` returns a function that cancels it; a timer never keeps the process alive. */
export interface Clock {
  now(): Date;
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** Longest delay that `setTimeout` takes, in ms: 2^31 - 1 (Node: a larger one fires at once). */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** The computer's own clock. Delays beyond 24.8 days are waited for in pieces. */
export const systemClock: Clock = {
  now: () => new Date(),
  setTimer(callback, delayMs) {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      const pieceMs = Math.min(leftMs, MAX_TIMEOUT_MS);
      handle = setTimeout(
        () => (leftMs > pieceMs ? arm(leftMs - pieceMs) : callback()),
        Math.max(0, pieceMs),
      );
      handle.unref();
    };
    arm(delayMs);
    return () => clearTimeout(handle);
  },
};
