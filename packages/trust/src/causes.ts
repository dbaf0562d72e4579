/**
 * Why a chain does not verify, as far as a test can tell: the computer's clock, a sign-in page in
 * between, software that inspects, a certificate left out, and so on. Pure: what had to be gathered
 * comes as evidence (see explain.ts). A cause explains; it never changes a verdict, a choice or a
 * period. What is proven and what is guessed are told apart here and worded apart in cures.ts.
 */

import { type Certificate, parseCertificate, toPem } from './certificate.ts';
import type { Diagnosis } from './diagnose.ts';
import { isAddress, matchesServerName } from './names.ts';
import { CLOCK_TOLERANCE_MS, type EndpointMemory } from './overrides.ts';
import type { Position, Problem, ProblemKind } from './problem.ts';

/** Whether a test shows the cause beyond doubt, or it only fits what was seen. */
export type Certainty = 'guess' | 'proof';

/** One cause. Instants are ISO 8601 strings in UTC, fingerprints lower-case hex SHA-256; text from others is escaped. */
export type Cause =
  | { kind: 'clock'; certainty: Certainty; now: string; atLeast: string; source: ClockSource }
  | { kind: 'sign-in-page'; certainty: Certainty; status: number; location: string | null }
  /** `root` and `sha256` are those of the certificate in the system's store, never of one presented. */
  | { kind: 'inspection'; certainty: 'guess'; root: string | null; sha256: string | null }
  /** `pem` and `sha256` of the certificate to add, once its signature was checked; `url` says where it is to be had. */
  | {
      kind: 'missing-intermediate';
      certainty: Certainty;
      issuer: string;
      url: string | null;
      pem: string | null;
      sha256: string | null;
    }
  | { kind: 'private-root'; certainty: Certainty; subject: string; sha256: string | null }
  | { kind: 'near-miss-name'; certainty: 'guess'; typed: string; suggested: string }
  | {
      kind: 'ended-recently';
      certainty: 'proof';
      position: Position;
      notAfter: string;
      days: number;
    }
  | { kind: 'old-protocols-only'; certainty: 'proof'; protocol: string; minimum: string };

/** What says that it must be later than the computer believes; never the endpoint in question. */
export type ClockSource = 'memory' | 'release';

/** A root that the system's store has beyond those that Node.js brings from Mozilla. */
export interface LocalRoot {
  subject: string;
  sha256: string;
  spkiSha256: string;
}

/** A certificate from where the last one of the chain says that its issuer is to be had. Not trusted in any way. */
export interface FetchedIssuer {
  url: string;
  der: Uint8Array;
  /** With it, and those before it, the chain leads to an anchor by checked signatures. */
  completes: boolean;
}

/** Everything that was gathered for one diagnosis, as plain data. See {@link NO_EVIDENCE} for "nothing". */
export interface Evidence {
  /** Instants that have passed for certain: the release of this program, and the latest that this installation saw. */
  clock: { [source in ClockSource]: string | null };
  systemRoots: readonly LocalRoot[];
  /** In the order in which they sign: the first one signs the last certificate of the chain. */
  fetchedIssuers: readonly FetchedIssuer[];
  /** What the server's own port 80 answered; null where nobody asked or nothing came. */
  portal: { status: number; location: string | null } | null;
  /** The certificate with which this endpoint verified before. */
  wasSecure: EndpointMemory['secureWith'];
  /** What follows the @ in the person's address. The gate does not know it; whoever does adds it. */
  mailDomain: string | null;
}

/** Evidence of nothing: what is known before anybody looked. */
export const NO_EVIDENCE: Evidence = {
  clock: { memory: null, release: null },
  systemRoots: [],
  fetchedIssuers: [],
  portal: null,
  wasSecure: null,
  mailDomain: null,
};

const DAY_MS = 86_400_000;

/** Chrome counts an end of fewer days ago apart from others, since most of those are renewed late. */
const RECENT_DAYS = 28;

/** Names suggested at most: a certificate may have hundreds inside the mail domain. */
const MAX_SUGGESTIONS = 3;

const SIGNED_CERTIFICATE_TIMESTAMPS = '1.3.6.1.4.1.11129.2.4.2';

/** RFC 6585 6: Network Authentication Required, which only something in between sends. */
const NETWORK_AUTHENTICATION_REQUIRED = 511;

/** Kinds that say that nobody here knows who issued the chain. */
const UNKNOWN_ISSUER: ReadonlySet<ProblemKind> = new Set<ProblemKind>([
  'incomplete-chain',
  'issuer-not-found',
  'root-not-trusted',
  'self-signed',
]);

const DATES: ReadonlySet<ProblemKind> = new Set<ProblemKind>(['expired', 'not-yet-valid']);

/**
 * The causes that the evidence supports, the surest first, each only where its own test says so.
 * Never throws; a diagnosis without problems has none.
 */
export function causesOf(diagnosis: Diagnosis, evidence: Evidence): readonly Cause[] {
  if (diagnosis.problems.length === 0) return [];
  const causes = [
    ...clock(diagnosis, evidence),
    ...signInPage(diagnosis, evidence),
    ...inspection(diagnosis, evidence),
    ...missingIntermediates(diagnosis, evidence),
    ...privateRoot(diagnosis, evidence),
    ...nearMissNames(diagnosis, evidence),
    ...endedRecently(diagnosis),
    ...oldProtocolsOnly(diagnosis),
  ];
  const isGuess = ({ certainty }: Cause): number => (certainty === 'guess' ? 1 : 0);
  return causes.sort((a, b) => isGuess(a) - isGuess(b));
}

/**
 * Firefox's rule: a wrong clock is blamed only where putting it right makes every date of the path
 * good. What was remembered may itself have been a wrong clock's, so it is a guess.
 */
function clock({ at, path, problems }: Diagnosis, { clock: known }: Evidence): Cause[] {
  if (!problems.some(({ kind }) => DATES.has(kind)) || path.length === 0) return [];
  const begins = Math.max(...path.map(({ certificate }) => certificate.notBefore.getTime()));
  const ends = Math.min(...path.map(({ certificate }) => certificate.notAfter.getTime()));
  const sources: readonly ClockSource[] = ['release', 'memory'];
  const found = sources.flatMap((source): Cause[] => {
    const atLeast = known[source];
    if (atLeast === null) return [];
    const earliest = Date.parse(atLeast);
    if (at.getTime() >= earliest - CLOCK_TOLERANCE_MS) return [];
    if (begins > ends || ends < earliest) return [];
    // Good at that very instant, or only at a later one that nobody has shown to have come.
    const isProven = source === 'release' && begins <= earliest;
    const certainty = isProven ? 'proof' : 'guess';
    return [{ kind: 'clock', certainty, now: at.toISOString(), atLeast, source }];
  });
  return found.slice(0, 1);
}

/** A redirect to the same place, or within its own domain, is what servers do who switch to HTTPS. */
function signInPage({ serverName }: Diagnosis, { portal }: Evidence): Cause[] {
  if (portal === null) return [];
  const { status, location } = portal;
  if (status === NETWORK_AUTHENTICATION_REQUIRED) {
    return [{ kind: 'sign-in-page', certainty: 'proof', status, location }];
  }
  if (status < 300 || status > 399 || location === null) return [];
  const base = isAddress(serverName) && serverName.includes(':') ? `[${serverName}]` : serverName;
  const target = URL.parse(location, `http://${base}/`)?.hostname.replace(/\.$/, '');
  if (target === undefined || target === '' || isSameOwner(serverName, target)) return [];
  return [{ kind: 'sign-in-page', certainty: 'guess', status, location }];
}

function isSameOwner(serverName: string, target: string): boolean {
  const name = target.replace(/^\[|\]$/g, '');
  if (name === serverName) return true;
  if (isAddress(serverName) || isAddress(name)) return false;
  const parent = withoutFirstLabel(serverName);
  return [serverName, ...(parent === null ? [] : [parent])].some((zone) => isInside(name, zone));
}

/**
 * A product is named by a root's key in the system's store alone; what a presented certificate calls
 * itself names nobody. Never proof: the root of a company is such a key too, and a company may move
 * its server to it. So dates alone are no sign either, nor is a certificate that is publicly logged.
 */
function inspection(diagnosis: Diagnosis, { systemRoots, wasSecure }: Evidence): Cause[] {
  const { chain, path, problems } = diagnosis;
  const [leaf] = chain;
  const top = path.at(-1)?.certificate;
  if (leaf === undefined || top === undefined) return [];
  const isAnothers = wasSecure !== null && hasAnotherIssuer(leaf, wasSecure);
  // The leaf itself is nobody's root: a server that is its own would be named as software.
  const local =
    path.length < 2 || isPubliclyLogged(leaf)
      ? undefined
      : systemRoots.find(({ spkiSha256 }) => spkiSha256 === top.spkiSha256);
  if (local !== undefined) {
    if (!isAnothers && problems.every(({ kind }) => DATES.has(kind))) return [];
    const { subject, sha256 } = local;
    return [{ kind: 'inspection', certainty: 'guess', root: subject, sha256 }];
  }
  if (!isAnothers || !problems.some(({ kind }) => UNKNOWN_ISSUER.has(kind))) return [];
  return [{ kind: 'inspection', certainty: 'guess', root: null, sha256: null }];
}

/**
 * Public authorities log what they issue (RFC 6962 3.3), software that inspects does not. The store
 * of a system has public roots that Node.js has not: 40 of 140 in Debian 12 beside Node 24.
 */
function isPubliclyLogged({ extensions }: Certificate): boolean {
  return extensions.some(({ oid }) => oid === SIGNED_CERTIFICATE_TIMESTAMPS);
}

function hasAnotherIssuer(
  leaf: Certificate,
  before: NonNullable<EndpointMemory['secureWith']>,
): boolean {
  if (leaf.sha256 === before.leafSha256 || leaf.spkiSha256 === before.spkiSha256) return false;
  return parseCertificate(before.leafDer).issuerId !== leaf.issuerId;
}

/**
 * What was fetched counts only where it signed what is there by a checked signature, and is proof
 * only where the chain then leads to an anchor. A root is nothing that a server has to send.
 */
function missingIntermediates(diagnosis: Diagnosis, evidence: Evidence): Cause[] {
  const last = endWithoutIssuer(diagnosis);
  if (last === null) return [];
  const links = linksOf(last, evidence.fetchedIssuers);
  const completes = links.at(-1)?.completes === true;
  const found = links.flatMap(({ certificate, url }): Cause[] => {
    if (isSelfSigned(certificate)) return [];
    const { subject, sha256, der } = certificate;
    const certainty = completes ? 'proof' : 'guess';
    const pem = toPem(der);
    return [{ kind: 'missing-intermediate', certainty, issuer: subject, url, pem, sha256 }];
  });
  const [url] = last.issuerUrls;
  if (links.length > 0 || url === undefined) return found;
  const { issuer } = last;
  return [
    { kind: 'missing-intermediate', certainty: 'guess', issuer, url, pem: null, sha256: null },
  ];
}

/** A root in the system's store is installed, whatever policy makes of it. */
function privateRoot(diagnosis: Diagnosis, evidence: Evidence): Cause[] {
  const isInStore = ({ spkiSha256 }: Certificate): boolean =>
    evidence.systemRoots.some((root) => root.spkiSha256 === spkiSha256);
  const known = (certificate: Certificate): Cause[] => {
    if (isInStore(certificate)) return [];
    const { subject, sha256 } = certificate;
    return [{ kind: 'private-root', certainty: 'proof', subject, sha256 }];
  };
  const top = diagnosis.path.at(-1)?.certificate;
  if (top !== undefined && has(diagnosis, 'root-not-trusted')) return known(top);
  const last = endWithoutIssuer(diagnosis);
  if (last === null) return [];
  const highest = linksOf(last, evidence.fetchedIssuers).at(-1);
  if (highest !== undefined) {
    const isRoot = !highest.completes && isSelfSigned(highest.certificate);
    return isRoot ? known(highest.certificate) : [];
  }
  if (last.issuerUrls.length > 0) return [];
  return [{ kind: 'private-root', certainty: 'guess', subject: last.issuer, sha256: null }];
}

/** The last certificate of a path that ends for want of an issuer; null for any other end, and where a signature is bad. */
function endWithoutIssuer(diagnosis: Diagnosis): Certificate | null {
  const isOpen = has(diagnosis, 'incomplete-chain') || has(diagnosis, 'issuer-not-found');
  if (!isOpen || has(diagnosis, 'bad-signature')) return null;
  const last = diagnosis.path.at(-1);
  // Where the path is whole the issuer is there, and only its key identifier does not fit.
  return last === undefined || last.anchor !== null ? null : last.certificate;
}

interface Link {
  certificate: Certificate;
  url: string;
  completes: boolean;
}

function linksOf(last: Certificate, fetched: readonly FetchedIssuer[]): Link[] {
  const links: Link[] = [];
  let child = last;
  for (const { url, der, completes } of fetched) {
    const certificate = parseCertificate(der);
    if (!isSignedBy(child, certificate)) break;
    links.push({ certificate, url, completes });
    child = certificate;
  }
  return links;
}

/** Whether a certificate names the other as its issuer and was signed by its key. */
export function isSignedBy(child: Certificate, issuer: Certificate): boolean {
  try {
    return (
      child.x509 !== null &&
      issuer.x509 !== null &&
      child.x509.checkIssued(issuer.x509) &&
      child.x509.verify(issuer.x509.publicKey)
    );
  } catch {
    // A key or a signature that cannot be read is not a good one.
    return false;
  }
}

function isSelfSigned(certificate: Certificate): boolean {
  return isSignedBy(certificate, certificate);
}

/**
 * Only where the name is all that is wrong. Near is the typed name less its first label, or with one
 * more in front, or a name inside the person's mail domain: none that a stranger could have chosen.
 */
function nearMissNames(diagnosis: Diagnosis, { mailDomain }: Evidence): Cause[] {
  const { chain, problems, serverName: typed } = diagnosis;
  const [leaf] = chain;
  if (leaf === undefined || problems.some(({ kind }) => kind !== 'name-mismatch')) return [];
  const parent = isAddress(typed) ? null : withoutFirstLabel(typed);
  const domain = mailDomain?.toLowerCase().replace(/\.$/, '') ?? null;
  const rank = (name: string): number | null => {
    if (name === parent) return 0;
    if (!isAddress(typed) && withoutFirstLabel(name) === typed) return 1;
    return domain?.includes('.') && isInside(name, domain) ? 2 : null;
  };
  const names = leaf.subjectAltNames.flatMap(({ type, value }) => {
    const name = value.toLowerCase();
    const nearness = type === 'dns' ? rank(name) : null;
    return nearness === null || name === typed || !isOwnName(name, leaf)
      ? []
      : [{ name, nearness }];
  });
  const nearest = [...new Map(names.map((each) => [each.name, each])).values()].sort(
    (a, b) => a.nearness - b.nearness || (a.name < b.name ? -1 : 1),
  );
  return nearest
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => ({ kind: 'near-miss-name', certainty: 'guess', typed, suggested: name }));
}

/** A wildcard is no name to type, and what is no host name matches nothing. */
function isOwnName(name: string, { subjectAltNames }: Certificate): boolean {
  try {
    return !name.includes('*') && matchesServerName(name, subjectAltNames);
  } catch {
    return false;
  }
}

function endedRecently({ at, problems }: Diagnosis): Cause[] {
  return problems.flatMap((problem): Cause[] => {
    if (problem.kind !== 'expired') return [];
    const { position, notAfter } = problem;
    const days = Math.floor((at.getTime() - Date.parse(notAfter)) / DAY_MS);
    if (days >= RECENT_DAYS) return [];
    return [{ kind: 'ended-recently', certainty: 'proof', position, notAfter, days }];
  });
}

/** The gate offers every version that it speaks, so what was agreed on is the best that the other side has. */
function oldProtocolsOnly({ problems }: Diagnosis): Cause[] {
  return problems.flatMap((problem: Problem): Cause[] =>
    problem.kind === 'old-protocol'
      ? [
          {
            kind: 'old-protocols-only',
            certainty: 'proof',
            protocol: problem.protocol,
            minimum: problem.minimum,
          },
        ]
      : [],
  );
}

function has({ problems }: Diagnosis, kind: ProblemKind): boolean {
  return problems.some((problem) => problem.kind === kind);
}

/** `www.example.com` as `example.com`; null where less than two labels would be left. */
function withoutFirstLabel(name: string): string | null {
  const rest = name.slice(name.indexOf('.') + 1);
  return rest !== name && rest.includes('.') ? rest : null;
}

function isInside(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
