/**
 * The daemon's asker: front ends attach by the event stream and answer by the daemon's API, which
 * closes the question at the gate. While none is attached nobody can be asked, and the question stays.
 */

import type { Asker, TrustAnswer, TrustQuestion } from '@postern/trust';

/** An asker together with the door by which front ends come and go. */
export interface FrontAsker {
  asker: Asker;
  /** A front end that can show questions is there; call the result when it goes. */
  attach(): () => void;
  /** Number of front ends. */
  readonly attached: number;
}

/** Makes the asker. It never answers by itself: an answer comes through `gate.answer`. */
export function createFrontAsker(): FrontAsker {
  let attached = 0;
  const leaving = new Set<() => void>();

  function ask(_question: TrustQuestion, signal: AbortSignal): Promise<TrustAnswer | null> {
    if (attached === 0 || signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const nobody = (): void => {
        leaving.delete(nobody);
        signal.removeEventListener('abort', nobody);
        resolve(null);
      };
      leaving.add(nobody);
      signal.addEventListener('abort', nobody, { once: true });
    });
  }

  return {
    asker: { ask },
    attach() {
      attached += 1;
      let isHere = true;
      return () => {
        if (!isHere) return;
        isHere = false;
        attached -= 1;
        if (attached === 0) for (const leave of [...leaving]) leave();
      };
    },
    get attached() {
      return attached;
    },
  };
}
