/** What the gate knows, as data that crosses a socket: certificates parsed, sentences made, text safe to print. */

import {
  adviceForAdministrator,
  type Cause,
  type Certificate,
  causesOf,
  compareCertificates,
  describe,
  describeCause,
  describeCure,
  describeJudgement,
  generalNameText,
  keyText,
  NEVER_OVERRIDABLE,
  normaliseServerName,
  type Override,
  type OverrideState,
  parseCertificate,
  type TrustQuestion,
  toPem,
} from '@postern/trust';
import { administratorReport, type ReportVersions } from './administrator-report.ts';
import type {
  CauseReport,
  CertificateReport,
  ComparisonReport,
  QuestionReport,
  TrustReport,
} from './api.ts';
import type { Profile } from './profile.ts';

/** A certificate for View Certificate. Its text was made safe to print when it was parsed. */
export function certificateReport(certificate: Certificate): CertificateReport {
  return {
    sha256: certificate.sha256,
    sha1: certificate.sha1,
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    notBefore: isoOf(certificate.notBefore),
    notAfter: isoOf(certificate.notAfter),
    names: certificate.subjectAltNames.map(generalNameText),
    publicKey: keyText(certificate),
    spkiSha256: certificate.spkiSha256,
    signatureAlgorithm: certificate.signatureAlgorithm,
    isCa: certificate.isCa,
    keyUsage: certificate.keyUsage,
    extendedKeyUsage: certificate.extendedKeyUsage,
    extensions: certificate.extensions.map(({ oid, name, critical, value }) => ({
      oid,
      name,
      critical,
      value,
    })),
    pem: toPem(certificate.der),
  };
}

/** A date that a hostile certificate may have made impossible. */
function isoOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** What a question needs that the gate does not know. */
export interface QuestionSurroundings {
  /** The profile whose server it is about. */
  profile: Pick<Profile, 'email' | 'name'> | null;
  /** What the administrator wants people to read (policy: SupportText). */
  supportText: string | null;
  /** For the administrator's report. */
  versions: ReportVersions;
}

/** A question as the front ends draw it; nothing in it has to be parsed again. */
export function questionReport(
  question: TrustQuestion,
  { profile, supportText, versions }: QuestionSurroundings,
): QuestionReport {
  const { diagnosis, expected } = question;
  const { causes, comparison } = insightInto(question, profile);
  return {
    id: question.id,
    host: question.endpoint.host,
    port: question.endpoint.port,
    purpose: question.purpose,
    profile: profile?.name ?? null,
    email: profile?.email ?? null,
    because: question.because,
    initiatedBy: question.initiatedBy,
    openedAt: question.openedAt.toISOString(),
    leafSha256: question.leafSha256,
    problems: (diagnosis?.problems ?? []).map((problem) => ({
      kind: problem.kind,
      position: problem.position,
      sentence: describe(problem),
      overridable: !NEVER_OVERRIDABLE.has(problem.kind),
    })),
    remarks: (diagnosis?.remarks ?? []).map(({ kind, position, sentence }) => ({
      kind,
      position,
      sentence,
    })),
    causes,
    chain: (diagnosis?.chain ?? []).map(certificateReport),
    path: (diagnosis?.path ?? []).map(({ certificate, position, anchor }) => ({
      position,
      anchor: anchor === null ? null : anchor.origin.kind,
      status: pathStatus(question, position),
      sha256: certificate.sha256,
      subject: certificate.subject,
    })),
    expected:
      expected === null
        ? null
        : {
            sha256: expected.sha256,
            lastSeenAt: expected.lastSeenAt.toISOString(),
            certificate:
              expected.der === null ? null : certificateReport(parseCertificate(expected.der)),
          },
    comparison,
    choices: question.choices.map(({ interval, needsFingerprint }) => ({
      interval,
      needsFingerprint,
    })),
    waiting: question.waiting,
    supportText,
    administratorReport: administratorReport({
      endpoint: question.endpoint,
      purpose: question.purpose,
      at: diagnosis?.at ?? question.openedAt,
      isSecure: false,
      diagnosis,
      causes,
      versions,
    }),
  };
}

/** What is worked out of a question once. */
interface Insight {
  mailDomain: string | null;
  causes: readonly CauseReport[];
  comparison: ComparisonReport | null;
}

/** It takes signature checks, and a question is told again with every status, many times a second while others sync. */
const insights = new WeakMap<TrustQuestion, Insight>();

function insightInto(question: TrustQuestion, profile: QuestionSurroundings['profile']): Insight {
  const mailDomain = profile === null ? null : mailDomainOf(profile.email);
  const known = insights.get(question);
  if (known?.mailDomain === mailDomain) return known;
  const { diagnosis, evidence } = question;
  const causes = diagnosis === null ? [] : causesOf(diagnosis, { ...evidence, mailDomain });
  const insight: Insight = {
    mailDomain,
    causes: causes.map(causeReport),
    comparison: comparisonReport(question),
  };
  insights.set(question, insight);
  return insight;
}

/** A cause with its sentences. */
export function causeReport(cause: Cause): CauseReport {
  return {
    ...cause,
    sentence: describeCause(cause),
    cure: describeCure(cause),
    administrator: adviceForAdministrator(cause),
  };
}

/** What follows the last `@`, as server names are spelled; null where that is no name. */
function mailDomainOf(email: string): string | null {
  const at = email.lastIndexOf('@');
  if (at < 0) return null;
  try {
    return normaliseServerName(email.slice(at + 1));
  } catch {
    return null;
  }
}

function comparisonReport({
  because,
  diagnosis,
  evidence,
  expected,
}: TrustQuestion): ComparisonReport | null {
  if (diagnosis === null || expected === null) return null;
  const comparison = compareCertificates({
    expected,
    diagnosis,
    fetched: evidence.fetchedIssuers.map(({ der }) => parseCertificate(der)),
    wasSecure: because === 'was-secure',
  });
  if (comparison === null) return null;
  return {
    judgement: comparison.judgement,
    change: comparison.change,
    sentence: describeJudgement(comparison),
    lastSeenAt: expected.lastSeenAt.toISOString(),
    rows: comparison.rows,
  };
}

/** What the Certification Path tab says of one certificate: its gravest problem, or that it is fine. */
function pathStatus({ diagnosis }: TrustQuestion, position: number | null): string {
  const own = diagnosis?.problems.find((one) => one.position !== null && one.position === position);
  return own === undefined ? 'This certificate is OK.' : describe(own);
}

/** An override, or the confirmation of plain HTTP, for the list of what is trusted. */
export function trustReport({
  value,
  state,
}: {
  value: Override;
  state: OverrideState;
}): TrustReport {
  return {
    host: value.endpoint.host,
    port: value.endpoint.port,
    leafSha256: value.leafSha256,
    state,
    grantedAt: value.grantedAt.toISOString(),
    expiresAt: value.expiresAt.toISOString(),
    problems: value.problems,
    fingerprintChecked: value.fingerprintChecked,
    untilStop: value.untilStop,
  };
}
