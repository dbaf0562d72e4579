/** What is told of a profile: its eight connections, its one Connection Status, why it works offline. */

import type { ConnectionPurpose, EndpointStatus, Verdict } from '@postern/trust';
import type { ProfileReport, TrafficReport } from './api.ts';
import type { ConnectionState } from './connection.ts';
import { endpointOf, type Profile } from './profile.ts';
import { connectionStatusOf, leastSecure, securityOf } from './security.ts';

/** What a report is made from. */
export interface ProfileFacts {
  profile: Profile;
  states: ReadonlyMap<ConnectionPurpose, ConnectionState>;
  /** What stands at the profile's endpoint. */
  status: EndpointStatus;
  /** The last verdict on each connection since the profile went online. */
  verdicts: ReadonlyMap<ConnectionPurpose, Verdict>;
  offline: ProfileReport['workOffline'];
  notices: readonly string[];
  traffic: (purpose: ConnectionPurpose) => TrafficReport;
  now: Date;
  /** Connections that the person switched off do not count. */
  isWanted: (purpose: ConnectionPurpose) => boolean;
}

/** Makes the report. */
export function profileReport(facts: ProfileFacts): ProfileReport {
  const { profile, states, status, verdicts, offline, notices, isWanted, traffic, now } = facts;
  const connections = [...states.values()].map((state) => ({
    purpose: state.purpose,
    activity: state.activity,
    security: securityOf(status, verdicts.get(state.purpose) ?? null),
    lastSuccessAt: state.lastSuccessAt?.toISOString() ?? null,
    progress: state.progress,
    summary: state.summary,
    error: state.error,
    traffic: traffic(state.purpose),
  }));
  const wanted = connections.filter(({ purpose }) => isWanted(purpose));
  const security = leastSecure(wanted.map((one) => one.security));
  return {
    profile: profile.name,
    email: profile.email,
    serverName: profile.serverName,
    port: endpointOf(profile).port,
    useSecureConnection: profile.useSecureConnection,
    leafSha256: status.diagnosis?.chain[0]?.sha256 ?? null,
    certificateEndsAt: endOf(status, now),
    connectionStatus: connectionStatusOf(security),
    security,
    questionId: status.question?.id ?? null,
    workOffline: offline,
    connections,
    notices: [...notices],
  };
}

/** So long before its end a verified certificate is spoken of, in ms: 30 days. */
const ENDS_SOON_MS = 30 * 86_400_000;

/** When the certificate of a verified server ends, if that is soon or was; else null. */
function endOf({ state, diagnosis }: EndpointStatus, now: Date): string | null {
  const notAfter = diagnosis?.chain[0]?.notAfter;
  if (state !== 'secure' || notAfter === undefined) return null;
  return notAfter.getTime() - now.getTime() <= ENDS_SOON_MS ? notAfter.toISOString() : null;
}
