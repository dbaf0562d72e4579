/**
 * Who signed a revocation list (RFC 5280 6.3.3 f, g): a certificate that bears the name of the list's issuer, may
 * sign lists, leads to the same anchor as the certificate in question, and whose key made the signature.
 * Dates and revocation of such a certificate are left to revocation.ts, for they depend on the instant.
 */

import { constants, type KeyObject, verify } from 'node:crypto';
import type { Anchor } from './anchors.ts';
import type { Certificate } from './certificate.ts';
import type { RevocationList } from './crl.ts';
import { DerError } from './der.ts';
import { directoryKey } from './distribution-points.ts';
import { inspectPath } from './inspect.ts';
import { isAnchored, type Path, type Step, searchPaths } from './path.ts';
import type { ProblemKind } from './problem.ts';

/** A certificate whose key signed a list. */
export interface Signer {
  readonly certificate: Certificate;
  /** The way from it to the anchor, without the anchor. */
  readonly steps: readonly Step[];
  /** Its place in the path in question, or -1. What is wrong with it there is said of the path. */
  readonly index: number;
}

/** The signers of a list, or why there are none. */
export type Signers = { signers: readonly Signer[] } | { refusal: string };

/** What is searched for signers. */
export interface SignerInput {
  path: Path;
  chain: readonly Certificate[];
  anchors: readonly Anchor[];
  serverName: string;
}

/** Finds the signers of lists for one path. */
export function createSignerSearch(input: SignerInput): (list: RevocationList) => Signers {
  const { path, chain } = input;
  const pool = [
    ...new Set([
      ...path.steps.map(({ certificate }) => certificate),
      ...chain,
      ...input.anchors.map(({ certificate }) => certificate),
    ]),
  ].filter(({ x509 }) => x509 !== null);
  const bySubject = Map.groupBy(pool, ({ subjectId }) => keyOfName(subjectId));
  const standings = new Map<Certificate, Standing>();
  const standingOf = (certificate: Certificate): Standing => {
    const known = standings.get(certificate);
    const standing = known ?? findStanding(certificate, pool, input);
    standings.set(certificate, standing);
    return standing;
  };

  return (list) => {
    const bearers = bySubject.get(list.issuerKey) ?? [];
    if (bearers.length === 0) return { refusal: 'the certificate of its issuer is not at hand' };
    const able = bearers.filter(mayList);
    if (able.length === 0) return { refusal: 'its issuer may not sign revocation lists' };
    if (checkOf(list) === undefined) {
      return { refusal: `it is signed with ${list.signatureAlgorithm}, which is not relied on` };
    }
    const standing = able.map((certificate) => ({
      certificate,
      standing: standingOf(certificate),
    }));
    const signers = standing.flatMap(({ certificate, standing: { steps, index } }): Signer[] =>
      steps !== null && isSignedBy(list, certificate) ? [{ certificate, steps, index }] : [],
    );
    if (signers.length > 0) return { signers };
    const refusal = standing.map((each) => each.standing.refusal).find((text) => text !== null);
    return { refusal: refusal ?? 'it was not signed by the issuer that it names' };
  };
}

/** RFC 5280 6.3.3 (f). */
function mayList({ keyUsage }: Certificate): boolean {
  return keyUsage === null || keyUsage.includes('cRLSign');
}

function keyOfName(subjectId: string): string {
  try {
    return directoryKey(Buffer.from(subjectId, 'hex'));
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    return '';
  }
}

/** How a certificate stands to the anchor of the path in question. */
interface Standing {
  steps: readonly Step[] | null;
  index: number;
  refusal: string | null;
}

/** What has no bearing on who signs lists: the name and the use of a server. */
const FOR_SERVERS: ReadonlySet<ProblemKind> = new Set(['name-mismatch', 'wrong-usage']);

function findStanding(
  certificate: Certificate,
  pool: readonly Certificate[],
  { path, anchors, serverName }: SignerInput,
): Standing {
  const index = path.steps.findIndex((step) => step.certificate === certificate);
  if (index >= 0) {
    return { steps: withoutAnchors(path.steps.slice(index)), index, refusal: null };
  }
  const wanted = path.steps.at(-1);
  const none = { steps: null, index: -1 };
  if (!isAnchored(path) || wanted === undefined) {
    return { ...none, refusal: 'there is no trusted root to which its issuer could lead' };
  }
  const others = pool.filter((each) => each !== certificate);
  const { paths } = searchPaths([certificate, ...others], anchors);
  const shared = paths.filter(
    (each) => isAnchored(each) && isSameAnchor(each.steps.at(-1), wanted),
  );
  const [first] = shared;
  if (first === undefined) {
    return { ...none, refusal: 'its issuer does not lead to the root of this certificate' };
  }
  const good = shared.find((each) =>
    inspectPath(each, serverName).problems.every(({ kind }) => FOR_SERVERS.has(kind)),
  );
  if (good === undefined) {
    return { ...none, refusal: 'the certificate of its issuer has problems of its own' };
  }
  return { steps: withoutAnchors(good.steps), index: -1, refusal: null };
}

function withoutAnchors(steps: readonly Step[]): readonly Step[] {
  return steps.filter(({ anchor }) => anchor === null);
}

/** An anchor is a name and a key (RFC 5280 6.1.1). */
function isSameAnchor(a: Step | undefined, b: Step): boolean {
  return (
    a?.certificate.subjectId === b.certificate.subjectId &&
    a.certificate.spkiSha256 === b.certificate.spkiSha256
  );
}

/** How a signature is checked: the digest, and the keys that can make it. */
interface Check {
  digest: string | null;
  keys: readonly string[];
  isPss?: boolean;
}

const RSA = ['rsa'];
const PSS = ['rsa', 'rsa-pss'];

/** Without what can be forged (MD5, SHA-1): a forged list hides a revocation. */
const CHECKS: Readonly<Record<string, Check>> = {
  'dsa-with-sha224': { digest: 'sha224', keys: ['dsa'] },
  'dsa-with-sha256': { digest: 'sha256', keys: ['dsa'] },
  'ecdsa-with-SHA224': { digest: 'sha224', keys: ['ec'] },
  'ecdsa-with-SHA256': { digest: 'sha256', keys: ['ec'] },
  'ecdsa-with-SHA384': { digest: 'sha384', keys: ['ec'] },
  'ecdsa-with-SHA512': { digest: 'sha512', keys: ['ec'] },
  'rsassaPss with SHA256': { digest: 'sha256', keys: PSS, isPss: true },
  'rsassaPss with SHA384': { digest: 'sha384', keys: PSS, isPss: true },
  'rsassaPss with SHA512': { digest: 'sha512', keys: PSS, isPss: true },
  ed25519: { digest: null, keys: ['ed25519'] },
  ed448: { digest: null, keys: ['ed448'] },
  sha224WithRSAEncryption: { digest: 'sha224', keys: RSA },
  sha256WithRSAEncryption: { digest: 'sha256', keys: RSA },
  sha384WithRSAEncryption: { digest: 'sha384', keys: RSA },
  sha512WithRSAEncryption: { digest: 'sha512', keys: RSA },
};

function checkOf({ signatureAlgorithm }: RevocationList): Check | undefined {
  return CHECKS[signatureAlgorithm];
}

/** A list of 20 MB takes some 50 ms to hash, so what was found is kept as long as the list. */
const verified = new WeakMap<RevocationList, Map<string, boolean>>();

function isSignedBy(list: RevocationList, { x509, spkiSha256 }: Certificate): boolean {
  const known = verified.get(list) ?? new Map<string, boolean>();
  verified.set(list, known);
  const found = known.get(spkiSha256) ?? (x509 !== null && isGood(list, x509));
  known.set(spkiSha256, found);
  return found;
}

function isGood(list: RevocationList, x509: { publicKey: KeyObject }): boolean {
  const check = checkOf(list);
  try {
    const key = x509.publicKey;
    if (check === undefined || !check.keys.includes(key.asymmetricKeyType ?? '')) return false;
    const padding = check.isPss
      ? {
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_AUTO,
        }
      : {};
    return verify(check.digest, list.signed, { key, ...padding }, list.signature);
  } catch {
    // A key that cannot be read, or a signature that is none.
    return false;
  }
}
