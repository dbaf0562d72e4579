/** One time of being online, from going online to Work Offline, and the delays that hold in it. */

import type { Clock, ConnectionPurpose } from '@postern/trust';

/** Delays before the engine tries again by itself, in ms; the last one repeats. */
const RETRY_MS = [5_000, 15_000, 30_000, 60_000, 120_000, 300_000] as const;

/** Delay before a connection whose socket ended dials again, in ms. */
export const REDIAL_MS = 250;

/**
 * How often what the server does not tell of is asked again, in ms: settings that people change
 * elsewhere; the address list as ZCO does, seldom; new versions daily.
 */
export const EVERY_MS: Readonly<Partial<Record<ConnectionPurpose, number>>> = {
  gal: 6 * 3_600_000,
  preferences: 900_000,
  senders: 900_000,
  signatures: 900_000,
  upgrade: 86_400_000,
};

/** Delay before the nth try (from 0), spread by a fifth: equal delays would bring all clients of a server back at one instant. */
export function retryDelayMs(nth: number, random: () => number): number {
  return spreadMs(RETRY_MS[Math.min(nth, RETRY_MS.length - 1)] ?? 0, random);
}

/** A delay made longer or shorter by up to a fifth. */
export function spreadMs(delayMs: number, random: () => number): number {
  return delayMs * (0.8 + 0.4 * random());
}

/** What lives from going online to Work Offline. */
export interface Period {
  readonly signal: AbortSignal;
  /** Whether the server gave something to a logged-in account. */
  isLoggedIn: boolean;
  /** While TLS is asked for before the first connection. */
  isAsking: boolean;
  readonly running: Map<ConnectionPurpose, Promise<void>>;
  /** Connections that must run once more, and who wants it. */
  readonly again: Map<ConnectionPurpose, 'background' | 'person'>;
  /** Does something later, unless the period ended. */
  later(work: () => void, delayMs: number): void;
  /** Ends every request and every timer. */
  end(): void;
}

/** Begins a period. */
export function beginPeriod(clock: Clock): Period {
  const abort = new AbortController();
  const timers = new Set<() => void>();
  return {
    signal: abort.signal,
    isLoggedIn: false,
    isAsking: false,
    running: new Map(),
    again: new Map(),
    later(work, delayMs) {
      if (abort.signal.aborted) return;
      const cancel = clock.setTimer(() => {
        timers.delete(cancel);
        work();
      }, delayMs);
      timers.add(cancel);
    },
    end() {
      for (const cancel of timers) cancel();
      timers.clear();
      abort.abort();
    },
  };
}
