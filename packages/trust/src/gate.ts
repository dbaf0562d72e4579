/**
 * The gate: the one file that opens a client's sockets. Dials, lets OpenSSL and `diagnose` both
 * speak, decides, asks a person where only a person can decide, and hands a socket out only after
 * the verdict. No session is ever resumed, so every connection is verified afresh.
 */

import type { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { GatedAgent } from './adapters/agent.ts';
import type { AnchorSet, Anchors } from './anchors.ts';
import { createAsking, matterOf } from './asking.ts';
import { createAttempts, type Step, stoppedError } from './attempts.ts';
import { type Authorize, createAuthorize } from './authorize.ts';
import type { Evidence } from './causes.ts';
import type { Clock } from './clock.ts';
import { createContexts } from './contexts.ts';
import { beginInPlainText, createDanger, type Danger, dialPlain } from './danger.ts';
import {
  brokenOffBy,
  DIAL_TIMEOUT_MS,
  hangUp,
  lookupFrom,
  opensslCode,
  transportError,
  whileDialling,
} from './dial.ts';
import { endpointKey, toEndpoint } from './endpoint.ts';
import { TrustError } from './errors.ts';
import { createExplaining } from './explain.ts';
import { createJudge, type Judgement, policyError, type Seen } from './judge.ts';
import { normaliseServerName } from './names.ts';
import type { Overrides } from './overrides.ts';
import type { PlainDial } from './plain-get.ts';
import type { PolicySource } from './policy.ts';
import { createPresentedChains, deferPeerCertificate } from './presented-chains.ts';
import type {
  AnswerOutcome,
  Asker,
  Endpoint,
  Purpose,
  TrustAnswer,
  TrustQuestion,
} from './question.ts';
import { createRecent, MAX_ENDPOINTS } from './recent.ts';
import { createRegistry } from './registry.ts';
import type { AgentRequest, ConnectRequest, Look, LookRequest, Resolve } from './request.ts';
import { createSecureMemory } from './secure-memory.ts';
import type { StartTlsProtocol } from './starttls.ts';
import { type EndpointStatus, type GateEvent, statusOf } from './status.ts';

export interface GateOptions {
  anchors: Anchors;
  overrides: Overrides;
  policy: PolicySource;
  ask: Asker;
  clock: Clock;
  resolve?: Resolve;
  /** Opens the plain sockets of what only explains a question; the system's unless given. */
  plainDial?: PlainDial;
  log?: (event: GateEvent) => void;
}

export interface Gate {
  /**
   * A verified TLS socket. Nothing has been written to it. Throws TrustError or TransportError.
   * The socket ends with ERR_TRUST_EXPIRED, ERR_TRUST_STOPPED or ERR_TRUST_POLICY when its trust does.
   */
  connect(request: ConnectRequest): Promise<TLSSocket>;
  /** The same door for `node:https`, and for every client that takes its agent. */
  agent(about: AgentRequest): HttpsAgent;
  /** Unprotected HTTP: a name one can grep. Needs the person's dated confirmation for that host and port. */
  danger: Danger;
  look(request: LookRequest): Promise<Look>;
  /**
   * Finds out what a look is about, for a person who runs a check: fetches issuers that the server
   * left out and reads the system's roots. Does not ask the server's port 80. Never throws.
   */
  explain(look: Look, signal?: AbortSignal): Promise<Evidence>;
  /**
   * Dials and grants only if what is presented now has this fingerprint, through `decide` and policy
   * (`postern trust add`). Throws TrustError ERR_TRUST_CHANGED {expected, presented} or ERR_TRUST_POLICY.
   */
  authorize: Authorize;
  status(endpoint: Endpoint): EndpointStatus;
  statuses(): readonly EndpointStatus[];
  questions(): readonly TrustQuestion[];
  answer(questionId: string, answer: TrustAnswer): AnswerOutcome;
  subscribe(listener: (event: GateEvent) => void): () => void;
  /** Withdraws trust, ends every socket, voids the question. Resolves when nothing can move any more. */
  stopTrusting(endpoint: Endpoint): Promise<{ override: boolean; roots: number; sockets: number }>;
  /** Reads anchors and policy again and decides every live socket anew. */
  reload(): Promise<void>;
  /** Ends everything. Overrides that hold until Postern stops end with the store that granted them. */
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

/** How to come to a handshake. */
interface Handshaking {
  serverName: string;
  purpose: Purpose | null;
  signal: AbortSignal;
  startTls?: StartTlsProtocol | undefined;
  /** By rules too weak for a connection: whoever asks for it must destroy the socket unused. */
  forLookingOnly?: boolean;
}

/** Makes a gate. Everything it needs is an argument; nothing is dialled before `connect` or `look`. */
export function createGate(options: GateOptions): Gate {
  const { anchors, overrides, policy, clock, resolve } = options;
  const registry = createRegistry();
  const contexts = createContexts();
  const judge = createJudge({ overrides, policy, clock });
  const secureMemory = createSecureMemory(overrides);
  const lastSeen = createRecent<Judgement>(MAX_ENDPOINTS, (_, key) => !isLiving(key));
  const presentedChains = createPresentedChains();
  const listeners = new Set<(event: GateEvent) => void>();
  const dial = options.plainDial ?? dialPlain;
  const explaining = createExplaining({ anchors, overrides, clock, resolve, dial });
  const asking = createAsking({
    ask: options.ask,
    clock,
    overrides,
    policy: () => policy.current(),
    explaining,
    emit,
  });
  const attempts = createAttempts({ asking, clock });
  let inForce: AnchorSet | null = null;
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
    for (const listener of [options.log, ...listeners]) {
      try {
        listener?.(event);
      } catch (error) {
        // It must not stop the gate halfway, nor pass unseen.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  function isLiving(key: string): boolean {
    return registry.all().some(({ endpoint }) => endpointKey(endpoint) === key);
  }

  /** Takes notice of the anchors, whoever met them first. True if they are others than before. */
  function putInForce(set: AnchorSet): boolean {
    const before = inForce?.generation ?? set.generation;
    if (inForce === null || set.generation > before) inForce = set;
    if (set.generation <= before) return false;
    emit({ type: 'anchors-changed', generation: set.generation, at: clock.now() });
    return true;
  }

  /** After a change only what a living socket shows was seen under what holds now. */
  function forgetSeen(): void {
    for (const [key] of lastSeen.entries()) if (!isLiving(key)) lastSeen.delete(key);
  }

  async function currentAnchors(): Promise<AnchorSet> {
    const set = await anchors.current();
    if (putInForce(set)) {
      await sweep(set);
      forgetSeen();
    }
    cancelReload ??= clock.setTimer(function again() {
      cancelReload = isClosed ? null : clock.setTimer(again, RELOAD_MS);
      void reload().catch(() => {});
    }, RELOAD_MS);
    return set;
  }

  async function handshake(endpoint: Endpoint, about: Handshaking): Promise<Handshake> {
    const { serverName, purpose, signal, startTls, forLookingOnly = false } = about;
    const set = await currentAnchors();
    signal.throwIfAborted();
    const begun =
      startTls === undefined
        ? null
        : await beginInPlainText(endpoint, startTls, { ...about, clock, resolve });
    // From here on only the TLS socket is destroyed: both at once inside `secureConnect` crash Node.
    const socket = tls.connect({
      ...(begun === null
        ? { host: endpoint.host, port: endpoint.port, ...lookupFrom(resolve) }
        : { socket: begun }),
      // An IP address is no SNI name (RFC 6066, 3).
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      secureContext: forLookingOnly
        ? contexts.forLookingOnly(set, serverName)
        : contexts.for(set, serverName),
      // Beside a context this one counts: Node breaks off below 1024 bits by itself.
      ...(forLookingOnly ? { minDHSize: 1 } : {}),
      // Verification is observed, not enforced: `decide` enforces it, before a byte is written.
      rejectUnauthorized: false,
      // Node's matching of names differs between its versions; ours (names.ts) is the one that counts.
      checkServerIdentity: () => undefined,
    });
    const readLeaf = deferPeerCertificate(socket);
    let phase: 'connect' | 'handshake' = begun === null ? 'connect' : 'handshake';
    socket.once('connect', () => {
      phase = 'handshake';
    });
    await whileDialling(socket, 'secureConnect', {
      clock,
      signal,
      timeoutMs: DIAL_TIMEOUT_MS,
      failed: (cause) => transportError(cause, phase, purpose, endpoint),
    });
    const { generation } = set;
    const presented = presentedChains.read(socket, readLeaf, { endpoint, serverName, generation });
    if (presented.length === 0) {
      socket.destroy();
      throw new TrustError(
        'ERR_TRUST_NO_CERTIFICATE',
        `"${endpointKey(endpoint)}" presented no certificate`,
        {
          endpoint,
          purpose,
        },
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
    const { purpose } = request;
    const seen = await handshake(endpoint, { serverName: endpoint.host, purpose, signal });
    let judged: Judgement;
    try {
      judged = judge.now(seen, { endpoint, serverName: endpoint.host, set: seen.set });
    } catch (error) {
      seen.socket.destroy();
      throw error;
    }
    const { diagnosis, verdict } = judged;
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
      if (
        seen.set.generation !== inForce?.generation ||
        policy.current().generation !== policyGeneration
      ) {
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
    const isTriedAgain = asking.open(endpoint) !== null || attempts.standing(endpoint) !== 'open';
    if (request.initiatedBy === 'person' && isTriedAgain) {
      // The person may have installed the root that was missing. What cannot be read changes nothing.
      await reload().catch(() => {});
    }
    return attempts.run(endpoint, request, (signal) => step(endpoint, request, signal));
  }

  async function look(request: LookRequest): Promise<Look & Judgement> {
    const endpoint = toEndpoint(request.host, request.port);
    const serverName = normaliseServerName(request.serverName ?? endpoint.host);
    const signal = request.signal ?? new AbortController().signal;
    const about: Handshaking = { serverName, purpose: null, signal, startTls: request.startTls };
    const seen = await handshake(endpoint, about).catch(async (error: unknown) => {
      const code = request.evenIfTooWeak === true ? brokenOffBy(error) : null;
      if (code === null) throw error;
      const weak = await handshake(endpoint, { ...about, forLookingOnly: true }).catch(
        (second: unknown) => {
          // No certificate at all is the better explanation; else the first error is the one to tell.
          throw second instanceof TrustError ? second : error;
        },
      );
      return { ...weak, brokenOffBy: code };
    });
    hangUp(seen.socket);
    return { endpoint, ...judge.now(seen, { endpoint, serverName, set: seen.set }) };
  }

  /** True when nobody needs to look any more: the server verifies, or an answer came meanwhile. */
  async function lookAgain(endpoint: Endpoint): Promise<boolean> {
    if (asking.open(endpoint) === null && attempts.standing(endpoint) !== 'refused') return true;
    const assertNotStopped = attempts.watch(endpoint);
    await reload();
    const { diagnosis, verdict } = await look(endpoint);
    assertNotStopped();
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
    const { generation } = policy.reload();
    let isChanged = generation !== before;
    if (isChanged) emit({ type: 'policy-changed', generation, at: clock.now() });
    try {
      isChanged = putInForce(await anchors.reload()) || isChanged;
    } finally {
      // Roots that cannot be read are no reason to let live what policy or time has ended.
      if (inForce !== null) await sweep(inForce);
      if (isChanged) forgetSeen();
    }
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
        const known = inForce;
        void currentAnchors()
          .catch(() => known)
          .then((set) => (set === null ? undefined : sweep(set)));
      },
      Math.min(leftMs, SWEEP_MS),
    );
  }

  async function stopTrusting(
    endpoint: Endpoint,
  ): Promise<{ override: boolean; roots: number; sockets: number }> {
    const { host, port } = toEndpoint(endpoint.host, endpoint.port);
    const at = { host, port };
    // First nothing new can come, then what lives is ended.
    attempts.stop(at);
    const living = registry.of(at);
    const ended = registry.end(living, stoppedError(at));
    asking.close(at, 'void');
    const withdrawing = Promise.all([
      (async () => overrides.end(at, 'withdrawn', clock.now()))(),
      (async () => anchors.withdraw(host))(),
    ]);
    // At once, so that whoever works for this endpoint begins nothing more.
    emit({ type: 'stopped', endpoint: at, at: clock.now() });
    const [, withdrawn] = await Promise.allSettled([ended, withdrawing]);
    if (withdrawn.status === 'rejected') throw withdrawn.reason;
    const [override, roots] = withdrawn.value;
    // The root counted at every port of the host.
    if (roots > 0) {
      await currentAnchors();
      await reload();
    }
    return { override, roots, sockets: living.length };
  }

  function status(endpoint: Endpoint): EndpointStatus {
    const at = toEndpoint(endpoint.host, endpoint.port);
    return statusOf(at, {
      last: lastSeen.get(endpointKey(at)) ?? null,
      living: registry.of(at),
      question: asking.open(at),
      standing: attempts.standing(at),
      now: clock.now(),
    });
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
    async look(request) {
      const { endpoint, diagnosis, verdict } = await look(request);
      return { endpoint, diagnosis, verdict };
    },
    explain: ({ endpoint, diagnosis }, signal = new AbortController().signal) =>
      explaining.gather(endpoint, diagnosis, { portal: false, signal }),
    authorize: createAuthorize({
      attempts,
      asking,
      judge,
      look: (request) => look({ ...request, evenIfTooWeak: false }),
    }),
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
