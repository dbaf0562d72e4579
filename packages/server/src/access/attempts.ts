/** Log-in attempts, limited per account and address, so that passwords cannot be tried out. */

import type { Clock } from '@postern/trust';

/** Wrong passwords in a row before waiting (ZCS: zimbraPasswordLockoutMaxFailures 10). */
const MAX_FAILURES = 10;
/** Wrong passwords from one address for any accounts, before waiting. */
const MAX_FAILURES_BY_ADDRESS = 50;
/** How long failures count, and how long is waited, in ms. ZCS locks an hour; here only one address waits. */
const WINDOW_MS = 10 * 60_000;
/** Pairs remembered; the oldest go first. */
const MAX_REMEMBERED = 10_000;

interface Failures {
  count: number;
  lastAt: number;
}

/** Remembers failures, in memory. */
export class Attempts {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while no further attempt on the account from the address is looked at. */
  isLocked(account: string, address: string): boolean {
    return (
      this.#count(`${address} ${account.toLowerCase()}`) >= MAX_FAILURES ||
      this.#count(address) >= MAX_FAILURES_BY_ADDRESS
    );
  }

  /** Counts a wrong password. */
  failed(account: string, address: string): void {
    this.#add(`${address} ${account.toLowerCase()}`);
    this.#add(address);
  }

  /** Forgets the failures of an account from an address: the password was right. */
  succeeded(account: string, address: string): void {
    this.#failures.delete(`${address} ${account.toLowerCase()}`);
  }

  #count(key: string): number {
    const found = this.#failures.get(key);
    if (found === undefined) return 0;
    return this.#clock.now().getTime() - found.lastAt < WINDOW_MS ? found.count : 0;
  }

  #add(key: string): void {
    const count = this.#count(key) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, lastAt: this.#clock.now().getTime() });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_REMEMBERED) break;
      this.#failures.delete(oldest);
    }
  }
}
