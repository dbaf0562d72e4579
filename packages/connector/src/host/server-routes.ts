/** A server's certificates at the daemon's API: what it shows now, and the time line of what it has shown. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Endpoint, parseCertificate, toEndpoint } from '@postern/trust';
import type { CertificateLane, CertificateReport, ServerCertificateReport } from '../api.ts';
import { certificateReport, serverCertificateReport } from '../diagnosis-report.ts';
import { lanesOf } from '../history/lanes.ts';
import { type Exchange, HostError } from './exchange.ts';
import type { HostOptions } from './host.ts';
import type { Route } from './routes.ts';

/** The routes under `/api/servers`. */
export function serverRoutes(options: HostOptions): readonly Route[] {
  const { gate, overrides, history, clock } = options;

  function certificate(exchange: Exchange): ServerCertificateReport {
    const endpoint = endpointOf(exchange);
    const { diagnosis, verdict, state } = gate.status(endpoint);
    // Nothing is known of a server that was not met since the daemon started.
    if (diagnosis === null || verdict === null || diagnosis.chain.length === 0) {
      throw new HostError(404, 'ERR_NOT_FOUND', 'no certificate of this server was seen yet');
    }
    const report = serverCertificateReport({ endpoint, diagnosis, verdict });
    // What was allowed when the chain was judged may have ended or been withdrawn since.
    const isOver = verdict.kind === 'overridden' && state !== 'overridden';
    return isOver ? { ...report, verdict: 'ask', until: null } : report;
  }

  async function timeLine(exchange: Exchange): Promise<readonly CertificateLane[]> {
    const endpoint = endpointOf(exchange);
    const now = clock.now();
    const { override } = overrides.recall(endpoint, now);
    const lanes: CertificateLane[] = [];
    for (const { der, ...lane } of lanesOf(await history.server(endpoint), override, now)) {
      lanes.push({ ...lane, certificate: reportOf(der) });
      // Reading a certificate takes up to 1 ms, and Stop Trusting must not wait for fifty of them.
      await nextTurn();
    }
    return lanes;
  }

  return [
    { method: 'GET', path: '/api/servers/*/*/certificate', run: certificate },
    { method: 'GET', path: '/api/servers/*/*/certificates', run: timeLine },
  ];
}

function reportOf(der: Uint8Array | null): CertificateReport | null {
  return der === null ? null : certificateReport(parseCertificate(der));
}

function endpointOf({ params }: Exchange): Endpoint {
  const [host = '', port = ''] = params;
  if (!isPort(port)) throw new HostError(404, 'ERR_NOT_FOUND', 'there is no such port');
  return toEndpoint(host, Number(port));
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}
