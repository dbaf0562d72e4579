/**
 * Who wants to know that a mailbox changed. Own commits are told at once; those of another process on the same
 * home (an import) are seen by asking the database for its version, which is done only while someone waits.
 */

import type { Clock } from '@postern/trust';

/** How often another process's commits are looked for, in ms: well under the 100 ms that a change may take. */
const LOOK_EVERY_MS = 20;

/** Told that something changed; whether it concerns the listener is the listener's to find out. */
export type ChangeListener = () => void;

/** The listeners of one server. */
export class Changes {
  readonly #clock: Clock;
  readonly #foreignVersion: () => number;
  readonly #listeners = new Map<number, Set<ChangeListener>>();
  #version: number;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, foreignVersion: () => number) {
    this.#clock = clock;
    this.#foreignVersion = foreignVersion;
    this.#version = foreignVersion();
  }

  /** Calls `listener` on each change of the mailbox until the returned function is called. */
  listen(mailboxId: number, listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(mailboxId) ?? new Set();
    this.#listeners.set(mailboxId, listeners);
    listeners.add(listener);
    this.#look();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(mailboxId);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** Tells that this process committed a change of the mailbox. */
  committed(mailboxId: number): void {
    for (const listener of [...(this.#listeners.get(mailboxId) ?? [])]) listener();
  }

  /** Stops looking; a new listener starts it again. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #look(): void {
    if (this.#cancelTimer !== null) return;
    const look = (): void => {
      this.#cancelTimer = this.#clock.setTimer(look, LOOK_EVERY_MS);
      const version = this.#foreignVersion();
      if (version === this.#version) return;
      this.#version = version;
      for (const mailboxId of [...this.#listeners.keys()]) this.committed(mailboxId);
    };
    this.#cancelTimer = this.#clock.setTimer(look, LOOK_EVERY_MS);
  }
}
