/** What the history says, one whole English sentence for each entry. The data beside it is for other languages. */

import {
  type AskReason,
  describe,
  endpointKey,
  type GateEvent,
  type Override,
} from '@postern/trust';
import { PHRASES } from '../phrases.ts';
import { excerpt } from '../text.ts';

type EventOf<T extends GateEvent['type']> = Extract<GateEvent, { type: T }>;

const ASKED: Readonly<Record<AskReason, string>> = {
  changed: 'whose certificate has changed',
  first: 'whose certificate could not be verified',
  'new-problem': 'whose certificate shows a new problem',
  'override-expired': 'for which your authorization had ended',
  'plain-http': 'whose connection would be unprotected',
  'was-secure': 'which was verified before and no longer is',
};

const CLOSED: Readonly<Record<EventOf<'question-closed'>['how'], string>> = {
  answered: 'was answered',
  recovered: 'was closed because the server verifies again',
  replaced: 'was replaced by one about what the server shows now',
  void: 'was withdrawn without an answer',
};

/** Longest reason within a sentence, in characters: it names a file, a key and what is allowed. */
export const REASON_LENGTH = 500;

/** A verdict on one connection. */
export function verdictSentence({
  endpoint,
  purpose,
  verdict,
  diagnosis,
}: EventOf<'verdict'>): string {
  const where = endpointKey(endpoint);
  const [gravest] = diagnosis.problems;
  const why = gravest === undefined ? '.' : `: ${describe(gravest)}`;
  switch (verdict.kind) {
    case 'secure':
      return `${whileDoing(purpose)} Postern verified ${where}: the connection is SECURE.`;
    case 'overridden':
      return `${whileDoing(purpose)} Postern connected to ${where}, whose certificate you trust until ${verdict.until.toISOString()}.`;
    case 'ask':
      return `${whileDoing(purpose)} Postern could not verify ${where}${why}`;
    case 'refuse':
      return verdict.because === 'policy'
        ? `${whileDoing(purpose)} Postern refused ${where} because of the policy "${verdict.rule}".`
        : `${whileDoing(purpose)} Postern refused ${where}${why}`;
  }
}

function whileDoing(purpose: string): string {
  const doing = PHRASES[purpose];
  return doing === undefined ? 'While connecting' : `While ${doing}`;
}

/** A question that was opened. */
export function questionSentence({ question }: EventOf<'question-opened'>): string {
  const { purpose, endpoint, because } = question;
  return `${whileDoing(purpose)} Postern asked about ${endpointKey(endpoint)}, ${ASKED[because]}.`;
}

/** How a question was closed. */
export function closedSentence({ question, how }: EventOf<'question-closed'>): string {
  return `The question about ${endpointKey(question.endpoint)} ${CLOSED[how]}.`;
}

/** What was allowed, until when, and whether the fingerprint was checked. */
export function grantedSentence(override: Override, isPlainHttp: boolean): string {
  const { endpoint, expiresAt, fingerprintChecked, untilStop } = override;
  const until = untilStop
    ? `until Postern stops, ${expiresAt.toISOString()} at the latest`
    : `until ${expiresAt.toISOString()}`;
  if (isPlainHttp)
    return `You confirmed unprotected connections to ${endpointKey(endpoint)} ${until}.`;
  const checked = fingerprintChecked
    ? 'after comparing its fingerprint'
    : 'without comparing its fingerprint';
  return `You authorized connections to ${endpointKey(endpoint)} ${until}, ${checked}.`;
}

/** A no, or a yes that could not be kept. */
export function refusedSentence({ endpoint, failure }: EventOf<'refused'>): string {
  const where = endpointKey(endpoint);
  return failure === null
    ? `You chose to work offline instead of trusting ${where}.`
    : `You authorized connections to ${where}, which could not be kept: ${excerpt(failure.message, REASON_LENGTH)}.`;
}

/** What ended or came right by itself, or was withdrawn. */
export function endpointSentence(
  event: EventOf<'override-expired' | 'override-retired' | 'recovered' | 'stopped'>,
): string {
  const where = endpointKey(event.endpoint);
  switch (event.type) {
    case 'override-expired':
      return `The time for which you trusted ${where} has ended.`;
    case 'override-retired':
      return `Your trust in ${where} is not needed any more, because the server verifies now.`;
    case 'recovered':
      return `The server ${where} verifies again.`;
    case 'stopped':
      return `You stopped trusting ${where}.`;
  }
}

/** A root of the user's came or went. */
export function rootSentence(
  how: 'added' | 'removed',
  subject: string,
  serverName: string,
): string {
  const done = how === 'added' ? 'was added' : 'was removed';
  return `The root CA certificate "${subject}" ${done} for ${serverName}.`;
}

/** Other roots changed: the computer's, or those by policy. */
export const OTHER_ROOTS = 'The trusted root certification authorities of this computer changed.';

/** The policy changed; `keys` as the administrator writes them. */
export function policySentence(keys: readonly string[]): string {
  return keys.length === 0 ? 'The policy changed.' : `The policy changed: ${keys.join(', ')}.`;
}

/** The policy cannot be read any more. */
export function unreadableSentence(reason: string): string {
  return `The policy cannot be read, and so nothing may be trusted: ${excerpt(reason, REASON_LENGTH)}.`;
}

/** What a time line says where another certificate begins. */
export const OTHER_CERTIFICATE = 'The server showed another certificate than before.';
