/**
 * The Certificate Trust Dialog as a state and events: what is drawn, what may be typed, what comes
 * of it. Pure; drawing is in question-text.ts, reading lines in ask.ts. Whatever is not understood
 * changes nothing, and Enter always means Work Offline.
 */

import type { QuestionReport } from '@postern/connector';
import { parseFingerprint, type TrustAnswer, type TrustInterval } from '@postern/trust';

/** What the terminal shows. */
export type Screen =
  | 'authorize'
  | 'certificate'
  | 'fingerprint'
  | 'periods'
  | 'question'
  | 'report';

/** The three tabs of View Certificate. */
export type CertificateTab = 'details' | 'general' | 'path';

/** One question on one terminal. */
export interface QuestionState {
  readonly report: QuestionReport;
  readonly screen: Screen;
  readonly tab: CertificateTab;
  /** Which certificate of the chain View Certificate shows; 0 is the server's. */
  readonly position: number;
  readonly interval: TrustInterval | null;
  readonly typedFingerprint: string | null;
  /** Something to say before the next prompt. */
  readonly note: string | null;
  /** Set once the person has decided. */
  readonly answer: TrustAnswer | null;
}

/** What a person can do. */
export type QuestionEvent =
  | { type: 'authorizeConnections' }
  | { type: 'back' }
  | { type: 'choosePeriod'; interval: TrustInterval }
  | { type: 'connectDespite' }
  | { type: 'copyReport' }
  | { type: 'notUnderstood'; typed: string }
  | { type: 'typeFingerprint'; typed: string }
  | { type: 'viewCertificate'; tab: CertificateTab; position: number }
  | { type: 'workOffline' };

/** A question as it is first shown. */
export function askAbout(report: QuestionReport): QuestionState {
  return {
    report,
    screen: 'question',
    tab: 'general',
    position: 0,
    interval: null,
    typedFingerprint: null,
    note: null,
    answer: null,
  };
}

const TABS: Readonly<Record<string, CertificateTab>> = { g: 'general', d: 'details', p: 'path' };

/** What a typed line means on this screen. An empty line is Work Offline everywhere. */
export function eventFrom(state: QuestionState, line: string): QuestionEvent {
  const typed = line.trim();
  const word = typed.toLowerCase();
  if (word === '' || word === 'w' || word === 'work offline') return { type: 'workOffline' };
  if (word === 'b' || word === 'back') {
    return state.screen === 'question' ? { type: 'notUnderstood', typed } : { type: 'back' };
  }
  switch (state.screen) {
    case 'question':
      if (isViewable(state) && (word === 'v' || word === 'view certificate')) {
        return { type: 'viewCertificate', tab: 'general', position: 0 };
      }
      if (word === 'r' || word === 'copy report for the administrator') {
        return { type: 'copyReport' };
      }
      if (mayAuthorize(state) && (word === 'c' || word === 'connect despite the risks')) {
        return { type: 'connectDespite' };
      }
      return { type: 'notUnderstood', typed };
    case 'report':
      return { type: 'notUnderstood', typed };
    case 'certificate': {
      const tab = TABS[word.charAt(0)];
      if (tab !== undefined && (word.length === 1 || word === tab)) {
        return { type: 'viewCertificate', tab, position: state.position };
      }
      const position = Number(word) - 1;
      return state.report.chain[position] === undefined
        ? { type: 'notUnderstood', typed }
        : { type: 'viewCertificate', tab: state.tab, position };
    }
    case 'periods': {
      const choice = /^[0-9]{1,2}$/.test(word) ? state.report.choices[Number(word) - 1] : undefined;
      return choice === undefined
        ? { type: 'notUnderstood', typed }
        : { type: 'choosePeriod', interval: choice.interval };
    }
    case 'fingerprint':
      return { type: 'typeFingerprint', typed };
    case 'authorize':
      return word === 'authorize' || word === 'authorize connections'
        ? { type: 'authorizeConnections' }
        : { type: 'notUnderstood', typed };
  }
}

/** What comes of an event. Only `authorizeConnections` on its own screen grants anything. */
export function after(state: QuestionState, event: QuestionEvent): QuestionState {
  const next = { ...state, note: null };
  switch (event.type) {
    case 'workOffline':
      return { ...next, answer: { kind: 'workOffline' } };
    case 'notUnderstood':
      return { ...next, note: 'That is not one of the choices.' };
    case 'viewCertificate':
      return { ...next, screen: 'certificate', tab: event.tab, position: event.position };
    case 'copyReport':
      return { ...next, screen: 'report' };
    case 'connectDespite':
      return mayAuthorize(state) ? { ...next, screen: 'periods' } : next;
    case 'back':
      return { ...next, screen: 'question', interval: null, typedFingerprint: null };
    case 'choosePeriod': {
      const choice = state.report.choices.find(({ interval }) => interval === event.interval);
      if (choice === undefined) return next;
      const screen = choice.needsFingerprint ? 'fingerprint' : 'authorize';
      return { ...next, screen, interval: choice.interval, typedFingerprint: null };
    }
    case 'typeFingerprint':
      return typedFingerprint(next, event.typed);
    case 'authorizeConnections': {
      if (state.screen !== 'authorize' || state.interval === null) return next;
      const { leafSha256 } = state.report;
      const { interval, typedFingerprint: typed } = state;
      return {
        ...next,
        answer: { kind: 'authorizeConnections', leafSha256, interval, typedFingerprint: typed },
      };
    }
  }
}

/** The same question with more known about its cause. It changes nothing that was chosen. */
export function afterExplanation(state: QuestionState, report: QuestionReport): QuestionState {
  const isNews = JSON.stringify(report.causes) !== JSON.stringify(state.report.causes);
  return {
    ...state,
    report,
    note: isNews ? 'More is known now about the cause.' : state.note,
  };
}

/** Why the gate did not take an answer, as a screen to go on from. */
export function afterRejection(state: QuestionState, why: string): QuestionState {
  const again = { ...state, answer: null };
  switch (why) {
    case 'fingerprint-differs':
      return {
        ...again,
        screen: 'fingerprint',
        typedFingerprint: null,
        note: 'This is not the fingerprint of the certificate that the server presents. Do not connect: ask your administrator.',
      };
    case 'fingerprint-needed':
      return { ...again, screen: 'fingerprint', note: 'This period needs the fingerprint.' };
    case 'interval-not-allowed':
      return { ...again, screen: 'periods', note: 'This period is not allowed any more.' };
    default:
      return {
        ...again,
        screen: 'question',
        note: 'The question has changed. Nothing was allowed.',
      };
  }
}

/** Whether there is anything to choose but Work Offline. */
export function mayAuthorize(state: QuestionState): boolean {
  return state.report.choices.length > 0;
}

/** Whether there is a certificate to view: not for plain HTTP. */
export function isViewable(state: QuestionState): boolean {
  return state.report.chain.length > 0;
}

/** Only the shape is judged here: whether it is the right one, the gate says. */
function typedFingerprint(state: QuestionState, typed: string): QuestionState {
  const sha256 = parseFingerprint(typed);
  if (sha256 !== null) return { ...state, screen: 'authorize', typedFingerprint: sha256 };
  return { ...state, note: 'This is no SHA-256 fingerprint: that has 64 hexadecimal digits.' };
}
