/**
 * The Certificate Trust Dialog as data: what a person is asked, and what they may answer.
 * Asking is a port. Silence, an error, a closed dialog and no terminal all mean no.
 */

import type { Evidence } from './causes.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Override } from './overrides.ts';

/** What a connection is for. The connector's eight are listed in {@link ZIMBRA_PURPOSES}; a library's user names its own. */
export type Purpose = string;

/** The eight connections of the article, in its order (mail is both "send" and "receive"). */
export const ZIMBRA_PURPOSES = [
  'mail',
  'folders',
  'gal',
  'changes',
  'signatures',
  'senders',
  'preferences',
  'upgrade',
] as const;
export type ConnectionPurpose = (typeof ZIMBRA_PURPOSES)[number];

/** Where a connection goes: the server name as the profile says it (A-label, lower case) and the port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Periods of the drop-list (house, decision 7). There is no "Always". */
export const TRUST_INTERVALS = ['until-stop', '1h', '1d', '7d', '30d'] as const;
export type TrustInterval = (typeof TRUST_INTERVALS)[number];

/** Length of each period in ms; `until-stop` ends with the process that owns the gate, or after a day. */
export const TRUST_INTERVAL_MS: Readonly<Record<TrustInterval, number>> = {
  'until-stop': 86_400_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

/** Periods longer than this need the administrator's fingerprint typed or pasted (house, decision 7). */
export const FINGERPRINT_CHECK_BEYOND_MS = 86_400_000;

/**
 * Why a person is asked: `first` time here; the certificate `changed`; the same certificate shows a
 * `new-problem` that the person has not agreed to; the server `was-secure`
 * (danger); an `override-expired`; or the connection would be `plain-http`.
 */
export type AskReason =
  | 'changed'
  | 'first'
  | 'new-problem'
  | 'override-expired'
  | 'plain-http'
  | 'was-secure';

/** A certificate that this endpoint showed before, for the "different certificate" form. */
export interface ExpectedCertificate {
  sha256: string;
  /** DER of the certificate seen before, or null if it was not kept. */
  der: Uint8Array | null;
  lastSeenAt: Date;
}

/** One period on offer, and whether it needs the fingerprint typed. */
export interface IntervalChoice {
  interval: TrustInterval;
  needsFingerprint: boolean;
}

/** One question to a person. At most one is open per endpoint, whatever number of connections wait for it. */
export interface TrustQuestion {
  id: string;
  endpoint: Endpoint;
  /** The connection that met the problem first; the dialog's first sentence names it. */
  purpose: Purpose;
  because: AskReason;
  initiatedBy: 'background' | 'person';
  openedAt: Date;
  /** Null for `plain-http`, where there is no certificate. */
  diagnosis: Diagnosis | null;
  /** SHA-256 of the leaf that is drawn (lower-case hex), null for `plain-http`. An answer must carry it. */
  leafSha256: string | null;
  expected: ExpectedCertificate | null;
  /** Periods that policy and gravity leave; the first is the default. Empty means no choice at all. */
  choices: readonly IntervalChoice[];
  /** Purposes that wait for the same answer, the first included. */
  waiting: readonly Purpose[];
  /** What is known of the causes: first what is known at once, more with `question-explained`. See causesOf. */
  evidence: Evidence;
}

/** The only answers there are. `workOffline` is also what silence means. */
export type TrustAnswer =
  | { kind: 'workOffline' }
  | {
      kind: 'authorizeConnections';
      /** What was drawn; the answer is void if the question shows another certificate meanwhile. */
      leafSha256: string | null;
      interval: TrustInterval;
      /** What the person typed or pasted from the administrator, in any usual notation; null if nothing. */
      typedFingerprint: string | null;
    };

/**
 * Asks a person. Resolves with the answer, or with null while nobody can be asked *now*: then the
 * question stays open and may be answered later by `gate.answer`. A rejection counts as
 * `workOffline`. `signal` aborts when the question is answered elsewhere, replaced or void.
 */
export interface Asker {
  ask(question: TrustQuestion, signal: AbortSignal): Promise<TrustAnswer | null>;
}

/** What came of an answer. `rejected` leaves the question open. */
export type AnswerOutcome =
  | { kind: 'granted'; override: Override }
  | { kind: 'refused' }
  | {
      kind: 'rejected';
      why:
        | 'fingerprint-differs'
        | 'fingerprint-needed'
        | 'interval-not-allowed'
        | 'no-such-question'
        | 'other-certificate';
    };
