/**
 * What the page knows, as signals: the daemon's status and questions as the event stream brings
 * them, and what this window shows. Everything that is drawn follows from here.
 */

import type {
  HostEvent,
  ProfileReport,
  QuestionReport,
  StatusReport,
} from '@postern/connector/api';
import { batch, computed, signal } from '@preact/signals';
import { ApiFailure, hasSession, lines, onSessionLost, takeCode } from './client.ts';
import { later, pause } from './clock.ts';

/** How this window stands to the daemon. */
export type Link = 'code-used' | 'lost' | 'no-session' | 'open' | 'opening';

/** Something to say to the person once, with a way to put it away. */
export interface Notice {
  id: number;
  tone: 'caution' | 'danger' | 'info' | 'ok';
  text: string;
}

/** A question that closed while it stood open here, and why. */
export interface ClosedQuestion {
  question: QuestionReport;
  how: Extract<HostEvent, { type: 'question-closed' }>['how'];
}

export const link = signal<Link>('opening');
export const status = signal<StatusReport | null>(null);
export const questions = signal<readonly QuestionReport[]>([]);
export const notices = signal<readonly Notice[]>([]);
/** Id of the question whose dialog stands open; at most one does. */
export const askedId = signal<string | null>(null);
/** Why the last dialog closed by itself; null once it was read. */
export const closedQuestion = signal<ClosedQuestion | null>(null);
/** Counts what arrived for each profile: lists read again when it moves. */
export const arrivals = signal<Readonly<Record<string, number>>>({});
/** Name of the profile that this window shows; null for the first there is. */
export const chosenProfile = signal<string | null>(null);

export const profile = computed<ProfileReport | null>(() => {
  const all = status.value?.profiles ?? [];
  return all.find((one) => one.profile === chosenProfile.value) ?? all[0] ?? null;
});
/** The open question about the shown profile's server. */
export const question = computed<QuestionReport | null>(
  () => questions.value.find(({ id }) => id === profile.value?.questionId) ?? null,
);

let lastNotice = 0;

/** Says something in the place for notices. */
export function notify(tone: Notice['tone'], text: string): void {
  lastNotice += 1;
  notices.value = [...notices.value.slice(-4), { id: lastNotice, tone, text }];
}

/** Puts a notice away. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Opens the dialog of a question. */
export function ask(id: string): void {
  closedQuestion.value = null;
  askedId.value = id;
}

/** Takes one line of the event stream. */
export function take(event: HostEvent): void {
  batch(() => {
    switch (event.type) {
      case 'status':
        status.value = event.status;
        putQuestions(event.status.questions);
        break;
      case 'question':
        putQuestions([
          ...questions.value.filter(({ id }) => id !== event.question.id),
          event.question,
        ]);
        break;
      case 'question-closed':
        close(event.id, event.how);
        break;
      case 'message':
        arrivals.value = {
          ...arrivals.value,
          [event.profile]: (arrivals.value[event.profile] ?? 0) + event.stored,
        };
        break;
      case 'notice':
        notify('info', event.text);
        break;
    }
  });
}

/** A person's own doing opens its dialog by itself; background work only leads to it (article, design: desk). */
function putQuestions(now: readonly QuestionReport[]): void {
  const known = new Set(questions.value.map(({ id }) => id));
  questions.value = now;
  // One that is gone without a word was closed while the stream was away.
  if (askedId.value !== null && !now.some(({ id }) => id === askedId.value)) askedId.value = null;
  const fresh = now.find(({ id, initiatedBy }) => !known.has(id) && initiatedBy === 'person');
  if (askedId.value === null && fresh !== undefined) ask(fresh.id);
}

/** Questions that this window has answered itself: their end is no news here. */
const answeredHere = new Set<string>();

/** Runs the answer to a question; what comes of it elsewhere is then this window's own doing. Throws ApiFailure. */
export async function answering(id: string, answer: () => Promise<unknown>): Promise<void> {
  answeredHere.add(id);
  try {
    await answer();
  } catch (error) {
    answeredHere.delete(id);
    throw error;
  }
  if (askedId.value === id) askedId.value = null;
}

function close(id: string, how: ClosedQuestion['how']): void {
  const closing = questions.value.find((one) => one.id === id);
  questions.value = questions.value.filter((one) => one.id !== id);
  const isOwn = answeredHere.delete(id);
  if (askedId.value !== id) return;
  askedId.value = null;
  if (closing !== undefined && !isOwn) closedQuestion.value = { question: closing, how };
}

/** Longest time between two tries to reach the daemon, in ms. */
const MAX_RETRY_MS = 5_000;

/** Signs this window in and follows the daemon's events for as long as the page lives. */
export async function start(): Promise<void> {
  onSessionLost(() => {
    link.value = 'no-session';
  });
  try {
    const named = await takeCode();
    if (named !== null) chosenProfile.value = named;
  } catch (error) {
    link.value = error instanceof ApiFailure && error.status === 0 ? 'lost' : 'code-used';
    return;
  }
  if (!hasSession()) {
    link.value = 'no-session';
    return;
  }
  const leaving = new AbortController();
  addEventListener('pagehide', () => leaving.abort(), { once: true });
  // Restored from the back-forward cache it has no stream any more.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  let retryMs = 250;
  while (!leaving.signal.aborted) {
    try {
      for await (const event of lines<HostEvent>(
        'GET',
        '/api/events?front=desk',
        undefined,
        leaving.signal,
      )) {
        link.value = 'open';
        retryMs = 250;
        take(event);
      }
    } catch (error) {
      if (leaving.signal.aborted) return;
      if (error instanceof ApiFailure && error.status === 401) return;
    }
    link.value = 'lost';
    await pause(retryMs);
    retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
  }
}

/** Runs something of the person's, and says what went wrong. Resolves with false if something did. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    notify('danger', messageOf(error));
    return false;
  }
}

/** What went wrong, for people; codes have their sentence in the text of the room that meets them. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says something politely to screen readers, and to nobody else. */
export const spoken = signal('');

/** The same sentence twice is spoken twice. */
export function speak(text: string): void {
  spoken.value = '';
  later(() => {
    spoken.value = text;
  }, 50);
}
