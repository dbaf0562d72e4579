/** What `postern check` says of a server or a file: the diagnosis as fields. Pure. docs/check.schema.json is its schema. */

import { type CauseReport, type CertificateReport, certificateReport } from '@postern/connector';
import {
  type Diagnosis,
  describe,
  describeEvidence,
  NEVER_OVERRIDABLE,
  type Position,
  type Problem,
  type ProblemKind,
  type StartTlsProtocol,
  type Verdict,
} from '@postern/trust';
import type { PathReport } from '../terminal/certificate-text.ts';

/** A problem with its evidence as further fields. */
export type ProblemReport = {
  kind: ProblemKind;
  position: Position;
  sentence: string;
  /** What was found and what was wanted, as one fragment; the fields beside it say it one by one. */
  evidence: string;
  overridable: boolean;
} & Record<string, unknown>;

/** A certificate of the path that ends soon: a finding of `--days`, and none of the gate's problems. */
export interface EndReport {
  position: Position;
  subject: string;
  notAfter: string;
  /** Whole days from `at`. */
  days: number;
}

/** What is said of OpenSSL where nobody asked it: for a file. */
export const NOT_CONSULTED = 'not consulted';

/** The JSON of `postern check`. Instants are ISO 8601 in UTC, fingerprints lower-case hex SHA-256. */
export interface CheckReport {
  schema: 1;
  verdict: 'name-not-checked' | 'not-secure' | 'secure';
  /** What was dialled; null for a file. */
  host: string | null;
  port: number | null;
  /** The protocol that begins in plain text there, or null. */
  startTls: StartTlsProtocol | null;
  /** The file, as it was named; null for a server. */
  file: string | null;
  /** The name that was verified; null where none was given for a file. */
  serverName: string | null;
  at: string;
  protocol: string | null;
  /** OpenSSL's own verdict: null when it authorised the chain, {@link NOT_CONSULTED} for a file. */
  openssl: string | null;
  /** The rule of policy that refuses, if one does. */
  rule: string | null;
  /** Whether remarks count as findings. */
  strict: boolean;
  problems: ProblemReport[];
  remarks: { kind: string; position: Position; sentence: string }[];
  endsSoon: EndReport[];
  causes: CauseReport[];
  chain: CertificateReport[];
  path: PathReport[];
}

/** What a report is made of. */
export interface Checked {
  where: { host: string; port: number; startTls: StartTlsProtocol | null } | { file: string };
  diagnosis: Diagnosis;
  verdict: Verdict;
  /** False for a file that no name was given for. */
  isNameChecked: boolean;
  causes: readonly CauseReport[];
}

/** What counts as a finding beside problems. */
export interface Findings {
  strict: boolean;
  /** A certificate that ends within so many days; null for none. */
  days: number | null;
}

const DAY_MS = 86_400_000;

/** The fields of a look, or of a file. `secure` only if the gate would say so, or would if OpenSSL did. */
export function checkReport(checked: Checked, { strict, days }: Findings): CheckReport {
  const { where, diagnosis, verdict, isNameChecked, causes } = checked;
  const { problems, remarks, at, openssl } = diagnosis;
  const isFine = verdict.kind === 'secure' && !(strict && remarks.length > 0);
  const asked = isNameChecked ? 'secure' : 'name-not-checked';
  return {
    schema: 1,
    verdict: isFine ? asked : 'not-secure',
    ...('file' in where
      ? { host: null, port: null, startTls: null, file: where.file }
      : { host: where.host, port: where.port, startTls: where.startTls, file: null }),
    serverName: isNameChecked ? diagnosis.serverName : null,
    at: at.toISOString(),
    protocol: diagnosis.protocol,
    openssl: openssl === undefined ? NOT_CONSULTED : openssl,
    rule: verdict.kind === 'refuse' && verdict.because === 'policy' ? verdict.rule : null,
    strict,
    problems: problems.map(problemReport),
    remarks: remarks.map(({ kind, position, sentence }) => ({ kind, position, sentence })),
    endsSoon: days === null ? [] : endsWithin(days, diagnosis),
    causes: [...causes],
    chain: diagnosis.chain.map(certificateReport),
    path: diagnosis.path.map(({ certificate, position, anchor }) => ({
      position,
      anchor: anchor === null ? null : anchorText(anchor.origin),
      status: pathStatus(position, anchor !== null, problems),
      sha256: certificate.sha256,
      subject: certificate.subject,
    })),
  };
}

/** Whether an administrator has something to do. */
export function hasFindings({ verdict, endsSoon }: CheckReport): boolean {
  return verdict === 'not-secure' || endsSoon.length > 0;
}

/** Whole days from the report's instant to the end of the server certificate; negative after it, null where it has none. */
export function daysLeft({ chain, at }: CheckReport): number | null {
  const [leaf] = chain;
  if (leaf === undefined || leaf.notAfter === '') return null;
  // Both at the epoch: dates that could not be read.
  if (Date.parse(leaf.notAfter) === 0 && Date.parse(leaf.notBefore) === 0) return null;
  return Math.floor((Date.parse(leaf.notAfter) - Date.parse(at)) / DAY_MS);
}

/** One problem with its evidence, as every `--json` gives it. */
export function problemReport(problem: Problem): ProblemReport {
  return {
    ...problem,
    sentence: describe(problem),
    evidence: describeEvidence(problem),
    overridable: !NEVER_OVERRIDABLE.has(problem.kind),
  };
}

/** Anchors are not asked for their dates here: nobody but their owner can renew them. */
function endsWithin(days: number, { path, at }: Diagnosis): EndReport[] {
  return path.flatMap(({ certificate, position, anchor }) => {
    const leftMs = certificate.notAfter.getTime() - at.getTime();
    if (anchor !== null || leftMs < 0 || leftMs > days * DAY_MS) return [];
    return {
      position,
      subject: certificate.subject,
      notAfter: certificate.notAfter.toISOString(),
      days: Math.floor(leftMs / DAY_MS),
    };
  });
}

function anchorText(origin: { kind: string; source?: string; serverName?: string }): string {
  if (origin.kind === 'user') return `root that you added for ${origin.serverName ?? ''}`;
  if (origin.kind === 'policy') return `root of your organization (${origin.source ?? ''})`;
  return `root in ${origin.source ?? ''}`;
}

function pathStatus(
  position: Position,
  isAnchor: boolean,
  problems: readonly { kind: ProblemKind; position: Position }[],
): string {
  const own = problems.filter(
    (problem) => problem.position !== null && problem.position === position,
  );
  if (own.length > 0) return own.map(({ kind }) => kind).join(', ');
  return isAnchor ? 'trusted' : 'ok';
}
