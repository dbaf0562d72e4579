/**
 * Remembers with which certificate an endpoint was `secure`, so that another one is danger later.
 * Written after the socket was handed out: a write waits for the disk, and no verdict waits for it.
 */

import type { Judgement } from './judge.ts';
import type { Overrides } from './overrides.ts';
import type { Endpoint } from './question.ts';

/** "Was verified until" is shown as a day: once an hour is often enough to write it. */
const AGAIN_MS = 3_600_000;

export interface SecureMemory {
  /** Takes note of a `secure` verdict; on disk soon after, or when `flush` returns. */
  note(endpoint: Endpoint, judgement: Judgement, now: Date): void;
  flush(): void;
}

export function createSecureMemory(overrides: Overrides): SecureMemory {
  const unwritten = new Set<() => void>();

  function write(one: () => void): void {
    if (!unwritten.delete(one)) return;
    try {
      one();
    } catch {
      // A store that fails is met by whoever asks it to keep a decision; this is noted again then.
    }
  }

  return {
    note(endpoint, { diagnosis, memory: { secureWith } }, now) {
      const [leaf] = diagnosis.chain;
      if (leaf === undefined) return;
      const isKnown =
        secureWith?.leafSha256 === leaf.sha256 &&
        now.getTime() - secureWith.at.getTime() < AGAIN_MS;
      if (isKnown) return;
      const one = (): void => overrides.rememberSecure(endpoint, leaf, now);
      unwritten.add(one);
      setImmediate(write, one);
    },
    flush() {
      for (const one of [...unwritten]) write(one);
    },
  };
}
