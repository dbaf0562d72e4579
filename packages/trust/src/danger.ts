/**
 * DANGER: unprotected HTTP. The one file that opens a socket without TLS, and only after a person
 * confirmed it for this host and port until a date, to say that TLS is to begin (STARTTLS), or to
 * find out what a question is about (plain-get.ts). Nothing falls back to this by itself.
 */

import { Agent as HttpAgent } from 'node:http';
import net, { type Socket } from 'node:net';
import type { Attempts, Step } from './attempts.ts';
import type { Clock } from './clock.ts';
import { cappedExpiry } from './decide.ts';
import { DIAL_TIMEOUT_MS, lookupFrom, transportError, whileDialling } from './dial.ts';
import { endpointKey, toEndpoint } from './endpoint.ts';
import { TrustError } from './errors.ts';
import { mayOverride } from './intervals.ts';
import { type Overrides, PLAIN_HTTP } from './overrides.ts';
import type { PolicyState } from './policy.ts';
import type { Endpoint, Purpose } from './question.ts';
import type { Registry } from './registry.ts';
import type { AgentRequest, ConnectRequest, Resolve } from './request.ts';
import { negotiateStartTls, type StartTlsProtocol } from './starttls.ts';

/** Unprotected HTTP, under a name one can grep. Needs the person's dated confirmation for that host and port. */
export interface Danger {
  connectPlainHttp(request: ConnectRequest): Promise<Socket>;
  plainHttpAgent(about: AgentRequest): HttpAgent;
}

export interface DangerOptions {
  attempts: Attempts;
  registry: Registry;
  overrides: Overrides;
  policy: () => PolicyState;
  clock: Clock;
  resolve: Resolve | undefined;
  /** Called when a plain socket was handed out, so that its end is watched. */
  watch: () => void;
}

export function createDanger({
  attempts,
  registry,
  overrides,
  policy,
  clock,
  resolve,
  watch,
}: DangerOptions): Danger {
  async function step(
    endpoint: Endpoint,
    request: ConnectRequest,
    signal: AbortSignal,
  ): Promise<Step<Socket>> {
    const allowed = plainHttpAllowedUntil(endpoint, overrides, policy(), clock.now(), request);
    if (allowed === null) {
      return {
        kind: 'ask',
        matter: { endpoint, because: 'plain-http', diagnosis: null, expected: null },
      };
    }
    const socket = net.connect({
      host: endpoint.host,
      port: endpoint.port,
      ...lookupFrom(resolve),
    });
    await whileDialling(socket, 'connect', {
      clock,
      signal,
      timeoutMs: DIAL_TIMEOUT_MS,
      failed: (cause) => transportError(cause, 'connect', request.purpose, endpoint),
    });
    const register = (): boolean => {
      // Policy or the confirmation may have changed while the connection was being made.
      const until = plainHttpAllowedUntil(endpoint, overrides, policy(), clock.now(), request);
      if (until === null) return false;
      registry.add({
        socket,
        endpoint,
        purpose: request.purpose,
        verdict: { kind: 'plain-http', until },
        seen: null,
        diagnosis: null,
      });
      watch();
      return true;
    };
    return { kind: 'through', socket, register };
  }

  async function connectPlainHttp(request: ConnectRequest): Promise<Socket> {
    const endpoint = toEndpoint(request.host, request.port);
    return attempts.run(endpoint, request, (signal) => step(endpoint, request, signal));
  }

  return {
    connectPlainHttp,
    plainHttpAgent: (about) => new PlainHttpAgent(connectPlainHttp, about),
  };
}

/**
 * A plain socket at the point where TLS begins, for the gate alone. Nothing but the request to begin
 * was written to it (see starttls.ts). Throws TransportError.
 */
export async function beginInPlainText(
  { host, port }: Endpoint,
  protocol: StartTlsProtocol,
  about: {
    serverName: string;
    purpose: Purpose | null;
    clock: Clock;
    signal: AbortSignal;
    resolve: Resolve | undefined;
  },
): Promise<Socket> {
  const { serverName, purpose, clock, signal, resolve } = about;
  const timeoutMs = DIAL_TIMEOUT_MS;
  const socket = net.connect({ host, port, ...lookupFrom(resolve) });
  await whileDialling(socket, 'connect', {
    clock,
    signal,
    timeoutMs,
    failed: (cause) => transportError(cause, 'connect', purpose, { host, port }),
  });
  const where = endpointKey({ host, port });
  await negotiateStartTls(socket, { protocol, serverName, where, clock, signal, timeoutMs });
  return socket;
}

/**
 * A plain socket to an address that was looked up already, for what only explains a question (see
 * plain-get.ts): no credential, no cookie and nothing of the person's ever goes over it.
 */
export function dialPlain(address: string, port: number): Socket {
  return net.connect({ host: address, port });
}

/** Until when plain HTTP is confirmed here, null if a person has to be asked. Throws where policy forbids it. */
export function plainHttpAllowedUntil(
  endpoint: Endpoint,
  overrides: Overrides,
  state: PolicyState,
  now: Date,
  request?: ConnectRequest,
): Date | null {
  const rule =
    state.kind === 'unreadable'
      ? 'unreadable policy'
      : state.policy.requireSecureConnection
        ? 'RequireSecureConnection'
        : mayOverride(state.policy, endpoint)
          ? null
          : 'TrustOverride';
  if (rule !== null) {
    throw new TrustError(
      'ERR_TRUST_POLICY',
      `policy "${rule}" forbids plain HTTP to "${endpointKey(endpoint)}"`,
      {
        endpoint,
        purpose: request?.purpose ?? null,
        detail: { rule },
      },
    );
  }
  const remembered = overrides.recall(endpoint, now).override;
  if (remembered?.state !== 'live' || remembered.value.leafSha256 !== PLAIN_HTTP) return null;
  // A policy that came after the confirmation shortens or ends it, as it does an override.
  if (state.kind === 'unreadable' || state.policy.requireFingerprintCheck) return null;
  const until = cappedExpiry(remembered.value, state.policy.maxTrustDays);
  return now < until ? until : null;
}

class PlainHttpAgent extends HttpAgent {
  readonly #connect: (request: ConnectRequest) => Promise<Socket>;
  readonly #about: AgentRequest;
  /** Aborted by `destroy`, as in the agent for TLS (adapters/agent.ts). */
  #waiting = new AbortController();

  constructor(connect: (request: ConnectRequest) => Promise<Socket>, about: AgentRequest) {
    super({ keepAlive: true, maxSockets: about.maxSockets ?? Number.POSITIVE_INFINITY });
    this.#connect = connect;
    this.#about = about;
  }

  override createConnection(
    options: { host?: string; port?: number | string },
    callback?: (error: Error | null, socket: Socket) => void,
  ): undefined {
    const { signal } = this.#waiting;
    const { host = '', port } = options;
    this.#connect({ host, port: Number(port), ...this.#about, signal }).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as unknown as Socket),
    );
  }

  override destroy(): void {
    this.#waiting.abort();
    this.#waiting = new AbortController();
    super.destroy();
  }
}
