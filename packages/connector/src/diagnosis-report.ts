/** A diagnosis as data that crosses a socket: problems with their evidence, the chain, the drawn path. */

import {
  type Certificate,
  type Diagnosis,
  describe,
  describeEvidence,
  generalNameText,
  keyText,
  type Look,
  NEVER_OVERRIDABLE,
  type Problem,
  toPem,
} from '@postern/trust';
import type {
  CertificateReport,
  PathElementReport,
  ProblemReport,
  RemarkReport,
  ServerCertificateReport,
} from './api.ts';

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

/** What there is to say of a chain. */
export interface DiagnosisReport {
  problems: readonly ProblemReport[];
  remarks: readonly RemarkReport[];
  chain: readonly CertificateReport[];
  path: readonly PathElementReport[];
}

/** The diagnosis of a chain; where there was none (plain HTTP) there is nothing to say. */
export function diagnosisReport(diagnosis: Diagnosis | null): DiagnosisReport {
  if (diagnosis === null) return { problems: [], remarks: [], chain: [], path: [] };
  return {
    problems: diagnosis.problems.map(problemReport),
    remarks: diagnosis.remarks.map(({ kind, position, sentence }) => ({
      kind,
      position,
      sentence,
    })),
    chain: diagnosis.chain.map(certificateReport),
    path: diagnosis.path.map(({ certificate, position, anchor }) => ({
      position,
      anchor: anchor === null ? null : anchor.origin.kind,
      status: statusOf(diagnosis, position),
      sha256: certificate.sha256,
      subject: certificate.subject,
    })),
  };
}

/** A problem with its sentence and both sides of its evidence. */
function problemReport(problem: Problem): ProblemReport {
  return {
    kind: problem.kind,
    position: problem.position,
    sentence: describe(problem),
    evidence: describeEvidence(problem),
    overridable: !NEVER_OVERRIDABLE.has(problem.kind),
    problem,
  };
}

/** What the Certification Path tab says of one certificate: its gravest problem, or that it is fine. */
function statusOf({ problems }: Diagnosis, position: number | null): string {
  const own = problems.find((one) => one.position !== null && one.position === position);
  return own === undefined ? 'This certificate is OK.' : describe(own);
}

/** What a server showed and what the gate does about it, for View Certificate. */
export function serverCertificateReport({
  endpoint,
  diagnosis,
  verdict,
}: Look): ServerCertificateReport {
  return {
    host: endpoint.host,
    port: endpoint.port,
    at: diagnosis.at.toISOString(),
    verdict: verdict.kind,
    until: verdict.kind === 'overridden' ? verdict.until.toISOString() : null,
    ...diagnosisReport(diagnosis),
  };
}
