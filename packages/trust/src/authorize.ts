/** Trust that is added by fingerprint (`postern trust add`): the server is looked at, then granted or not. */

import { type Asking, describeChange, matterOf } from './asking.ts';
import type { Attempts } from './attempts.ts';
import { endpointKey, toEndpoint } from './endpoint.ts';
import { TrustError } from './errors.ts';
import { type Judge, type Judgement, policyError } from './judge.ts';
import type { Override } from './overrides.ts';
import type { TrustInterval } from './question.ts';
import type { Look, LookRequest } from './request.ts';

/** What the gate lends: its look at a server, with what was remembered then. */
export interface AuthorizeOptions {
  attempts: Attempts;
  asking: Asking;
  judge: Judge;
  look(request: LookRequest): Promise<Look & Judgement>;
}

/** Grants trust if what is presented now has this fingerprint; null where none is needed. */
export type Authorize = (
  request: LookRequest & { sha256: string; interval: TrustInterval },
) => Promise<{ look: Look; override: Override | null }>;

/** Makes the grant by fingerprint, through `decide` and policy. Throws ERR_TRUST_CHANGED, ERR_TRUST_POLICY. */
export function createAuthorize({ attempts, asking, judge, look }: AuthorizeOptions): Authorize {
  return async (request) => {
    const { sha256, interval } = request;
    const assertNotStopped = attempts.watch(toEndpoint(request.host, request.port));
    const judged = await look(request);
    assertNotStopped();
    const { endpoint, diagnosis } = judged;
    const presented = diagnosis.chain[0]?.sha256 ?? '';
    if (presented !== sha256) {
      throw new TrustError('ERR_TRUST_CHANGED', describeChange(sha256, presented), {
        endpoint,
        purpose: null,
        diagnosis,
        detail: { expected: sha256, presented },
      });
    }
    const seen: Look = { endpoint, diagnosis, verdict: judged.verdict };
    const verdict = judge.withoutOverride(judged, endpoint);
    if (verdict.kind === 'refuse') throw policyError(endpoint, null, diagnosis, verdict);
    if (verdict.kind !== 'ask') return { look: seen, override: null };
    const matter = matterOf(endpoint, diagnosis, verdict);
    if (!asking.choices(matter).some((choice) => choice.interval === interval)) {
      const message = `trust for "${interval}" is not allowed at "${endpointKey(endpoint)}"`;
      throw new TrustError('ERR_TRUST_POLICY', message, {
        endpoint,
        purpose: null,
        diagnosis,
        detail: { rule: 'MaxTrustDays' },
      });
    }
    const override = asking.grant(matter, interval, true);
    asking.close(endpoint, 'answered');
    return { look: seen, override };
  };
}
