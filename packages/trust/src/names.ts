/**
 * Matches a server name against the names in a certificate as RFC 9525 says: subject alternative
 * names only, never the common name; a wildcard is the whole left-most label; addresses by their
 * bytes. Our own, because Node's matching differs from version to version. Node's answer counts too
 * (see the gate): where the two differ, the stricter one holds.
 */

import { isIP, SocketAddress } from 'node:net';
import { domainToASCII } from 'node:url';
import type { GeneralName } from './certificate.ts';
import { FormatError } from './errors.ts';
import { printable } from './printable.ts';

/** RFC 1035 2.3.4, in octets: 255 on the wire is 253 as text. */
const MAX_NAME_LENGTH = 253;

/** Letters, digits, hyphens inside (RFC 1123 2.1), and the underscore that Windows networks use. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A last label that URL parsers and resolvers read as part of an IPv4 address: `127.1`, `0x7f.1`. */
const NUMERIC_LABEL = /^(?:\d+|0x[0-9a-f]*)$/;

/**
 * Characters that IDNA mapping would turn into a dot, or drop without a trace: refused, because what
 * a person reads must be what is matched.
 */
const MISLEADING = /[\u3002\uff0e\uff61\p{C}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The one spelling under which a server name is matched, compared and stored: A-labels, lower case,
 * no trailing dot; an IP address as the system writes it (`2001:db8::1`).
 * Throws TypeError when there is no name at all, and FormatError (ERR_PROFILE_INVALID) for anything
 * that is not plainly a DNS name or an address: a scheme, port, path, brackets, zone, white space,
 * `127.1`, an empty label, two trailing dots.
 */
export function normaliseServerName(serverName: string): string {
  if (typeof serverName !== 'string' || serverName === '') {
    throw new TypeError('server name is empty');
  }
  if (isIP(serverName) !== 0 && !serverName.includes('%')) return canonicalAddress(serverName);
  const withoutDot = serverName.endsWith('.') ? serverName.slice(0, -1) : serverName;
  const ascii = toAscii(withoutDot);
  if (ascii === null || !isHostName(ascii) || isIP(ascii) !== 0) {
    const shown = printable(serverName, MAX_NAME_LENGTH);
    throw new FormatError('ERR_PROFILE_INVALID', `server name "${shown}" is not a host name`, {
      what: 'server name',
    });
  }
  return ascii;
}

/** Whether a normalised server name is an IP address. */
export function isAddress(serverName: string): boolean {
  return isIP(serverName) !== 0;
}

/**
 * Whether a certificate with these subject alternative names is for this server name (RFC 9525 6.3,
 * 6.5). Throws as {@link normaliseServerName}. Looks at nothing else in the certificate.
 */
export function matchesServerName(serverName: string, presented: readonly GeneralName[]): boolean {
  const reference = normaliseServerName(serverName);
  if (isAddress(reference)) {
    return presented.some(({ type, value }) => type === 'ip' && value === reference);
  }
  return presented.some(({ type, value }) => type === 'dns' && matchesDnsName(reference, value));
}

/** The canonical text of an address of 4 or 16 bytes; null for any other length. */
export function addressFromBytes(bytes: Uint8Array): string | null {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return null;
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  }
  return canonicalAddress(groups.join(':'));
}

/** Both sides compare as text because one function writes both: equal text is equal bytes. */
function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

/** A name in A-labels and lower case; null where it holds what no host name may. */
export function toAscii(name: string): string | null {
  if (/^[\x00-\x7f]*$/.test(name)) return name.toLowerCase();
  if (MISLEADING.test(name)) return null;
  // ASCII that URL parsing would act on (`/ # % @`) has to be refused before, not cut off.
  if (/[\x00-\x7f]/.test(name.replace(/[A-Za-z0-9._-]/g, ''))) return null;
  const ascii = domainToASCII(name);
  return ascii === '' ? null : ascii;
}

/** Whether this is a host name in the spelling of {@link normaliseServerName}, and no address. */
export function isHostName(name: string): boolean {
  if (name.length > MAX_NAME_LENGTH) return false;
  const labels = name.split('.');
  return labels.every((label) => LABEL.test(label)) && !NUMERIC_LABEL.test(labels.at(-1) ?? '');
}

/** `reference` is normalised. A presented name that is no host name, or ends in a dot, never matches. */
function matchesDnsName(reference: string, presented: string): boolean {
  const pattern = presented.toLowerCase();
  if (!pattern.startsWith('*.')) return isHostName(pattern) && pattern === reference;
  const suffix = pattern.slice(2);
  // A wildcard needs two labels after it, as in Node and browsers: never `*` or `*.test`.
  if (!isHostName(suffix) || !suffix.includes('.')) return false;
  const firstDot = reference.indexOf('.');
  return firstDot > 0 && reference.slice(firstDot + 1) === suffix;
}
