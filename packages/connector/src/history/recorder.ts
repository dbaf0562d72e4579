/**
 * Feeds the history with what happens at the gate. It listens and does nothing else: whatever goes
 * wrong here, the gate goes on.
 */

import { isDeepStrictEqual } from 'node:util';
import {
  endpointKey,
  type Gate,
  type GateEvent,
  type Override,
  type Overrides,
  type Policy,
  type PolicySource,
  type PolicyState,
  parseCertificate,
  problemKey,
  type TrustQuestion,
  type UserRoots,
} from '@postern/trust';
import { excerpt } from '../text.ts';
import type { HistoryFact } from './facts.ts';
import type { History } from './history.ts';
import {
  closedSentence,
  endpointSentence,
  grantedSentence,
  OTHER_ROOTS,
  policySentence,
  questionSentence,
  REASON_LENGTH,
  refusedSentence,
  rootSentence,
  unreadableSentence,
  verdictSentence,
} from './sentences.ts';

/** Stands for a certificate where there is none. */
const PLAIN_HTTP = 'plain-http';

/** Whose doings are recorded, and where. */
export interface RecorderOptions {
  gate: Gate;
  history: History;
  overrides: Overrides;
  policy: PolicySource;
  roots: UserRoots;
  log?: (line: string) => void;
}

type EventOf<T extends GateEvent['type']> = Extract<GateEvent, { type: T }>;

/** A fact before it is said what kind it is. */
type Circumstances = Omit<HistoryFact, 'kind' | 'text'>;

/** Records from now on; call the result to end that. */
export function recordGate(options: RecorderOptions): () => void {
  const { gate, history, overrides, policy, roots, log } = options;
  /** The open questions, for the answers, which name only the server. */
  const asked = new Map<string, TrustQuestion>();
  /** Where the end of what was allowed is told already: everyone who dials meets it again. */
  const ended = new Set<string>();
  let knownPolicy = policy.current();
  let knownRoots = readRoots();

  /** Null while they cannot be read, which is told by those who need them. */
  function readRoots(): ReadonlyMap<string, UserRoot> | null {
    try {
      const all = roots.list().map((root) => [`${root.sha256} ${root.serverName}`, root] as const);
      return new Map(all);
    } catch {
      return null;
    }
  }

  function remembered(endpoint: Override['endpoint'], at: Date): Override | null {
    try {
      return overrides.recall(endpoint, at).override?.value ?? null;
    } catch {
      // A memory that cannot be read is told by those who need it to decide.
      return null;
    }
  }

  function factsOf(event: GateEvent): readonly HistoryFact[] {
    switch (event.type) {
      case 'verdict':
        return [...expiredBefore(event), verdict(event)];
      case 'question-opened':
        asked.set(endpointKey(event.question.endpoint), event.question);
        return [{ ...aboutQuestion(event), kind: 'question', text: questionSentence(event) }];
      case 'question-closed':
        return [closed(event)];
      case 'override-granted':
        ended.delete(endpointKey(event.override.endpoint));
        return [granted(event.override, event.at)];
      case 'refused':
        return [refused(event)];
      case 'override-expired':
        return expired(event);
      case 'override-retired':
        return [{ ...ofOverride(event), kind: 'retired', text: endpointSentence(event) }];
      case 'recovered':
        return [{ ...at(event), kind: 'recovered', text: endpointSentence(event) }];
      case 'stopped': {
        const [leaf] = gate.status(event.endpoint).diagnosis?.chain ?? [];
        const leafSha256 = leaf?.sha256 ?? null;
        const text = endpointSentence(event);
        return [{ ...at(event), kind: 'stopped', by: 'person', leafSha256, text }];
      }
      case 'anchors-changed':
        return rootsChanged(event.at);
      case 'policy-changed':
        return [policyChanged(event.at)];
      case 'question-explained':
      case 'question-joined':
        return [];
    }
  }

  function closed(event: EventOf<'question-closed'>): HistoryFact {
    const { how, question } = event;
    const key = endpointKey(question.endpoint);
    if (asked.get(key)?.id === question.id) asked.delete(key);
    const by = how === 'answered' ? 'person' : 'postern';
    const kind = how === 'answered' ? 'answered' : 'question';
    return { ...aboutQuestion(event), kind, by, outcome: how, text: closedSentence(event) };
  }

  function refused(event: EventOf<'refused'>): HistoryFact {
    const question = asked.get(endpointKey(event.endpoint));
    return {
      ...(question === undefined ? at(event) : aboutQuestion({ question, at: event.at })),
      kind: 'refused',
      by: 'person',
      detail: event.failure?.code ?? null,
      text: refusedSentence(event),
    };
  }

  function expired(event: EventOf<'override-expired'>): HistoryFact[] {
    const key = endpointKey(event.endpoint);
    if (ended.has(key)) return [];
    ended.add(key);
    return [{ ...ofOverride(event), kind: 'expired', text: endpointSentence(event) }];
  }

  /** Where nothing was connected at the end, the next one who dials finds it out. */
  function expiredBefore({ endpoint, verdict: one, at: when }: EventOf<'verdict'>): HistoryFact[] {
    if (one.kind !== 'ask' || one.because !== 'override-expired') return [];
    return expired({ type: 'override-expired', endpoint, at: when });
  }

  /** With what was allowed there, as far as that is known. */
  function ofOverride(event: EventOf<'override-expired' | 'override-retired'>): Circumstances {
    const override = remembered(event.endpoint, event.at);
    return {
      ...at(event),
      leafSha256: override?.leafSha256 ?? null,
      problems: override?.problems ?? [],
      untilMs: override?.expiresAt.getTime() ?? null,
    };
  }

  function rootsChanged(when: Date): readonly HistoryFact[] {
    const before = knownRoots;
    const after = readRoots();
    knownRoots = after;
    const known = before !== null && after !== null;
    const added = known ? [...after].filter(([key]) => !before.has(key)) : [];
    const removed = known ? [...before].filter(([key]) => !after.has(key)) : [];
    if (added.length === 0 && removed.length === 0) {
      return [{ ...nowhere(when), kind: 'roots-changed', by: 'administrator', text: OTHER_ROOTS }];
    }
    return [
      ...added.map(([, root]) => rootFact('added', root, when)),
      ...removed.map(([, root]) => rootFact('removed', root, when)),
    ];
  }

  function policyChanged(when: Date): HistoryFact {
    const before = knownPolicy;
    knownPolicy = policy.current();
    const fact = { ...nowhere(when), kind: 'policy-changed', by: 'administrator' } as const;
    if (knownPolicy.kind === 'unreadable') {
      const { reason } = knownPolicy;
      const text = unreadableSentence(reason);
      return { ...fact, outcome: 'unreadable', detail: excerpt(reason, REASON_LENGTH), text };
    }
    const keys = changedKeys(before, knownPolicy);
    const detail = keys.length === 0 ? null : keys.join(', ');
    return { ...fact, outcome: 'readable', detail, text: policySentence(keys) };
  }

  return gate.subscribe((event) => {
    try {
      for (const fact of factsOf(event)) history.record(fact);
    } catch (error) {
      log?.(`history: ${event.type} was not recorded: ${String(error)}`);
    }
  });
}

type UserRoot = ReturnType<UserRoots['list']>[number];

function nowhere(when: Date): Circumstances {
  return {
    atMs: when.getTime(),
    host: null,
    port: null,
    purpose: null,
    outcome: null,
    leafSha256: null,
    leafDer: null,
    problems: [],
    untilMs: null,
    detail: null,
    by: 'postern',
  };
}

function at({ endpoint, at: when }: { endpoint: Override['endpoint']; at: Date }): Circumstances {
  return { ...nowhere(when), host: endpoint.host, port: endpoint.port };
}

function verdict(event: EventOf<'verdict'>): HistoryFact {
  const { verdict: one, diagnosis, purpose } = event;
  const [leaf] = diagnosis.chain;
  return {
    ...at(event),
    kind: 'verdict',
    purpose,
    outcome: one.kind,
    leafSha256: leaf?.sha256 ?? null,
    leafDer: leaf?.der ?? null,
    problems: diagnosis.problems.map(problemKey),
    untilMs: one.kind === 'overridden' ? one.until.getTime() : null,
    detail: one.kind === 'ask' ? one.because : one.kind === 'refuse' ? one.rule : null,
    text: verdictSentence(event),
  };
}

function aboutQuestion({
  question,
  at: when,
}: {
  question: TrustQuestion;
  at: Date;
}): Circumstances {
  return {
    ...at({ endpoint: question.endpoint, at: when }),
    purpose: question.purpose,
    leafSha256: question.leafSha256 ?? PLAIN_HTTP,
    problems: question.diagnosis?.problems.map(problemKey) ?? [],
    detail: question.because,
  };
}

function granted(override: Override, when: Date): HistoryFact {
  const isPlainHttp = override.leafSha256 === PLAIN_HTTP;
  return {
    ...at({ endpoint: override.endpoint, at: when }),
    kind: 'granted',
    by: 'person',
    outcome: override.untilStop ? 'until-stop' : null,
    leafSha256: override.leafSha256,
    problems: override.problems,
    untilMs: override.expiresAt.getTime(),
    detail: override.fingerprintChecked ? 'fingerprint-checked' : 'fingerprint-not-checked',
    text: grantedSentence(override, isPlainHttp),
  };
}

function rootFact(how: 'added' | 'removed', root: UserRoot, when: Date): HistoryFact {
  const { subject } = parseCertificate(root.der);
  return {
    ...nowhere(when),
    kind: 'roots-changed',
    by: 'person',
    host: root.serverName,
    outcome: how,
    detail: subject,
    text: rootSentence(how, subject, root.serverName),
  };
}

/** The keys of what differs, as the administrator writes them; none where only its lists were renewed. */
function changedKeys(
  before: PolicyState,
  after: Extract<PolicyState, { kind: 'readable' }>,
): string[] {
  if (before.kind === 'unreadable') return [];
  const fields = Object.keys(after.policy) as (keyof Policy)[];
  return fields
    .filter((field) => !isDeepStrictEqual(before.policy[field], after.policy[field]))
    .map((field) => `${field.charAt(0).toUpperCase()}${field.slice(1)}`);
}
