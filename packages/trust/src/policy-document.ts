/**
 * Reads one policy document: JSON whose keys are the administrator's, the same words as in Group
 * Policy. Strict, because a mistyped rule must not become no rule: an unknown key, a wrong type or a
 * value out of range makes the whole document invalid. Which layer may say what is for policy.ts.
 */

import { isAbsolute } from 'node:path';
import { parseFingerprint, parsePem } from './certificate.ts';
import { FormatError, PosternError } from './errors.ts';
import { normaliseServerName } from './names.ts';
import type { Policy } from './policy.ts';

/** Longest text for people, in characters: three lines of the Certificate Trust Dialog. */
const MAX_SUPPORT_TEXT = 500;

/** The longest period of the drop-list (house, decision 7). */
const MAX_TRUST_DAYS = 30;

/** What is wrong with one value; the key is added by the caller. */
class Disallowed extends Error {}

type Reader<T> = (value: unknown) => T;

/** Key in the document, field in the policy, reader: the one table of what may be said. */
const READERS: { readonly [K in keyof Policy]: { key: string; read: Reader<Policy[K]> } } = {
  requireSecureConnection: { key: 'RequireSecureConnection', read: boolean },
  trustOverride: { key: 'TrustOverride', read: oneOf('off', 'listed', 'on') },
  trustOverrideHosts: { key: 'TrustOverrideHosts', read: listOf(host) },
  maxTrustDays: { key: 'MaxTrustDays', read: days },
  requireFingerprintCheck: { key: 'RequireFingerprintCheck', read: boolean },
  rootsFromSystem: { key: 'RootsFromSystem', read: boolean },
  extraRoots: { key: 'ExtraRoots', read: listOf(extraRoot) },
  pinnedKeys: { key: 'PinnedKeys', read: pinnedKeys },
  disallowedCertificates: { key: 'DisallowedCertificates', read: listOf(sha256) },
  revocation: { key: 'Revocation', read: oneOf('off', 'when-available', 'required') },
  revocationLists: { key: 'RevocationLists', read: listOf(absolutePath) },
  minimumTlsVersion: { key: 'MinimumTlsVersion', read: oneOf('TLSv1.2', 'TLSv1.3') },
  serverName: { key: 'ServerName', read: host },
  supportText: { key: 'SupportText', read: supportText },
  supportUrl: { key: 'SupportUrl', read: supportUrl },
};

/** The key that an administrator writes for a field: `maxTrustDays` is `MaxTrustDays`. */
export function policyKey(field: keyof Policy): string {
  return READERS[field].key;
}

/**
 * Reads a policy document and returns what it states, and nothing else. `what` names the document
 * in messages. Throws FormatError ERR_POLICY_INVALID that names the key and what is allowed.
 */
export function readPolicyDocument(text: string, what: string): Partial<Policy> {
  const document = parseJson(text, what);
  const stated: Partial<Policy> = {};
  for (const [key, value] of Object.entries(document)) {
    const field = fieldOf(key);
    if (field === null) {
      const known = Object.values(READERS).map((reader) => reader.key);
      throw invalid(what, `key ${shown(key)} is not one of ${known.join(', ')}`);
    }
    readInto(stated, field, value, what);
  }
  if (stated.trustOverride === 'listed' && stated.trustOverrideHosts === undefined) {
    throw invalid(
      what,
      'TrustOverride is "listed", and TrustOverrideHosts does not say which hosts',
    );
  }
  return stated;
}

function parseJson(text: string, what: string): object {
  let document: unknown;
  try {
    // Windows' editors put a byte order mark first.
    document = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw invalid(what, `policy "${what}" is not JSON`, cause);
  }
  if (!isObject(document)) throw invalid(what, `policy "${what}" is not a JSON object`);
  return document;
}

function fieldOf(key: string): keyof Policy | null {
  for (const field of Object.keys(READERS)) {
    if (isField(field) && READERS[field].key === key) return field;
  }
  return null;
}

function isField(name: string): name is keyof Policy {
  return Object.hasOwn(READERS, name);
}

function readInto<K extends keyof Policy>(
  stated: Partial<Policy>,
  field: K,
  value: unknown,
  what: string,
): void {
  const { key, read } = READERS[field];
  try {
    stated[field] = read(value);
  } catch (error) {
    // Certificates and names have readers of their own, with errors of their own.
    if (!(error instanceof Disallowed || error instanceof PosternError)) throw error;
    throw invalid(what, `${key}: ${error.message}`, error);
  }
}

function boolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new Disallowed(`${shown(value)} is not true or false`);
}

function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value) => {
    const found = allowed.find((item) => item === value);
    if (found !== undefined) return found;
    throw new Disallowed(
      `${shown(value)} is not one of ${allowed.map((item) => `"${item}"`).join(', ')}`,
    );
  };
}

function days(value: unknown): number {
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 0 &&
    value <= MAX_TRUST_DAYS
  ) {
    return value;
  }
  throw new Disallowed(`${shown(value)} is not a whole number of days from 0 to ${MAX_TRUST_DAYS}`);
}

function listOf<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new Disallowed(`${shown(value)} is not a list`);
    return value.map((item) => read(item));
  };
}

/** Wildcards are refused: a rule for `*.example.com` would cover names that nobody had in mind. */
function host(value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new Disallowed(`${shown(value)} is not a host name or an IP address`);
  }
  return normaliseServerName(value);
}

function sha256(value: unknown): string {
  const fingerprint = typeof value === 'string' ? parseFingerprint(value) : null;
  if (fingerprint !== null) return fingerprint;
  throw new Disallowed(`${shown(value)} is not a SHA-256 fingerprint of 64 hexadecimal digits`);
}

/** What a relative path is relative to would be up to whoever starts the program. */
function absolutePath(value: unknown): string {
  if (typeof value === 'string' && isAbsolute(value) && !value.includes('\0')) return value;
  throw new Disallowed(`${shown(value)} is not an absolute path`);
}

function extraRoot(value: unknown): Policy['extraRoots'][number] {
  const { pem, hosts } = fields(value, 'pem', 'hosts');
  if (typeof pem !== 'string') throw new Disallowed(`pem ${shown(pem)} is not a text`);
  // Throws where there is no certificate.
  parsePem(pem, 'pem');
  return { pem, hosts: hosts === undefined || hosts === null ? null : listOf(host)(hosts) };
}

function pinnedKeys(value: unknown): Policy['pinnedKeys'] {
  const pins = listOf((item) => {
    const { host: name, spkiSha256 } = fields(item, 'host', 'spkiSha256');
    const keys = listOf(sha256)(spkiSha256);
    if (keys.length === 0) throw new Disallowed(`no spkiSha256 for host ${shown(name)}`);
    return { host: host(name), spkiSha256: keys };
  })(value);
  const hosts = pins.map((pin) => pin.host);
  const twice = hosts.find((name, i) => hosts.indexOf(name) !== i);
  if (twice !== undefined) throw new Disallowed(`host "${twice}" is named twice`);
  return pins;
}

function supportText(value: unknown): string {
  const isPlain =
    typeof value === 'string' && value.length <= MAX_SUPPORT_TEXT && !/[\p{Cc}\p{Cf}]/u.test(value);
  if (isPlain && value !== '') return value;
  throw new Disallowed(`${shown(value)} is not a line of 1 to ${MAX_SUPPORT_TEXT} characters`);
}

/** Drawn as a link beside a question of trust, so nothing but a page over TLS or a letter. */
function supportUrl(value: unknown): string {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'mailto:')) return url.href;
  throw new Disallowed(`${shown(value)} is not an https: or mailto: address`);
}

function fields<K extends string>(
  value: unknown,
  ...allowed: readonly K[]
): Partial<Record<K, unknown>> {
  if (!isObject(value)) throw new Disallowed(`${shown(value)} is not an object`);
  const result: Partial<Record<K, unknown>> = {};
  for (const [key, item] of Object.entries(value)) {
    const known = allowed.find((name) => name === key);
    if (known === undefined)
      throw new Disallowed(`key ${shown(key)} is not one of ${allowed.join(', ')}`);
    result[known] = item;
  }
  return result;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as it stands in the document, bounded and on one line. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length <= 80 ? json : `${json.slice(0, 80)}...`;
}

function invalid(what: string, message: string, cause?: unknown): FormatError {
  return new FormatError('ERR_POLICY_INVALID', message, { what, cause });
}
