/** The gate as an agent of `node:https`: ordinary HTTP clients run over gated sockets unchanged. */

import type { ClientRequest } from 'node:http';
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { stoppedError } from '../attempts.ts';
import { toEndpoint } from '../endpoint.ts';
import type { AgentRequest, ConnectRequest } from '../request.ts';

export interface AgentOptions extends AgentRequest {
  connect: (request: ConnectRequest) => Promise<TLSSocket>;
  /** Whether the gate still stands behind a socket. */
  isLive: (socket: Socket) => boolean;
}

/**
 * Pools sockets, never sessions. Node's own pool key knows neither anchors nor overrides; the gate
 * ends the sockets themselves when trust ends, and `reuseSocket` looks once more.
 * An override of `createConnection` makes Node take every socket from here, and only from here, as
 * long as the request names no `createConnection` of its own.
 */
export class GatedAgent extends Agent {
  readonly #options: AgentOptions;
  /** Aborted by `destroy`: what waits at the gate for this agent then need not wait any longer. */
  #waiting = new AbortController();

  constructor(options: AgentOptions) {
    super({
      keepAlive: true,
      maxCachedSessions: 0,
      maxSockets: options.maxSockets ?? Number.POSITIVE_INFINITY,
    });
    this.#options = options;
  }

  override createConnection(
    options: { host?: string; port?: number | string },
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    const { connect, purpose, initiatedBy } = this.#options;
    const { signal } = this.#waiting;
    const { host = '', port } = options;
    connect({ host, port: Number(port), purpose, initiatedBy, signal }).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as unknown as Socket),
    );
  }

  override destroy(): void {
    this.#waiting.abort();
    this.#waiting = new AbortController();
    super.destroy();
  }

  override reuseSocket(socket: Socket, request: ClientRequest): void {
    if (!this.#options.isLive(socket)) {
      const port = socket.remotePort ?? 443;
      socket.destroy(stoppedError(toEndpoint(request.host, port)));
    }
    super.reuseSocket(socket, request);
  }
}
