/** Trust at the daemon's API: answering a question, Stop Trusting, adding an override or a root. */

import {
  parseCertificate,
  parseFingerprint,
  TRUST_INTERVALS,
  type TrustAnswer,
  type TrustInterval,
  type UserRoot,
} from '@postern/trust';
import type { RootReport, StopTrustingReport } from '../api.ts';
import { trustReport } from '../report.ts';
import {
  assertAwake,
  type Exchange,
  HostError,
  integerField,
  readObject,
  textField,
} from './exchange.ts';
import type { HostOptions } from './host.ts';
import type { Route } from './routes.ts';

type Body = Readonly<Record<string, unknown>>;

/** Why an answer was rejected, for people; the question stays open. */
const REJECTIONS = {
  'fingerprint-differs': 'the fingerprint that was typed is not that of the certificate shown',
  'fingerprint-needed': 'this period needs the fingerprint from your administrator',
  'interval-not-allowed': 'this period is not on offer',
  'no-such-question': 'there is no such question any more',
  'other-certificate': 'the server shows another certificate by now',
} as const;

/** The routes under `/api/trust` and `/api/roots`. */
export function trustRoutes({ gate, overrides, roots, clock }: HostOptions): readonly Route[] {
  async function answerQuestion(exchange: Exchange): Promise<unknown> {
    const { request, params } = exchange;
    const given = trustAnswer(await readObject(request));
    if (given.kind === 'authorizeConnections') assertAwake(exchange);
    const outcome = gate.answer(params[0] ?? '', given);
    if (outcome.kind !== 'rejected') {
      return outcome.kind === 'granted'
        ? { kind: 'granted', override: trustReport({ value: outcome.override, state: 'live' }) }
        : outcome;
    }
    const status = outcome.why === 'no-such-question' ? 404 : 409;
    throw new HostError(status, outcome.why, REJECTIONS[outcome.why]);
  }

  async function stopTrusting({ request }: Exchange): Promise<StopTrustingReport> {
    return gate.stopTrusting(endpointFields(await readObject(request)));
  }

  async function add({ request }: Exchange): Promise<unknown> {
    const body = await readObject(request);
    const { look, override } = await gate.authorize({
      ...endpointFields(body),
      sha256: fingerprintField(body),
      interval: intervalField(body),
    });
    return {
      verdict: look.verdict.kind,
      override: override === null ? null : trustReport({ value: override, state: 'live' }),
    };
  }

  async function addRoot(exchange: Exchange): Promise<RootReport> {
    assertAwake(exchange);
    const body = await readObject(exchange.request);
    const added = roots.add(
      textField(body, 'certificate'),
      textField(body, 'serverName'),
      textField(body, 'sha256'),
      clock.now(),
    );
    await gate.reload();
    return rootReport(added);
  }

  async function removeRoot({ params, query }: Exchange): Promise<{ removed: number }> {
    const removed = roots.remove(
      parseFingerprint(params[0] ?? '') ?? '',
      query.get('serverName') ?? undefined,
    );
    if (removed === 0) throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such root');
    await gate.reload();
    return { removed };
  }

  return [
    { method: 'GET', path: '/api/trust', run: () => overrides.list(clock.now()).map(trustReport) },
    { method: 'POST', path: '/api/trust/stop', run: stopTrusting },
    { method: 'POST', path: '/api/trust/add', run: add },
    { method: 'POST', path: '/api/trust/*', run: answerQuestion },
    { method: 'GET', path: '/api/roots', run: () => roots.list().map(rootReport) },
    { method: 'POST', path: '/api/roots', run: addRoot },
    { method: 'DELETE', path: '/api/roots/*', run: removeRoot },
  ];
}

function endpointFields(body: Body): { host: string; port: number } {
  return { host: textField(body, 'host'), port: integerField(body, 'port', 1, 65_535) };
}

function fingerprintField(body: Body): string {
  const sha256 = parseFingerprint(textField(body, 'sha256'));
  if (sha256 !== null) return sha256;
  throw new HostError(400, 'ERR_BODY_INVALID', '"sha256" must be a SHA-256 fingerprint');
}

function intervalField(body: Body): TrustInterval {
  const interval = TRUST_INTERVALS.find((one) => one === body.interval);
  if (interval !== undefined) return interval;
  const allowed = TRUST_INTERVALS.join(', ');
  throw new HostError(400, 'ERR_BODY_INVALID', `"interval" must be one of ${allowed}`);
}

function trustAnswer(body: Body): TrustAnswer {
  if (body.kind === 'workOffline') return { kind: 'workOffline' };
  if (body.kind !== 'authorizeConnections') {
    throw new HostError(
      400,
      'ERR_BODY_INVALID',
      '"kind" must be "workOffline" or "authorizeConnections"',
    );
  }
  const { leafSha256, typedFingerprint } = body;
  // Plain HTTP has no certificate: its answer says null, and says so on purpose.
  if (leafSha256 !== null && typeof leafSha256 !== 'string') {
    throw new HostError(
      400,
      'ERR_BODY_INVALID',
      '"leafSha256" must be the fingerprint that was shown, or null',
    );
  }
  return {
    kind: 'authorizeConnections',
    leafSha256,
    interval: intervalField(body),
    typedFingerprint: typeof typedFingerprint === 'string' ? typedFingerprint : null,
  };
}

function rootReport({ der, sha256, serverName, addedAt }: UserRoot): RootReport {
  const { subject, notAfter } = parseCertificate(der);
  return {
    serverName,
    sha256,
    subject,
    notAfter: notAfter.toISOString(),
    addedAt: addedAt.toISOString(),
  };
}
