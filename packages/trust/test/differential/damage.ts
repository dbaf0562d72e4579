/**
 * Damages certificates below their signature: an element is changed, doubled, left out, moved or written
 * otherwise, and the certificate is signed again, so that only what it says can give it away.
 */

import { sign } from 'node:crypto';
import { ecKey, type KeyPair, oid, sequence, spkiOf, tlv } from '../make-certificate.ts';
import type { Random } from './random.ts';

/** A certificate whose issuer's key is at hand. */
export interface Signed {
  readonly der: Uint8Array;
  readonly signer: KeyPair;
}

/** One element, taken apart as far as it is constructed. */
interface Node {
  tag: number;
  /** What stands before the elements inside: of a BIT STRING its unused bits. */
  content: Uint8Array | Node[];
  form: 'indefinite' | 'long' | 'minimal';
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

/** Reads bytes as elements, one after another; null where they are none. Lenient about nothing. */
function parse(bytes: Uint8Array): Node[] | null {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1];
    if (first === undefined || (tag & 0x1f) === 0x1f || first === 0x80 || first > 0x83) return null;
    const header = first < 0x80 ? 2 : 2 + (first & 0x7f);
    const octets = bytes.subarray(at + 2, at + header);
    const length = first < 0x80 ? first : octets.reduce((sum, octet) => sum * 256 + octet, 0);
    if (at + header + length > bytes.length) return null;
    const content = bytes.subarray(at + header, at + header + length);
    // The value of an extension has a structure of its own.
    const isOpen = (tag & 0x20) !== 0 || (tag === 0x04 && content.length > 1);
    const inner = isOpen ? parse(content) : null;
    if (inner === null && (tag & 0x20) !== 0) return null;
    nodes.push({ tag, content: inner ?? content, form: 'minimal' });
    at += header + length;
  }
  return nodes;
}

function write({ tag, content, form }: Node): Uint8Array {
  const body = Array.isArray(content) ? Buffer.concat(content.map(write)) : content;
  if (form === 'indefinite') return Buffer.concat([Buffer.of(tag, 0x80), body, Buffer.of(0, 0)]);
  if (form === 'minimal') return tlv(tag, body);
  const size = body.length;
  return Buffer.concat([Buffer.of(tag, 0x83, size >> 16, (size >> 8) & 0xff, size & 0xff), body]);
}

/** The three parts of a certificate; null where it is not made of them. */
function partsOf(der: Uint8Array): [Node, Node, Node] | null {
  const [certificate, ...more] = parse(der) ?? [];
  if (certificate === undefined || more.length > 0 || !Array.isArray(certificate.content))
    return null;
  const [tbs, algorithm, signature] = certificate.content;
  if (tbs === undefined || algorithm === undefined || signature === undefined) return null;
  return [tbs, algorithm, signature];
}

/** The same certificate with one to three places of it damaged, mostly signed again. */
export function damage({ der, signer }: Signed, random: Random): Uint8Array {
  const parts = partsOf(der);
  if (parts === null || random.chance(5)) return damagedBytes(der, random);
  const [tbs, algorithm, signature] = parts;
  for (let edits = random.chance(80) ? 1 : 2; edits > 0; edits -= 1) edit(tbs, random);
  if (random.chance(3)) edit(algorithm, random);
  let body = write(tbs);
  if (random.chance(8)) body = damagedBytes(body, random);
  const bits = random.chance(5) ? write(signature) : signatureOf(body, signer);
  return sequence(body, write(algorithm), bits);
}

/** Signs with SHA-256, or as the kind of key has it. */
function signatureOf(tbs: Uint8Array, { privateKey }: KeyPair): Uint8Array {
  const isEdwards = privateKey.asymmetricKeyType?.startsWith('ed') === true;
  return tlv(0x03, Buffer.of(0), sign(isEdwards ? null : 'sha256', tbs, privateKey));
}

function damagedBytes(der: Uint8Array, random: Random): Uint8Array {
  const bytes = [...der];
  const at = random.below(bytes.length);
  bytes.splice(at, random.below(3), ...random.bytes(random.below(3)));
  return Uint8Array.from(bytes);
}

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31,
  0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3, 0xa4, 0x24, 0x23,
];

/** Each element with the list that it stands in. */
function placesIn(list: Node[], found: { list: Node[]; index: number }[] = []): typeof found {
  for (const [index, { content }] of list.entries()) {
    found.push({ list, index });
    if (Array.isArray(content)) placesIn(content, found);
  }
  return found;
}

function edit(root: Node, random: Random): void {
  if (!Array.isArray(root.content)) return;
  // What extensions say decides most; the rest seldom leaves a certificate that can be read.
  const extensions = root.content.filter(({ tag }) => tag === 0xa3);
  const places = placesIn(random.chance(75) && extensions.length > 0 ? extensions : root.content);
  if (places.length === 0) return;
  const { list, index } = random.pick(places);
  const node = list[index];
  if (node === undefined) return;
  const other = random.pick(places);
  const copy = structuredClone(other.list[other.index] ?? node);
  switch (random.below(11)) {
    case 0:
      node.tag = random.chance(80) ? random.pick(TAGS) : random.below(256);
      return;
    case 1:
      list.splice(index, 1);
      return;
    case 2:
      list.splice(index, 0, structuredClone(node));
      return;
    case 3:
      list.splice(index, 1, copy);
      return;
    case 4:
      list.splice(index, 0, copy);
      return;
    case 5:
      list.reverse();
      return;
    case 6:
      node.form = random.pick(['indefinite', 'long']);
      return;
    default:
      node.content = changedContent(node.content, random);
  }
}

function changedContent(content: Uint8Array | Node[], random: Random): Uint8Array | Node[] {
  if (Array.isArray(content)) return random.chance(50) ? [] : content.slice(0, -1);
  const bytes = [...content];
  const at = random.below(bytes.length + 1);
  switch (random.below(6)) {
    case 0:
      return new Uint8Array();
    case 1:
      bytes.splice(at, 1, (bytes[at] ?? 0) ^ (1 << random.below(8)));
      break;
    case 2:
      bytes.splice(at, 1, random.pick([0, 0xff, 0x80, 0x7f, 0x2a, 0x2e]));
      break;
    case 3:
      bytes.splice(at, 0, random.below(256));
      break;
    case 4:
      bytes.splice(at, 1);
      break;
    default:
      bytes.unshift(0);
  }
  return Uint8Array.from(bytes);
}

/**
 * The same certificates with keys of ours, each signed by whoever signed it before, as far as names
 * tell; null where one of them cannot be taken apart. Key identifiers stay as they are.
 */
export function withOurKeys(ders: readonly Uint8Array[]): Signed[] | null {
  const keys = new Map<string, KeyPair>();
  const read = ders.map((der) => {
    const parts = partsOf(der);
    const fields = parts?.[0].content;
    if (parts === undefined || parts === null || !Array.isArray(fields)) return null;
    const shift = fields[0]?.tag === 0xa0 ? 1 : 0;
    const [issuer, subject, spki] = [2, 4, 5].map((place) => fields[place + shift]);
    if (issuer === undefined || subject === undefined || spki === undefined) return null;
    const name = (node: Node): string => Buffer.from(write(node)).toString('hex');
    const id = `${name(subject)} ${name(spki)}`;
    const key = keys.get(id) ?? ecKey();
    keys.set(id, key);
    return { fields, shift, issuer: name(issuer), subject: name(subject), key };
  });
  const whole = read.flatMap((one) => (one === null ? [] : [one]));
  if (whole.length < ders.length) return null;
  return whole.map(({ fields, shift, issuer, key }) => {
    // The last one, since anchors come last and roots are made anew.
    const signer = whole.findLast(({ subject }) => subject === issuer)?.key ?? ecKey();
    const place = (at: number, der: Uint8Array): void => {
      const [node] = parse(der) ?? [];
      if (node !== undefined) fields[at + shift] = node;
    };
    place(1, ECDSA_SHA256);
    place(5, spkiOf(key));
    const tbs = sequence(...fields.map(write));
    return { der: sequence(tbs, ECDSA_SHA256, signatureOf(tbs, signer)), signer };
  });
}
