/**
 * What is wrong with the leaf of a path: its names, what its key may be used for, and the breaches of
 * form that concern a server certificate alone.
 */

import type { Certificate } from './certificate.ts';
import { SUBJECT_ALT_NAME } from './extensions.ts';
import { type Inspection, NO_NAME, remark, servesTls } from './inspection.ts';
import { matchesServerName } from './names.ts';
import type { Step } from './path.ts';
import type { Position } from './problem.ts';

/** A leaf's key must be able to do one of these in TLS (OpenSSL: KU_TLS; RFC 5246 7.4.2, RFC 8446 4.4.2.2). */
const TLS_KEY_USAGES = ['digitalSignature', 'keyEncipherment', 'keyAgreement'];

/** Most names of a certificate that are given as evidence; all of them are in the certificate itself. */
const MAX_NAMES_SHOWN = 100;

/** Looks at the leaf: whether it is for this server (RFC 9525) and may serve TLS. `serverName` is normalised. */
export function inspectLeaf(
  { certificate, position }: Step,
  serverName: string,
  found: Inspection,
): void {
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
  if (certificate.netscapeServer === false) {
    const presented = ['the Netscape certificate type of another use'];
    found.problems.push({ kind: 'wrong-usage', position, required: 'serverAuth', presented });
  }
  if (keyUsage !== null && !keyUsage.some((usage) => TLS_KEY_USAGES.includes(usage))) {
    const required = TLS_KEY_USAGES.join(' or ');
    found.problems.push({ kind: 'wrong-usage', position, required, presented: keyUsage });
  }
  if (extendedKeyUsage?.includes('anyExtendedKeyUsage') && servesTls(extendedKeyUsage)) {
    const sentence = 'The certificate is for servers and for any other use.';
    remark(found, 'any-extended-key-usage', position, sentence);
  }
  if (certificate.isCa !== true && keyUsage?.includes('keyCertSign')) {
    const sentence = 'The certificate is no CA and has the key usage of one.';
    remark(found, 'key-cert-sign-without-ca', position, sentence);
  }
  if (certificate.isCa === true) {
    remark(
      found,
      'leaf-is-a-ca',
      position,
      'The server certificate could issue certificates itself.',
    );
  }
  // To the letter, as the CA/Browser Forum has it (7.1.4.3).
  const isNamed = subjectAltNames.some(({ value }) => value === commonName);
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
  if (extension !== undefined && extension.critical !== (certificate.subjectId === NO_NAME)) {
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
