/**
 * Asks the question on a real terminal. Ctrl-C, the end of input and anything unexpected are Work
 * Offline; lines typed before a prompt stood there are thrown away, so that nothing typed ahead can
 * authorize.
 */

import { createInterface } from 'node:readline';
import type { QuestionReport } from '@postern/connector';
import type { TrustAnswer } from '@postern/trust';
import type { Output } from '../output.ts';
import { after, afterRejection, askAbout, eventFrom, type QuestionState } from './question.ts';
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

/** Asks until there is an answer, or until `signal` says that the question is over. Resolves with how it was taken; null if it was over. */
export async function askOnTerminal(
  report: QuestionReport,
  give: (answer: TrustAnswer) => Promise<AnswerTaken>,
  output: Output,
  signal: AbortSignal,
): Promise<AnswerTaken | null> {
  const lines = openLines(signal);
  try {
    let state: QuestionState = askAbout(report);
    for (;;) {
      draw(state, output);
      const line = await lines.next(promptOf(state));
      if (signal.aborted) return null;
      state = after(state, line === null ? { type: 'workOffline' } : eventFrom(state, line));
      if (state.answer === null) continue;
      const taken = await give(state.answer);
      if (taken.kind !== 'rejected') return taken;
      // Another certificate, or no such question any more: the stream of events brings the new one.
      if (taken.why === 'no-such-question' || taken.why === 'other-certificate') return null;
      state = afterRejection(state, taken.why);
    }
  } finally {
    lines.close();
  }
}

function draw(state: QuestionState, output: Output): void {
  const drawing = { paint: output.paint, width: Math.min(output.width, MAX_TEXT_WIDTH) };
  process.stderr.write(`\n${drawQuestion(state, new Date(), drawing).join('\n')}\n\n`);
}

interface Lines {
  /** The next line typed after the prompt is there; null for Ctrl-C, end of input, or `signal`. */
  next(prompt: string): Promise<string | null>;
  close(): void;
}

function openLines(signal: AbortSignal): Lines {
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  let waiting: ((line: string | null) => void) | null = null;
  let isOver = false;

  function settle(line: string | null): void {
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
      const { promise, resolve } = Promise.withResolvers<string | null>();
      waiting = resolve;
      reader.setPrompt(prompt);
      reader.prompt();
      return promise;
    },
    close() {
      signal.removeEventListener('abort', end);
      reader.close();
      // Readline leaves the input flowing or paused as it was; paused lets the process end.
      process.stdin.pause();
    },
  };
}
