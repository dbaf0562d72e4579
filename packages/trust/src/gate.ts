/**
 * The gate: the one file that opens a client's sockets. Dials, lets OpenSSL and `diagnose` both
 * speak, decides, asks a person where only a person can decide, and hands a socket out only after
 * the verdict. No session is ever resumed, so every connection is verified afresh.
 */

import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { isIP, type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { GatedAgent } from './adapters/agent.ts';
import type { AnchorSet, Anchors } from './anchors.ts';
import { createAsking, describeChange, type Matter, matterOf } from './asking.ts';
import { createAttempts, type Step, stoppedError } from './attempts.ts';
import type { Clock } from './clock.ts';
import { createContexts } from './contexts.ts';
import { createDanger } from './danger.ts';
import type { Verdict } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import {
  DIAL_TIMEOUT_MS,
  deferPeerCertificate,
  lookupFrom,
  opensslCode,
  presentedChain,
  transportError,
  whileDialling,
} from './dial.ts';
import { endpointKey, toEndpoint } from './endpoint.ts';
import { TrustError } from './errors.ts';
import { createJudge, type Judgement, policyError, type Seen } from './judge.ts';
import { normaliseServerName } from './names.ts';
import type { Override, Overrides } from './overrides.ts';
import type { PolicySource } from './policy.ts';
import type {
  AnswerOutcome,
  Asker,
  Endpoint,
  Purpose,
  TrustAnswer,
  TrustInterval,
  TrustQuestion,
} from './question.ts';
import { createRegistry } from './registry.ts';
import { createSecureMemory } from './secure-memory.ts';
import type { EndpointStatus, GateEvent } from './status.ts';

/** Resolves a name to addresses, as `dns.lookup` with `all: true` does. Tests inject their own. */
export type Resolve = (host: string) => Promise<readonly { address: string; family: 4 | 6 }[]>;

export interface GateOptions {
  anchors: Anchors;
  overrides: Overrides;
  policy: PolicySource;
  ask: Asker;
  clock: Clock;
  resolve?: Resolve;
  log?: (event: GateEvent) => void;
}

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

export interface LookRequest {
  host: string;
  port: number;
  /** Name to verify instead of `host`. */
  serverName?: string;
  signal?: AbortSignal;
}

export interface Gate {
  /**
   * A verified TLS socket. Nothing has been written to it. Throws TrustError or TransportError.
   * The socket ends with ERR_TRUST_EXPIRED, ERR_TRUST_STOPPED or ERR_TRUST_POLICY when its trust does.
   */
  connect(request: ConnectRequest): Promise<TLSSocket>;
  /** The same door for `node:https`, and for every client that takes its agent. */
  agent(about: {
    purpose: Purpose;
    initiatedBy: 'background' | 'person';
    maxSockets?: number;
  }): HttpsAgent;
  /** Unprotected HTTP: a name one can grep. Needs the person's dated confirmation for that host and port. */
  danger: {
    connectPlainHttp(request: ConnectRequest): Promise<Socket>;
    plainHttpAgent(about: {
      purpose: Purpose;
      initiatedBy: 'background' | 'person';
      maxSockets?: number;
    }): HttpAgent;
  };
  look(request: LookRequest): Promise<Look>;
  /**
   * Dials and grants only if what is presented now has this fingerprint, through `decide` and policy
   * (`postern trust add`). Throws TrustError ERR_TRUST_CHANGED {expected, presented} or ERR_TRUST_POLICY.
   */
  authorize(
    request: LookRequest & { sha256: string; interval: TrustInterval },
  ): Promise<{ look: Look; override: Override | null }>;
  status(endpoint: Endpoint): EndpointStatus;
  statuses(): readonly EndpointStatus[];
  questions(): readonly TrustQuestion[];
  answer(questionId: string, answer: TrustAnswer): AnswerOutcome;
  subscribe(listener: (event: GateEvent) => void): () => void;
  /** Withdraws trust, ends every socket, voids the question. Resolves when nothing can move any more. */
  stopTrusting(endpoint: Endpoint): Promise<{ override: boolean; roots: number; sockets: number }>;
  /** Reads anchors and policy again and decides every live socket anew. */
  reload(): Promise<void>;
  /** Ends everything; overrides that hold until Postern stops are over. */
  close(): Promise<void>;
}

/** Anchors and policy are read again this often (house: Anchors). */
const RELOAD_MS = 600_000;

/** Longest time between two looks at live overrides: timers stand still while a computer sleeps. */
const SWEEP_MS = 30_000;

/** One handshake as it was seen, before any verdict. */
interface Handshake extends Seen {
  socket: TLSSocket;
  set: AnchorSet;
}

/** Makes a gate. Everything it needs is an argument; nothing is dialled before `connect` or `look`. */
export function createGate(options: GateOptions): Gate {
  const { anchors, overrides, policy, clock, resolve } = options;
  const registry = createRegistry();
  const contexts = createContexts();
  const judge = createJudge({ overrides, policy, clock });
  const secureMemory = createSecureMemory(overrides);
  const lastSeen = new Map<string, Judgement>();
  const listeners = new Set<(event: GateEvent) => void>();
  const asking = createAsking({
    ask: options.ask,
    clock,
    overrides,
    policy: () => policy.current(),
    emit,
  });
  const attempts = createAttempts({ asking, clock });
  let generation = -1;
  let isClosed = false;
  let cancelSweep: (() => void) | null = null;
  let cancelReload: (() => void) | null = null;

  function emit(event: GateEvent): void {
    if (event.type === 'refused') attempts.refuse(event.endpoint);
    if (event.type === 'override-granted') attempts.reopen(event.override.endpoint);
    if (event.type === 'question-opened') {
      const { endpoint } = event.question;
      if (event.question.diagnosis !== null)
        attempts.lookAgain(endpoint, () => lookAgain(endpoint));
      // A root that was installed since the last look may make the question needless.
      void reload().catch(() => {});
    }
    options.log?.(event);
    for (const listener of listeners) listener(event);
  }

  async function currentAnchors(): Promise<AnchorSet> {
    const set = await anchors.current();
    if (generation === -1) generation = set.generation;
    cancelReload ??= clock.setTimer(function again() {
      cancelReload = isClosed ? null : clock.setTimer(again, RELOAD_MS);
      void reload().catch(() => {});
    }, RELOAD_MS);
    return set;
  }

  async function handshake(
    endpoint: Endpoint,
    serverName: string,
    purpose: Purpose | null,
    signal: AbortSignal,
  ): Promise<Handshake> {
    const set = await currentAnchors();
    signal.throwIfAborted();
    const socket = tls.connect({
      host: endpoint.host,
      port: endpoint.port,
      // An IP address is no SNI name (RFC 6066, 3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      secureContext: contexts.for(set, serverName),
      // Verification is observed, not enforced: `decide` enforces it, before a byte is written.
      rejectUnauthorized: false,
      // Node's matching of names differs between its versions; ours (names.ts) is the one that counts.
      checkServerIdentity: () => undefined,
      ...lookupFrom(resolve),
    });
    deferPeerCertificate(socket);
    let phase: 'connect' | 'handshake' = 'connect';
    socket.once('connect', () => {
      phase = 'handshake';
    });
    await whileDialling(socket, 'secureConnect', {
      clock,
      signal,
      timeoutMs: DIAL_TIMEOUT_MS,
      failed: (cause) => transportError(cause, phase, purpose, endpoint),
    });
    const presented = presentedChain(socket);
    if (presented.length === 0) {
      socket.destroy();
      throw new TrustError(
        'ERR_TRUST_NO_CERTIFICATE',
        `"${endpointKey(endpoint)}" presented no certificate`,
        { endpoint, purpose },
      );
    }
    const openssl = socket.authorized ? null : opensslCode(socket.authorizationError);
    return { socket, presented, openssl, protocol: socket.getProtocol(), set };
  }

  async function step(
    endpoint: Endpoint,
    request: ConnectRequest,
    signal: AbortSignal,
  ): Promise<Step<TLSSocket>> {
    const policyGeneration = policy.current().generation;
    const seen = await handshake(endpoint, endpoint.host, request.purpose, signal);
    let judged: Judgement;
    try {
      judged = judge.now(seen, { endpoint, serverName: endpoint.host, set: seen.set });
    } catch (error) {
      seen.socket.destroy();
      throw error;
    }
    const { diagnosis, verdict } = judged;
    const { purpose } = request;
    lastSeen.set(endpointKey(endpoint), judged);
    emit({ type: 'verdict', endpoint, purpose, verdict, diagnosis, at: clock.now() });
    if (verdict.kind === 'ask') {
      seen.socket.destroy();
      return { kind: 'ask', matter: matterOf(endpoint, diagnosis, verdict) };
    }
    if (verdict.kind === 'refuse') {
      seen.socket.destroy();
      throw policyError(endpoint, purpose, diagnosis, verdict);
    }
    const register = (): boolean => {
      if (seen.set.generation !== generation || policy.current().generation !== policyGeneration) {
        return false;
      }
      if (verdict.kind === 'secure') rememberSecure(endpoint, judged);
      const { socket, presented, openssl, protocol } = seen;
      registry.add({
        socket,
        endpoint,
        purpose,
        verdict,
        seen: { presented, openssl, protocol },
        diagnosis,
      });
      sweepLater();
      return true;
    };
    return { kind: 'through', socket: seen.socket, register };
  }

  /** A server that verifies needs no override any more: that is the repair the article asks for. */
  function rememberSecure(endpoint: Endpoint, judged: Judgement): void {
    const { memory } = judged;
    const now = clock.now();
    secureMemory.note(endpoint, judged, now);
    if (memory.override?.state === 'live' && overrides.end(endpoint, 'retired', now)) {
      emit({ type: 'override-retired', endpoint, at: now });
    }
    asking.close(endpoint, 'recovered');
    attempts.reopen(endpoint);
  }

  async function connect(request: ConnectRequest): Promise<TLSSocket> {
    const endpoint = toEndpoint(request.host, request.port);
    return attempts.run(endpoint, request, (signal) => step(endpoint, request, signal));
  }

  async function look(request: LookRequest): Promise<Look> {
    const endpoint = toEndpoint(request.host, request.port);
    const serverName = normaliseServerName(request.serverName ?? endpoint.host);
    const signal = request.signal ?? new AbortController().signal;
    const seen = await handshake(endpoint, serverName, null, signal);
    seen.socket.destroy();
    const { diagnosis, verdict } = judge.now(seen, { endpoint, serverName, set: seen.set });
    return { endpoint, diagnosis, verdict };
  }

  /** True when nobody needs to look any more: the server verifies, or an answer came meanwhile. */
  async function lookAgain(endpoint: Endpoint): Promise<boolean> {
    if (asking.open(endpoint) === null && attempts.standing(endpoint) !== 'refused') return true;
    await reload();
    const { diagnosis, verdict } = await look(endpoint);
    if (verdict.kind === 'ask') {
      asking.replace(matterOf(endpoint, diagnosis, verdict));
      return false;
    }
    if (verdict.kind === 'refuse') return false;
    attempts.reopen(endpoint);
    asking.close(endpoint, 'recovered');
    emit({ type: 'recovered', endpoint, at: clock.now() });
    return true;
  }

  async function reload(): Promise<void> {
    const before = policy.current().generation;
    const state = policy.reload();
    const set = await anchors.reload();
    const at = clock.now();
    if (state.generation !== before) {
      emit({ type: 'policy-changed', generation: state.generation, at });
    }
    if (set.generation !== generation) {
      generation = set.generation;
      emit({ type: 'anchors-changed', generation, at });
    }
    await sweep(set);
  }

  /** Decides every live socket anew and ends those that would not be let through now. */
  async function sweep(set: AnchorSet): Promise<void> {
    const ending = registry.all().flatMap((entry) => {
      const error = judge.whyEnd(entry, set);
      return error === null ? [] : [{ entry, error }];
    });
    const expired = new Map(
      ending
        .filter(({ error }) => error.code === 'ERR_TRUST_EXPIRED')
        .map(({ entry }) => [endpointKey(entry.endpoint), entry.endpoint]),
    );
    await Promise.all(ending.map(({ entry, error }) => registry.end([entry], error)));
    for (const endpoint of expired.values()) {
      emit({ type: 'override-expired', endpoint, at: clock.now() });
    }
    sweepLater();
  }

  function sweepLater(): void {
    cancelSweep?.();
    cancelSweep = null;
    const ends = registry
      .all()
      .flatMap(({ verdict }) =>
        verdict.kind === 'overridden' || verdict.kind === 'plain-http'
          ? [verdict.until.getTime()]
          : [],
      );
    if (ends.length === 0 || isClosed) return;
    const leftMs = Math.max(0, Math.min(...ends) - clock.now().getTime());
    cancelSweep = clock.setTimer(
      () => {
        void currentAnchors().then(sweep, () => {});
      },
      Math.min(leftMs, SWEEP_MS),
    );
  }

  async function authorize(
    request: LookRequest & { sha256: string; interval: TrustInterval },
  ): Promise<{ look: Look; override: Override | null }> {
    const seen = await look(request);
    const { endpoint, diagnosis, verdict } = seen;
    const presented = diagnosis.chain[0]?.sha256 ?? '';
    if (presented !== request.sha256) {
      throw new TrustError('ERR_TRUST_CHANGED', describeChange(request.sha256, presented), {
        endpoint,
        purpose: null,
        diagnosis,
        detail: { expected: request.sha256, presented },
      });
    }
    if (verdict.kind === 'refuse') throw policyError(endpoint, null, diagnosis, verdict);
    if (verdict.kind === 'secure') return { look: seen, override: null };
    const matter: Matter =
      verdict.kind === 'ask'
        ? matterOf(endpoint, diagnosis, verdict)
        : { endpoint, because: 'first', diagnosis, expected: null };
    if (!asking.choices(matter).some(({ interval }) => interval === request.interval)) {
      const rule = 'MaxTrustDays';
      const message = `trust for "${request.interval}" is not allowed at "${endpointKey(endpoint)}"`;
      throw new TrustError('ERR_TRUST_POLICY', message, {
        endpoint,
        purpose: null,
        diagnosis,
        detail: { rule },
      });
    }
    const override = asking.grant(matter, request.interval, true);
    asking.close(endpoint, 'answered');
    return { look: seen, override };
  }

  async function stopTrusting(
    endpoint: Endpoint,
  ): Promise<{ override: boolean; roots: number; sockets: number }> {
    const { host, port } = toEndpoint(endpoint.host, endpoint.port);
    const at = { host, port };
    // First nothing new can come, then what lives is ended.
    attempts.stop(at);
    const override = overrides.end(at, 'withdrawn', clock.now());
    asking.close(at, 'void');
    const roots = await anchors.withdraw(host);
    const living = registry.of(at);
    await registry.end(living, stoppedError(at));
    if (roots > 0) await reload();
    emit({ type: 'stopped', endpoint: at, at: clock.now() });
    return { override, roots, sockets: living.length };
  }

  function status(endpoint: Endpoint): EndpointStatus {
    const at = toEndpoint(endpoint.host, endpoint.port);
    const last = lastSeen.get(endpointKey(at)) ?? null;
    const question = asking.open(at);
    const living = registry.of(at);
    const plain = living.find(({ verdict }) => verdict.kind === 'plain-http')?.verdict;
    const verdict = last?.verdict ?? null;
    const isOverridden = verdict?.kind === 'overridden' && verdict.until > clock.now();
    const standing = attempts.standing(at);
    const until = plain?.kind === 'plain-http' ? plain.until : isOverridden ? verdict.until : null;
    const state = (): EndpointStatus['state'] => {
      if (standing === 'stopped') return 'stopped';
      if (question !== null) return 'waiting';
      if (standing === 'refused' || verdict?.kind === 'refuse') return 'refused';
      if (plain !== undefined) return 'plain-http';
      if (verdict?.kind === 'secure') return 'secure';
      return isOverridden ? 'overridden' : 'none';
    };
    return {
      endpoint: at,
      state: state(),
      until,
      diagnosis: last?.diagnosis ?? null,
      verdict,
      openSockets: living.length,
      question,
    };
  }

  return {
    connect,
    agent: (about) => new GatedAgent({ connect, isLive: registry.holds, ...about }),
    danger: createDanger({
      attempts,
      registry,
      overrides,
      policy: () => policy.current(),
      clock,
      resolve,
      watch: sweepLater,
    }),
    look,
    authorize,
    status,
    statuses: () => attempts.endpoints().map(status),
    questions: asking.all,
    answer: asking.answer,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stopTrusting,
    reload,
    async close() {
      isClosed = true;
      cancelSweep?.();
      cancelReload?.();
      attempts.close();
      secureMemory.flush();
      for (const { endpoint } of asking.all()) asking.close(endpoint, 'void');
      for (const entry of registry.all()) await registry.end([entry], stoppedError(entry.endpoint));
    },
  };
}
