/**
 * What is wrong with the certificates of one path, whatever the date: RFC 5280 6.1.4 for those that
 * issue, 6.1.5 for the leaf, and the limits of OpenSSL's security level. A breach of form that OpenSSL
 * accepts is a remark (house, the gate, 2).
 */

import type { Certificate } from './certificate.ts';
import { matchesServerName } from './names.ts';
import { isAnchored, isSelfIssued, type Path, type Step } from './path.ts';
import type { Position, Problem, Remark } from './problem.ts';

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

/** OpenSSL rounds the strength of a modulus to 8 bits, so that it takes 1963 for 2048 (measured, 3.5.8). */
const ROUNDED_UP_FROM_BITS = 1963;

/** Below 112 bits of collision resistance: refused at OpenSSL's security level 2 (SHA-1 at level 1 too). */
const WEAK_HASH = /md[245]|sha1\b|sha1With|ripemd160/i;

/** A leaf's key must be able to do one of these in TLS (OpenSSL: KU_TLS; RFC 5246 7.4.2, RFC 8446 4.4.2.2). */
const TLS_KEY_USAGES = ['digitalSignature', 'keyEncipherment', 'keyAgreement'];

/** Most names of a certificate that are given as evidence; all of them are in the certificate itself. */
const MAX_NAMES_SHOWN = 100;

/** RFC 5280 4.2.1.10. Read by OpenSSL alone so far: see conclude. */
export const NAME_CONSTRAINTS = '2.5.29.30';

const BASIC_CONSTRAINTS = '2.5.29.19';
const SUBJECT_ALT_NAME = '2.5.29.17';
const KEY_IDENTIFIERS = ['2.5.29.14', '2.5.29.35'];

/** Nobody asks for a policy in TLS, and OpenSSL passes over these as well: a remark. */
const POLICY_EXTENSIONS = ['2.5.29.33', '2.5.29.36', '2.5.29.54'];

/** Critical extensions that are understood here, or that have no bearing on TLS. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  '2.16.840.1.113730.1.1',
  '2.5.29.15',
  '2.5.29.18',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.37',
  BASIC_CONSTRAINTS,
  NAME_CONSTRAINTS,
  SUBJECT_ALT_NAME,
  ...KEY_IDENTIFIERS,
  ...POLICY_EXTENSIONS,
]);

/** What is to be said of one path, dates apart. */
export interface Inspection {
  problems: Problem[];
  remarks: Remark[];
  /** Positions of issuers that constrain names; only OpenSSL knows whether the leaf keeps to it. */
  constrainedAt: Position[];
}

/** Looks at every certificate of a path, and at how it ends. `serverName` is normalised. */
export function inspectPath(path: Path, serverName: string): Inspection {
  const found: Inspection = { problems: [], remarks: [], constrainedAt: [] };
  path.steps.forEach((step, index) => {
    inspectForm(step, found);
    inspectStrength(step, index === path.steps.length - 1 && path.end !== 'no-issuer', found);
    inspectCritical(step, index, found);
    if (index === 0) inspectLeaf(step, serverName, found);
    else inspectIssuer(path, index, found);
    inspectKeyIds(step, path.steps[index + 1], found);
  });
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
  if (last === undefined || isAnchored(path)) return;
  const { position, certificate } = last;
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

/** An anchor is trusted as it is, so its form is remarked on alone; OpenSSL still reads it. */
function inspectForm({ certificate, position, anchor }: Step, found: Inspection): void {
  const reasons = [...certificate.malformed];
  if (certificate.x509 !== null && /^[\d.]+$/.test(certificate.publicKey.algorithm)) {
    reasons.push('public key cannot be read');
  }
  for (const reason of reasons) {
    if (anchor === null) found.problems.push({ kind: 'malformed', position, reason });
    else
      remark(
        found,
        'anchor-malformed',
        position,
        `The trusted root is not well formed: ${reason}.`,
      );
  }
  for (const { kind, sentence } of certificate.oddities) remark(found, kind, position, sentence);
}

/** The signature of the last certificate counts for nothing if it is an anchor's or its own. */
function inspectStrength(step: Step, isTop: boolean, found: Inspection): void {
  const { certificate, position } = step;
  const { algorithm, bits } = certificate.publicKey;
  const minimum = MINIMUM_BITS[algorithm];
  if (bits !== null && minimum !== undefined) {
    const isModulus = algorithm !== 'ec';
    if (bits < (isModulus ? ROUNDED_UP_FROM_BITS : minimum)) {
      found.problems.push({ kind: 'weak-key', position, algorithm, bits, minimum });
    } else if (isModulus && (bits < minimum || bits % 8 !== 0)) {
      remark(found, 'odd-key-length', position, `The key has an odd length: ${bits} bits.`);
    }
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
    if (oid === NAME_CONSTRAINTS) {
      if (index > 0) found.constrainedAt.push(position);
      else
        remark(
          found,
          'name-constraints-in-leaf',
          position,
          'A server certificate constrains names.',
        );
    }
    if (POLICY_EXTENSIONS.includes(oid)) {
      remark(found, 'policy-not-checked', position, `The ${name} extension is not looked at.`);
    }
    if (!critical) continue;
    if (!UNDERSTOOD.has(oid)) {
      found.problems.push({ kind: 'unknown-critical-extension', position, oid });
    } else if (KEY_IDENTIFIERS.includes(oid)) {
      remark(found, 'key-identifier-critical', position, `The ${name} is marked as critical.`);
    }
  }
}

function inspectLeaf({ certificate, position }: Step, serverName: string, found: Inspection): void {
  const { keyUsage, extendedKeyUsage, subjectAltNames, commonName } = certificate;
  // Of what cannot be read at all, nothing more can be said.
  if (certificate.issuerId === '') return;
  if (!matchesServerName(serverName, subjectAltNames)) {
    const presented = subjectAltNames
      .filter(({ type }) => type === 'dns' || type === 'ip')
      .slice(0, MAX_NAMES_SHOWN)
      .map(({ value }) => value);
    found.problems.push({ kind: 'name-mismatch', position, serverName, presented });
  }
  if (!servesTls(extendedKeyUsage)) {
    const presented = extendedKeyUsage ?? [];
    found.problems.push({ kind: 'wrong-usage', position, required: 'serverAuth', presented });
  } else if (extendedKeyUsage === null) {
    remark(
      found,
      'no-extended-key-usage',
      position,
      'The certificate does not say that it is for servers.',
    );
  }
  if (keyUsage !== null && !keyUsage.some((usage) => TLS_KEY_USAGES.includes(usage))) {
    const required = TLS_KEY_USAGES.join(' or ');
    found.problems.push({ kind: 'wrong-usage', position, required, presented: keyUsage });
  }
  if (certificate.isCa === true) {
    remark(
      found,
      'leaf-is-a-ca',
      position,
      'The server certificate could issue certificates itself.',
    );
  }
  const isNamed = subjectAltNames.some(
    ({ value }) => value.toLowerCase() === commonName?.toLowerCase(),
  );
  if (commonName !== null && !isNamed && certificate.malformed.length === 0) {
    const sentence = `The common name "${commonName}" is not among the names that count.`;
    remark(found, 'common-name-not-in-san', position, sentence);
  }
  if (certificate.isCa !== true && certificate.pathLength !== null) {
    remark(
      found,
      'path-length-without-ca',
      position,
      'The certificate is no CA and has a path length.',
    );
  }
  inspectNames(certificate, position, found);
}

/** RFC 5280 4.2.1.6: critical exactly where there is no subject; host names without underscores. */
function inspectNames(certificate: Certificate, position: Position, found: Inspection): void {
  const extension = certificate.extensions.find(({ oid }) => oid === SUBJECT_ALT_NAME);
  // An empty SEQUENCE is 30 00.
  if (extension !== undefined && extension.critical !== (certificate.subjectId === '3000')) {
    const sentence = extension.critical
      ? 'The subject alternative name is critical although there is a subject.'
      : 'The subject alternative name is not critical although there is no subject.';
    remark(found, 'san-criticality', position, sentence);
  }
  if (
    certificate.subjectAltNames.some(({ type, value }) => type === 'dns' && value.includes('_'))
  ) {
    remark(found, 'underscore-in-name', position, 'A name in the certificate has an underscore.');
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

/**
 * Absent means any use (RFC 5280 4.2.1.12); in an issuer it binds all below, as OpenSSL and browsers
 * have it. `anyExtendedKeyUsage` alone is not enough: the RFC leaves it open, OpenSSL refuses it.
 */
function servesTls(extendedKeyUsage: readonly string[] | null): boolean {
  return extendedKeyUsage === null || extendedKeyUsage.includes('serverAuth');
}

function inspectKeyIds(step: Step, issuer: Step | undefined, found: Inspection): void {
  const { certificate, position } = step;
  const { authorityKeyId, authorityKeyIdHasSerial, version } = certificate;
  if (authorityKeyIdHasSerial) {
    const sentence = 'The authority key identifier carries an issuer and serial number.';
    remark(found, 'authority-key-id-has-serial', position, sentence);
  }
  if (authorityKeyId === null && !isSelfIssued(certificate) && version === 3) {
    const sentence = 'The certificate does not identify the key of its issuer.';
    remark(found, 'no-authority-key-identifier', position, sentence);
  }
  const signer = issuer?.certificate ?? (isSelfIssued(certificate) ? certificate : null);
  const issuerKeyId = signer?.subjectKeyId ?? null;
  if (authorityKeyId !== null && issuerKeyId !== null && authorityKeyId !== issuerKeyId) {
    const sentence = 'The key identifiers of the certificate and its issuer differ.';
    remark(found, 'key-identifier-mismatch', position, sentence);
  }
}

function remark({ remarks }: Inspection, kind: string, position: Position, sentence: string): void {
  remarks.push({ kind, position, sentence });
}
