/** Waiting for a change of mailboxes, shared by wait sets and sessions: at most one waits for each of them. */

import type { Store } from './store/store.ts';

/** Why a wait ended. */
export type WaitEnd = 'changed' | 'displaced' | 'gone' | 'stopped' | 'timeout';

/** One place where one client may wait. A second one displaces the first. */
export class WaitPlace {
  #end: ((why: WaitEnd) => void) | null = null;

  /** True while somebody waits here. */
  get isTaken(): boolean {
    return this.#end !== null;
  }

  /** Ends the wait, if there is one. */
  end(why: WaitEnd): void {
    this.#end?.(why);
  }

  /**
   * Waits until `look` says that something is there, the time is over, or the wait is ended. `look` is asked at the
   * beginning and after each change of one of the mailboxes.
   */
  async wait(
    store: Store,
    mailboxIds: readonly number[],
    timeoutMs: number,
    signal: AbortSignal,
    look: () => Promise<boolean>,
  ): Promise<WaitEnd> {
    this.end('displaced');
    const { promise, resolve, reject } = Promise.withResolvers<WaitEnd>();
    this.#end = resolve;
    const lookAgain = (): void => {
      look().then((found) => found && resolve('changed'), reject);
    };
    const gone = (): void => resolve('gone');
    // Listening begins before the first look, so that no change falls between the two.
    const silence = mailboxIds.map((id) => store.changes.listen(id, lookAgain));
    const cancelTimer = store.clock.setTimer(() => resolve('timeout'), timeoutMs);
    signal.addEventListener('abort', gone);
    if (signal.aborted) gone();
    lookAgain();
    try {
      return await promise;
    } finally {
      if (this.#end === resolve) this.#end = null;
      cancelTimer();
      signal.removeEventListener('abort', gone);
      for (const stop of silence) stop();
    }
  }
}
