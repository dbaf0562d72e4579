/**
 * An attempt is one try to get a socket: it dials, is decided, perhaps waits for a person, and
 * dials again. Here stands what is the same for TLS and for plain HTTP: the order of attempts,
 * refusals and Stop Trusting, the two minutes, and the look at a server that was not trusted.
 */

import type { Socket } from 'node:net';
import type { Asking, Matter } from './asking.ts';
import type { Clock } from './clock.ts';
import { endpointKey } from './endpoint.ts';
import { type PosternError, TrustError } from './errors.ts';
import type { Endpoint } from './question.ts';
import { createRecent, MAX_ENDPOINTS } from './recent.ts';
import type { ConnectRequest } from './request.ts';

/** An attempt ends after at most two minutes of waiting for a person (house: the gate, 4). */
export const ATTEMPT_WAIT_MS = 120_000;

/** Dials within one attempt: enough for a question, its replacements and the dial after the answer. */
const MAX_ROUNDS = 6;

/** When a server that was not trusted is looked at again; the last one repeats (house: the gate, 4). */
const LOOK_AGAIN_MS = [30_000, 60_000, 120_000, 300_000, 900_000] as const;

/** What one dial came to: a socket that may be handed out, or something to ask. */
export type Step<S extends Socket> =
  | { kind: 'ask'; matter: Matter }
  /** `register` is false when anchors or policy changed meanwhile: then the dial counts for nothing. */
  | { kind: 'through'; socket: S; register: () => boolean };

/** What the gate remembers of an endpoint while it runs. */
interface EndpointState {
  readonly endpoint: Endpoint;
  /** Sequence numbers: an attempt that began before one of these is bound by it. */
  refusedSeq: number;
  stoppedSeq: number;
  /** Whether background work must leave the person alone. */
  standing: 'open' | 'refused' | 'stopped';
  readonly running: Map<AbortController, ConnectRequest>;
  cancelLook: (() => void) | null;
}

export interface Attempts {
  run<S extends Socket>(
    endpoint: Endpoint,
    request: ConnectRequest,
    dial: (signal: AbortSignal) => Promise<Step<S>>,
  ): Promise<S>;
  /** Begins what Stop Trusting must be able to bind; the result throws if it came since. */
  watch(endpoint: Endpoint): () => void;
  standing(endpoint: Endpoint): 'open' | 'refused' | 'stopped';
  endpoints(): readonly Endpoint[];
  /** Binds every attempt that runs, and background work from now on. */
  refuse(endpoint: Endpoint): void;
  stop(endpoint: Endpoint): void;
  /** The person, or the server's recovery, opens the endpoint again. */
  reopen(endpoint: Endpoint): void;
  /** Begins to look at the endpoint again; `look` resolves true when there is no need to go on. */
  lookAgain(endpoint: Endpoint, look: () => Promise<boolean>): void;
  close(): void;
}

export function createAttempts({ asking, clock }: { asking: Asking; clock: Clock }): Attempts {
  const states = createRecent<EndpointState>(MAX_ENDPOINTS, letGo);
  let sequence = 0;
  let isClosed = false;

  /** What was stopped is never forgotten; of the rest a question at most is lost, and asked again. */
  function letGo(state: EndpointState): boolean {
    if (state.standing === 'stopped' || state.running.size > 0) return false;
    stopLooking(state);
    asking.close(state.endpoint, 'void');
    return true;
  }

  function stateOf(endpoint: Endpoint): EndpointState {
    const key = endpointKey(endpoint);
    const known = states.get(key);
    const state: EndpointState = known ?? {
      endpoint,
      refusedSeq: 0,
      stoppedSeq: 0,
      standing: 'open',
      running: new Map(),
      cancelLook: null,
    };
    states.set(key, state);
    return state;
  }

  /** Why an attempt may not go on, seen from what happened since it began. */
  function boundBy(
    state: EndpointState,
    began: number,
    request: ConnectRequest,
  ): TrustError | null {
    const isBackground = request.initiatedBy === 'background';
    if (state.stoppedSeq > began || (isBackground && state.standing === 'stopped')) {
      return stoppedError(state.endpoint, request);
    }
    if (state.refusedSeq > began || (isBackground && state.standing === 'refused')) {
      return refusedError(state.endpoint, request);
    }
    return null;
  }

  async function run<S extends Socket>(
    endpoint: Endpoint,
    request: ConnectRequest,
    dial: (signal: AbortSignal) => Promise<Step<S>>,
  ): Promise<S> {
    if (isClosed) throw stoppedError(endpoint, request);
    const state = stateOf(endpoint);
    const began = ++sequence;
    // What a person starts may ask again, whatever was refused or stopped before.
    if (request.initiatedBy === 'person') reopen(endpoint);
    const attempt = new AbortController();
    const abortWithCaller = (): void => attempt.abort(request.signal?.reason);
    request.signal?.throwIfAborted();
    request.signal?.addEventListener('abort', abortWithCaller, { once: true });
    state.running.set(attempt, request);
    let cancelWait: (() => void) | null = null;
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const bound = boundBy(state, began, request);
        if (bound !== null) throw bound;
        const step = await dial(attempt.signal);
        const boundNow = boundBy(state, began, request);
        if (step.kind === 'through') {
          // Trust may have been withdrawn while the handshake was under way.
          if (boundNow !== null || attempt.signal.aborted) {
            step.socket.destroy();
            throw boundNow ?? attempt.signal.reason;
          }
          if (isRegistered(step)) return step.socket;
          continue;
        }
        if (boundNow !== null) throw boundNow;
        cancelWait ??= clock.setTimer(() => {
          attempt.abort(
            unansweredError(step.matter, request, `no answer within ${ATTEMPT_WAIT_MS} ms`),
          );
        }, ATTEMPT_WAIT_MS);
        const outcome = await asking.wait(step.matter, request, attempt.signal);
        if (attempt.signal.aborted) throw attempt.signal.reason;
        if (outcome === 'nobody') throw unansweredError(step.matter, request, 'nobody to ask');
        if (outcome === 'refused') throw refusedError(endpoint, request, step.matter);
        if (outcome === 'void') throw stoppedError(endpoint, request);
      }
      throw refusedError(endpoint, request);
    } finally {
      cancelWait?.();
      state.running.delete(attempt);
      request.signal?.removeEventListener('abort', abortWithCaller);
    }
  }

  /** A socket that is not registered is gone, whatever the reason. */
  function isRegistered<S extends Socket>({
    socket,
    register,
  }: Extract<Step<S>, { kind: 'through' }>): boolean {
    let isDone = false;
    try {
      isDone = register();
      return isDone;
    } finally {
      if (!isDone) socket.destroy();
    }
  }

  function reopen(endpoint: Endpoint): void {
    stateOf(endpoint).standing = 'open';
  }

  function abortAll(state: EndpointState): void {
    for (const [attempt, request] of state.running) {
      attempt.abort(stoppedError(state.endpoint, request));
    }
  }

  function stopLooking(state: EndpointState): void {
    state.cancelLook?.();
    state.cancelLook = null;
  }

  return {
    run,
    watch(endpoint) {
      const began = ++sequence;
      return () => {
        const stoppedSeq = states.get(endpointKey(endpoint))?.stoppedSeq ?? 0;
        if (isClosed || stoppedSeq > began) throw stoppedError(endpoint);
      };
    },
    reopen,
    standing: (endpoint) => states.get(endpointKey(endpoint))?.standing ?? 'open',
    endpoints: () => [...states.entries()].map(([, { endpoint }]) => endpoint),
    refuse(endpoint) {
      const state = stateOf(endpoint);
      state.refusedSeq = ++sequence;
      state.standing = 'refused';
    },
    stop(endpoint) {
      const state = stateOf(endpoint);
      state.stoppedSeq = ++sequence;
      state.standing = 'stopped';
      stopLooking(state);
      abortAll(state);
    },
    lookAgain(endpoint, look) {
      const state = stateOf(endpoint);
      if (state.cancelLook !== null) return;
      const schedule = (nth: number): void => {
        const delayMs = LOOK_AGAIN_MS[Math.min(nth, LOOK_AGAIN_MS.length - 1)] ?? 0;
        const cancel = clock.setTimer(() => {
          look()
            // A look that cannot be taken says nothing; the next one may.
            .catch(() => false)
            .then((isOver) => {
              if (state.cancelLook !== cancel) return;
              state.cancelLook = null;
              if (!isOver) schedule(nth + 1);
            });
        }, delayMs);
        state.cancelLook = cancel;
      };
      schedule(0);
    },
    close() {
      isClosed = true;
      for (const [, state] of states.entries()) {
        stopLooking(state);
        state.stoppedSeq = ++sequence;
        abortAll(state);
      }
    },
  };
}

function refusedError(endpoint: Endpoint, request: ConnectRequest, matter?: Matter): TrustError {
  return new TrustError('ERR_TRUST_REFUSED', `trust in "${endpointKey(endpoint)}" was refused`, {
    endpoint,
    purpose: request.purpose,
    diagnosis: matter?.diagnosis ?? null,
  });
}

/** Trust in this endpoint was withdrawn while the connection lived or was being made. */
export function stoppedError(endpoint: Endpoint, request?: ConnectRequest): TrustError {
  return new TrustError('ERR_TRUST_STOPPED', `trust in "${endpointKey(endpoint)}" was withdrawn`, {
    endpoint,
    purpose: request?.purpose ?? null,
  });
}

function unansweredError(matter: Matter, request: ConnectRequest, why: string): PosternError {
  return new TrustError(
    'ERR_TRUST_UNANSWERED',
    `the question about "${endpointKey(matter.endpoint)}" was not answered: ${why}`,
    { endpoint: matter.endpoint, purpose: request.purpose, diagnosis: matter.diagnosis },
  );
}
