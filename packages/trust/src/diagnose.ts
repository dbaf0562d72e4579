/**
 * Says everything that is wrong with a presented chain, as data. A pure function of its arguments:
 * no clock, no network, no files. It explains or adds to OpenSSL's verdict and never overrules it.
 * It does not decide (see decide.ts).
 */

import type { Anchor } from './anchors.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import type { RevocationList } from './crl.ts';
import { inspectPath } from './inspect.ts';
import { normaliseServerName } from './names.ts';
import { isExplained } from './openssl-codes.ts';
import { isAnchored, MAX_SIGNATURE_CHECKS, type Path, searchPaths } from './path.ts';
import type { Policy } from './policy.ts';
import {
  byGravity,
  NO_CERTIFICATE,
  type Position,
  type Problem,
  type ProblemKind,
  type Remark,
} from './problem.ts';
import { MAX_CERTIFICATE_BYTES } from './read-certificate.ts';
import { type RevocationAt, revocationAlong } from './revocation.ts';

/** Most certificates of a presented chain that are looked at: GnuTLS's DEFAULT_MAX_VERIFY_DEPTH. */
export const MAX_PRESENTED = 16;

/** What does not change with time: remembered by the gate for an identical chain. */
export interface ExamineInput {
  /** DER as the server sent it, leaf first. */
  presented: readonly Uint8Array[];
  /** The reference identity (RFC 9525): DNS name or IP address. */
  serverName: string;
  /** Anchors in force for this server name. */
  anchors: readonly Anchor[];
  policy: Pick<Policy, 'disallowedCertificates' | 'minimumTlsVersion' | 'revocation'>;
  /** Looked at as far as `policy.revocation` says; none by default. */
  revocationLists?: readonly RevocationList[];
}

/** What changes from one connection to the next. */
export interface MomentInput {
  at: Date;
  /** `TLSv1.2`, `TLSv1.3`, ... as negotiated; null when there was no handshake. */
  protocol: string | null;
  /** OpenSSL's verdict: its code, `null` when it authorised the chain, `undefined` when it was not consulted. */
  openssl: string | null | undefined;
  /** OpenSSL's code for a handshake by the gate's rules, where only one by weaker rules succeeded. */
  brokenOffBy?: string;
}

/** Everything that can be said of a chain apart from dates. Opaque to all but {@link conclude}. */
export interface Examination {
  readonly serverName: string;
  readonly chain: readonly Certificate[];
  /** Leaf to anchor, with the index into `chain` or null for an anchor that was not sent. */
  readonly path: readonly PathElement[];
  readonly problems: readonly Problem[];
  readonly remarks: readonly Remark[];
  /** True if the path ends at an anchor by a checked signature. */
  readonly anchored: boolean;
  /** Every path that may turn out the best one once the date is known; the first is the one above. */
  readonly assessments: readonly Assessment[];
  readonly minimumTlsVersion: Policy['minimumTlsVersion'];
}

/** What is to be said of a chain along one path, dates apart. */
export interface Assessment {
  readonly path: readonly PathElement[];
  readonly problems: readonly Problem[];
  readonly remarks: readonly Remark[];
  /** What is to be said of revocation, for which lists have dates of their own. */
  readonly revocationAt: RevocationAt;
}

/** One element of the path that explains best. */
export interface PathElement {
  certificate: Certificate;
  position: number | null;
  /** Set on the element that is a trust anchor. */
  anchor: Anchor | null;
}

/** All problems of one connection, most grave first, with what was looked at. */
export interface Diagnosis {
  readonly serverName: string;
  readonly at: Date;
  readonly protocol: string | null;
  readonly openssl: string | null | undefined;
  readonly chain: readonly Certificate[];
  readonly path: readonly PathElement[];
  readonly problems: readonly Problem[];
  readonly remarks: readonly Remark[];
}

/**
 * Says everything about a chain that the date, the connection and OpenSSL have no part in. Never
 * throws for what a server sent: that is `malformed` or `limit-exceeded`. Throws as
 * normaliseServerName does for a server name that is none.
 */
export function examine(input: ExamineInput): Examination {
  const serverName = normaliseServerName(input.serverName);
  const { minimumTlsVersion, disallowedCertificates } = input.policy;
  const chain = input.presented.slice(0, MAX_PRESENTED).map((der) => parseCertificate(der));
  const general = problemsOfChain(input, chain);
  const [leaf, ...others] = chain;
  if (leaf === undefined) {
    general.push({ kind: 'malformed', position: null, reason: NO_CERTIFICATE });
    return {
      serverName,
      chain,
      path: [],
      problems: general,
      remarks: [],
      anchored: false,
      assessments: [{ path: [], problems: general, remarks: [], revocationAt: () => [] }],
      minimumTlsVersion,
    };
  }
  const { paths, exhausted } = searchPaths([leaf, ...others], usableAnchors(input.anchors, leaf));
  if (exhausted) {
    general.push({
      kind: 'limit-exceeded',
      position: null,
      limit: 'signature checks',
      allowed: MAX_SIGNATURE_CHECKS,
      found: MAX_SIGNATURE_CHECKS + 1,
    });
  }
  const disallowed = new Set(disallowedCertificates);
  const tooLarge = new Set<Position>(
    general.flatMap(({ kind, position }) => (kind === 'limit-exceeded' ? [position] : [])),
  );
  const revocation = {
    mode: input.policy.revocation,
    lists: input.revocationLists ?? [],
    chain,
    anchors: input.anchors,
    serverName,
  };
  const assess = (path: Path): Assessment => {
    const { problems, remarks } = inspectPath(path, serverName);
    // An issuer that was not looked for is not missing; a certificate that was not read is not malformed.
    const isCutShort = exhausted || input.presented.length > MAX_PRESENTED;
    const all = [
      ...general,
      ...problems.filter(({ kind }) => !(isCutShort && MISSING_ISSUER.has(kind))),
      ...problemsBesidePath(path, chain),
      ...disallowedIn(path, chain, disallowed),
    ].filter(({ kind, position }) => !(kind === 'malformed' && tooLarge.has(position)));
    return {
      path: path.steps,
      problems: all.sort(byGravity),
      remarks: [...remarks, ...remarksOnOrder(path, chain)],
      revocationAt: revocationAlong(path, revocation),
    };
  };
  const [first, ...rest] = paths;
  const best = assess(first);
  return {
    serverName,
    chain,
    path: best.path,
    problems: best.problems,
    remarks: best.remarks,
    anchored: isAnchored(first),
    assessments: [best, ...rest.map(assess)],
    minimumTlsVersion,
  };
}

/** Adds the dates, the protocol and OpenSSL's verdict; chooses the path that has least against it. */
export function conclude(examination: Examination, moment: MomentInput): Diagnosis {
  const { serverName, chain, assessments, minimumTlsVersion } = examination;
  const { at, protocol, openssl } = moment;
  const along = assessments.map(({ path, problems, remarks, revocationAt }) => ({
    path,
    remarks,
    problems: [
      ...problems,
      ...path.flatMap((element) => problemsOfDate(element, at)),
      ...revocationAt(at),
    ].sort(byGravity),
  }));
  const best = along.reduce((a, b) => (hasLessAgainst(b.problems, a.problems) ? b : a));
  const problems = [...best.problems];
  if (protocol !== null && isBelow(protocol, minimumTlsVersion)) {
    problems.push({ kind: 'old-protocol', position: null, protocol, minimum: minimumTlsVersion });
  }
  if (typeof openssl === 'string' && !isExplained(openssl, problems)) {
    problems.push({ kind: 'refused-by-openssl', position: null, code: openssl });
  }
  // Whatever the code: who speaks nothing newer could not do otherwise. Any other reason must stand
  // for itself, or what cannot be connected to would look fine.
  const isTooOld = problems.some(({ kind }) => kind === 'old-protocol');
  if (moment.brokenOffBy !== undefined && !isTooOld) {
    problems.push({ kind: 'refused-by-openssl', position: null, code: moment.brokenOffBy });
  }
  const { path, remarks } = best;
  problems.sort(byGravity);
  return { serverName, at, protocol, openssl, chain, path, problems, remarks };
}

/** {@link examine} and {@link conclude} at once. */
export function diagnose(input: ExamineInput & MomentInput): Diagnosis {
  return conclude(examine(input), input);
}

/** Kinds that say that a path goes no further. */
const MISSING_ISSUER: ReadonlySet<ProblemKind> = new Set([
  'incomplete-chain',
  'issuer-not-found',
  'root-not-trusted',
]);

/**
 * A server certificate that the user gave as a root would be trusted for good by the back door, so
 * neither it nor another root with its key counts for it (house: Anchors). Nor does a root that
 * OpenSSL cannot read: no signature can be checked against it.
 */
function usableAnchors(anchors: readonly Anchor[], leaf: Certificate): readonly Anchor[] {
  return anchors.filter(
    ({ origin, certificate }) =>
      certificate.x509 !== null &&
      (origin.kind !== 'user' || certificate.spkiSha256 !== leaf.spkiSha256),
  );
}

function problemsOfChain(input: ExamineInput, chain: readonly Certificate[]): Problem[] {
  const problems: Problem[] = [];
  const found = input.presented.length;
  if (found > MAX_PRESENTED) {
    const limit = 'certificates presented';
    problems.push({ kind: 'limit-exceeded', position: null, limit, allowed: MAX_PRESENTED, found });
  }
  chain.forEach((_, position) => {
    const bytes = input.presented[position]?.length ?? 0;
    if (bytes <= MAX_CERTIFICATE_BYTES) return;
    const limit = 'bytes in a certificate';
    const allowed = MAX_CERTIFICATE_BYTES;
    problems.push({ kind: 'limit-exceeded', position, limit, allowed, found: bytes });
  });
  return problems;
}

/** While no path is whole, a certificate that cannot be read may be the link that is missing. */
function problemsBesidePath(path: Path, chain: readonly Certificate[]): Problem[] {
  if (isAnchored(path)) return [];
  return chain.flatMap((certificate, position) =>
    path.steps.some((step) => step.position === position)
      ? []
      : certificate.malformed.map((reason): Problem => ({ kind: 'malformed', position, reason })),
  );
}

function disallowedIn(
  path: Path,
  chain: readonly Certificate[],
  disallowed: ReadonlySet<string>,
): Problem[] {
  if (disallowed.size === 0) return [];
  const unsent = path.steps.filter(({ position }) => position === null);
  return [
    ...chain.map(({ sha256 }, position) => ({ sha256, position })),
    ...unsent.map(({ certificate: { sha256 } }) => ({ sha256, position: null })),
  ].flatMap(({ sha256, position }): Problem[] =>
    disallowed.has(sha256) ? [{ kind: 'disallowed-by-policy', position, sha256 }] : [],
  );
}

/** RFC 8446 4.4.2: order and additions are tolerated; they are remarked on. */
function remarksOnOrder(path: Path, chain: readonly Certificate[]): Remark[] {
  if (path.end === 'unreadable') return [];
  const remarks: Remark[] = [];
  const used = path.steps.flatMap(({ position }) => (position === null ? [] : [position]));
  if (used.some((position, index) => position < (used[index - 1] ?? 0))) {
    const sentence = 'The server sends its certificates in the wrong order.';
    remarks.push({ kind: 'chain-out-of-order', position: null, sentence });
  }
  chain.forEach((certificate, position) => {
    if (used.includes(position)) return;
    const isRepeated = chain.indexOf(certificate) < position;
    remarks.push(
      isRepeated
        ? { kind: 'duplicate-certificate', position, sentence: 'A certificate is sent twice.' }
        : {
            kind: 'certificate-not-used',
            position,
            sentence: 'A certificate is sent that leads nowhere.',
          },
    );
  });
  return remarks;
}

/** Both bounds are inclusive (RFC 5280 4.1.2.5) and hold to the second, so `at` is taken to its second. */
function problemsOfDate({ certificate, position }: PathElement, at: Date): Problem[] {
  const { notBefore, notAfter } = certificate;
  const second = Math.floor(at.getTime() / 1000) * 1000;
  // Dates that could not be read are `malformed`.
  if (notAfter.getTime() === 0 && notBefore.getTime() === 0) return [];
  const problems: Problem[] = [];
  if (second > notAfter.getTime()) {
    problems.push({
      kind: 'expired',
      position,
      subject: certificate.subject,
      notAfter: notAfter.toISOString(),
      at: at.toISOString(),
    });
  }
  // Both, if it ends before it begins.
  if (second < notBefore.getTime()) {
    problems.push({
      kind: 'not-yet-valid',
      position,
      subject: certificate.subject,
      notBefore: notBefore.toISOString(),
      at: at.toISOString(),
    });
  }
  return problems;
}

/** Fewer problems, then a less grave first one. */
function hasLessAgainst(a: readonly Problem[], b: readonly Problem[]): boolean {
  if (a.length !== b.length) return a.length < b.length;
  const [worstOfA, worstOfB] = [a[0], b[0]];
  return worstOfA !== undefined && worstOfB !== undefined && byGravity(worstOfA, worstOfB) > 0;
}

/** `TLSv1.2` as `[1, 2]`; anything else (`SSLv3`, `unknown`) is below every TLS. */
function isBelow(protocol: string, minimum: string): boolean {
  const rank = (name: string): number => {
    const match = /^TLSv(\d)(?:\.(\d))?$/.exec(name);
    return match === null ? 0 : Number(match[1]) * 10 + Number(match[2] ?? 0);
  };
  return rank(protocol) < rank(minimum);
}
