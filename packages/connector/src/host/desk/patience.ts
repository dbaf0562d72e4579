/** What a flood of refused requests may cost: answers that come slowly, and a bounded number of lines in the log. */

import type { Clock } from '@postern/trust';

/** How long a refusal counts, in ms. */
const WINDOW_MS = 60_000;

/** Refused tokens and codes that are answered at once; a person with an old window makes one or two. */
const AT_ONCE = 10;

/** How long the next ones wait for their answer, in ms. Nobody is locked out: what is right is never slowed. */
const WAIT_MS = 1_000;

/** Lines about refusals within one window of time; the rest is counted. */
const MAX_LINES = 30;

/** Counts refusals; both counts begin anew when a window of time is over. */
export interface Patience {
  /** Runs `answer` now, or in a while if there were many such. */
  slowly(answer: () => void): void;
  /** Tells the log, or only counts. */
  tell(line: string): void;
  close(): void;
}

/** Makes the counts. */
export function createPatience(clock: Clock, log: (line: string) => void): Patience {
  let unknown = 0;
  let told = 0;
  let cancel: (() => void) | null = null;

  function count(): void {
    cancel ??= clock.setTimer(() => {
      if (told > MAX_LINES) log(`desk: refused ${told - MAX_LINES} more within a minute`);
      unknown = 0;
      told = 0;
      cancel = null;
    }, WINDOW_MS);
  }

  return {
    slowly(answer) {
      count();
      unknown += 1;
      if (unknown <= AT_ONCE) answer();
      else clock.setTimer(answer, WAIT_MS);
    },
    tell(line) {
      count();
      told += 1;
      if (told <= MAX_LINES) log(line);
    },
    close() {
      cancel?.();
    },
  };
}
