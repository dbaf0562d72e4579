/** What is asked of the gate, and what a look gives: data that every part of the gate shares. */

import type { Verdict } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Endpoint, Purpose } from './question.ts';
import type { StartTlsProtocol } from './starttls.ts';

/** Resolves a name to addresses, as `dns.lookup` with `all: true` does. Tests inject their own. */
export type Resolve = (host: string) => Promise<readonly { address: string; family: 4 | 6 }[]>;

/** One connection that is wanted. */
export interface ConnectRequest {
  /** Server name: DNS name or IP address. */
  host: string;
  port: number;
  purpose: Purpose;
  /** Whether a person started this (opened the profile, pressed Send/Receive) or background work did. */
  initiatedBy: 'background' | 'person';
  signal?: AbortSignal;
}

/** A look at a server without a question, a decision or a byte of data. */
export interface Look {
  endpoint: Endpoint;
  diagnosis: Diagnosis;
  /** What the gate would do now. */
  verdict: Verdict;
}

/** Where to look. */
export interface LookRequest {
  host: string;
  port: number;
  /** Name to verify instead of `host`. */
  serverName?: string;
  /** The protocol that begins in plain text there; TLS from the first byte unless given. */
  startTls?: StartTlsProtocol;
  /**
   * Looks again by rules that are too weak for any connection where a server breaks off the
   * handshake, so that it can be said why. No such socket is handed out.
   */
  evenIfTooWeak?: boolean;
  signal?: AbortSignal;
}

/** An agent for one purpose. */
export interface AgentRequest {
  purpose: Purpose;
  initiatedBy: 'background' | 'person';
  /** Most sockets at once, for each host and port; no limit unless given. */
  maxSockets?: number;
}
