/** Makes revocation lists for tests, octet by octet, so that any field can be wrong and the signature still good. */

import { sign } from 'node:crypto';
import {
  authorityKeyId,
  extension,
  type KeyPair,
  type Made,
  oid,
  sequence,
  tlv,
  utcTime,
} from './make-certificate.ts';

/** 1 November 2026, three weeks before the instant of the tests. */
export const THIS_UPDATE = new Date('2026-11-01T00:00:00Z');
/** 1 December 2026. */
export const NEXT_UPDATE = new Date('2026-12-01T00:00:00Z');
/** 15 October 2026. */
export const REVOKED_AT = new Date('2026-10-15T12:00:00Z');

/** Reason codes of RFC 5280 5.3.1. */
export const REASON = { keyCompromise: 1, certificateHold: 6, removeFromCRL: 8 } as const;

export interface EntryRecipe {
  serial: Uint8Array;
  reason?: number;
  extensions?: Uint8Array[];
  at?: Date | Uint8Array;
}

export interface ListRecipe {
  /** Whose name stands as issuer, and who signs. */
  issuer: Made;
  signedBy?: KeyPair;
  /** The digest that is signed; `sha1` also stands as the algorithm. */
  hash?: 'sha1' | 'sha256';
  version?: 1 | 2;
  thisUpdate?: Date | Uint8Array;
  nextUpdate?: Date | Uint8Array | null;
  entries?: EntryRecipe[];
  /** Stands as the list of entries instead. */
  rawEntries?: Uint8Array;
  /** CRL number; null leaves it out. */
  number?: number | null;
  /** Beside the number and the authority key identifier. */
  extensions?: Uint8Array[];
}

export function integer(value: number): Uint8Array {
  return tlv(0x02, value < 0x80 ? Buffer.of(value) : Buffer.of(value >> 8, value & 0xff));
}

export function reasonCode(code: number): Uint8Array {
  return extension('2.5.29.21', false, tlv(0x0a, Buffer.of(code)));
}

/** The issuer of the certificate in this entry and the following ones (RFC 5280 5.3.3). */
export function certificateIssuer(name: Uint8Array): Uint8Array {
  return extension('2.5.29.29', true, sequence(directoryName(name)));
}

export function directoryName(name: Uint8Array): Uint8Array {
  return tlv(0xa4, name);
}

export function uri(text: string): Uint8Array {
  return tlv(0x86, Buffer.from(text, 'latin1'));
}

/** RFC 5280 5.2.4. */
export function deltaOf(base: number): Uint8Array {
  return extension('2.5.29.27', true, integer(base));
}

export interface PointRecipe {
  /** GeneralName elements. */
  fullName?: Uint8Array[];
  /** The attributes of a relative name. */
  relative?: Uint8Array;
  /** Bits of ReasonFlags. */
  reasons?: number[];
}

function pointName({ fullName, relative }: PointRecipe): Uint8Array[] {
  if (fullName !== undefined) return [tlv(0xa0, tlv(0xa0, ...fullName))];
  return relative === undefined ? [] : [tlv(0xa0, tlv(0xa1, relative))];
}

function reasonFlags(tag: number, bits: number[] | undefined): Uint8Array[] {
  if (bits === undefined) return [];
  const value = bits.reduce((sum, bit) => sum | (0x8000 >> bit), 0);
  return [tlv(tag, Buffer.of(7, value >> 8, value & 0xff))];
}

/** A critical issuing distribution point (RFC 5280 5.2.5). */
export function issuingPoint(
  recipe: PointRecipe & { only?: 'attribute' | 'ca' | 'user'; indirect?: boolean },
): Uint8Array {
  const yes = (tag: number, set: boolean): Uint8Array[] => (set ? [tlv(tag, Buffer.of(0xff))] : []);
  return extension(
    '2.5.29.28',
    true,
    sequence(
      ...pointName(recipe),
      ...yes(0x81, recipe.only === 'user'),
      ...yes(0x82, recipe.only === 'ca'),
      ...reasonFlags(0x83, recipe.reasons),
      ...yes(0x84, recipe.indirect === true),
      ...yes(0x85, recipe.only === 'attribute'),
    ),
  );
}

/** CRL distribution points of a certificate (RFC 5280 4.2.1.13). */
export function distributionPoints(
  ...points: (PointRecipe & { issuer?: Uint8Array })[]
): Uint8Array {
  const each = points.map((point) =>
    sequence(
      ...pointName(point),
      ...reasonFlags(0x81, point.reasons),
      ...(point.issuer === undefined ? [] : [tlv(0xa2, directoryName(point.issuer))]),
    ),
  );
  return extension('2.5.29.31', false, sequence(...each));
}

/** One entry, as it stands in a list. */
export function entry({ serial, reason, extensions, at = REVOKED_AT }: EntryRecipe): Uint8Array {
  const all = [...(reason === undefined ? [] : [reasonCode(reason)]), ...(extensions ?? [])];
  const time = at instanceof Date ? utcTime(at) : at;
  return sequence(tlv(0x02, serial), time, ...(all.length === 0 ? [] : [sequence(...all)]));
}

export function makeCrl(recipe: ListRecipe): Uint8Array {
  const { issuer, version = 2, hash = 'sha256', nextUpdate = NEXT_UPDATE, number = 7 } = recipe;
  const signer = recipe.signedBy ?? issuer.key;
  const algorithm = sequence(oid(hash === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'));
  const time = (value: Date | Uint8Array): Uint8Array =>
    value instanceof Date ? utcTime(value) : value;
  const extensions = [
    authorityKeyId(signer),
    ...(number === null ? [] : [extension('2.5.29.20', false, integer(number))]),
    ...(recipe.extensions ?? []),
  ];
  const entries = (recipe.entries ?? []).map(entry);
  const tbs = sequence(
    ...(version === 1 ? [] : [integer(1)]),
    algorithm,
    issuer.subject,
    time(recipe.thisUpdate ?? THIS_UPDATE),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(recipe.rawEntries === undefined ? [] : [recipe.rawEntries]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(version === 1 ? [] : [tlv(0xa0, sequence(...extensions))]),
  );
  const signature = sign(hash, tbs, signer.privateKey);
  return Uint8Array.from(sequence(tbs, algorithm, tlv(0x03, Buffer.of(0), signature)));
}
