/**
 * What the connector tells and takes: the types shared by the daemon's host, the command line and
 * the desk. Data only; instants are ISO 8601 strings in UTC, because they cross a socket.
 */

import type {
  Cause,
  CertificateChange,
  ComparedRow,
  Comparison,
  ConnectionPurpose,
  Problem,
  TrustInterval,
} from '@postern/trust';

/** What one of the eight connections is doing. */
export type ConnectionActivity =
  | 'connecting'
  | 'failed'
  | 'idle'
  | 'offline'
  | 'running'
  | 'waiting-for-decision'
  | 'watching';

/** How a connection is protected. `SECURE` is reserved for the verdict `secure`. */
export type ConnectionSecurity =
  | { kind: 'NOT SECURE'; until: string }
  | { kind: 'SECURE' }
  | { kind: 'none' }
  | { kind: 'refused'; reason: string }
  | { kind: 'trusted-by-you'; until: string }
  | { kind: 'waiting' };

export interface Progress {
  /** What is counted: `messages`, `folders`, `entries`, ... */
  unit: string;
  done: number;
  /** Null while the total is not known. */
  total: number | null;
  bytes: number;
  /** When this run began, for a rate. */
  startedAt: string;
}

/** What went over one connection since the daemon started: requests and answers, without what TLS adds. */
export interface TrafficReport {
  receivedBytes: number;
  sentBytes: number;
  lastUsedAt: string | null;
  /** Bytes both ways in each of the last 60 minutes, oldest first. */
  lastHour: readonly number[];
}

export interface ErrorReport {
  code: string;
  message: string;
  at: string;
}

export interface ConnectionReport {
  purpose: ConnectionPurpose;
  activity: ConnectionActivity;
  security: ConnectionSecurity;
  lastSuccessAt: string | null;
  progress: Progress | null;
  /** What there is locally, in a few words: `312 messages`, `2 signatures`. */
  summary: string | null;
  error: ErrorReport | null;
  traffic: TrafficReport;
}

/** Why a profile works offline. */
export type OfflineReason =
  | 'by-hand'
  | 'no-password'
  | 'refused'
  | 'server-away'
  | 'server-refused'
  | 'store-failed'
  | 'starting'
  | 'stopped-trusting'
  | 'waiting-for-decision'
  | 'wrong-password';

export interface ProfileReport {
  profile: string;
  email: string;
  serverName: string;
  port: number;
  useSecureConnection: boolean;
  /** SHA-256 of the server certificate that was seen last, for View Certificate; null before the first. */
  leafSha256: string | null;
  /** When the certificate of a verified server ends, if that is within 30 days or was; else null. */
  certificateEndsAt: string | null;
  /** The least secure of the eight (house, decision 19), in words and as data. */
  connectionStatus: string;
  security: ConnectionSecurity;
  /** The open question about this profile's server, which other profiles may share. */
  questionId: string | null;
  workOffline: { reason: OfflineReason; detail: string } | null;
  connections: readonly ConnectionReport[];
  notices: readonly string[];
}

/** A question as the daemon hands it to terminal and desk. */
export interface QuestionReport {
  id: string;
  host: string;
  port: number;
  purpose: string;
  /** The profile whose server it is about, and its account; null where no profile is on this server. */
  profile: string | null;
  email: string | null;
  because: string;
  initiatedBy: 'background' | 'person';
  openedAt: string;
  leafSha256: string | null;
  /** What the front ends draw; the certificate is parsed in the daemon, never by them. */
  problems: readonly ProblemReport[];
  remarks: readonly RemarkReport[];
  /** Why it may be so and what to do, the surest first. More may come while the question is open. */
  causes: readonly CauseReport[];
  chain: readonly CertificateReport[];
  path: readonly PathElementReport[];
  expected: { sha256: string; lastSeenAt: string; certificate: CertificateReport | null } | null;
  /** The certificate of before beside the one of now; null where there is none of before. */
  comparison: ComparisonReport | null;
  choices: readonly { interval: TrustInterval; needsFingerprint: boolean }[];
  waiting: readonly string[];
  supportText: string | null;
  /** "Copy report for the administrator": text without secrets. */
  administratorReport: string;
}

/** One problem, told and as data. */
export interface ProblemReport {
  kind: Problem['kind'];
  position: number | null;
  /** One sentence in English. */
  sentence: string;
  /** Both sides of the evidence, a fragment in English. */
  evidence: string;
  overridable: boolean;
  /** The same as data, for other languages. */
  problem: Problem;
}

/** A breach of form that does not stand in the way. */
export interface RemarkReport {
  kind: string;
  position: number | null;
  sentence: string;
}

/** One element of the certification path, leaf first. */
export interface PathElementReport {
  position: number | null;
  /** Where the trust anchor comes from (`system`, `policy`, `user`, ...); null for every other element. */
  anchor: string | null;
  status: string;
  sha256: string;
  subject: string;
}

/** A cause with its evidence: what is said of it, what to do, and what the administrator does. */
export type CauseReport = Cause & {
  sentence: string;
  cure: string;
  /** Lines with commands; null where it is not theirs to mend. */
  administrator: string | null;
};

/** What became of the certificate: a sentence, the facts behind it, and old and new field by field. */
export interface ComparisonReport {
  judgement: Comparison['judgement'];
  change: CertificateChange;
  sentence: string;
  lastSeenAt: string;
  rows: readonly ComparedRow[];
}

/** A certificate as text, safe to print. */
export interface CertificateReport {
  sha256: string;
  sha1: string;
  subject: string;
  issuer: string;
  serialNumber: string;
  notBefore: string;
  notAfter: string;
  names: readonly string[];
  publicKey: string;
  /** SHA-256 of the SubjectPublicKeyInfo: two keys of one size are told apart by it. */
  spkiSha256: string;
  signatureAlgorithm: string;
  isCa: boolean | null;
  keyUsage: readonly string[] | null;
  extendedKeyUsage: readonly string[] | null;
  extensions: readonly { oid: string; name: string; critical: boolean; value: string }[];
  pem: string;
}

export interface StatusReport {
  schema: 1;
  version: string;
  startedAt: string;
  profiles: readonly ProfileReport[];
  /** Profiles whose file cannot be read or whose store cannot be opened; the others go on without them. */
  unreadable: readonly UnreadableProfile[];
  questions: readonly QuestionReport[];
}

/** A profile that cannot be used, and why. */
export interface UnreadableProfile {
  name: string;
  /** The file: the profile's own, or its local store. */
  path: string;
  /** `ERR_PROFILE_INVALID` for nonsense in it, `ERR_STORE_UNSAFE` where others could have written it, or another StoreError's. */
  code: string;
  message: string;
}

/** One override, or the confirmation of unprotected HTTP (`leafSha256` is `plain-http`). */
export interface TrustReport {
  host: string;
  port: number;
  leafSha256: string;
  state: 'expired' | 'live' | 'retired' | 'withdrawn';
  grantedAt: string;
  expiresAt: string;
  problems: readonly string[];
  fingerprintChecked: boolean;
  untilStop: boolean;
}

/** What Stop Trusting ended. */
export interface StopTrustingReport {
  override: boolean;
  roots: number;
  sockets: number;
}

/** A root that the user bound to one server name. */
export interface RootReport {
  serverName: string;
  sha256: string;
  subject: string;
  notAfter: string;
  addedAt: string;
}

/** A folder as it is stored here. */
export interface FolderReport {
  id: number;
  parentId: number | null;
  name: string;
  path: string;
  view: string | null;
  unread: number;
  /** Items that the server counts, and those that are stored here. */
  total: number;
  stored: number;
}

/** What a server showed last, for View Certificate while no question is open. */
export interface ServerCertificateReport {
  host: string;
  port: number;
  /** When the chain was judged. */
  at: string;
  /** How the connection stands: the verdict, never less. */
  verdict: 'ask' | 'overridden' | 'refuse' | 'secure';
  /** End of the override, where there is one. */
  until: string | null;
  problems: readonly ProblemReport[];
  remarks: readonly RemarkReport[];
  chain: readonly CertificateReport[];
  path: readonly PathElementReport[];
}

/** One certificate that a server has shown, and what was decided about it: a lane of the time line. */
export interface CertificateLane {
  sha256: string;
  /** Null where the certificate itself was not kept. */
  certificate: CertificateReport | null;
  firstSeenAt: string;
  lastSeenAt: string;
  /** How it stood, one span after another, oldest first; `until` null for one that goes on. */
  spans: readonly {
    kind: 'overridden' | 'refused' | 'secure';
    from: string;
    until: string | null;
  }[];
  /** What happened to it, oldest first. A `verdict` says that the server showed this one after another. */
  marks: readonly { kind: HistoryKind; at: string; text: string }[];
}

/** A step of looking at a server before any credential is sent. */
export type LookStep =
  /**
   * `asking` before its outcome is known. `detail` is in no language: the `host:port` that answered
   * (`find`), the version of TLS (`secure`), the verdict (`certificate`), or the code of what failed.
   */
  | {
      type: 'step';
      step: 'certificate' | 'find' | 'secure';
      outcome: 'asking' | 'failed' | 'fine';
      detail: string | null;
    }
  /**
   * What it came to: the port that answers by TLS, else the one that answers without it. `certificate`
   * is null where nothing answered by TLS.
   */
  | {
      type: 'looked';
      host: string;
      port: number | null;
      httpPort: number | null;
      certificate: ServerCertificateReport | null;
    };

/** A line of `POST /api/discover`: the steps of each candidate, then one of the last two. */
export type DiscoveryLine =
  | { type: 'candidate'; host: string }
  | Extract<LookStep, { type: 'step' }>
  | { type: 'found'; host: string; port: number; certificate: ServerCertificateReport }
  | { type: 'not-found'; tried: readonly string[] };

/** What kinds of things are kept in the history. */
export type HistoryKind =
  | 'answered'
  | 'expired'
  | 'granted'
  | 'policy-changed'
  | 'question'
  | 'recovered'
  | 'refused'
  | 'retired'
  | 'roots-changed'
  | 'stopped'
  | 'verdict';

/** One entry of the history. Nothing secret is in it. */
export interface HistoryEntry {
  id: number;
  kind: HistoryKind;
  /** First time, and the last of equal verdicts in a row. */
  at: string;
  lastAt: string;
  /** How many equal verdicts in a row this stands for. */
  count: number;
  host: string | null;
  port: number | null;
  /** The connection that met it. */
  purpose: string | null;
  /**
   * `secure`, `overridden`, `ask`, `refuse` of a verdict; how a question was closed (`answered`,
   * `recovered`, `replaced`, `void`); `until-stop` of what was granted so; `added` or `removed` of a
   * root; `readable` or `unreadable` of a policy; else null.
   */
  outcome: string | null;
  /** `plain-http` for the confirmation of an unprotected connection. */
  leafSha256: string | null;
  /** Kinds with the position of the certificate, as `expired@0`. */
  problems: readonly string[];
  until: string | null;
  /**
   * What else there is to say, in no language: why was asked (`changed`, ...); the rule that refused;
   * `fingerprint-checked` or `fingerprint-not-checked` of what was granted; the code of an error that
   * kept an answer from being kept; the subject of a root; the keys of policy that changed.
   */
  detail: string | null;
  /** Who did it. */
  by: 'administrator' | 'person' | 'postern';
  /** A whole sentence in English. */
  text: string;
}

/** A page of the history, newest first. */
export interface HistoryPage {
  entries: readonly HistoryEntry[];
  /** Entries that the filter lets through, and all. */
  matching: number;
  total: number;
}

/** A setting that policy fixes, and where that stands. */
export interface FixedSetting {
  value: boolean | number | string;
  source: string;
}

/** What policy says to the desk. An unreadable policy refuses every override. */
export interface PolicyReport {
  state: 'readable' | 'unreadable';
  /** Why it is unreadable. */
  message: string | null;
  /** Settings by name (`requireSecureConnection`, `maxTrustDays`, ...), only those that policy fixes. */
  fixed: Readonly<Record<string, FixedSetting>>;
  supportText: string | null;
}

/** One line of a list of messages. Text is the sender's: decoded, bounded, control characters removed. */
export interface MessageSummary {
  id: number;
  folderId: number;
  subject: string;
  from: string;
  receivedAt: string;
  sizeBytes: number;
  unread: boolean;
  flagged: boolean;
  hasAttachment: boolean;
}

/** A message to be read. HTML is left out: it is the sender's markup. */
export interface MessageDetail extends MessageSummary {
  to: string;
  cc: string;
  sentAt: string | null;
  messageId: string | null;
  text: string;
  /** False where the text was made from HTML or was cut. */
  isWholeText: boolean;
  attachments: readonly { name: string; contentType: string; sizeBytes: number }[];
}

/** A message on its way out. */
export interface OutboxReport {
  id: string;
  state: 'failed' | 'queued' | 'sent';
  subject: string;
  sizeBytes: number;
  createdAt: string;
  attempts: number;
  error: string | null;
}

/** One entry of the global address list. */
export interface GalReport {
  id: string;
  name: string;
  email: string;
  fields: readonly (readonly [name: string, value: string])[];
}

export interface SignatureReport {
  id: string;
  name: string;
  plain: string | null;
  html: string | null;
}

/** Whitelist and blacklist. */
export interface SendersReport {
  allowed: readonly string[];
  blocked: readonly string[];
}

/** What the server offers; nothing is taken here. */
export interface UpgradeReport {
  current: string;
  /** Newest version of Postern that the server offers, or null. */
  offered: string | null;
  isNewer: boolean;
  /** True only where the connection that looked was SECURE (house, decision 12). */
  mayTake: boolean;
  lookedAt: string;
}

/** Outcome of Send/Receive: all connections ran, one or more failed, or a person has to decide first. */
export interface SendReceiveReport {
  outcome: 'done' | 'failed' | 'offline' | 'waiting-for-decision';
  profile: ProfileReport;
}

/** One line of the event stream. A stream begins with a `status`. */
export type HostEvent =
  | { type: 'message'; profile: string; stored: number }
  | { type: 'notice'; profile: string | null; text: string }
  | { type: 'question'; question: QuestionReport }
  | { type: 'question-closed'; id: string; how: 'answered' | 'recovered' | 'replaced' | 'void' }
  | { type: 'status'; status: StatusReport };

/** Body of every answer that is not 2xx. */
export interface HostFailure {
  error: { code: string; message: string };
}
