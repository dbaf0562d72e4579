/**
 * How long something short-lived holds. Two clocks end it, whichever is first: the timer, which nobody
 * can set back, and the wall clock, which goes on while the computer sleeps.
 */

import type { Clock } from '@postern/trust';

/** Something that holds for a while. */
export interface Lifetime {
  readonly isOver: boolean;
  /** Stops the timer; `ended` is not called any more. */
  cancel(): void;
}

/** Begins a lifetime. `ended` is called once if the timer ends it. */
export function beginLifetime(clock: Clock, lengthMs: number, ended: () => void): Lifetime {
  const begunAt = clock.now().getTime();
  let hasEnded = false;
  const cancel = clock.setTimer(() => {
    hasEnded = true;
    ended();
  }, lengthMs);
  return {
    get isOver() {
      return hasEnded || clock.now().getTime() - begunAt >= lengthMs;
    },
    cancel,
  };
}
