/**
 * Just enough DER to take a certificate apart and put it together again wrongly: what
 * `@peculiar/x509` rightly refuses to make. Reads only what this kit itself made.
 */

/** Tags that the odd certificates need (X.690 8.1.2). */
export const TAG = {
  bitString: 0x03,
  boolean: 0x01,
  integer: 0x02,
  null: 0x05,
  octetString: 0x04,
  sequence: 0x30,
} as const;

/** One element: tag, definite length, contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(length)]), ...contents]);
}

/** The elements inside one constructed element, each whole. */
export function inside(der: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let rest = contents(der); rest.length > 0; ) {
    const size = wholeLength(rest);
    parts.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return parts;
}

/** The contents of an element, without tag and length. */
export function contents(der: Uint8Array): Uint8Array {
  return der.subarray(headerLength(der), wholeLength(der));
}

/** An object identifier in dotted form as DER (X.690 8.19). */
export function objectIdentifier(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  const octets = [first * 40 + second, ...arcs].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
      groups.unshift((rest & 0x7f) | 0x80);
    }
    return groups;
  });
  return element(0x06, Uint8Array.from(octets));
}

function headerLength(der: Uint8Array): number {
  const first = der[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function wholeLength(der: Uint8Array): number {
  const first = der[1] ?? 0;
  const header = headerLength(der);
  if (first < 0x80) return header + first;
  return header + der.subarray(2, header).reduce((sum, octet) => sum * 256 + octet, 0);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}
