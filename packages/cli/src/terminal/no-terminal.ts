/**
 * What is printed where nobody can be asked. No terminal means no; the way on is the administrator's
 * fingerprint, and never the presented one (threats, row 19).
 */

import type { QuestionReport } from '@postern/connector';
import { CommandFailure, EXIT } from '../failure.ts';
import { endpointText, printable } from '../printable.ts';
import { firstSentence } from './question-text.ts';

/** The command to run with a fingerprint that came another way. */
export function trustAddLine(endpoint: { host: string; port: number }): string {
  return `postern trust add ${endpointText(endpoint)} --sha256 <fingerprint from your administrator> --for 1d`;
}

/** The refusal that stands for a question nobody could answer. */
export function unanswered(question: QuestionReport): CommandFailure {
  const problems = question.problems.map(({ sentence }) => printable(sentence)).join(' ');
  return new CommandFailure(EXIT.refused, `${firstSentence(question)} ${problems}`.trim(), {
    code: 'ERR_TRUST_UNANSWERED',
    hints: [
      ...question.causes.map(({ sentence, cure }) => printable(`${sentence} ${cure}`)),
      ...(question.choices.length === 0
        ? ['this cannot be allowed: ask your administrator']
        : ['there is no terminal to ask on', trustAddLine(question)]),
    ],
  });
}
