/**
 * Asks the question on a real terminal. Ctrl-C, the end of input and anything unexpected are Work
 * Offline; lines typed before a prompt stood there are thrown away, so that nothing typed ahead can
 * authorize.
 */

import { createInterface } from 'node:readline';
import type { QuestionReport } from '@postern/connector';
import type { TrustAnswer } from '@postern/trust';
import type { Output } from '../output.ts';
import {
  after,
  afterExplanation,
  afterRejection,
  askAbout,
  eventFrom,
  type QuestionState,
} from './question.ts';
import { drawQuestion, promptOf } from './question-text.ts';

/** How an answer was taken: `granted`, `refused`, or why not. */
export type AnswerTaken =
  | { kind: 'granted'; until: string }
  | { kind: 'refused' }
  | { kind: 'rejected'; why: string };

/** Widest that text is set, in columns: longer lines are hard to read. */
const MAX_TEXT_WIDTH = 100;

/** Whether a person sits there: a terminal to read from and one to write to. */
export function isPersonThere(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** One question while it is open: what is known of it grows, and it may end without this terminal. */
export interface OpenQuestion {
  report: QuestionReport;
  /** Aborts when the question is over. */
  over: AbortSignal;
  /** Calls back with each newer report; the result ends that. */
  watch(newer: (report: QuestionReport) => void): () => void;
}

/** Asks until there is an answer, or until the question is over. Resolves with how it was taken; null if it was over. */
export async function askOnTerminal(
  { report, over: signal, watch }: OpenQuestion,
  give: (answer: TrustAnswer) => Promise<AnswerTaken>,
  output: Output,
): Promise<AnswerTaken | null> {
  const lines = openLines(signal);
  let state: QuestionState = askAbout(report);
  const unwatch = watch((newer) => {
    const before = state;
    state = afterExplanation(state, newer);
    // Drawn anew only where the person is reading, never under their hands.
    if (state.note !== before.note && state.screen === 'question') lines.interrupt();
  });
  try {
    for (;;) {
      draw(state, output);
      const line = await lines.next(promptOf(state));
      if (signal.aborted) return null;
      if (line === INTERRUPTED) continue;
      state = after(state, line === null ? { type: 'workOffline' } : eventFrom(state, line));
      if (state.answer === null) continue;
      const taken = await give(state.answer);
      if (taken.kind !== 'rejected') return taken;
      // Another certificate, or no such question any more: the stream of events brings the new one.
      if (taken.why === 'no-such-question' || taken.why === 'other-certificate') return null;
      state = afterRejection(state, taken.why);
    }
  } finally {
    unwatch();
    lines.close();
  }
}

function draw(state: QuestionState, output: Output): void {
  const drawing = { paint: output.paint, width: Math.min(output.width, MAX_TEXT_WIDTH) };
  process.stderr.write(`\n${drawQuestion(state, new Date(), drawing).join('\n')}\n\n`);
}

/** Something is to be drawn before the next line. */
const INTERRUPTED = Symbol('interrupted');

interface Lines {
  /** The next line typed after the prompt is there; null for Ctrl-C, end of input, or `signal`. */
  next(prompt: string): Promise<string | typeof INTERRUPTED | null>;
  /** Ends the wait for a line of which nothing is typed yet. */
  interrupt(): void;
  close(): void;
}

function openLines(signal: AbortSignal): Lines {
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  type Line = string | typeof INTERRUPTED | null;
  let waiting: ((line: Line) => void) | null = null;
  let isOver = false;

  function settle(line: Line): void {
    const resolve = waiting;
    waiting = null;
    resolve?.(line);
  }
  function end(): void {
    isOver = true;
    settle(null);
  }
  reader.on('line', settle);
  reader.on('SIGINT', end);
  reader.on('close', end);
  signal.addEventListener('abort', end);

  return {
    async next(prompt) {
      if (isOver || signal.aborted) return null;
      const { promise, resolve } = Promise.withResolvers<Line>();
      waiting = resolve;
      reader.setPrompt(prompt);
      reader.prompt();
      return promise;
    },
    interrupt() {
      if (reader.line === '') settle(INTERRUPTED);
    },
    close() {
      signal.removeEventListener('abort', end);
      reader.close();
      // Readline leaves the input flowing or paused as it was; paused lets the process end.
      process.stdin.pause();
    },
  };
}
