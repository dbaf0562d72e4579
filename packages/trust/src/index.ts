/**
 * `@postern/trust`: the gate for any Node.js TLS client. Verifies, lists every problem, asks a
 * person, remembers by fingerprint until a date, warns of another certificate, can be told to stop.
 * This list is the whole surface.
 */

export type { Anchor, AnchorOrigin, AnchorSet, AnchorSources, Anchors } from './anchors.ts';
export { anchorsFor, createAnchors, fixedAnchors } from './anchors.ts';
export type {
  Cause,
  Certainty,
  ClockSource,
  Evidence,
  FetchedIssuer,
  LocalRoot,
} from './causes.ts';
export { causesOf, NO_EVIDENCE } from './causes.ts';
export type { Certificate, Extension, GeneralName } from './certificate.ts';
export {
  formatFingerprint,
  generalNameText,
  keyText,
  parseCertificate,
  parseFingerprint,
  parsePem,
  toPem,
} from './certificate.ts';
export { type Clock, systemClock } from './clock.ts';
export type { CertificateChange, ComparedField, ComparedRow, Comparison } from './compare.ts';
export { compareCertificates, describeJudgement } from './compare.ts';
export { MAX_LIST_FILE_BYTES, parseCrl, parseCrlFile, type RevocationList } from './crl.ts';
export { adviceForAdministrator, describeCause, describeCure } from './cures.ts';
export type { Danger } from './danger.ts';
export { type DecideInput, decide, type Verdict } from './decide.ts';
export {
  type Diagnosis,
  diagnose,
  type ExamineInput,
  type MomentInput,
  type PathElement,
} from './diagnose.ts';
export { endpointKey, toEndpoint } from './endpoint.ts';
export type {
  FormatErrorCode,
  StoreErrorCode,
  TransportErrorCode,
  TrustErrorCode,
} from './errors.ts';
export { FormatError, PosternError, StoreError, TransportError, TrustError } from './errors.ts';
export { createGate, type Gate, type GateOptions } from './gate.ts';
export { normaliseServerName } from './names.ts';
export type { EndpointMemory, Override, OverrideState, Overrides } from './overrides.ts';
export { createMemoryOverrides, openFileOverrides } from './overrides.ts';
export { assertPrivate, ensurePrivateFolder, readPrivateFile } from './ownership.ts';
export type { PlainDial } from './plain-get.ts';
export type { Policy, PolicyLayer, PolicySource, PolicyState } from './policy.ts';
export { createPolicySource, DEFAULT_POLICY, fixedPolicy } from './policy.ts';
export type { Position, Problem, ProblemKind, Remark } from './problem.ts';
export {
  describe,
  describeEvidence,
  NEVER_OVERRIDABLE,
  PROBLEM_KINDS,
  problemKey,
} from './problem.ts';
export type {
  AnswerOutcome,
  Asker,
  AskReason,
  ConnectionPurpose,
  Endpoint,
  ExpectedCertificate,
  IntervalChoice,
  Purpose,
  TrustAnswer,
  TrustInterval,
  TrustQuestion,
} from './question.ts';
export { TRUST_INTERVAL_MS, TRUST_INTERVALS, ZIMBRA_PURPOSES } from './question.ts';
export type { AgentRequest, ConnectRequest, Look, LookRequest, Resolve } from './request.ts';
export { STARTTLS_PROTOCOLS, type StartTlsProtocol } from './starttls.ts';
export type { EndpointStatus, GateEvent } from './status.ts';
export { createSystemRoots, type SystemRoots } from './system-roots.ts';
export { openUserRoots, type UserRoot, type UserRoots } from './user-roots.ts';
