/**
 * Fetches the issuer that a chain leaves out, from where its last certificate says (RFC 5280
 * 4.2.2.1). Whoever presents a certificate chooses that address, so almost nothing is let through:
 * see ADR 0009. What comes is evidence for causes.ts; it is never an anchor and changes no verdict.
 */

import { isIP } from 'node:net';
import { type FetchedIssuer, isSignedBy } from './causes.ts';
import { type Certificate, parseCertificate, parsePem } from './certificate.ts';
import { FormatError } from './errors.ts';
import { type PlainDial, plainGet } from './plain-get.ts';
import { isPublicAddress } from './public-address.ts';
import { MAX_CERTIFICATE_BYTES } from './read-certificate.ts';
import type { Resolve } from './request.ts';

/** Certificates fetched one above the other: public chains leave out one, rarely two. */
export const MAX_HOPS = 3;

/** Addresses tried for one certificate; most have one. */
const MAX_URLS = 2;

/** ASCII without blanks and backslashes: what was escaped or cut when it was read (printable.ts) is no address any more. */
const WHOLE_URL = /^[\x21-\x5b\x5d-\x7e]+$/;

export interface IssuerFetch {
  /** Where to begin: the certificate whose issuer is missing. */
  last: Certificate;
  /** Whether the chain with these above it leads to an anchor; then nothing more is fetched. */
  completes: (fetched: readonly Uint8Array[]) => boolean;
  dial: PlainDial;
  resolve: Resolve;
  /** Ends everything; what was fetched before is kept. */
  signal: AbortSignal;
}

/** Each fetched certificate signed the one before it, by a checked signature. Never throws. */
export async function fetchIssuers(about: IssuerFetch): Promise<readonly FetchedIssuer[]> {
  const found: FetchedIssuer[] = [];
  let child = about.last;
  while (found.length < MAX_HOPS) {
    const next = await issuerOf(child, about);
    if (next === null) break;
    const { certificate, url } = next;
    const completes = about.completes([...found.map(({ der }) => der), certificate.der]);
    found.push({ url, der: certificate.der, completes });
    if (completes || isSignedBy(certificate, certificate)) break;
    child = certificate;
  }
  return found;
}

async function issuerOf(
  child: Certificate,
  about: IssuerFetch,
): Promise<{ certificate: Certificate; url: string } | null> {
  for (const url of child.issuerUrls.filter(isAllowed).slice(0, MAX_URLS)) {
    try {
      const body = await fetchFrom(url, about);
      const certificate = certificatesIn(body).find((each) => isSignedBy(child, each));
      if (certificate !== undefined) return { certificate, url };
    } catch {
      // It explains; what cannot be fetched stays unsaid. The next address may do.
    }
  }
  return null;
}

/** Plain HTTP at its own port, without credentials. */
function isAllowed(url: string): boolean {
  const parsed = WHOLE_URL.test(url) ? URL.parse(url) : null;
  return (
    parsed !== null &&
    parsed.protocol === 'http:' &&
    parsed.port === '' &&
    parsed.username === '' &&
    parsed.password === ''
  );
}

async function fetchFrom(url: string, { dial, resolve, signal }: IssuerFetch): Promise<Uint8Array> {
  const { hostname, host, pathname, search } = new URL(url);
  const address = await publicAddressOf(hostname, resolve);
  signal.throwIfAborted();
  const path = `${pathname}${search}`;
  const answer = await plainGet(dial, {
    address,
    host,
    path,
    maxBytes: MAX_CERTIFICATE_BYTES,
    signal,
  });
  if (answer.status !== 200) throw new Error(`status ${answer.status}`);
  return answer.body;
}

/**
 * Looked up once, and that very address is dialled: a second look-up could give another one. One
 * private address among several is reason enough to leave all of them alone.
 */
async function publicAddressOf(hostname: string, resolve: Resolve): Promise<string> {
  // URL parsing has made every spelling of an IPv4 address (`0x7f.1`) the usual one.
  const literal = hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(literal) === 0 ? await resolve(literal) : [{ address: literal }];
  const [first] = addresses;
  if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
    throw new Error('not a public address');
  }
  return first.address;
}

/** DER or PEM. PKCS #7 (`.p7c`), which RFC 5280 allows too, is passed over: hardly anybody uses it. */
function certificatesIn(body: Uint8Array): readonly Certificate[] {
  const text = Buffer.from(body).toString('latin1');
  try {
    const ders = text.includes('-----BEGIN ') ? parsePem(text, 'fetched issuer') : [body];
    return ders.map((der) => parseCertificate(der));
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
