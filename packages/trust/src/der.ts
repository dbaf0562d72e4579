/**
 * Strict framing of DER (X.690): tags, definite minimal lengths, bounds, depth. It gives slices and
 * says where bytes are not DER, which OpenSSL and asn1js both pass over; a signed structure that two
 * parsers read differently is an attack. Values with structure of their own are decoded by asn1-x509.
 */

/** Deepest nesting that is read. RFC 5280 needs about 12; asn1js stops at 100. */
const MAX_DEPTH = 32;

/** Most elements in one structure: a certificate of 64 KiB with a thousand names has about 3,000. */
const MAX_ELEMENTS = 20_000;

/** Bytes that are not DER, and where. Never leaves the package: certificate.ts turns it into text. */
export class DerError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.offset = offset;
  }
}

/** One element: its identifier octet, and where header and content stand in `bytes`. */
export interface DerElement {
  readonly bytes: Uint8Array;
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** Identifier octets of the universal types that certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONSTRUCTED = 0x20;

/** Reads the element at `offset`; throws {@link DerError} where it is not DER or runs past `limit`. */
export function readElement(bytes: Uint8Array, offset: number, limit: number): DerElement {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || offset + 2 > limit) {
    throw new DerError('truncated', offset);
  }
  if ((tag & 0x1f) === 0x1f) throw new DerError('tag number of more than one byte', offset);
  let contentStart = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw new DerError('indefinite length', offset);
    if (count > 4 || contentStart + count > limit) throw new DerError('truncated', offset);
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[contentStart + i] ?? 0);
    // X.690 10.1: the minimum number of octets.
    if (length < 0x80 || length < 256 ** (count - 1)) {
      throw new DerError('length not minimal', offset);
    }
    contentStart += count;
  }
  const end = contentStart + length;
  if (end > limit) throw new DerError('truncated', offset);
  return { bytes, tag, start: offset, contentStart, end };
}

/** Reads bytes that must be exactly one element. */
export function readWhole(bytes: Uint8Array): DerElement {
  const element = readElement(bytes, 0, bytes.length);
  if (element.end !== bytes.length) throw new DerError('bytes after the end', element.end);
  return element;
}

/** The elements inside a constructed one, in order. */
export function children(parent: DerElement): DerElement[] {
  const found: DerElement[] = [];
  for (let offset = parent.contentStart; offset < parent.end; ) {
    const element = readElement(parent.bytes, offset, parent.end);
    found.push(element);
    offset = element.end;
  }
  return found;
}

/** Throws {@link DerError} unless everything inside is DER in its framing; strings stay opaque. */
export function checkFraming(root: DerElement): void {
  let elements = 0;
  const visit = (element: DerElement, depth: number): void => {
    if (depth > MAX_DEPTH) throw new DerError('nested too deeply', element.start);
    elements += 1;
    if (elements > MAX_ELEMENTS) throw new DerError('too many elements', element.start);
    if ((element.tag & CONSTRUCTED) !== 0) {
      // X.690 10.2: of the universal types only sequence and set are constructed.
      if (element.tag < 0x40 && element.tag !== TAG.sequence && element.tag !== TAG.set) {
        throw new DerError('constructed string', element.start);
      }
      for (const child of children(element)) visit(child, depth + 1);
    } else if (element.tag === TAG.boolean) {
      readBoolean(element);
    } else if (element.tag === TAG.integer) {
      checkInteger(element);
    }
  };
  visit(root, 0);
}

/** The elements of a SEQUENCE whose parts are all OPTIONAL, in the order of their tags. Throws {@link DerError}. */
export function optionalParts(
  sequence: DerElement,
  tags: readonly number[],
): Map<number, DerElement> {
  const parts = new Map<number, DerElement>();
  let next = 0;
  for (const part of children(sequence)) {
    const index = tags.indexOf(part.tag, next);
    if (index < 0) throw new DerError('unknown part', part.start);
    parts.set(part.tag, part);
    next = index + 1;
  }
  return parts;
}

/** Content octets, without header. */
export function content(element: DerElement): Uint8Array {
  return element.bytes.subarray(element.contentStart, element.end);
}

/** Header and content together. */
export function encoded(element: DerElement): Uint8Array {
  return element.bytes.subarray(element.start, element.end);
}

/** Throws {@link DerError} unless the element is there and has this identifier octet. */
export function expectTag(
  element: DerElement | undefined,
  tag: number,
  what: string,
  offset = 0,
): DerElement {
  if (element?.tag !== tag) throw new DerError(`no ${what}`, element?.start ?? offset);
  return element;
}

/** A BOOLEAN, which in DER is 00 or FF (X.690 11.1). */
export function readBoolean(element: DerElement): boolean {
  const value = element.bytes[element.contentStart];
  if (element.end - element.contentStart !== 1 || (value !== 0 && value !== 0xff)) {
    throw new DerError('boolean that is neither 00 nor FF', element.start);
  }
  return value === 0xff;
}

/** An OBJECT IDENTIFIER in dotted form; at most 64 octets, as no known one is longer than 40. */
export function readOid(element: DerElement): string {
  const octets = content(element);
  const last = octets.at(-1);
  if (last === undefined || last >= 0x80 || octets.length > 64) {
    throw new DerError('object identifier that is not complete', element.start);
  }
  const arcs: bigint[] = [];
  let arc = 0n;
  let isFirstOctet = true;
  for (const octet of octets) {
    if (isFirstOctet && octet === 0x80) {
      throw new DerError('object identifier with padding', element.start);
    }
    arc = arc * 128n + BigInt(octet & 0x7f);
    isFirstOctet = octet < 0x80;
    if (isFirstOctet) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const head = arcs[0] ?? 0n;
  const top = head < 80n ? head / 40n : 2n;
  return [top, head - top * 40n, ...arcs.slice(1)].join('.');
}

/** A Time (RFC 5280 4.1.2.5): seconds and `Z` always, fractions never; two-digit years are 1950 to 2049. */
export function readTime(element: DerElement | undefined, offset = 0): Date {
  if (element?.tag !== TAG.utcTime && element?.tag !== TAG.generalizedTime) {
    throw new DerError('no date', offset);
  }
  const text = Buffer.from(content(element)).toString('latin1');
  const isUtc = element.tag === TAG.utcTime;
  const match = /^(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null || match[1]?.length !== (isUtc ? 2 : 4)) {
    throw new DerError('date that is not in the form of RFC 5280', element.start);
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map(Number);
  const instant = new Date(0);
  instant.setUTCFullYear(isUtc ? year + (year < 50 ? 2000 : 1900) : year, month - 1, day);
  instant.setUTCHours(hour, minute, second);
  // What does not exist rolls over: 30 February, month 13, 24:00, minute 60.
  const isWhole =
    instant.getUTCMonth() === month - 1 &&
    instant.getUTCDate() === day &&
    instant.getUTCHours() === hour &&
    instant.getUTCMinutes() === minute &&
    instant.getUTCSeconds() === second;
  if (!isWhole) {
    throw new DerError('date that does not exist', element.start);
  }
  return instant;
}

/** X.690 8.3.2: the first nine bits are neither all zero nor all one. */
export function checkInteger(element: DerElement): void {
  const [first, second] = content(element);
  if (first === undefined) throw new DerError('empty integer', element.start);
  if (second === undefined) return;
  if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)) {
    throw new DerError('integer not minimal', element.start);
  }
}
