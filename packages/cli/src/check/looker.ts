/** Looks at one server, or at one file without a network, and makes the report of it. */

import { causeReport } from '@postern/connector';
import {
  type Anchors,
  anchorsFor,
  type Clock,
  causesOf,
  DEFAULT_POLICY,
  type Diagnosis,
  decide,
  diagnose,
  type Gate,
  NO_EVIDENCE,
  normaliseServerName,
  type PolicySource,
  TransportError,
} from '@postern/trust';
import { readChainFile } from './file.ts';
import { type CheckReport, checkReport, type Findings } from './report.ts';
import type { Target } from './targets.ts';

/** What is verified, and what counts as a finding. */
export interface Checking extends Findings {
  /** Name to verify instead of the host; null for a file without one. */
  serverName: string | null;
}

/** How a server is looked at. */
export interface Looking extends Checking {
  gate: Gate;
  clock: Clock;
  /** For everything together; null for the gate's own limits. */
  timeoutMs: number | null;
  /** Whether to find out more about what is wrong, which asks others than the server. */
  explains: boolean;
}

/** A report, and what it was made from. */
export interface Looked {
  report: CheckReport;
  diagnosis: Diagnosis;
}

/** Looks at a server. Throws TransportError where it cannot be reached, TrustError where it shows no certificate. */
export async function lookAt(target: Target, looking: Looking): Promise<Looked> {
  const { gate, clock, timeoutMs, serverName } = looking;
  const { host, port, startTls } = target;
  const limit = new AbortController();
  const cancel =
    timeoutMs === null
      ? () => {}
      : clock.setTimer(() => limit.abort(tooSlow(timeoutMs)), timeoutMs);
  try {
    const look = await gate.look({
      host,
      port,
      ...(serverName === null ? {} : { serverName }),
      ...(startTls === null ? {} : { startTls }),
      evenIfTooWeak: true,
      signal: limit.signal,
    });
    const { endpoint, diagnosis, verdict } = look;
    const evidence = looking.explains ? await gate.explain(look, limit.signal) : NO_EVIDENCE;
    const causes = causesOf(diagnosis, evidence).map(causeReport);
    const where = { ...endpoint, startTls };
    const checked = { where, diagnosis, verdict, isNameChecked: true, causes };
    return { report: checkReport(checked, looking), diagnosis };
  } finally {
    cancel();
  }
}

function tooSlow(timeoutMs: number): TransportError {
  return new TransportError('ERR_CONNECT_TIMEOUT', `no answer within ${timeoutMs} ms`, {
    phase: 'connect',
  });
}

/**
 * Stands in for the name where none is given (RFC 6761 6.4: no server has it), so that roots which are
 * bound to one server do not count, and nothing matches by chance.
 */
const NO_NAME = 'name-not-checked.invalid';

/** What a file is judged by. */
export interface Reading extends Checking {
  anchors: Anchors;
  policy: PolicySource;
  at: Date;
}

/** The same, and whether the file holds what does not belong into it. */
export interface LookedAtFile extends Looked {
  hasPrivateKey: boolean;
}

/** Says of a chain on disk what a look would say, but for OpenSSL's part. Throws as readChainFile does. */
export async function lookAtFile(file: string, reading: Reading): Promise<LookedAtFile> {
  const { presented, hasPrivateKey } = await readChainFile(file);
  const isNameChecked = reading.serverName !== null;
  const serverName = normaliseServerName(reading.serverName ?? NO_NAME);
  const set = await reading.anchors.current();
  const state = reading.policy.current();
  const whole = diagnose({
    presented,
    serverName,
    anchors: anchorsFor(set, serverName),
    policy: state.kind === 'readable' ? state.policy : DEFAULT_POLICY,
    revocationLists: state.kind === 'readable' ? state.revocationLists : [],
    at: reading.at,
    protocol: null,
    openssl: undefined,
  });
  const diagnosis = isNameChecked
    ? whole
    : { ...whole, problems: whole.problems.filter(({ kind }) => kind !== 'name-mismatch') };
  const verdict = decide({
    endpoint: { host: serverName, port: 443 },
    // What OpenSSL would say is not known; the report says so beside the verdict.
    diagnosis: { ...diagnosis, openssl: null },
    memory: { override: null, secureWith: null },
    policy: state,
    now: reading.at,
  });
  const causes = causesOf(diagnosis, NO_EVIDENCE).map(causeReport);
  const checked = { where: { file }, diagnosis, verdict, isNameChecked, causes };
  return { report: checkReport(checked, reading), diagnosis, hasPrivateKey };
}
