/**
 * The engine of one profile: runs the eight connections, and decides when the profile works online,
 * when it works offline and why. All trust is the gate's; the engine only listens to it.
 */

import { randomUUID } from 'node:crypto';
import path from 'node:path';
import {
  type Clock,
  type ConnectionPurpose,
  type Gate,
  type GateEvent,
  toEndpoint,
  type Verdict,
  ZIMBRA_PURPOSES,
} from '@postern/trust';
import type { OfflineReason, ProfileReport, SendReceiveReport } from './api.ts';
import { type ConnectionRun, createConnectionState, fail, succeed } from './connection.ts';
import { consequenceOf } from './failures.ts';
import { createHttp } from './http.ts';
import { perform } from './perform.ts';
import { beginPeriod, EVERY_MS, type Period, REDIAL_MS, retryDelayMs, spreadMs } from './period.ts';
import { endpointOf, type Profile } from './profile.ts';
import { profileReport } from './profile-report.ts';
import { askForTls } from './secure-first.ts';
import { createSession } from './session.ts';
import type { MailStore } from './store/records.ts';
import { openStore } from './store/store.ts';
import { storedSummaries } from './summaries.ts';
import { createTraffic, type Traffic } from './traffic.ts';

/** What an engine is made of. */
export interface EngineOptions {
  gate: Gate;
  profile: Profile;
  /** The profile's folder; `mail.db` is in it. */
  folder: string;
  /** The password as it is known now, or null: then nothing is sent. */
  password: () => string | null;
  clock: Clock;
  /** What went over the profile's connections, where it is to outlive the engine; else it begins at nothing. */
  traffic?: Traffic;
  /** From 0 to 1, for spreading retries; default `Math.random`. */
  random?: () => number;
  log?: (line: string) => void;
  /** Called when the engine ticked Use Secure Connection: save it. */
  onProfileChanged?: (profile: Profile) => void;
  /** Called when the server refused the password: forget it. */
  onPasswordRejected?: () => void;
  /** Version of the program, for the user agent and the comparison of upgrades. */
  version: string;
}

/** What happens in an engine, for front ends. */
export type EngineEvent =
  | { type: 'changed' }
  | { type: 'message'; stored: number }
  | { type: 'notice'; text: string };

/** Runs the eight connections of one profile. */
export interface Engine {
  readonly profile: Profile;
  /** The local store; readable whether online or not. */
  readonly store: MailStore;
  report(): ProfileReport;
  /** Goes online for the first time. Resolves as `sendReceive` does. */
  start(initiatedBy: 'background' | 'person'): Promise<SendReceiveReport>;
  /** A person pressed Send/Receive: all eight run, and the person may be asked. Resolves when they ran or a person must decide. */
  sendReceive(): Promise<SendReceiveReport>;
  /** A person leaves Work Offline. */
  goOnline(): Promise<SendReceiveReport>;
  /** Ends every request until a person goes online again. */
  workOffline(reason: Extract<OfflineReason, 'by-hand'>): void;
  /** A new password is there: goes online if one was missing or wrong. */
  passwordChanged(): void;
  /** Puts a message into the durable outbox; resolves with its id when it is on disk. Sent as soon as there is a connection. */
  send(raw: Uint8Array): Promise<string>;
  /** Ends every request and closes the store. */
  stop(): Promise<void>;
  subscribe(listener: (event: EngineEvent) => void): () => void;
}

/** Opens the store and makes an engine that works offline until it is started. Throws StoreError. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { gate, clock, version, traffic = createTraffic(options.clock) } = options;
  const random = options.random ?? Math.random;
  const store = await openStore(path.join(options.folder, 'mail.db'));
  let { profile } = options;
  let offline: ProfileReport['workOffline'] = { reason: 'starting', detail: 'not connected yet' };
  let period: Period | null = null;
  let cancelRetry: (() => void) | null = null;
  let retries = 0;
  let isStopped = false;
  let hasMailChange = false;
  const notices: string[] = [];
  const listeners = new Set<(event: EngineEvent) => void>();
  const waiters = new Set<() => void>();
  const verdicts = new Map<ConnectionPurpose, Verdict>();
  const states = new Map(ZIMBRA_PURPOSES.map((one) => [one, createConnectionState(one)] as const));
  const summaries = await storedSummaries(store);
  for (const [purpose, state] of states) state.summary = summaries[purpose] ?? null;

  const endpoint = () => {
    const { host, port } = endpointOf(profile);
    return toEndpoint(host, port);
  };
  const http = createHttp({
    gate,
    clock,
    origin: () => ({ ...endpointOf(profile), isSecure: profile.useSecureConnection }),
    userAgent: `Postern/${version}`,
    traffic,
  });
  const session = createSession({
    http,
    email: profile.email,
    serverName: profile.serverName,
    password: options.password,
    isSecure,
    version,
    onLogin: () => reached(period),
  });

  /** The server answered with what it gives to a logged-in account alone. */
  function reached(now: Period | null): void {
    if (now === null || now !== period) return;
    now.isLoggedIn = true;
    offline = null;
    changed();
  }

  function isSecure(): boolean {
    return profile.useSecureConnection && gate.status(endpoint()).state === 'secure';
  }

  function emit(event: EngineEvent): void {
    for (const listener of [...listeners]) listener(event);
  }

  function changed(): void {
    for (const waiter of [...waiters]) waiter();
    emit({ type: 'changed' });
  }

  function notice(text: string): void {
    if (!notices.includes(text)) notices.push(text);
    emit({ type: 'notice', text });
  }

  function goOffline(reason: OfflineReason, detail: string): void {
    cancelRetry?.();
    cancelRetry = null;
    offline = { reason, detail };
    const ended = period;
    period = null;
    ended?.end();
    session.cancelLogin();
    http.close();
    for (const state of states.values()) {
      // Which of them met the end first says nothing: the reason stands with the profile.
      state.activity = 'offline';
      if (reason === 'waiting-for-decision') state.activity = 'waiting-for-decision';
      state.progress = null;
    }
    options.log?.(`${profile.name}: work offline, ${reason}: ${detail}`);
    changed();
  }

  function retryLater(): void {
    cancelRetry = clock.setTimer(() => void connect('background'), retryDelayMs(retries, random));
    retries += 1;
  }

  async function connect(initiatedBy: 'background' | 'person'): Promise<void> {
    if (isStopped) return;
    cancelRetry?.();
    cancelRetry = null;
    if (period !== null && initiatedBy === 'background') return;
    const now = period ?? beginPeriod(clock);
    if (period === null) {
      verdicts.clear();
      period = now;
    }
    if (!profile.useSecureConnection && !now.isLoggedIn) {
      now.isAsking = true;
      try {
        await askForSecureConnection(now);
      } catch (error) {
        if (now === period) goOffline('server-away', String(error));
        return;
      } finally {
        now.isAsking = false;
      }
      if (now !== period) return;
    }
    for (const purpose of ZIMBRA_PURPOSES) launch(purpose, initiatedBy);
    changed();
  }

  async function askForSecureConnection({ signal }: Period): Promise<void> {
    const asked = await askForTls(gate, profile, signal);
    if (asked.kind === 'silent') return;
    profile = { ...profile, port: asked.port, useSecureConnection: true };
    options.onProfileChanged?.(profile);
    notice(
      `"${profile.serverName}" answers secure connections on port ${asked.port}: Use Secure Connection was ticked.`,
    );
  }

  function launch(purpose: ConnectionPurpose, initiatedBy: 'background' | 'person'): void {
    const now = period;
    const state = states.get(purpose);
    if (now === null || state === undefined || !isWanted(purpose)) return;
    if (now.running.has(purpose)) {
      // The watch is never over, and a new one would only take its place.
      if (purpose === 'changes' && state.activity === 'watching') return;
      if (initiatedBy === 'person' || !now.again.has(purpose)) now.again.set(purpose, initiatedBy);
      if (!now.isLoggedIn && initiatedBy === 'person') reachAsPerson(now, purpose);
      return;
    }
    state.activity = now.isLoggedIn ? 'running' : 'connecting';
    const finished = runOnce(now, purpose, initiatedBy).finally(() => {
      now.running.delete(purpose);
      const next = now.again.get(purpose);
      now.again.delete(purpose);
      if (now === period && next !== undefined) launch(purpose, next);
      changed();
    });
    now.running.set(purpose, finished);
  }

  /** A background attempt is waiting already: the person's own makes the question theirs. */
  function reachAsPerson({ signal }: Period, purpose: ConnectionPurpose): void {
    // What comes of it, the waiting attempt meets as well.
    http.reach({ purpose, initiatedBy: 'person', signal }).catch(() => {});
  }

  function isWanted(purpose: ConnectionPurpose): boolean {
    if (purpose === 'changes') return profile.advanced.detectChanges;
    return purpose !== 'upgrade' || profile.advanced.lookForUpgrades;
  }

  async function runOnce(
    now: Period,
    purpose: ConnectionPurpose,
    initiatedBy: 'background' | 'person',
  ): Promise<void> {
    const state = states.get(purpose);
    if (state === undefined) return;
    const run: ConnectionRun = {
      session,
      store,
      clock,
      errand: { purpose, initiatedBy, signal: now.signal },
      progress(progress) {
        state.progress = progress;
        state.activity = 'running';
        changed();
      },
    };
    try {
      const summary = await perform(purpose, run, surroundings);
      if (now !== period) return;
      succeed(state, summary, clock.now());
      state.activity = 'idle';
      state.progress = null;
      // A login alone says little: a server may take it and be overrun by what follows.
      if (purpose === 'mail') retries = 0;
      reached(now);
      const everyMs = EVERY_MS[purpose];
      if (everyMs !== undefined) later(now, everyMs, purpose);
    } catch (error) {
      if (now === period) fallen(now, purpose, error);
    }
  }

  /** What the connections have to know of the engine. */
  const surroundings = {
    version,
    isSecure,
    cutoffDays: () => profile.advanced.messageCutoffDays,
    hasChange: () => hasMailChange,
    takeChange() {
      const had = hasMailChange;
      hasMailChange = false;
      return had;
    },
    onStored: (stored: number) => emit({ type: 'message', stored }),
    onWatching: watching,
    onChange(run: ConnectionRun) {
      watching(run);
      hasMailChange = true;
      launch('mail', 'background');
      launch('folders', 'background');
    },
  };

  function watching({ errand }: ConnectionRun): void {
    const state = states.get(errand.purpose);
    if (state === undefined || errand.signal.aborted) return;
    succeed(state, 'watching for changes', clock.now());
    state.activity = 'watching';
    // It runs on for ever, and is what whoever asked for it once more wanted.
    period?.again.delete(errand.purpose);
    reached(period);
  }

  function fallen(now: Period, purpose: ConnectionPurpose, error: unknown): void {
    const state = states.get(purpose);
    if (state === undefined) return;
    const consequence = consequenceOf(error, now.isLoggedIn, state.failures);
    fail(state, error, clock.now());
    options.log?.(`${profile.name}: ${purpose}: ${state.error?.code}: ${state.error?.message}`);
    switch (consequence.kind) {
      case 'again':
        state.activity = 'connecting';
        later(now, spreadMs(REDIAL_MS, random), purpose);
        return;
      case 'alone':
        // From half a minute on: it is the server's administrator who has to act.
        later(now, retryDelayMs(state.failures + 1, random), purpose);
        return;
      case 'offline':
        if (consequence.reason === 'wrong-password') options.onPasswordRejected?.();
        goOffline(consequence.reason, consequence.detail);
        if (consequence.retry) retryLater();
    }
  }

  function later(now: Period, delayMs: number, purpose: ConnectionPurpose): void {
    now.later(() => {
      if (now === period) launch(purpose, 'background');
    }, delayMs);
  }

  function onGateEvent(event: GateEvent): void {
    const about = endpointOfEvent(event);
    const here = endpoint();
    if (about === null || about.host !== here.host || about.port !== here.port) return;
    switch (event.type) {
      case 'verdict': {
        const purpose = ZIMBRA_PURPOSES.find((one) => one === event.purpose);
        if (purpose !== undefined && period !== null) verdicts.set(purpose, event.verdict);
        if (event.verdict.kind === 'ask') waiting();
        return;
      }
      case 'question-opened':
      case 'question-joined':
        waiting();
        return;
      case 'override-granted':
      case 'recovered':
        // After Stop Trusting only a person goes online again.
        if (offline?.reason === 'waiting-for-decision' || offline?.reason === 'refused') decided();
        else changed();
        return;
      case 'question-closed':
        // Another connection may have found the server verified: then nobody has to decide.
        if (offline?.reason === 'waiting-for-decision' && event.how === 'recovered') decided();
        else changed();
        return;
      case 'refused':
        if (event.failure === null) goOffline('refused', 'you chose to work offline');
        else goOffline('store-failed', event.failure.message);
        return;
      case 'stopped':
        session.forget();
        verdicts.clear();
        goOffline('stopped-trusting', 'trust was withdrawn');
        return;
      default:
        changed();
    }
  }

  function waiting(): void {
    if (period === null) return;
    offline = {
      reason: 'waiting-for-decision',
      detail: 'a certificate cannot be trusted without you',
    };
    if (!profile.useSecureConnection)
      offline.detail = 'an unprotected connection needs your confirmation';
    for (const state of states.values()) {
      if (state.activity === 'connecting') state.activity = 'waiting-for-decision';
    }
    changed();
  }

  /** What waited for a decision goes on, or begins anew; the gate decides each connection again. */
  function decided(): void {
    offline = { reason: 'starting', detail: 'connecting' };
    for (const state of states.values()) {
      if (state.activity !== 'waiting-for-decision') continue;
      state.activity = isWanted(state.purpose) ? 'connecting' : 'offline';
    }
    if (period === null) void connect('background');
    changed();
  }

  /** Whether there is anything to wait for before Send/Receive is answered. */
  function isSettled(): boolean {
    if (period === null || isStopped) return true;
    if (period.isAsking) return false;
    if (offline?.reason === 'waiting-for-decision') return true;
    if (!profile.useSecureConnection && gate.status(endpoint()).question !== null) return true;
    if (period.again.size > 0) return false;
    return [...period.running.keys()].every(
      (one) => one === 'changes' && states.get(one)?.activity === 'watching',
    );
  }

  function settled(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isSettled()) return;
        waiters.delete(look);
        resolve();
      };
      waiters.add(look);
      look();
    });
  }

  async function online(initiatedBy: 'background' | 'person'): Promise<SendReceiveReport> {
    if (initiatedBy === 'person' && period === null)
      offline = { reason: 'starting', detail: 'connecting' };
    await connect(initiatedBy);
    // Between the settling and this line a decision may have come, and all goes on.
    while (!isSettled()) await settled();
    const report = reportNow();
    if (offline?.reason === 'waiting-for-decision')
      return { outcome: 'waiting-for-decision', profile: report };
    if (offline !== null) return { outcome: 'offline', profile: report };
    const hasFailed = report.connections.some(({ activity }) => activity === 'failed');
    return { outcome: hasFailed ? 'failed' : 'done', profile: report };
  }

  function reportNow(): ProfileReport {
    const status = gate.status(endpoint());
    return profileReport({
      ...{ profile, states, status, verdicts, offline, notices, isWanted },
      traffic: traffic.report,
      now: clock.now(),
    });
  }

  const unsubscribe = gate.subscribe(onGateEvent);

  return {
    get profile() {
      return profile;
    },
    store,
    report: reportNow,
    start: online,
    sendReceive: () => online('person'),
    goOnline: () => online('person'),
    workOffline: (reason) => goOffline(reason, 'you chose to work offline'),
    passwordChanged() {
      if (offline?.reason === 'no-password' || offline?.reason === 'wrong-password')
        void online('person');
    },
    async send(raw) {
      const id = randomUUID();
      await store.enqueue({ id, raw, createdAt: clock.now().getTime() });
      launch('mail', 'background');
      return id;
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      unsubscribe();
      const running = [...(period?.running.values() ?? [])];
      goOffline('by-hand', 'stopped');
      await Promise.all(running);
      await store.close();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function endpointOfEvent(event: GateEvent): { host: string; port: number } | null {
  if ('endpoint' in event) return event.endpoint;
  if ('question' in event) return event.question.endpoint;
  return 'override' in event ? event.override.endpoint : null;
}
