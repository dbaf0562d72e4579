/**
 * A person at a terminal attends to one profile: Send/Receive, the question where one comes up,
 * progress, and what happens afterwards.
 */

import type { HostEvent, ProfileReport, QuestionReport } from '@postern/connector';
import type { ConnectorClient } from '../connector-client.ts';
import type { Output } from '../output.ts';
import { endpointText, printable } from '../printable.ts';
import { type AnswerTaken, askOnTerminal, isPersonThere, type OpenQuestion } from './ask.ts';
import { type LiveView, openLiveView } from './live-view.ts';
import { counted } from './words.ts';

/** Messages that are named one by one when they arrive together. */
const MAX_NEWS = 3;

/** How Send/Receive ended. */
export interface Attended {
  outcome: 'done' | 'failed' | 'offline' | 'refused' | 'waiting-for-decision';
  report: ProfileReport;
  /** The question that stays open; null if there is none. */
  question: QuestionReport | null;
}

/** One profile under the eyes of a person, or of nobody. */
export interface Attendance {
  /** Runs the eight connections; asks what has to be asked if somebody is there to answer. */
  sendReceive(): Promise<Attended>;
  /** Follows what happens until `signal`; announces new mail. Resolves with false if the daemon ended first. */
  follow(signal: AbortSignal): Promise<boolean>;
  close(): void;
}

/** Begins to attend. Without a terminal nobody can answer, and the question stays open. */
export async function attend(
  client: ConnectorClient,
  profile: string,
  output: Output,
): Promise<Attendance> {
  const isPerson = isPersonThere();
  const view = openLiveView(output);
  const closing = new AbortController();
  /** Questions that are open, by id; aborted when the daemon closes them. */
  const questions = new Map<string, { question: QuestionReport; over: AbortController }>();
  /** Who draws a question and wants to know when more is known of it. */
  const watchers = new Set<(report: QuestionReport) => void>();
  let isLive = false;
  const begun = Promise.withResolvers<void>();

  function open(question: QuestionReport): void {
    const known = questions.get(question.id);
    questions.set(question.id, { question, over: known?.over ?? new AbortController() });
    if (known !== undefined) for (const watcher of watchers) watcher(question);
  }

  function openQuestion(report: QuestionReport): OpenQuestion {
    const known = questions.get(report.id);
    return {
      report: known?.question ?? report,
      over: known?.over.signal ?? AbortSignal.abort(),
      watch(newer) {
        const watcher = (question: QuestionReport): void => {
          if (question.id === report.id) newer(question);
        };
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
    };
  }

  function take(event: HostEvent): void {
    switch (event.type) {
      case 'status': {
        for (const question of event.status.questions) open(question);
        const report = event.status.profiles.find((one) => one.profile === profile);
        if (report !== undefined) view.update(report);
        begun.resolve();
        break;
      }
      case 'question': {
        // It comes again whenever another connection waits for it or more is known of it.
        const isNew = !questions.has(event.question.id);
        open(event.question);
        if (isNew && event.question.initiatedBy === 'background') {
          view.announce(
            `Postern could not verify ${endpointText(event.question)}: "postern sync" asks you about it.`,
          );
        }
        break;
      }
      case 'question-closed':
        questions.get(event.id)?.over.abort();
        questions.delete(event.id);
        break;
      case 'message':
        if (isLive && event.profile === profile) {
          // What cannot be read now is in the list all the same.
          announceMail(event.stored).catch(() => {});
        }
        break;
      case 'notice':
        view.announce(printable(event.text));
        break;
    }
  }

  /** Names the newest of what arrived. */
  async function announceMail(stored: number): Promise<void> {
    const newest = await client.messages(profile, {
      folderId: null,
      limit: Math.min(stored, MAX_NEWS),
    });
    // A copy of what was sent is no news.
    for (const { from, subject } of newest.filter(({ unread }) => unread).reverse()) {
      view.announce(`New mail: ${printable(subject)} — ${printable(from)}`);
    }
    if (stored > MAX_NEWS)
      view.announce(`New mail: ${counted(stored - MAX_NEWS, 'message')} more.`);
  }

  const stream = (async () => {
    for await (const event of client.events(isPerson, closing.signal)) take(event);
  })();
  stream.then(() => begun.resolve(), begun.reject);
  await begun.promise;

  async function reportNow(): Promise<ProfileReport | undefined> {
    return (await client.status()).profiles.find((one) => one.profile === profile);
  }

  /** The open question about this profile's server. */
  async function questionFor({ questionId }: ProfileReport): Promise<QuestionReport | null> {
    const { questions: all } = await client.status();
    for (const question of all) open(question);
    return all.find(({ id }) => id === questionId) ?? null;
  }

  return {
    async sendReceive() {
      for (;;) {
        const { outcome, profile: report } = await client.sendReceive(profile);
        view.update(report);
        if (outcome !== 'waiting-for-decision') return { outcome, report, question: null };
        const question = await questionFor(report);
        // Answered elsewhere, or replaced, since the report was made: the profile has gone on.
        if (question === null) continue;
        if (!isPerson) return { outcome, report, question };
        const taken = await ask(openQuestion(question), client, view, output);
        if (taken?.kind === 'refused') {
          return { outcome: 'refused', report: (await reportNow()) ?? report, question: null };
        }
      }
    },
    async follow(signal) {
      isLive = true;
      signal.addEventListener('abort', () => closing.abort(), { once: true });
      await stream;
      return signal.aborted;
    },
    close() {
      view.close(isLive);
      closing.abort();
      stream.catch(() => {});
    },
  };
}

async function ask(
  question: OpenQuestion,
  client: ConnectorClient,
  view: LiveView,
  output: Output,
): Promise<AnswerTaken | null> {
  view.pause();
  try {
    const { id } = question.report;
    const taken = await askOnTerminal(question, (given) => client.answer(id, given), output);
    if (taken === null)
      output.note('\nThe question is over: it was answered elsewhere, or the server has changed.');
    return taken;
  } finally {
    view.resume();
  }
}
