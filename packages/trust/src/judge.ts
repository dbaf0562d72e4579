/**
 * Judges what a handshake showed: diagnosis, memory and policy become a verdict. The same for a new
 * connection and for a socket that lives. What a chain says by itself is remembered for an identical
 * chain; dates and the decision run anew each time.
 */

import { type AnchorSet, anchorsFor } from './anchors.ts';
import { stoppedError } from './attempts.ts';
import type { Clock } from './clock.ts';
import { plainHttpAllowedUntil } from './danger.ts';
import { decide, type Verdict } from './decide.ts';
import { conclude, type Diagnosis, type Examination, examine } from './diagnose.ts';
import { endpointKey } from './endpoint.ts';
import { type PosternError, TrustError } from './errors.ts';
import type { EndpointMemory, Overrides } from './overrides.ts';
import { DEFAULT_POLICY, type PolicySource } from './policy.ts';
import type { Endpoint, Purpose } from './question.ts';
import type { LiveSocket } from './registry.ts';

/** Examinations kept, one per chain and name; a person's servers are a handful. */
const MAX_EXAMINATIONS = 256;

/** What a handshake showed: the chain as presented, leaf first, and OpenSSL's word on it. */
export interface Seen {
  readonly presented: readonly Uint8Array[];
  readonly openssl: string | null;
  readonly protocol: string | null;
  /** Why no handshake by the gate's rules succeeded, where this one was only to look. */
  readonly brokenOffBy?: string;
}

export interface Judgement {
  diagnosis: Diagnosis;
  verdict: Verdict;
  /** What was known of the endpoint when it was judged. */
  memory: EndpointMemory;
}

/** Where a chain was seen, and the anchors that counted then. */
interface Where {
  endpoint: Endpoint;
  serverName: string;
  set: AnchorSet;
}

export interface Judge {
  now(seen: Seen, where: Where): Judgement;
  /** The verdict as it would be had nobody allowed anything: what is allowed already makes nothing easier. */
  withoutOverride(judgement: Judgement, endpoint: Endpoint): Verdict;
  /** The error with which a living socket must end, or null while it may live. */
  whyEnd(entry: LiveSocket, set: AnchorSet): PosternError | null;
}

export function createJudge(about: {
  overrides: Overrides;
  policy: PolicySource;
  clock: Clock;
}): Judge {
  const { overrides, policy, clock } = about;
  const examinations = new Map<string, Examination>();

  function examined({ presented }: Seen, { endpoint, serverName, set }: Where): Examination {
    const state = policy.current();
    const key = [
      serverName,
      endpoint.port,
      set.generation,
      state.generation,
      ...presented.map((der) =>
        Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1'),
      ),
    ].join('\0');
    const known = examinations.get(key);
    if (known !== undefined) return known;
    const examination = examine({
      presented,
      serverName,
      anchors: anchorsFor(set, serverName),
      policy: state.kind === 'readable' ? state.policy : DEFAULT_POLICY,
      revocationLists: state.kind === 'readable' ? state.revocationLists : [],
    });
    const oldest = examinations.keys().next();
    if (examinations.size >= MAX_EXAMINATIONS && !oldest.done) examinations.delete(oldest.value);
    examinations.set(key, examination);
    return examination;
  }

  const recalled: Overrides['recall'] = (endpoint, at) => overrides.recall(endpoint, at);

  function now(seen: Seen, where: Where, recall = recalled): Judgement {
    const at = clock.now();
    const { endpoint } = where;
    const { protocol, openssl, brokenOffBy } = seen;
    const moment = { at, protocol, openssl, ...(brokenOffBy === undefined ? {} : { brokenOffBy }) };
    const diagnosis = conclude(examined(seen, where), moment);
    const memory = recall(endpoint, at);
    const verdict = decide({ endpoint, diagnosis, memory, policy: policy.current(), now: at });
    return { diagnosis, verdict, memory };
  }

  function withoutOverride({ diagnosis, memory }: Judgement, endpoint: Endpoint): Verdict {
    return decide({
      endpoint,
      diagnosis,
      memory: { ...memory, override: null },
      policy: policy.current(),
      now: clock.now(),
    });
  }

  /** A store that fails remembers nothing: what lives by an override alone must end then. */
  function recallOrNothing(endpoint: Endpoint, at: Date): EndpointMemory {
    try {
      return overrides.recall(endpoint, at);
    } catch {
      return { override: null, secureWith: null };
    }
  }

  function whyEnd(entry: LiveSocket, set: AnchorSet): PosternError | null {
    const { endpoint, purpose, seen } = entry;
    const expired = (): TrustError =>
      new TrustError('ERR_TRUST_EXPIRED', `trust in "${endpointKey(endpoint)}" has ended`, {
        endpoint,
        purpose,
        diagnosis: entry.diagnosis,
      });
    if (seen === null) {
      try {
        const until = plainHttpAllowedUntil(endpoint, overrides, policy.current(), clock.now());
        return until === null ? expired() : null;
      } catch (error) {
        return error instanceof TrustError ? error : expired();
      }
    }
    const where = { endpoint, serverName: endpoint.host, set };
    const { diagnosis, verdict, memory } = now(seen, where, recallOrNothing);
    if (verdict.kind === 'secure' || verdict.kind === 'overridden') return null;
    // A certificate that runs out during a verified connection is met at the next handshake.
    const onlyDates = diagnosis.problems.every(({ kind }) => kind === 'expired');
    const isReadable = policy.current().kind === 'readable';
    if (entry.verdict.kind === 'secure' && onlyDates && isReadable) return null;
    if (verdict.kind === 'refuse') return policyError(endpoint, purpose, diagnosis, verdict);
    // An override that expired, was retired or replaced, or a root that is gone: whoever dials again
    // is decided again, and asked. Only a person's withdrawal keeps them offline.
    const isWithdrawn = memory.override?.state === 'withdrawn';
    return isWithdrawn ? stoppedError(endpoint) : expired();
  }

  return { now, withoutOverride, whyEnd };
}

/** The refusal that no answer can lift, with the rule as evidence. */
export function policyError(
  endpoint: Endpoint,
  purpose: Purpose | null,
  diagnosis: Diagnosis,
  { because, rule }: Extract<Verdict, { kind: 'refuse' }>,
): TrustError {
  const where = endpointKey(endpoint);
  const message =
    because === 'policy'
      ? `policy "${rule}" forbids connecting to "${where}"`
      : `the certificate of "${where}" has a problem that nobody may override: "${rule}"`;
  return new TrustError('ERR_TRUST_POLICY', message, {
    endpoint,
    purpose,
    diagnosis,
    detail: { rule },
  });
}
