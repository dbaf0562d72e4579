/**
 * A problem is one thing wrong with one presented chain, as data: a kind, the certificate's
 * position, and the evidence. Problems are never thrown; all of them are listed, most grave first.
 * A remark has the same shape and never stands in the way.
 */

/** In the order of gravity, most grave first: the one table that ranks them (design: style.md 2a). */
export const PROBLEM_KINDS = [
  'revoked',
  'revocation-unknown',
  'bad-signature',
  'disallowed-by-policy',
  'name-mismatch',
  'self-signed',
  'root-not-trusted',
  'issuer-not-found',
  'incomplete-chain',
  'name-constraint',
  'policy-constraint',
  'not-a-ca',
  'path-too-long',
  'wrong-usage',
  'unknown-critical-extension',
  'expired',
  'not-yet-valid',
  'weak-key',
  'weak-signature',
  'old-protocol',
  'malformed',
  'limit-exceeded',
  'refused-by-openssl',
] as const;

export type ProblemKind = (typeof PROBLEM_KINDS)[number];

/**
 * Place of a certificate in the presented chain: 0 is the leaf. `null` means the connection as a
 * whole (`old-protocol`) or a trust anchor that the server did not send.
 */
export type Position = number | null;

/** Evidence by kind. Instants are ISO 8601 strings in UTC, fingerprints lower-case hex SHA-256. */
export type Problem =
  | { kind: 'bad-signature'; position: Position; subject: string; issuer: string }
  | { kind: 'disallowed-by-policy'; position: Position; sha256: string }
  | { kind: 'expired'; position: Position; subject: string; notAfter: string; at: string }
  | { kind: 'incomplete-chain'; position: Position; missingIssuer: string }
  | { kind: 'issuer-not-found'; position: Position; issuer: string }
  | {
      kind: 'limit-exceeded';
      position: Position;
      limit: string;
      allowed: number;
      found: number;
      /** The file of the revocation list, where it is one that is too large. */
      list?: string;
    }
  | { kind: 'malformed'; position: Position; reason: string; list?: string }
  | {
      kind: 'name-constraint';
      position: Position;
      /** The name that breaks the constraint of the CA at `position`. */
      name: string;
      constraint: string;
      tree: 'excluded' | 'permitted';
    }
  | { kind: 'name-mismatch'; position: Position; serverName: string; presented: readonly string[] }
  | { kind: 'not-a-ca'; position: Position; subject: string }
  | { kind: 'not-yet-valid'; position: Position; subject: string; notBefore: string; at: string }
  | { kind: 'old-protocol'; position: Position; protocol: string; minimum: string }
  | { kind: 'policy-constraint'; position: Position; subject: string }
  | { kind: 'path-too-long'; position: Position; subject: string; allowed: number; found: number }
  | { kind: 'refused-by-openssl'; position: Position; code: string }
  | { kind: 'revocation-unknown'; position: Position; reason: string }
  | { kind: 'revoked'; position: Position; at: string | null; reason: string | null }
  | { kind: 'root-not-trusted'; position: Position; subject: string; sha256: string }
  | { kind: 'self-signed'; position: Position; subject: string }
  | { kind: 'unknown-critical-extension'; position: Position; oid: string }
  | { kind: 'weak-key'; position: Position; algorithm: string; bits: number; minimum: number }
  | { kind: 'weak-signature'; position: Position; algorithm: string }
  | { kind: 'wrong-usage'; position: Position; required: string; presented: readonly string[] };

/** A breach of form that OpenSSL accepts: shown, never in the way, counted only by `check --strict`. */
export interface Remark {
  /** kebab-case, e.g. `basic-constraints-not-critical`, `common-name-not-in-san`. */
  kind: string;
  position: Position;
  /** One sentence for people. */
  sentence: string;
}

/**
 * Kinds that no person may override (house, decision 8). The absence of any certificate is the
 * error ERR_TRUST_NO_CERTIFICATE and cannot be overridden either.
 */
export const NEVER_OVERRIDABLE: ReadonlySet<ProblemKind> = new Set<ProblemKind>([
  'bad-signature',
  'disallowed-by-policy',
  'limit-exceeded',
  'malformed',
  'refused-by-openssl',
  'revoked',
  'unknown-critical-extension',
  'wrong-usage',
]);

/** Why a chain without any certificate is `malformed`. */
export const NO_CERTIFICATE = 'no certificate was presented';

/** Orders problems most grave first, then by position (the leaf first; the whole connection last). */
export function byGravity(a: Problem, b: Problem): number {
  const gravity = PROBLEM_KINDS.indexOf(a.kind) - PROBLEM_KINDS.indexOf(b.kind);
  return gravity !== 0 ? gravity : (a.position ?? 1e9) - (b.position ?? 1e9);
}

/** Key under which an override remembers a problem: its kind and its position in the chain (house, decision 2). */
export function problemKey(problem: Problem): string {
  return `${problem.kind}@${problem.position ?? 'connection'}`;
}

/** One sentence for people, in the article's words where it has them. Certificates count from 1. */
export function describe(problem: Problem): string {
  const { position } = problem;
  const which = certificateAt(position);
  switch (problem.kind) {
    case 'bad-signature':
      return `${which} was not signed by the issuer that it names.`;
    case 'disallowed-by-policy':
      return `${which} is not allowed by policy.`;
    case 'expired':
      return `${which} has expired.`;
    case 'incomplete-chain':
      return 'The server did not send the certificate of the issuer.';
    case 'issuer-not-found':
      return position === 0
        ? 'The issuer of this certificate could not be found.'
        : `The issuer of ${inSentence(which)} could not be found.`;
    case 'limit-exceeded':
      return problem.list === undefined
        ? 'The server presented more than is looked at.'
        : 'A revocation list is larger than what is looked at.';
    case 'malformed':
      if (problem.list !== undefined) return 'A revocation list cannot be read.';
      return problem.reason === NO_CERTIFICATE
        ? 'The server presented no certificate.'
        : `${which} is not well formed.`;
    case 'name-constraint':
      return `${which} may not issue certificates for this name.`;
    case 'name-mismatch':
      return 'The certificate does not match the server.';
    case 'not-a-ca':
      return `${which} may not issue certificates.`;
    case 'not-yet-valid':
      return `${which} is not valid yet.`;
    case 'old-protocol':
      return 'The connection uses a version of TLS that is too old.';
    case 'path-too-long':
      return `${which} has more issuers below it than it allows.`;
    case 'policy-constraint':
      return `${which} lacks the certificate policy that an issuer asks for.`;
    case 'refused-by-openssl':
      // Node's codes for a handshake, not for a chain.
      return problem.code.startsWith('ERR_SSL_') || problem.code.startsWith('ECONN')
        ? 'The server offers nothing by which a connection would be safe.'
        : 'OpenSSL refused the certificate.';
    case 'revocation-unknown':
      return `Whether ${inSentence(which)} has been revoked could not be found out.`;
    case 'revoked':
      return `${which} has been revoked by its issuer.`;
    case 'root-not-trusted':
      return 'The root CA certificate is not among the trusted root certification authorities.';
    case 'self-signed':
      return 'The certificate is self-signed and not trusted.';
    case 'unknown-critical-extension':
      return `${which} has a critical extension that is not understood.`;
    case 'weak-key':
      return `The key of ${inSentence(which)} is too short.`;
    case 'weak-signature':
      return `The signature of ${inSentence(which)} is of a kind that can be forged.`;
    case 'wrong-usage':
      return position === 0
        ? 'The certificate is not meant for a server.'
        : `${which} is not meant for issuing to servers.`;
  }
}

/**
 * The evidence with both sides, as a lower-case fragment without a full stop: what was found and
 * what was wanted. Text from certificates is escaped already.
 */
export function describeEvidence(problem: Problem): string {
  switch (problem.kind) {
    case 'bad-signature':
      return `"${problem.subject}" names "${problem.issuer}" as its issuer, whose key did not sign it`;
    case 'disallowed-by-policy':
      return `policy disallows the certificate with SHA-256 ${problem.sha256}`;
    case 'expired':
      return `certificate expired ${span(problem.notAfter, problem.at)} before ${problem.at}: valid until ${problem.notAfter}`;
    case 'incomplete-chain':
      return `issuer "${problem.missingIssuer}" was not sent and is not trusted here`;
    case 'issuer-not-found':
      return `issuer "${problem.issuer}" was neither sent nor is it trusted here`;
    case 'limit-exceeded':
      return `${inList(problem.list)}${problem.found} ${problem.limit}, at most ${problem.allowed}`;
    case 'malformed':
      return `${inList(problem.list)}${problem.reason}`;
    case 'name-constraint':
      return problem.tree === 'permitted'
        ? `issuer is constrained to "${problem.constraint}", certificate is for "${problem.name}"`
        : `issuer is barred from "${problem.constraint}", certificate is for "${problem.name}"`;
    case 'name-mismatch':
      return `certificate is valid for ${quoted(problem.presented)}, not "${problem.serverName}"`;
    case 'not-a-ca':
      return `"${problem.subject}" issued a certificate without being a CA`;
    case 'not-yet-valid':
      return `certificate becomes valid ${span(problem.at, problem.notBefore)} after ${problem.at}: valid from ${problem.notBefore}`;
    case 'old-protocol':
      return `connection uses ${problem.protocol}, at least ${problem.minimum} is required`;
    case 'path-too-long':
      return `"${problem.subject}" allows ${problem.allowed} issuers below it, found ${problem.found}`;
    case 'policy-constraint':
      return `"${problem.subject}" has no valid certificate policy, and an issuer requires one`;
    case 'refused-by-openssl':
      return `OpenSSL says ${problem.code}`;
    case 'revocation-unknown':
      return problem.reason;
    case 'revoked':
      return `revoked ${problem.at ?? 'at an unknown time'}, reason: ${problem.reason ?? 'none given'}`;
    case 'root-not-trusted':
      return `root "${problem.subject}" with SHA-256 ${problem.sha256} is not trusted here`;
    case 'self-signed':
      return `"${problem.subject}" is its own issuer and not trusted here`;
    case 'unknown-critical-extension':
      return `extension ${problem.oid} is critical`;
    case 'weak-key':
      return `${problem.algorithm} key has ${problem.bits} bits, at least ${problem.minimum} are required`;
    case 'weak-signature':
      return `signed with ${problem.algorithm}`;
    case 'wrong-usage':
      return `certificate is for ${quoted(problem.presented)}, not for ${problem.required}`;
  }
}

function inList(list: string | undefined): string {
  return list === undefined ? '' : `revocation list "${list}": `;
}

function certificateAt(position: Position): string {
  if (position === null) return 'A certificate that was not sent';
  return position === 0 ? 'The certificate' : `Certificate ${position + 1} of the chain`;
}

function inSentence(subject: string): string {
  return subject.charAt(0).toLowerCase() + subject.slice(1);
}

/** Names in evidence at most; a certificate may have thousands. */
const MAX_QUOTED = 10;

function quoted(values: readonly string[]): string {
  if (values.length === 0) return 'nothing';
  const shown = values.slice(0, MAX_QUOTED).map((value) => `"${value}"`);
  const left = values.length - shown.length;
  return `${shown.join(' or ')}${left > 0 ? ` or ${left} more` : ''}`;
}

/** The time between two instants in its largest whole unit. */
function span(from: string, to: string): string {
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  const units: readonly [string, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ];
  const [unit, length] = units.find(([, size]) => seconds >= size) ?? ['second', 1];
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
