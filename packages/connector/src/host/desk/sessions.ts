/**
 * Who may speak through the desk's address. A one-time code becomes the token of a session, which a
 * window keeps and nothing else does; a code that comes twice was seen by somebody, and ends what it opened.
 */

import type { ServerResponse } from 'node:http';
import type { Clock } from '@postern/trust';
import { beginLifetime, type Lifetime } from './lifetime.ts';
import { isSecret, newSecret, secretHash } from './secret.ts';

/** How long a code waits for its browser, in ms. */
export const CODE_MS = 60_000;

/** Most codes that wait at one time; the oldest makes room. */
const MAX_CODES = 16;

/** Most sessions: a browser has six connections to one address, and each window's event stream takes one. */
const MAX_SESSIONS = 4;

/** How long a window keeps the right to grant trust while no person uses it, in ms. */
export const IDLE_MS = 30 * 60_000;

/** One window that is signed in. */
export interface DeskSession {
  /** Whether no person has used it for {@link IDLE_MS}. Once so, it stays so: whoever comes back opens the desk anew. */
  readonly isIdle: boolean;
  /** A person did something. */
  touch(): void;
  /** An answer that ends when the session does. */
  hold(response: ServerResponse): void;
}

/** Codes and sessions; they end with the daemon. */
export interface DeskSessions {
  /** Makes a code. `gone` is called once, as soon as nobody can use it any more. */
  issueCode(gone: () => void): string;
  /** Whether a code waits for its browser. */
  readonly isExpecting: boolean;
  /** The token for a code; null for one that is unknown, over, or used before. */
  exchange(code: string): string | null;
  /** The session of a token; null if there is none. */
  find(token: string): DeskSession | null;
  close(): void;
}

interface Session extends DeskSession {
  codeHash: Buffer;
  tokenHash: Buffer;
  open: Set<ServerResponse>;
  end(): void;
}

/** Makes the place for sessions. */
export function createDeskSessions(clock: Clock, log: (line: string) => void): DeskSessions {
  const codes = new Map<Buffer, { life: Lifetime; gone: () => void }>();
  const sessions = new Set<Session>();

  function removeCode(hash: Buffer): void {
    const code = codes.get(hash);
    if (code === undefined) return;
    codes.delete(hash);
    code.life.cancel();
    code.gone();
  }

  function openSession(codeHash: Buffer, token: string): void {
    let life = beginLifetime(clock, IDLE_MS, () => {});
    const session: Session = {
      codeHash,
      tokenHash: secretHash(token),
      open: new Set(),
      get isIdle() {
        return life.isOver;
      },
      touch() {
        if (life.isOver) return;
        life.cancel();
        life = beginLifetime(clock, IDLE_MS, () => {});
      },
      hold(response) {
        session.open.add(response);
        response.once('close', () => session.open.delete(response));
      },
      end() {
        sessions.delete(session);
        life.cancel();
        for (const response of session.open) response.destroy();
      },
    };
    const all = [...sessions];
    // A window that was closed has no stream any more: it makes room first.
    if (all.length >= MAX_SESSIONS) (all.find(({ open }) => open.size === 0) ?? all[0])?.end();
    sessions.add(session);
    log(`desk: a window signed in, ${sessions.size} in all`);
  }

  return {
    issueCode(gone) {
      for (const oldest of codes.keys()) {
        if (codes.size < MAX_CODES) break;
        removeCode(oldest);
      }
      const code = newSecret();
      const hash = secretHash(code);
      codes.set(hash, { life: beginLifetime(clock, CODE_MS, () => removeCode(hash)), gone });
      return code;
    },
    get isExpecting() {
      return [...codes.values()].some(({ life }) => !life.isOver);
    },
    exchange(code) {
      for (const session of sessions) {
        if (!isSecret(code, session.codeHash)) continue;
        log('desk: a code came a second time; what it opened has ended');
        session.end();
        return null;
      }
      for (const [hash, { life }] of codes) {
        if (!isSecret(code, hash)) continue;
        const isOver = life.isOver;
        removeCode(hash);
        if (isOver) return null;
        const token = newSecret();
        openSession(hash, token);
        return token;
      }
      return null;
    },
    find(token) {
      for (const session of sessions) if (isSecret(token, session.tokenHash)) return session;
      return null;
    },
    close() {
      for (const hash of [...codes.keys()]) removeCode(hash);
      for (const session of [...sessions]) session.end();
    },
  };
}
