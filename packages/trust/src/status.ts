/** What the gate tells: what stands between this computer and an endpoint, and what happens there. */

import type { Verdict } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import type { Override } from './overrides.ts';
import type { Endpoint, Purpose, TrustQuestion } from './question.ts';

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
  | {
      type: 'question-closed';
      question: TrustQuestion;
      how: 'answered' | 'recovered' | 'replaced' | 'void';
      at: Date;
    }
  | { type: 'override-granted'; override: Override; at: Date }
  | { type: 'override-expired'; endpoint: Endpoint; at: Date }
  | { type: 'override-retired'; endpoint: Endpoint; at: Date }
  | { type: 'refused'; endpoint: Endpoint; at: Date }
  | { type: 'stopped'; endpoint: Endpoint; at: Date }
  /** A server that was refused or waited for verifies again: background work may go on. */
  | { type: 'recovered'; endpoint: Endpoint; at: Date }
  | { type: 'anchors-changed' | 'policy-changed'; generation: number; at: Date };
