/**
 * Which lists are about a certificate, by names and scope alone (RFC 5280 6.3.3 b, d): the distribution points
 * of the certificate against the issuing distribution point of the list. Who signed is crl-signers.ts.
 */

import type { Certificate } from './certificate.ts';
import type { RevocationList } from './crl.ts';
import {
  checkFraming,
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  readWhole,
  TAG,
} from './der.ts';
import {
  ALL_REASONS,
  type DistributionPoint,
  directoryKey,
  nameKeys,
  type Reasons,
  readDistributionPoints,
} from './distribution-points.ts';
import { readExtension } from './extensions.ts';

const ISSUER_ALTERNATIVE_NAME = '2.5.29.18';
const DISTRIBUTION_POINTS = '2.5.29.31';

/** What a certificate says of where its revocation is published. */
export interface RevocationFacts {
  serialNumber: Uint8Array;
  issuerKey: string;
  /** Its own distribution points, and the one that every certificate has: its issuer's name. */
  points: readonly DistributionPoint[];
  /** Why they are not known, if they are not. */
  obstacle: string | null;
}

/** Reads what revocation needs from a certificate, again from its octets: nothing else looks at it. */
export function revocationFacts({ der }: Certificate): RevocationFacts {
  const facts: RevocationFacts = {
    serialNumber: new Uint8Array(),
    issuerKey: '',
    points: [],
    obstacle: null,
  };
  try {
    const fields = children(expectTag(children(readWhole(der))[0], TAG.sequence, 'body'));
    if (fields[0]?.tag === 0xa0) fields.shift();
    const issuer = encoded(expectTag(fields[2], TAG.sequence, 'issuer'));
    facts.serialNumber = content(expectTag(fields[0], TAG.integer, 'serial number'));
    facts.issuerKey = directoryKey(issuer);
    const values = extensionValues(fields.find(({ tag }) => tag === 0xa3));
    const points = values.get(DISTRIBUTION_POINTS);
    const names = values.get(ISSUER_ALTERNATIVE_NAME);
    // RFC 5280 6.3.3, last paragraph: lists by the issuer that no distribution point tells of.
    const implicit: DistributionPoint = {
      names: [facts.issuerKey, ...(names === undefined ? [] : nameKeys(framed(names)))],
      reasons: null,
      issuers: null,
    };
    facts.points = [implicit];
    if (points !== undefined) {
      framed(points);
      facts.points = [...readDistributionPoints(points, issuer), implicit];
    }
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    facts.obstacle = `where its revocation is published cannot be read: ${cause.message}`;
  }
  return facts;
}

function framed(value: Uint8Array): DerElement {
  const element = expectTag(readWhole(value), TAG.sequence, 'names');
  checkFraming(element);
  return element;
}

function extensionValues(field: DerElement | undefined): Map<string, Uint8Array> {
  const list = field === undefined ? undefined : children(field)[0];
  const extensions = list === undefined ? [] : children(list).map(readExtension);
  return new Map(extensions.map(({ oid, value }) => [oid, value]));
}

/** Whether a list is by whoever should issue one for the certificate. */
export function isNamedBy({ issuerKey }: RevocationList, facts: RevocationFacts): boolean {
  return (
    issuerKey !== '' &&
    (issuerKey === facts.issuerKey ||
      facts.points.some(({ issuers }) => issuers?.includes(issuerKey) === true))
  );
}

/** The reasons for revocation of which the list would know (RFC 5280 6.3.3 d); 0 where it covers others. */
export function coveredReasons(
  list: RevocationList,
  { isCa }: Certificate,
  { points, issuerKey }: RevocationFacts,
): Reasons {
  const own = list.issuingDistributionPoint;
  // (b)(2)(ii) to (iv).
  if (own?.only === 'attribute certificates') return 0;
  if (own?.only === 'certificates of users' && isCa === true) return 0;
  if (own?.only === 'certificates of CAs' && isCa !== true) return 0;
  return points
    .filter((point) => isIssuedFor(list, point, issuerKey) && isAtPoint(list, point))
    .reduce(
      (sum, { reasons }) => sum | ((own?.reasons ?? ALL_REASONS) & (reasons ?? ALL_REASONS)),
      0,
    );
}

/** (b)(1). */
function isIssuedFor(
  list: RevocationList,
  { issuers }: DistributionPoint,
  issuerKey: string,
): boolean {
  if (issuers === null) return list.issuerKey === issuerKey;
  return issuers.includes(list.issuerKey) && list.issuingDistributionPoint?.isIndirect === true;
}

/** (b)(2)(i). */
function isAtPoint(list: RevocationList, { names, issuers }: DistributionPoint): boolean {
  const own = list.issuingDistributionPoint?.names ?? null;
  if (own === null) return true;
  return (names ?? issuers ?? []).some((name) => own.includes(name));
}
