/**
 * Every socket that the gate handed out and that still lives. Withdrawn trust must end sockets that
 * pools, agents and long polls hold, and only the one who made them can find them all.
 */

import type { Socket } from 'node:net';
import type { Verdict } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import { endpointKey } from './endpoint.ts';
import type { PosternError } from './errors.ts';
import type { Endpoint, Purpose } from './question.ts';

/** A socket in use, with what it was let through on. */
export interface LiveSocket {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
  readonly purpose: Purpose;
  readonly verdict: Verdict | { kind: 'plain-http'; until: Date };
  /** The chain as presented and OpenSSL's word on it, to decide again; null for plain HTTP. */
  readonly seen: {
    presented: readonly Uint8Array[];
    openssl: string | null;
    protocol: string | null;
  } | null;
  readonly diagnosis: Diagnosis | null;
}

export interface Registry {
  add(entry: LiveSocket): void;
  holds(socket: Socket): boolean;
  of(endpoint: Endpoint): readonly LiveSocket[];
  all(): readonly LiveSocket[];
  /** Destroys these sockets with this error; resolves when each of them has closed. */
  end(entries: readonly LiveSocket[], error: PosternError): Promise<void>;
}

/** Errors of a socket nobody listens to must not end the process; its `close` still tells. */
const ignoreError = (): void => {};

export function createRegistry(): Registry {
  const byEndpoint = new Map<string, Map<Socket, LiveSocket>>();
  const entriesOf = (endpoint: Endpoint) => byEndpoint.get(endpointKey(endpoint));

  return {
    add(entry) {
      const key = endpointKey(entry.endpoint);
      const entries = byEndpoint.get(key) ?? new Map<Socket, LiveSocket>();
      byEndpoint.set(key, entries.set(entry.socket, entry));
      entry.socket.on('error', ignoreError);
      entry.socket.once('close', () => {
        entries.delete(entry.socket);
        if (entries.size === 0 && byEndpoint.get(key) === entries) byEndpoint.delete(key);
      });
    },
    holds: (socket) => [...byEndpoint.values()].some((entries) => entries.has(socket)),
    of: (endpoint) => [...(entriesOf(endpoint)?.values() ?? [])],
    all: () => [...byEndpoint.values()].flatMap((entries) => [...entries.values()]),
    async end(entries, error) {
      await Promise.all(
        entries.map(
          ({ socket }) =>
            new Promise<void>((resolve) => {
              if (socket.closed) return resolve();
              socket.once('close', () => resolve());
              socket.destroy(error);
            }),
        ),
      );
    },
  };
}
