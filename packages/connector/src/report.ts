/** What the gate knows, as data that crosses a socket: certificates parsed, sentences made, text safe to print. */

import {
  adviceForAdministrator,
  type Cause,
  causesOf,
  compareCertificates,
  describeCause,
  describeCure,
  describeJudgement,
  type Override,
  type OverrideState,
  parseCertificate,
  type TrustQuestion,
} from '@postern/trust';
import { administratorReport, type ReportVersions } from './administrator-report.ts';
import type { CauseReport, ComparisonReport, QuestionReport, TrustReport } from './api.ts';
import { certificateReport, diagnosisReport } from './diagnosis-report.ts';
import { mailDomainOf } from './mail-domain.ts';
import type { Profile } from './profile.ts';

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
    ...diagnosisReport(diagnosis),
    causes,
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
