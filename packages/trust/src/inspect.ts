/**
 * What is wrong with the certificates of one path, whatever the date: RFC 5280 6.1.4 for those that
 * issue, 6.1.5 for the leaf, and the limits of OpenSSL's security level. A breach of form that OpenSSL
 * accepts is a remark (house, the gate, 2).
 */

import { SUBJECT_ALT_NAME } from './extensions.ts';
import { inspectConstraints } from './inspect-constraints.ts';
import { inspectLeaf } from './inspect-leaf.ts';
import { type Inspection, NO_NAME, remark, servesTls } from './inspection.ts';
import {
  fitsAuthorityKeyId,
  isAnchored,
  isSelfIssued,
  type Path,
  type Step,
  seemsSelfSigned,
} from './path.ts';

/**
 * Smallest keys in bits: OpenSSL's security level 2 (112 bits), the default of the OpenSSL 3.5 in
 * Node 24. Level 1, the default before OpenSSL 3.2, takes RSA from 1024 and curves from 160 bits.
 */
const MINIMUM_BITS: Readonly<Record<string, number>> = {
  dsa: 2048,
  ec: 224,
  rsa: 2048,
  'rsa-pss': 2048,
};

/** The curves that every TLS client takes (RFC 8446 9.1, CA/Browser Forum 6.1.5). */
const USUAL_CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];

/** OpenSSL rounds the strength of a modulus to 8 bits, so that it takes 1963 for 2048 (measured, 3.5.8). */
const ROUNDED_UP_FROM_BITS = 1963;

/** Below 112 bits of collision resistance: refused at OpenSSL's security level 2 (SHA-1 at level 1 too). */
const WEAK_HASH = /md[245]|sha1\b|sha1With|ripemd160/i;

const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const BASIC_CONSTRAINTS = '2.5.29.19';

/** Proxy certificate information: RFC 3820 3.5 and 3.7 leave neither a CA nor a server that has it. */
const PROXY = '1.3.6.1.5.5.7.1.14';

const NAME_CONSTRAINTS = '2.5.29.30';
const POLICY_CONSTRAINTS = '2.5.29.36';
const INHIBIT_ANY_POLICY = '2.5.29.54';

/** Extensions that RFC 5280 wants critical (4.2.1.10, 11, 14), so that nobody passes over them. */
const HAVE_TO_BE_CRITICAL = [NAME_CONSTRAINTS, POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY];

/**
 * Critical extensions that are understood here, or that have no bearing on TLS. Key identifiers and
 * the issuer's alternative name are not: RFC 5280 forbids them to be critical, and OpenSSL refuses them.
 */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  '2.16.840.1.113730.1.1',
  '2.5.29.15',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.37',
  BASIC_CONSTRAINTS,
  SUBJECT_ALT_NAME,
  ...HAVE_TO_BE_CRITICAL,
]);

/** Looks at every certificate of a path, and at how it ends. `serverName` is normalised. */
export function inspectPath(path: Path, serverName: string): Inspection {
  const found: Inspection = { problems: [], remarks: [] };
  path.steps.forEach((step, index) => {
    inspectForm(step, found);
    inspectStrength(step, index === path.steps.length - 1 && path.end !== 'no-issuer', found);
    inspectCritical(step, index, found);
    if (index === 0) inspectLeaf(step, serverName, found);
    else inspectIssuer(path, index, found);
    inspectKeyIds(step, path.steps[index + 1], found);
  });
  inspectConstraints(path, found);
  inspectEnd(path, found);
  return found;
}

function inspectEnd(path: Path, { problems }: Inspection): void {
  for (const index of path.forged) {
    const step = path.steps[index];
    if (step === undefined) continue;
    const { subject, issuer } = step.certificate;
    problems.push({ kind: 'bad-signature', position: step.position, subject, issuer });
  }
  const last = path.steps.at(-1);
  if (last === undefined) return;
  const { position, certificate } = last;
  if (isAnchored(path)) {
    // To OpenSSL a root that does not seem to be its own issuer is no root, and has no issuer.
    if (isSelfIssued(certificate) && !seemsSelfSigned(certificate)) {
      problems.push({ kind: 'issuer-not-found', position, issuer: certificate.issuer });
    }
    return;
  }
  if (path.end === 'untrusted-root' && !path.forged.includes(path.steps.length - 1)) {
    problems.push(
      path.steps.length === 1
        ? { kind: 'self-signed', position, subject: certificate.subject }
        : {
            kind: 'root-not-trusted',
            position,
            subject: certificate.subject,
            sha256: certificate.sha256,
          },
    );
  }
  if (path.end === 'no-issuer') {
    // The CA itself says where the next certificate of the chain is to be had (RFC 5280 4.2.2.1): the
    // server has it to send. For an issuer it may be the root's, which nobody has to send.
    const isLeft = path.steps.length === 1 && certificate.issuerUrls.length > 0;
    problems.push(
      isLeft
        ? { kind: 'incomplete-chain', position, missingIssuer: certificate.issuer }
        : { kind: 'issuer-not-found', position, issuer: certificate.issuer },
    );
  }
}

/** An anchor counts like any other: what OpenSSL cannot read is nobody's issuer to it. */
function inspectForm({ certificate, position }: Step, found: Inspection): void {
  for (const reason of certificate.malformed) {
    found.problems.push({ kind: 'malformed', position, reason });
  }
  if (certificate.x509 !== null && /^[\d.]+$/.test(certificate.publicKey.algorithm)) {
    const reason = 'public key cannot be read';
    found.problems.push({ kind: 'malformed', position, reason });
  }
  for (const { kind, sentence } of certificate.oddities) remark(found, kind, position, sentence);
}

/** The signature of the last certificate counts for nothing if it is an anchor's or its own. */
function inspectStrength(step: Step, isTop: boolean, found: Inspection): void {
  const { certificate, position } = step;
  const { algorithm, bits, curve, isUsable } = certificate.publicKey;
  const minimum = MINIMUM_BITS[algorithm];
  if (bits !== null && minimum !== undefined) {
    const isModulus = algorithm !== 'ec';
    if (bits < (isModulus ? ROUNDED_UP_FROM_BITS : minimum)) {
      found.problems.push({ kind: 'weak-key', position, algorithm, bits, minimum });
    } else if (isModulus && (bits < minimum || bits % 8 !== 0)) {
      remark(found, 'odd-key-length', position, `The key has an odd length: ${bits} bits.`);
    }
  }
  if (!isUsable) {
    const reason = 'RSA exponent that is one, even or above 2^64';
    found.problems.push({ kind: 'malformed', position, reason });
  }
  if (algorithm === 'ec' && bits === null) {
    const reason = `curve "${curve ?? ''}", whose size nobody here knows`;
    found.problems.push({ kind: 'malformed', position, reason });
  }
  if (curve !== null && !USUAL_CURVES.includes(curve)) {
    remark(found, 'unusual-curve', position, `The curve of the key is seldom used: ${curve}.`);
  }
  if (algorithm === 'dsa') {
    remark(found, 'dsa-key', position, 'The key is of a kind that is no longer used: DSA.');
  }
  if (!isTop && WEAK_HASH.test(certificate.signatureAlgorithm)) {
    const { signatureAlgorithm } = certificate;
    found.problems.push({ kind: 'weak-signature', position, algorithm: signatureAlgorithm });
  }
}

function inspectCritical({ certificate, position }: Step, index: number, found: Inspection): void {
  for (const { oid, critical, name } of certificate.extensions) {
    if (oid === NAME_CONSTRAINTS && index === 0) {
      const sentence = 'A server certificate constrains names.';
      remark(found, 'name-constraints-in-leaf', position, sentence);
    }
    if (!critical && HAVE_TO_BE_CRITICAL.includes(oid)) {
      remark(
        found,
        'constraint-not-critical',
        position,
        `The ${name} extension is not marked as critical.`,
      );
    }
    if (oid === PROXY) {
      const reason = 'proxy certificate that is a CA or has alternative names';
      found.problems.push({ kind: 'malformed', position, reason });
    }
    if (critical && !UNDERSTOOD.has(oid)) {
      found.problems.push({ kind: 'unknown-critical-extension', position, oid });
    }
  }
}

function inspectIssuer(path: Path, index: number, found: Inspection): void {
  const step = path.steps[index];
  if (step === undefined) return;
  const { certificate, position } = step;
  const { keyUsage, extendedKeyUsage, pathLength } = certificate;
  if (!mayIssue(step)) {
    found.problems.push({ kind: 'not-a-ca', position, subject: certificate.subject });
  }
  if (!servesTls(extendedKeyUsage)) {
    const presented = extendedKeyUsage ?? [];
    found.problems.push({ kind: 'wrong-usage', position, required: 'serverAuth', presented });
  }
  // RFC 5280 6.1.4 (l), (m): certificates below this one but the leaf; self-issued ones are free.
  const below = path.steps.slice(1, index).filter((each) => !isSelfIssued(each.certificate)).length;
  if (pathLength !== null && below > pathLength) {
    found.problems.push({
      kind: 'path-too-long',
      position,
      subject: certificate.subject,
      allowed: pathLength,
      found: below,
    });
  }
  if (certificate.version < 3) {
    remark(
      found,
      'version-1-issuer',
      position,
      `A root of version ${certificate.version} is in use.`,
    );
    return;
  }
  const constraints = certificate.extensions.find(({ oid }) => oid === BASIC_CONSTRAINTS);
  if (constraints?.critical === false) {
    remark(
      found,
      'basic-constraints-not-critical',
      position,
      'The basic constraints are not critical.',
    );
  }
  if (constraints === undefined && mayIssue(step)) {
    remark(found, 'no-basic-constraints', position, 'A trusted root has no basic constraints.');
  }
  if (keyUsage === null) {
    remark(found, 'no-key-usage', position, 'The certificate of a CA has no key usage.');
  }
  if (certificate.subjectId === NO_NAME) {
    remark(found, 'ca-without-name', position, 'The certificate of a CA does not name the CA.');
  }
  if (certificate.subjectKeyId === null) {
    remark(
      found,
      'no-subject-key-identifier',
      position,
      'The certificate of a CA has no key identifier.',
    );
  }
}

/**
 * RFC 5280 6.1.4 (k), (n). A self-issued anchor that says nothing of it may issue, as OpenSSL has it:
 * version 1, or no basic constraints but keyCertSign.
 */
function mayIssue({ certificate, anchor }: Step): boolean {
  const { isCa, keyUsage, version } = certificate;
  if (keyUsage !== null && !keyUsage.includes('keyCertSign')) return false;
  if (isCa !== null || anchor === null || !isSelfIssued(certificate)) return isCa === true;
  return version === 1 || keyUsage !== null;
}

function inspectKeyIds(step: Step, issuer: Step | undefined, found: Inspection): void {
  const { certificate, position } = step;
  const { authorityKeyId, authorityIssuerId, authoritySerialNumber, version } = certificate;
  if (authorityIssuerId !== null || authoritySerialNumber !== null) {
    const sentence = 'The authority key identifier carries an issuer or a serial number.';
    remark(found, 'authority-key-id-has-serial', position, sentence);
  }
  const hasKeyId = certificate.extensions.some(({ oid }) => oid === AUTHORITY_KEY_IDENTIFIER);
  if (hasKeyId && authorityKeyId === null) {
    const sentence = 'The authority key identifier does not identify a key.';
    remark(found, 'authority-key-id-without-key', position, sentence);
  }
  if (authorityKeyId === null && !isSelfIssued(certificate) && version === 3) {
    const sentence = 'The certificate does not identify the key of its issuer.';
    remark(found, 'no-authority-key-identifier', position, sentence);
  }
  const signer = issuer?.certificate ?? (isSelfIssued(certificate) ? certificate : null);
  const fits = signer === null || fitsAuthorityKeyId(certificate, signer);
  if (!fits) {
    const sentence = 'The key identifiers of the certificate and its issuer differ.';
    remark(found, 'key-identifier-mismatch', position, sentence);
  }
  // What seems to be its own issuer has no other to OpenSSL. For a root inspectEnd says it.
  if (issuer !== undefined && (!fits || seemsSelfSigned(certificate))) {
    found.problems.push({ kind: 'issuer-not-found', position, issuer: certificate.issuer });
  }
}
