/**
 * One-use addresses of mail in a frame. A frame cannot send a token, so its address is the secret: it
 * opens one document, once, within half a minute.
 */

import type { Clock } from '@postern/trust';
import { beginLifetime, type Lifetime } from './lifetime.ts';
import { isSecret, newSecret, secretHash } from './secret.ts';

/** How long an address waits for its frame, in ms: the page asks for it and shows the frame at once. */
const TICKET_MS = 30_000;

/** Most that wait at one time; the oldest makes room. Far more than one person opens in half a minute on purpose. */
const MAX_TICKETS = 16;

/** Where the frames' addresses begin. */
export const VIEW_PATH = '/mail/';

/** A sanitized HTML document, for a frame that runs nothing. */
export interface ViewDocument {
  html: string;
  /** Whether the person asked for pictures from the network. */
  pictures: boolean;
}

/** Documents that wait for their frame. */
export interface ViewTickets {
  /** Keeps a document and gives its address, a path of the desk's own origin. */
  add(document: ViewDocument): string;
  /** The document of an address's last part, once; null if there is none any more. */
  take(ticket: string): ViewDocument | null;
  close(): void;
}

/** Makes the place for documents. */
export function createViewTickets(clock: Clock): ViewTickets {
  const waiting = new Map<Buffer, { document: ViewDocument; life: Lifetime }>();

  function remove(hash: Buffer): void {
    waiting.get(hash)?.life.cancel();
    waiting.delete(hash);
  }

  return {
    add(document) {
      for (const oldest of waiting.keys()) {
        if (waiting.size < MAX_TICKETS) break;
        remove(oldest);
      }
      const ticket = newSecret();
      const hash = secretHash(ticket);
      const life = beginLifetime(clock, TICKET_MS, () => remove(hash));
      waiting.set(hash, { document, life });
      return `${VIEW_PATH}${ticket}`;
    },
    take(ticket) {
      for (const [hash, { document, life }] of waiting) {
        if (!isSecret(ticket, hash)) continue;
        remove(hash);
        return life.isOver ? null : document;
      }
      return null;
    },
    close() {
      for (const hash of [...waiting.keys()]) remove(hash);
    },
  };
}
