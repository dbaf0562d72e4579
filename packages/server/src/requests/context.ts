/** What a request's handler is given, and how the table of handlers is made. */

import type { AuthDoor, Element, RequestContext } from '@postern/soap';
import type { Attempts } from '../access/attempts.ts';
import type { Identity, Tokens } from '../access/tokens.ts';
import type { Configuration } from '../configuration.ts';
import type { Home } from '../home.ts';
import type { Sessions } from '../sessions.ts';
import type { Store } from '../store/store.ts';
import type { Uploads } from '../uploads.ts';
import type { WaitSets } from '../wait-sets.ts';

/** What all requests share. */
export interface Services {
  home: Home;
  configuration: Configuration;
  store: Store;
  tokens: Tokens;
  attempts: Attempts;
  uploads: Uploads;
  waitSets: WaitSets;
  sessions: Sessions;
  log: (event: string, detail?: Readonly<Record<string, number | string>>) => void;
}

/** One request being answered. */
export interface Exchange {
  services: Services;
  context: RequestContext;
  door: AuthDoor;
  /** The client's address. */
  address: string;
  /** True over TLS. */
  isSecure: boolean;
  /** Base of this server's addresses as the client reached it: `https://host:8443`. */
  origin: string;
  session: { id: string; isNew: boolean } | null;
  /** Aborted when the client has gone. */
  signal: AbortSignal;
  /** The token that a log-in gave, for the cookie. */
  granted: { authToken: string; lifetimeMs: number } | null;
  /** Who is logged in, once that is known. */
  who: Identity | null;
}

/** A handler that needs no log-in. */
export type OpenHandler = (exchange: Exchange, request: Element) => Promise<Element>;

/** A handler for those who are logged in. */
export type Handler = (exchange: Exchange, request: Element, who: Identity) => Promise<Element>;

/** Handlers by the request's name. */
export type Handlers<H = Handler> = Readonly<Record<string, H>>;
