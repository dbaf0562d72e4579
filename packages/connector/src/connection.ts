/** What the eight connections have in common: what a run is given, and what is told of it. */

import type { Clock, ConnectionPurpose } from '@postern/trust';
import type { ConnectionActivity, ErrorReport, Progress } from './api.ts';
import { errorSummary } from './errors.ts';
import type { Errand } from './http.ts';
import type { Session } from './session.ts';
import type { MailStore } from './store/records.ts';

/** One run of one connection. */
export interface ConnectionRun {
  session: Session;
  store: MailStore;
  clock: Clock;
  errand: Errand & { signal: AbortSignal };
  /** Tells how far it is. */
  progress(progress: Progress): void;
}

/** What a connection came to: a few words for its line in the status. */
export type ConnectionSummary = string;

/** What is known of one connection. */
export interface ConnectionState {
  readonly purpose: ConnectionPurpose;
  activity: ConnectionActivity;
  lastSuccessAt: Date | null;
  progress: Progress | null;
  summary: ConnectionSummary | null;
  error: ErrorReport | null;
  /** Failures since the last success, for the delay before the next try. */
  failures: number;
}

/** A connection that has done nothing yet. */
export function createConnectionState(purpose: ConnectionPurpose): ConnectionState {
  return {
    purpose,
    activity: 'offline',
    lastSuccessAt: null,
    progress: null,
    summary: null,
    error: null,
    failures: 0,
  };
}

/** Records a success. */
export function succeed(state: ConnectionState, summary: ConnectionSummary | null, at: Date): void {
  state.lastSuccessAt = at;
  state.summary = summary ?? state.summary;
  state.error = null;
  state.failures = 0;
}

/** Records a failure; what was reached before stays. */
export function fail(state: ConnectionState, error: unknown, at: Date): void {
  state.activity = 'failed';
  state.error = { ...errorSummary(error), at: at.toISOString() };
  state.failures += 1;
}

/** `1 message`, `2 messages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
