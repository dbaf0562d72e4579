/** What the gate tells: what stands between this computer and an endpoint, and what happens there. */

import type { Verdict } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import type { StoreError } from './errors.ts';
import type { Override } from './overrides.ts';
import type { Endpoint, Purpose, TrustQuestion } from './question.ts';
import type { LiveSocket } from './registry.ts';

/** What stands between this computer and an endpoint now. */
export interface EndpointStatus {
  endpoint: Endpoint;
  state: 'none' | 'overridden' | 'plain-http' | 'refused' | 'secure' | 'stopped' | 'waiting';
  /** End of the override or of the plain HTTP confirmation. */
  until: Date | null;
  /** The last diagnosis made here; null before the first handshake and for plain HTTP. */
  diagnosis: Diagnosis | null;
  verdict: Verdict | null;
  openSockets: number;
  question: TrustQuestion | null;
}

/** What happens at the gate, for the log, the history, the engine and the front ends. */
export type GateEvent =
  | {
      type: 'verdict';
      endpoint: Endpoint;
      purpose: Purpose;
      verdict: Verdict;
      diagnosis: Diagnosis;
      at: Date;
    }
  | { type: 'question-opened'; question: TrustQuestion; at: Date }
  | { type: 'question-joined'; question: TrustQuestion; at: Date }
  /** Its evidence is complete. */
  | { type: 'question-explained'; question: TrustQuestion; at: Date }
  | {
      type: 'question-closed';
      question: TrustQuestion;
      how: 'answered' | 'recovered' | 'replaced' | 'void';
      at: Date;
    }
  | { type: 'override-granted'; override: Override; at: Date }
  | { type: 'override-expired'; endpoint: Endpoint; at: Date }
  | { type: 'override-retired'; endpoint: Endpoint; at: Date }
  /** The person said no; or yes, and it could not be kept: then `failure` says why. */
  | { type: 'refused'; endpoint: Endpoint; failure: StoreError | null; at: Date }
  | { type: 'stopped'; endpoint: Endpoint; at: Date }
  /** A server that was refused or waited for verifies again: background work may go on. */
  | { type: 'recovered'; endpoint: Endpoint; at: Date }
  | { type: 'anchors-changed' | 'policy-changed'; generation: number; at: Date };

/** What stands at an endpoint, from what the gate's parts know of it. */
export function statusOf(
  endpoint: Endpoint,
  about: {
    last: { diagnosis: Diagnosis; verdict: Verdict } | null;
    living: readonly LiveSocket[];
    question: TrustQuestion | null;
    standing: 'open' | 'refused' | 'stopped';
    now: Date;
  },
): EndpointStatus {
  const { last, living, question, standing, now } = about;
  const plain = living.find(({ verdict }) => verdict.kind === 'plain-http')?.verdict;
  const verdict = last?.verdict ?? null;
  const isOverridden = verdict?.kind === 'overridden' && verdict.until > now;
  const until = plain?.kind === 'plain-http' ? plain.until : isOverridden ? verdict.until : null;
  const state = (): EndpointStatus['state'] => {
    if (standing === 'stopped') return 'stopped';
    if (question !== null) return 'waiting';
    if (standing === 'refused' || verdict?.kind === 'refuse') return 'refused';
    if (plain !== undefined) return 'plain-http';
    if (verdict?.kind === 'secure') return 'secure';
    return isOverridden ? 'overridden' : 'none';
  };
  return {
    endpoint,
    state: state(),
    until,
    diagnosis: last?.diagnosis ?? null,
    verdict,
    openSockets: living.length,
    question,
  };
}
