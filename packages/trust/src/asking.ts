/**
 * The open questions: at most one per endpoint, whatever number of attempts wait for it. A question
 * stays until it is answered, replaced or void; an attempt comes and goes. An answer makes an
 * override and nothing else: whoever waited dials again and is decided again.
 */

import { randomUUID } from 'node:crypto';
import { formatFingerprint, parseFingerprint } from './certificate.ts';
import type { Clock } from './clock.ts';
import type { Verdict } from './decide.ts';
import type { Diagnosis } from './diagnose.ts';
import { endpointKey } from './endpoint.ts';
import { StoreError } from './errors.ts';
import type { Explaining } from './explain.ts';
import { choicesFor, expiryOf } from './intervals.ts';
import { type Override, type Overrides, PLAIN_HTTP } from './overrides.ts';
import type { PolicyState } from './policy.ts';
import { problemKey } from './problem.ts';
import type {
  AnswerOutcome,
  Asker,
  AskReason,
  Endpoint,
  ExpectedCertificate,
  Purpose,
  TrustAnswer,
  TrustInterval,
  TrustQuestion,
} from './question.ts';
import type { GateEvent } from './status.ts';

/** What there is to ask. `diagnosis` is null for plain HTTP alone. */
export interface Matter {
  endpoint: Endpoint;
  because: AskReason;
  diagnosis: Diagnosis | null;
  expected: ExpectedCertificate | null;
}

/** How waiting for a question ended: dial `again`, or why not. */
export type WaitOutcome = 'again' | 'nobody' | 'refused' | 'void';

export interface Asking {
  /** Waits for the answer, opening the question or replacing one about another certificate. */
  wait(
    matter: Matter,
    by: { purpose: Purpose; initiatedBy: 'background' | 'person' },
    signal: AbortSignal,
  ): Promise<WaitOutcome>;
  /** Puts another certificate in the place of the one that an open question shows. */
  replace(matter: Matter): void;
  open(endpoint: Endpoint): TrustQuestion | null;
  all(): readonly TrustQuestion[];
  answer(questionId: string, answer: TrustAnswer): AnswerOutcome;
  /** The periods that policy and gravity leave now; none where policy cannot be read. */
  choices(matter: Matter): TrustQuestion['choices'];
  /** Makes an override from what was shown. Throws StoreError. */
  grant(matter: Matter, interval: TrustInterval, fingerprintChecked: boolean): Override;
  /** Ends a question without an answer: `recovered` and `answered` let the waiting dial again. */
  close(endpoint: Endpoint, how: 'answered' | 'recovered' | 'void'): void;
}

interface OpenQuestion {
  question: TrustQuestion;
  matter: Matter;
  /** An error is thrown where they wait. */
  waiters: Set<(outcome: Error | WaitOutcome) => void>;
  /** Aborts the asker's dialog. */
  abort: AbortController;
  isBeingAsked: boolean;
}

export interface AskingOptions {
  ask: Asker;
  clock: Clock;
  overrides: Overrides;
  policy: () => PolicyState;
  explaining: Explaining;
  emit: (event: GateEvent) => void;
}

export function createAsking(options: AskingOptions): Asking {
  const { ask, clock, overrides, policy, explaining, emit } = options;
  const open = new Map<string, OpenQuestion>();

  function choices(matter: Matter): TrustQuestion['choices'] {
    const state = policy();
    if (state.kind === 'unreadable') return [];
    return choicesFor({
      because: matter.because,
      policy: state.policy,
      endpoint: matter.endpoint,
      problems: matter.diagnosis?.problems ?? [],
      now: clock.now(),
      leafNotAfter: matter.diagnosis?.chain[0]?.notAfter ?? null,
    });
  }

  function openQuestion(
    matter: Matter,
    waiting: readonly Purpose[],
    initiatedBy: 'background' | 'person',
  ): OpenQuestion {
    const question: TrustQuestion = {
      id: randomUUID(),
      endpoint: matter.endpoint,
      purpose: waiting[0] ?? '',
      because: matter.because,
      initiatedBy,
      openedAt: clock.now(),
      diagnosis: matter.diagnosis,
      leafSha256: leafOf(matter),
      expected: matter.expected,
      choices: choices(matter),
      waiting,
      evidence: explaining.known(matter.endpoint),
    };
    const entry: OpenQuestion = {
      question,
      matter,
      waiters: new Set(),
      abort: new AbortController(),
      isBeingAsked: false,
    };
    open.set(endpointKey(matter.endpoint), entry);
    emit({ type: 'question-opened', question, at: clock.now() });
    void explain(entry);
    return entry;
  }

  /** Once for each question, as long as it is open. What it finds changes what is said, and no choice. */
  async function explain(entry: OpenQuestion): Promise<void> {
    const { endpoint, diagnosis } = entry.matter;
    const { signal } = entry.abort;
    if (diagnosis === null || signal.aborted) return;
    const evidence = await explaining.gather(endpoint, diagnosis, { portal: true, signal });
    if (signal.aborted) return;
    entry.question = { ...entry.question, evidence };
    emit({ type: 'question-explained', question: entry.question, at: clock.now() });
  }

  /** Lets an asker see the question. Whatever goes wrong there is a no. */
  function present(entry: OpenQuestion): void {
    if (entry.isBeingAsked) return;
    entry.isBeingAsked = true;
    const { id } = entry.question;
    Promise.resolve()
      .then(() => ask.ask(entry.question, entry.abort.signal))
      .catch((): TrustAnswer => ({ kind: 'workOffline' }))
      .then((given) => {
        entry.isBeingAsked = false;
        if (entry.abort.signal.aborted) return;
        if (given === null) return settle(entry, 'nobody');
        const outcome = answer(id, given);
        // An asker cannot be told what was wrong with its answer: it counts as none.
        if (outcome.kind === 'rejected') refuse(entry);
      })
      // What it answered was nonsense, or could not be kept.
      .catch((error: unknown) => {
        if (!entry.abort.signal.aborted) refuse(entry, error);
      });
  }

  function refuse(entry: OpenQuestion, error?: unknown): void {
    const failure = error instanceof StoreError ? error : null;
    emit({ type: 'refused', endpoint: entry.question.endpoint, failure, at: clock.now() });
    end(entry, 'answered', failure ?? 'refused');
  }

  function settle(entry: OpenQuestion, outcome: Error | WaitOutcome): void {
    const waiters = [...entry.waiters];
    entry.waiters.clear();
    for (const resolve of waiters) resolve(outcome);
  }

  function end(
    entry: OpenQuestion,
    how: 'answered' | 'recovered' | 'replaced' | 'void',
    outcome: Error | WaitOutcome,
  ): void {
    open.delete(endpointKey(entry.question.endpoint));
    entry.abort.abort();
    emit({ type: 'question-closed', question: entry.question, how, at: clock.now() });
    settle(entry, outcome);
  }

  function replace(matter: Matter): OpenQuestion | null {
    const old = open.get(endpointKey(matter.endpoint));
    if (old === undefined) return null;
    // The new question stands before the old one's waiters wake, so that they find and join it.
    old.abort.abort();
    emit({ type: 'question-closed', question: old.question, how: 'replaced', at: clock.now() });
    const entry = openQuestion(matter, old.question.waiting, old.question.initiatedBy);
    settle(old, 'again');
    present(entry);
    return entry;
  }

  function grant(matter: Matter, interval: TrustInterval, fingerprintChecked: boolean): Override {
    const now = clock.now();
    const state = policy();
    const maxTrustDays = state.kind === 'readable' ? state.policy.maxTrustDays : 0;
    const override: Override = {
      endpoint: matter.endpoint,
      leafSha256: leafOf(matter) ?? PLAIN_HTTP,
      leafDer: matter.diagnosis?.chain[0]?.der ?? null,
      problems: matter.diagnosis?.problems.map(problemKey) ?? [],
      grantedAt: now,
      expiresAt: expiryOf(interval, now, maxTrustDays),
      fingerprintChecked,
      untilStop: interval === 'until-stop',
    };
    overrides.grant(override);
    emit({ type: 'override-granted', override, at: now });
    return override;
  }

  function answer(questionId: string, given: TrustAnswer): AnswerOutcome {
    const entry = [...open.values()].find(({ question }) => question.id === questionId);
    if (entry === undefined) return { kind: 'rejected', why: 'no-such-question' };
    const { question, matter } = entry;
    if (given.kind === 'workOffline') {
      refuse(entry);
      return { kind: 'refused' };
    }
    if (given.leafSha256 !== question.leafSha256) {
      return { kind: 'rejected', why: 'other-certificate' };
    }
    // Policy may have changed since the question was drawn.
    const choice = choices(matter).find(({ interval }) => interval === given.interval);
    if (choice === undefined) return { kind: 'rejected', why: 'interval-not-allowed' };
    const typed = given.typedFingerprint?.trim() ?? '';
    const { leafSha256 } = question;
    const isChecked = leafSha256 !== null && parseFingerprint(typed) === leafSha256;
    // A fingerprint that was typed and differs is the one thing that must never be waved through.
    if (typed !== '' && !isChecked) return { kind: 'rejected', why: 'fingerprint-differs' };
    if (choice.needsFingerprint && !isChecked)
      return { kind: 'rejected', why: 'fingerprint-needed' };
    const override = grant(matter, given.interval, isChecked);
    end(entry, 'answered', 'again');
    return { kind: 'granted', override };
  }

  return {
    wait(matter, by, signal) {
      let entry = open.get(endpointKey(matter.endpoint));
      if (entry !== undefined && !isSameMatter(entry.matter, matter)) {
        entry = replace(matter) ?? undefined;
      }
      if (entry === undefined) {
        entry = openQuestion(matter, [by.purpose], by.initiatedBy);
      } else if (joins(entry.question, by)) {
        const waiting = [...new Set([...entry.question.waiting, by.purpose])];
        const initiatedBy = by.initiatedBy === 'person' ? 'person' : entry.question.initiatedBy;
        entry.question = { ...entry.question, waiting, initiatedBy };
        emit({ type: 'question-joined', question: entry.question, at: clock.now() });
      }
      const waited = entry;
      return new Promise<WaitOutcome>((resolve, reject) => {
        const leave = (): void => {
          waited.waiters.delete(finish);
          resolve('void');
        };
        const finish = (outcome: Error | WaitOutcome): void => {
          signal.removeEventListener('abort', leave);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        };
        if (signal.aborted) return leave();
        signal.addEventListener('abort', leave, { once: true });
        waited.waiters.add(finish);
        present(waited);
      });
    },
    replace(matter) {
      const entry = open.get(endpointKey(matter.endpoint));
      if (entry !== undefined && !isSameMatter(entry.matter, matter)) replace(matter);
    },
    open: (endpoint) => open.get(endpointKey(endpoint))?.question ?? null,
    all: () => [...open.values()].map(({ question }) => question),
    answer,
    choices,
    grant,
    close(endpoint, how) {
      const entry = open.get(endpointKey(endpoint));
      if (entry !== undefined) end(entry, how, how === 'void' ? 'void' : 'again');
    },
  };
}

function joins(question: TrustQuestion, by: { purpose: Purpose; initiatedBy: string }): boolean {
  return (
    !question.waiting.includes(by.purpose) ||
    (by.initiatedBy === 'person' && question.initiatedBy !== 'person')
  );
}

/** Two matters are one question if the same certificate shows the same problems for the same reason. */
function isSameMatter(a: Matter, b: Matter): boolean {
  const drawn = (matter: Matter): string =>
    [leafOf(matter), matter.because, ...(matter.diagnosis?.problems.map(problemKey) ?? [])].join(
      ' ',
    );
  return drawn(a) === drawn(b);
}

function leafOf({ diagnosis }: Matter): string | null {
  return diagnosis?.chain[0]?.sha256 ?? null;
}

/** Both fingerprints of a change, as people read them. */
export function describeChange(expected: string, presented: string): string {
  return `expected certificate "${formatFingerprint(expected)}", presented "${formatFingerprint(presented)}"`;
}

/** What `decide` wants asked. */
export function matterOf(
  endpoint: Endpoint,
  diagnosis: Diagnosis,
  { because, expected }: Extract<Verdict, { kind: 'ask' }>,
): Matter {
  return { endpoint, because, diagnosis, expected };
}
