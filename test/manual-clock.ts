/** A clock that stands still until a test moves it, so that no test waits for real time. */

import type { Clock } from '@postern/trust';

export interface ManualClock extends Clock {
  /** Moves time forward and fires every timer that falls due, in order; lets promises settle in between. */
  advance(byMs: number): Promise<void>;
  /** Sets the wall clock alone, as a person or NTP does: no timer fires. */
  setWallClock(at: Date): void;
  /** How many timers wait. */
  readonly pending: number;
}

/** Starts at the given instant. */
export function createManualClock(startAt: Date): ManualClock {
  let elapsedMs = 0;
  let wallMs = startAt.getTime();
  let timers: { dueMs: number; callback: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => new Date(wallMs),
    setTimer(callback, delayMs) {
      const timer = { dueMs: elapsedMs + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    async advance(byMs) {
      const endMs = elapsedMs + byMs;
      await settle();
      for (;;) {
        const due = timers
          .filter(({ dueMs }) => dueMs <= endMs)
          .sort((a, b) => a.dueMs - b.dueMs)[0];
        if (due === undefined) break;
        timers = timers.filter((each) => each !== due);
        wallMs += due.dueMs - elapsedMs;
        elapsedMs = due.dueMs;
        due.callback();
        await settle();
      }
      wallMs += endMs - elapsedMs;
      elapsedMs = endMs;
      await settle();
    },
    setWallClock(at) {
      wallMs = at.getTime();
    },
    get pending() {
      return timers.length;
    },
  };
}
