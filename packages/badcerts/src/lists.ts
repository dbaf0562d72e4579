/** Makes revocation lists (RFC 5280 5): correct by default, and wrong in whatever a plan says. */

import { sign } from 'node:crypto';
import { contents, element, inside, objectIdentifier, TAG } from './der.ts';
import type { KeyPair } from './keys.ts';
import { AT, type Made, type RawExtension, VALID } from './make.ts';

/** One certificate that is revoked. */
export interface RevokedPlan {
  certificate: Made;
  at: Date;
  /** A reason code of RFC 5280 5.3.1. */
  reason: number;
  more: readonly RawExtension[];
}

/** All that one list is made from. Its issuer's key is on a curve. */
export interface ListPlan {
  issuer: Made;
  /** Signs instead of the issuer's key. */
  key: KeyPair;
  thisUpdate: Date;
  /** Null: the list does not say when it will be replaced. */
  nextUpdate: Date | null;
  /** The CRL number; null leaves it out. */
  number: number | null;
  revoked: readonly RevokedPlan[];
  more: readonly RawExtension[];
}

/** The list in which an issuer revokes nothing. Lives as long as the certificates of the kit. */
export function goodList(issuer: Made): ListPlan {
  return {
    issuer,
    key: issuer.plan.key,
    thisUpdate: VALID.notBefore,
    nextUpdate: VALID.notAfter,
    number: 1,
    revoked: [],
    more: [],
  };
}

/** A week before every case is judged, for the compromise of a key. */
export function revoked(certificate: Made): RevokedPlan {
  return { certificate, at: new Date(AT.getTime() - 7 * 86_400_000), reason: 1, more: [] };
}

/** Makes one list. */
export function makeList(plan: ListPlan): Uint8Array {
  const { issuer, key, number, nextUpdate } = plan;
  const algorithm = element(TAG.sequence, objectIdentifier('1.2.840.10045.4.3.2'));
  const entries = plan.revoked.map(entryOf);
  const extensions = [
    ...(number === null ? [] : [{ oid: '2.5.29.20', critical: false, value: integer(number) }]),
    ...plan.more,
  ].map(extensionOf);
  const tbs = element(
    TAG.sequence,
    integer(1),
    algorithm,
    tbsField(issuer, SUBJECT),
    time(plan.thisUpdate),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length === 0 ? [] : [element(TAG.sequence, ...entries)]),
    ...(extensions.length === 0 ? [] : [element(0xa0, element(TAG.sequence, ...extensions))]),
  );
  const signature = sign('sha256', tbs, key.privateKey);
  return element(TAG.sequence, tbs, algorithm, element(TAG.bitString, Uint8Array.of(0), signature));
}

/** Places in a TBSCertificate of version 3 (RFC 5280 4.1). */
const SERIAL_NUMBER = 1;
const SUBJECT = 5;

function tbsField({ der }: Made, index: number): Uint8Array {
  const [tbs = new Uint8Array()] = inside(der);
  return inside(tbs)[index] ?? new Uint8Array();
}

function entryOf({ certificate, at, reason, more }: RevokedPlan): Uint8Array {
  const code = element(ENUMERATED, Uint8Array.of(reason));
  const extensions = [{ oid: '2.5.29.21', critical: false, value: code }, ...more].map(extensionOf);
  // Without its header, whatever form the serial number has.
  const serialNumber = element(TAG.integer, contents(tbsField(certificate, SERIAL_NUMBER)));
  return element(TAG.sequence, serialNumber, time(at), element(TAG.sequence, ...extensions));
}

const ENUMERATED = 0x0a;

function extensionOf({ oid, critical, value }: RawExtension): Uint8Array {
  const flag = critical ? [element(TAG.boolean, Uint8Array.of(0xff))] : [];
  return element(TAG.sequence, objectIdentifier(oid), ...flag, element(TAG.octetString, value));
}

function integer(value: number): Uint8Array {
  return element(TAG.integer, Uint8Array.of(value));
}

/** UTCTime, which holds until 2049. */
function time(at: Date): Uint8Array {
  const digits = at.toISOString().slice(2, 19).replace(/[-:T]/g, '');
  return element(0x17, Buffer.from(`${digits}Z`));
}
