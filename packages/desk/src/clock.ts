/** The page's time: the one file that reads the clock and sets timers. */

/** The time now. */
export function now(): Date {
  return new Date();
}

/** Runs `work` after `delayMs`; the result cancels it. */
export function later(work: () => void, delayMs: number): () => void {
  const timer = setTimeout(work, delayMs);
  return () => clearTimeout(timer);
}

/** Resolves after `delayMs`. */
export function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => later(resolve, delayMs));
}
