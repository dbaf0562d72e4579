/** What the gate knows, as data that crosses a socket: certificates parsed, sentences made, text safe to print. */

import {
  type Certificate,
  describe,
  NEVER_OVERRIDABLE,
  type Override,
  type OverrideState,
  parseCertificate,
  type TrustQuestion,
  toPem,
} from '@postern/trust';
import type { CertificateReport, QuestionReport, TrustReport } from './api.ts';
import type { Profile } from './profile.ts';

/** A certificate for View Certificate. Its text was made safe to print when it was parsed. */
export function certificateReport(certificate: Certificate): CertificateReport {
  const { algorithm, bits, curve } = certificate.publicKey;
  const size = curve ?? (bits === null ? null : `${bits} bits`);
  return {
    sha256: certificate.sha256,
    sha1: certificate.sha1,
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    notBefore: isoOf(certificate.notBefore),
    notAfter: isoOf(certificate.notAfter),
    names: certificate.subjectAltNames.map(({ type, value }) =>
      type === 'dns' ? value : `${type}:${value}`,
    ),
    publicKey: size === null ? algorithm : `${algorithm} (${size})`,
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
}

/** A question as the front ends draw it; nothing in it has to be parsed again. */
export function questionReport(
  question: TrustQuestion,
  { profile, supportText }: QuestionSurroundings,
): QuestionReport {
  const { diagnosis, expected } = question;
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
    choices: question.choices.map(({ interval, needsFingerprint }) => ({
      interval,
      needsFingerprint,
    })),
    waiting: question.waiting,
    supportText,
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
