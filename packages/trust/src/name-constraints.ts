/**
 * Name constraints (RFC 5280 4.2.1.10): what names the certificates below a CA may have. Read byte by
 * byte, since what they say decides who is trusted; a name or a constraint that cannot be judged is
 * taken as a breach. Which CA binds which certificate of a path is inspect.ts.
 */

import {
  children,
  content,
  type DerElement,
  DerError,
  encoded,
  expectTag,
  readOid,
  readWhole,
  TAG,
} from './der.ts';
import { commonNamesOf, emailAddressesOf, nameText, relativeNames } from './distinguished-name.ts';
import { checkGeneralName } from './general-name.ts';
import { addressFromBytes, isAddress, isHostName, toAscii } from './names.ts';
import { MAX_NAME_TEXT, printable } from './printable.ts';

/**
 * Most comparisons of a name with a constraint along one path: webpki's `Budget` and Go's
 * MaxConstraintComparisons have the same number. Chromium counts to 2^20.
 */
export const MAX_CONSTRAINT_COMPARISONS = 250_000;

/** What a CA allows and forbids. `permitted` binds only names of the types that are in it. */
export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/** A name that a constraint may bind, or the base of a subtree, which has the same form. */
export type ConstrainedName = { readonly text: string } & (
  | { readonly type: 'dns' | 'email' | 'uri'; readonly value: string }
  /** Four or sixteen octets; twice as many in a subtree, address and mask. */
  | { readonly type: 'ip'; readonly octets: Uint8Array }
  | { readonly type: 'directory'; readonly relative: readonly string[] }
  /** Types for which nobody has defined a meaning: one of them there and constrained is a breach. */
  | { readonly type: 'other'; readonly tag: number }
);

/** A name that breaks a constraint, and the subtree that it breaks. */
export interface Breach {
  name: string;
  constraint: string;
  tree: 'excluded' | 'permitted';
}

/** SmtpUTF8Mailbox (RFC 9598), which constraints on e-mail addresses bind too. */
const SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9';

/** What OpenSSL takes for a host name in a common name (cn2dnsid): labels, and an address too. */
const LOOKS_LIKE_HOST =
  /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)+$/;

/** Reads the value of the extension. `odd` is told of a breach of form. Throws DerError. */
export function readNameConstraints(
  value: DerElement,
  odd: (kind: string, sentence: string) => void,
): NameConstraints {
  const found: NameConstraints = { permitted: [], excluded: [] };
  const trees = children(expectTag(value, TAG.sequence, 'name constraints'));
  let last = 0x9f;
  for (const tree of trees) {
    if (tree.tag !== 0xa0 && tree.tag !== 0xa1) throw new DerError('unknown field', tree.start);
    if (tree.tag <= last) throw new DerError('fields out of order', tree.start);
    last = tree.tag;
    const bases = children(tree).map((subtree) => readSubtree(subtree, odd));
    Object.assign(found, tree.tag === 0xa0 ? { permitted: bases } : { excluded: bases });
  }
  if (found.permitted.length + found.excluded.length === 0) {
    odd('name-constraints-empty', 'The name constraints constrain nothing.');
  }
  return found;
}

/**
 * Every name of a certificate that the constraints of its issuers bind (RFC 5280 4.2.1.10): subject,
 * alternative names, the e-mail addresses in a subject without one beside it, and a common name that
 * looks like a host name where there is no other, as OpenSSL has it. `names` is the value of the
 * subject alternative name. Throws DerError.
 */
export function constrainedNamesOf(
  subject: Uint8Array,
  names: Uint8Array | null,
): readonly ConstrainedName[] {
  const alternative = names === null ? [] : children(readWhole(names)).map(readName);
  const found = [...alternative];
  if (subject.length > 2) {
    found.push({ type: 'directory', relative: relativeNames(subject), text: nameText(subject) });
  }
  if (!alternative.some(({ type }) => type === 'email')) {
    for (const value of emailAddressesOf(subject))
      found.push({ type: 'email', value, text: value });
  }
  if (!alternative.some(({ type }) => type === 'dns')) {
    for (const text of commonNamesOf(subject)) {
      const value = text.toLowerCase();
      if (LOOKS_LIKE_HOST.test(value)) found.push({ type: 'dns', value, text });
    }
  }
  return found;
}

/**
 * The first name that breaks the constraints, or null. `spend` is called before each comparison and
 * throws when there have been too many.
 */
export function breachOf(
  { permitted, excluded }: NameConstraints,
  names: readonly ConstrainedName[],
  spend: () => void,
): Breach | null {
  for (const name of names) {
    const binds = (base: ConstrainedName): boolean => {
      spend();
      return (
        base.type === name.type &&
        (name.type !== 'other' || base.type !== 'other' || base.tag === name.tag)
      );
    };
    const forbidding = excluded.find((base) => binds(base) && mayBeWithin(name, base));
    if (forbidding !== undefined) {
      return { name: name.text, constraint: forbidding.text, tree: 'excluded' };
    }
    const allowing = permitted.filter(binds);
    if (allowing.length > 0 && !allowing.some((base) => isWithin(name, base))) {
      const constraint = allowing
        .slice(0, 10)
        .map(({ text }) => text)
        .join(' or ');
      return { name: name.text, constraint, tree: 'permitted' };
    }
  }
  return null;
}

function readSubtree(
  subtree: DerElement,
  odd: (kind: string, sentence: string) => void,
): ConstrainedName {
  const [base, minimum, ...more] = children(expectTag(subtree, TAG.sequence, 'subtree'));
  if (base === undefined) throw new DerError('subtree without a base', subtree.start);
  checkGeneralName(base);
  // RFC 5280: minimum is zero, maximum absent; whoever meets others may reject them.
  const isDefault = minimum === undefined || (minimum.tag === 0x80 && isZero(content(minimum)));
  if (!isDefault || more.length > 0) throw new DerError('minimum or maximum', subtree.start);
  const found = readBase(base);
  if (found.type === 'dns' && found.value.startsWith('.')) {
    odd('name-constraint-leading-period', 'A constraint of host names begins with a period.');
  }
  return found;
}

function isZero(octets: Uint8Array): boolean {
  return octets.length === 1 && octets[0] === 0;
}

/** The base of a subtree: a name whose form the type of constraint allows. Throws DerError. */
function readBase(element: DerElement): ConstrainedName {
  const base = element.tag === 0x87 ? readAddressRange(element) : readName(element);
  if (base.type === 'dns' || base.type === 'uri' || base.type === 'email') {
    const host = base.type === 'email' ? base.value.slice(base.value.indexOf('@') + 1) : base.value;
    const bare = host.startsWith('.') ? host.slice(1) : host;
    // An empty one stands for every name.
    const isHost = bare === '' ? host === '' : isHostName(bare);
    if (!isHost) throw new DerError('constraint that is not a host name', element.start);
  }
  return base;
}

function readAddressRange(element: DerElement): ConstrainedName {
  const octets = content(element);
  const half = octets.length / 2;
  const address = addressFromBytes(octets.subarray(0, half));
  const mask = addressFromBytes(octets.subarray(half));
  if (address === null || mask === null) {
    throw new DerError('range of addresses of a wrong length', element.start);
  }
  // RFC 4632 3.1: all ones come before all zeros.
  const bits = [...octets.subarray(half)]
    .map((octet) => octet.toString(2).padStart(8, '0'))
    .join('');
  if (!/^1*0*$/.test(bits)) throw new DerError('mask with gaps', element.start);
  return { type: 'ip', octets, text: `${address}/${bits.replaceAll('0', '').length}` };
}

function readName(element: DerElement): ConstrainedName {
  const octets = content(element);
  switch (element.tag) {
    case 0x81:
      return textName('email', octets);
    case 0x82:
      return textName('dns', octets);
    case 0x86:
      return textName('uri', octets);
    case 0x87:
      return { type: 'ip', octets, text: addressFromBytes(octets) ?? '(unreadable)' };
    case 0xa4: {
      const [name] = children(element);
      if (name === undefined) throw new DerError('empty name', element.start);
      const der = encoded(name);
      return { type: 'directory', relative: relativeNames(der), text: nameText(der) };
    }
    case 0xa0: {
      const [type, wrapped] = children(element);
      if (type?.tag === TAG.oid && wrapped?.tag === 0xa0 && readOid(type) === SMTP_UTF8_MAILBOX) {
        const [mailbox] = children(wrapped);
        if (mailbox !== undefined) return textName('email', content(mailbox));
      }
      return { type: 'other', tag: element.tag, text: 'a name of another type' };
    }
    default:
      return { type: 'other', tag: element.tag, text: 'a name of another type' };
  }
}

/** Case counts only in what stands before the `@` of an address. */
function textName(type: 'dns' | 'email' | 'uri', octets: Uint8Array): ConstrainedName {
  const text = printable(Buffer.from(octets).toString('utf8'), MAX_NAME_TEXT);
  const at = type === 'email' ? text.lastIndexOf('@') : -1;
  const value = type === 'uri' ? text : text.slice(0, at + 1) + text.slice(at + 1).toLowerCase();
  return {
    type,
    value: type === 'uri' && !text.includes('://') ? text.toLowerCase() : value,
    text,
  };
}

/** Whether all that the name may stand for is within the subtree. */
function isWithin(name: ConstrainedName, base: ConstrainedName): boolean {
  if (name.type === 'dns' && base.type === 'dns') {
    if (!name.value.startsWith('*.')) {
      return isHostName(name.value) && isHostWithin(name.value, base.value);
    }
    // All that it stands for is below `example.com`, so also within `.example.com`.
    const below = name.value.slice(1);
    const zone = base.value === '' || base.value.startsWith('.') ? base.value : `.${base.value}`;
    return isHostName(below.slice(1)) && below.endsWith(zone);
  }
  if (name.type === 'uri' && base.type === 'uri')
    return isPlaceWithin(hostOfUri(name.value), base.value);
  if (name.type === 'email' && base.type === 'email')
    return isMailboxWithin(name.value, base.value);
  if (name.type === 'ip' && base.type === 'ip') return isAddressWithin(name.octets, base.octets);
  if (name.type === 'directory' && base.type === 'directory') {
    return base.relative.every((one, index) => name.relative[index] === one);
  }
  return false;
}

/** Whether anything that the name may stand for is within the subtree; true where nobody can tell. */
function mayBeWithin(name: ConstrainedName, base: ConstrainedName): boolean {
  if (isWithin(name, base)) return true;
  if (name.type === 'dns' && base.type === 'dns') {
    if (!name.value.startsWith('*.')) {
      // An address in the place of a host name is within no zone but that of every name.
      return !isHostName(name.value) && (base.value === '' || !isAddress(name.value));
    }
    const host = name.value.slice(2);
    // `*.example.com` stands for `mail.example.com` too, and for nothing that has more labels.
    const label = base.value.endsWith(`.${host}`) ? base.value.slice(0, -host.length - 1) : '.';
    return !isHostName(host) || (label !== '' && !label.includes('.'));
  }
  if (name.type === 'uri') return hostOfUri(name.value) === null;
  if (name.type === 'email') return hostOfMailbox(name.value) === null;
  if (name.type === 'ip') return name.octets.length !== 4 && name.octets.length !== 16;
  return name.type === 'other';
}

/** A host itself and all below it; with a leading period only those below; an empty one is every host. */
function isHostWithin(host: string, base: string): boolean {
  if (base === '' || host === base) return true;
  return host.endsWith(base.startsWith('.') ? base : `.${base}`);
}

/** For URIs and mailboxes a host is that host alone, and a leading period means all below it. */
function isPlaceWithin(host: string | null, base: string): boolean {
  if (host === null) return false;
  if (base === '') return true;
  return base.startsWith('.') ? host.endsWith(base) : host === base;
}

function isMailboxWithin(mailbox: string, base: string): boolean {
  return base.includes('@')
    ? hostOfMailbox(mailbox) !== null && mailbox === base
    : isPlaceWithin(hostOfMailbox(mailbox), base);
}

/** Null where it cannot be told: no host, or a local part that has to be quoted. */
function hostOfMailbox(mailbox: string): string | null {
  const [, domain = ''] = /^[^@\s"\\]+@([^@]+)$/.exec(mailbox) ?? [];
  const host = toAscii(domain);
  return host !== null && isHostName(host) ? host : null;
}

/** The host of a URI (RFC 3986 3.2); null where there is none, or an address, which no constraint can name. */
function hostOfUri(uri: string): string | null {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri) ?? [];
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase();
  return isHostName(host) ? host : null;
}

function isAddressWithin(address: Uint8Array, range: Uint8Array): boolean {
  const { length } = address;
  if (range.length !== 2 * length) return false;
  return address.every((octet, index) => {
    const mask = range[length + index] ?? 0;
    return (octet & mask) === ((range[index] ?? 0) & mask);
  });
}
