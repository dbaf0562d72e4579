/** What is told of a profile: its eight connections, its one Connection Status, why it works offline. */

import type { ConnectionPurpose, EndpointStatus, Verdict } from '@postern/trust';
import type { ProfileReport } from './api.ts';
import type { ConnectionState } from './connection.ts';
import { endpointOf, type Profile } from './profile.ts';
import { connectionStatusOf, securityOf } from './security.ts';

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
  /** Connections that the person switched off do not count. */
  isWanted: (purpose: ConnectionPurpose) => boolean;
}

/** Makes the report. */
export function profileReport(facts: ProfileFacts): ProfileReport {
  const { profile, states, status, verdicts, offline, notices, isWanted } = facts;
  const connections = [...states.values()].map((state) => ({
    purpose: state.purpose,
    activity: state.activity,
    security: securityOf(status, verdicts.get(state.purpose) ?? null),
    lastSuccessAt: state.lastSuccessAt?.toISOString() ?? null,
    progress: state.progress,
    summary: state.summary,
    error: state.error,
  }));
  const wanted = connections.filter(({ purpose }) => isWanted(purpose));
  return {
    profile: profile.name,
    email: profile.email,
    serverName: profile.serverName,
    port: endpointOf(profile).port,
    useSecureConnection: profile.useSecureConnection,
    leafSha256: status.diagnosis?.chain[0]?.sha256 ?? null,
    connectionStatus: connectionStatusOf(wanted.map(({ security }) => security)),
    questionId: status.question?.id ?? null,
    workOffline: offline,
    connections,
    notices: [...notices],
  };
}
