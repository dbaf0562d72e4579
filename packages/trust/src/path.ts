/**
 * Looks for paths from the leaf to a trust anchor through the certificates that were presented, in
 * whatever order they came. Every step is a signature checked by `node:crypto`, never a name alone.
 * It says how far the path goes and why it ends; what is wrong with its certificates is inspect.ts.
 */

import { signatureFitsKey } from './algorithms.ts';
import type { Anchor } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import { canonicalName, isSameName } from './distinguished-name.ts';

/**
 * Most signatures checked for one chain: webpki's `Budget` has the same number. An honest chain
 * needs one for each certificate; one check costs about 0.1 ms.
 */
export const MAX_SIGNATURE_CHECKS = 100;

/** Most certificates looked at while searching: ten for each signature. Bounds the ways through cross-signs. */
const MAX_STEPS = 1000;

/** Paths to an anchor that are kept, since another one may be better once the date is known. */
const MAX_PATHS = 16;

/** One certificate of a path: `position` is its place in the presented chain, or null. */
export interface Step {
  certificate: Certificate;
  position: number | null;
  anchor: Anchor | null;
}

/** How a path ends: at an anchor, at a self-signed certificate that is none, for want of an issuer, or unreadable. */
export type PathEnd = 'anchor' | 'no-issuer' | 'unreadable' | 'untrusted-root';

/** A way from the leaf upwards. */
export interface Path {
  readonly steps: readonly Step[];
  readonly end: PathEnd;
  /** Indices into `steps` of certificates whose signature is not by the issuer they name. */
  readonly forged: readonly number[];
}

/** What a search found: good paths first; the rest is only there when there is no good one. */
export interface Search {
  /** Never empty. Paths to an anchor with every signature checked; else the one that explains best. */
  readonly paths: readonly [Path, ...Path[]];
  /** The search was cut short; more signatures would have had to be checked. */
  readonly exhausted: boolean;
}

/** Whether a path ends at an anchor and every signature in it is good. */
export function isAnchored(path: Path): boolean {
  return path.end === 'anchor' && path.forged.length === 0;
}

/** Whether subject and issuer are the same name; says nothing of who signed. */
export function isSelfIssued(certificate: Certificate): boolean {
  const { subject, issuer } = namesOf(certificate);
  return subject !== '' && subject === issuer;
}

/** Names as they are compared; computed once for each certificate, of which the store alone has 150. */
const comparable = new WeakMap<Certificate, { subject: string; issuer: string }>();

function namesOf(certificate: Certificate): { subject: string; issuer: string } {
  let known = comparable.get(certificate);
  if (known === undefined) {
    const { subjectId, issuerId } = certificate;
    const subject = canonicalName(subjectId);
    known = { subject, issuer: issuerId === subjectId ? subject : canonicalName(issuerId) };
    comparable.set(certificate, known);
  }
  return known;
}

/**
 * Whether the authority key identifier of `child` fits `issuer` in every part that it has (RFC 5280
 * 4.2.1.1). To RFC 4158 it is a hint; OpenSSL takes nobody for an issuer whom it does not fit.
 */
export function fitsAuthorityKeyId(child: Certificate, issuer: Certificate): boolean {
  const { authorityKeyId, authorityIssuerId, authoritySerialNumber } = child;
  const fitsKey =
    authorityKeyId === null ||
    issuer.subjectKeyId === null ||
    authorityKeyId === issuer.subjectKeyId;
  return (
    fitsKey &&
    (authoritySerialNumber === null || authoritySerialNumber === issuer.serialNumber) &&
    (authorityIssuerId === null ||
      authorityIssuerId === '' ||
      isSameName(authorityIssuerId, issuer.issuerId))
  );
}

/**
 * Whether OpenSSL takes a certificate for self-signed: it goes by names, identifiers and the kind of
 * key, before any signature. Such a one has no other issuer to it, and a root must be one.
 */
export function seemsSelfSigned(certificate: Certificate): boolean {
  return (
    isSelfIssued(certificate) &&
    fitsAuthorityKeyId(certificate, certificate) &&
    signatureFitsKey(certificate.signatureAlgorithm, certificate.publicKey.algorithm)
  );
}

/** Searches from `chain[0]`. Anchors are those that count for the server name and for this leaf. */
export function searchPaths(
  chain: readonly [Certificate, ...Certificate[]],
  anchors: readonly Anchor[],
): Search {
  const search = new PathSearch(chain, anchors);
  return search.run();
}

class PathSearch {
  readonly #chain: readonly [Certificate, ...Certificate[]];
  readonly #anchors: readonly Anchor[];
  readonly #verified = new Map<string, boolean>();
  readonly #candidates = new Map<Certificate, readonly Step[]>();
  readonly #anchored: Path[] = [];
  #bestOther: Path | null = null;
  #checks = 0;
  #steps = 0;
  #exhausted = false;

  constructor(chain: readonly [Certificate, ...Certificate[]], anchors: readonly Anchor[]) {
    this.#chain = chain;
    this.#anchors = anchors;
  }

  run(): Search {
    const leaf = this.#step(this.#chain[0]);
    this.#explore([leaf], []);
    const [first, ...rest] = this.#anchored;
    if (first !== undefined) return { paths: [first, ...rest], exhausted: false };
    const fallback: Path = { steps: [leaf], end: 'no-issuer', forged: [] };
    return { paths: [this.#bestOther ?? fallback], exhausted: this.#exhausted };
  }

  #explore(steps: readonly Step[], forged: readonly number[]): void {
    const last = steps.at(-1);
    if (last === undefined || this.#anchored.length >= MAX_PATHS) return;
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) this.#exhausted = true;
    const { certificate } = last;
    // An anchor vouches for what its key signed (RFC 5280 6.1), for a leaf that is one only if that
    // is the leaf itself; it takes an override to trust any other certificate as it is.
    const isAnchor = last.anchor !== null && (steps.length > 1 || this.#isSelfSigned(certificate));
    if (isAnchor) this.#keep({ steps, end: 'anchor', forged });
    // A root needs nothing above it; an anchor that is an intermediate may have something.
    if (isAnchor && isSelfIssued(certificate)) return;
    if (this.#exhausted) {
      this.#keep({ steps, end: 'no-issuer', forged });
      return;
    }

    const candidates = this.#candidatesFor(certificate).filter((step) => !isIn(steps, step));
    const issuers = candidates.filter((step) => this.#isSignedBy(certificate, step.certificate));
    for (const issuer of issuers) this.#explore([...steps, issuer], forged);
    if (isAnchor) return;

    if (this.#isSelfSigned(certificate)) {
      this.#keep({ steps, end: 'untrusted-root', forged });
    } else if (issuers.length === 0) {
      this.#deadEnd(steps, forged, candidates);
    }
  }

  /** Nobody signed the last certificate: its issuer is missing, or it names one that did not sign it. */
  #deadEnd(steps: readonly Step[], forged: readonly number[], candidates: readonly Step[]): void {
    const certificate = steps.at(-1)?.certificate;
    if (certificate === undefined) return;
    if (certificate.x509 === null) {
      this.#keep({ steps, end: 'unreadable', forged });
      return;
    }
    const named = candidates.find((step) => isNamedIssuer(certificate, step.certificate));
    const claims =
      named !== undefined || (isSelfIssued(certificate) && isNamedIssuer(certificate, certificate));
    // Signatures that were not checked are not forged.
    if (!claims || this.#exhausted) {
      this.#keep({ steps, end: 'no-issuer', forged });
      return;
    }
    if (named?.certificate.x509 === null) {
      // Whether it did sign, nobody can know; so nothing above it counts.
      this.#keep({ steps: [...steps, named], end: 'unreadable', forged });
      return;
    }
    const nowForged = [...forged, steps.length - 1];
    if (named === undefined) this.#keep({ steps, end: 'untrusted-root', forged: nowForged });
    else this.#explore([...steps, named], nowForged);
  }

  #keep(path: Path): void {
    if (isAnchored(path)) this.#anchored.push(path);
    else if (this.#bestOther === null || explainsBetter(path, this.#bestOther)) {
      this.#bestOther = path;
    }
  }

  #candidatesFor(child: Certificate): readonly Step[] {
    const known = this.#candidates.get(child);
    if (known !== undefined) return known;
    const found = this.#findCandidates(child);
    this.#candidates.set(child, found);
    return found;
  }

  /**
   * Certificates whose subject is the issuer that `child` names, anchors first, those with the
   * right key identifier before others (RFC 5280 4.2.1.1). Case and string type of names do not
   * count (RFC 5280 7.1).
   */
  #findCandidates(child: Certificate): Step[] {
    // Nothing could be read: nobody is named.
    if (child.issuerId === '') return [];
    const all = [
      ...this.#anchors.map((anchor) => anchor.certificate),
      ...this.#chain.filter((certificate) => certificate !== child),
    ];
    const { issuer } = namesOf(child);
    const found = all.filter((certificate) => namesOf(certificate).subject === issuer);
    const unique = [...new Set(found)].map((certificate) => this.#step(certificate));
    const rank = (step: Step): number =>
      (fitsAuthorityKeyId(child, step.certificate) ? 0 : 4) +
      (hasKeyId(child, step.certificate) ? 0 : 2) +
      (step.anchor === null ? 1 : 0);
    return unique.sort((a, b) => rank(a) - rank(b));
  }

  #step(certificate: Certificate): Step {
    const position = this.#chain.findIndex(({ sha256 }) => sha256 === certificate.sha256);
    const anchor = this.#anchors.find((each) => each.certificate.sha256 === certificate.sha256);
    return { certificate, position: position < 0 ? null : position, anchor: anchor ?? null };
  }

  #isSelfSigned(certificate: Certificate): boolean {
    return isSelfIssued(certificate) && this.#isSignedBy(certificate, certificate);
  }

  #isSignedBy(child: Certificate, issuer: Certificate): boolean {
    const key = `${child.sha256} ${issuer.sha256}`;
    const known = this.#verified.get(key);
    if (known !== undefined) return known;
    if (this.#checks >= MAX_SIGNATURE_CHECKS) {
      this.#exhausted = true;
      return false;
    }
    this.#checks += 1;
    const verified = verify(child, issuer);
    this.#verified.set(key, verified);
    return verified;
  }
}

/** Most issuers that are remembered for one certificate: cross-signs have two or three. */
const MAX_REMEMBERED_ISSUERS = 16;

/**
 * Signatures checked before, by certificate and issuer. The answer is a property of the two, and many
 * servers share intermediates. Lives as long as the certificates do (parseCertificate).
 */
const remembered = new WeakMap<Certificate, Map<string, boolean>>();

/** One signature check; a key or a signature that cannot be read is not a good one. */
function verify(child: Certificate, issuer: Certificate): boolean {
  let known = remembered.get(child);
  if (known === undefined || known.size >= MAX_REMEMBERED_ISSUERS) {
    known = new Map();
    remembered.set(child, known);
  }
  // By the whole issuer: of a damaged copy OpenSSL may read another key than we do, or none.
  const before = known.get(issuer.sha256);
  if (before !== undefined) return before;
  const verified = isSignatureGood(child, issuer);
  known.set(issuer.sha256, verified);
  return verified;
}

function isSignatureGood(child: Certificate, issuer: Certificate): boolean {
  if (issuer.x509 === null || child.x509 === null || !issuer.publicKey.isUsable) return false;
  try {
    return child.x509.verify(issuer.x509.publicKey);
  } catch {
    return false;
  }
}

/** The same name with the same key twice is a circle, whatever certificates it is made of (RFC 4158 5.2). */
function isIn(steps: readonly Step[], { certificate }: Step): boolean {
  return steps.some(
    (step) =>
      step.certificate.spkiSha256 === certificate.spkiSha256 &&
      namesOf(step.certificate).subject === namesOf(certificate).subject,
  );
}

function hasKeyId(child: Certificate, issuer: Certificate): boolean {
  return child.authorityKeyId !== null && child.authorityKeyId === issuer.subjectKeyId;
}

/** Not where key identifiers say that another key of the same name is meant: a CA that was made anew. */
function isNamedIssuer(child: Certificate, issuer: Certificate): boolean {
  return (
    child.authorityKeyId === null ||
    issuer.subjectKeyId === null ||
    child.authorityKeyId === issuer.subjectKeyId
  );
}

/** Among paths without an anchor: fewest forgeries, then one that reaches a root, then the longest. */
function explainsBetter(a: Path, b: Path): boolean {
  if (a.forged.length !== b.forged.length) return a.forged.length < b.forged.length;
  const ends = (path: Path): number => (path.end === 'no-issuer' ? 1 : 0);
  if (ends(a) !== ends(b)) return ends(a) < ends(b);
  return a.steps.length > b.steps.length;
}
