/** How far many looks are, on a terminal alone: one line on stderr that every row of the table replaces. */

/** Tells how many of `all` have ended. */
export interface Progress {
  /** Takes the line away, so that a row of the table can be printed in its place. */
  clear(): void;
  step(): void;
}

/** Progress on this process's stderr; silent where that is no terminal. */
export function openProgress(all: number): Progress {
  const isShown = process.stderr.isTTY === true;
  let done = 0;
  return {
    clear: () => void (isShown && process.stderr.write('\r\u001b[K')),
    step() {
      done += 1;
      if (isShown && done < all) process.stderr.write(`${done} of ${all}`);
    },
  };
}
