/**
 * Legacy profiles: what prior ZCO kept, read once from a registry export or old JSON. Nothing in
 * one grants anything: Allow Invalid Certificates, Always and any trust interval are dropped and
 * reported, and passwords are never imported.
 * Article: "Important Notes Concerning Profiles Created by pre-8.0.7 ZCO".
 */

import { FormatError } from '@postern/trust';
import { checkProfile, DEFAULT_PROFILE, isProfileName, type Profile } from './profile.ts';
import { parseRegistryExport } from './registry-export.ts';

/** A profile made from a legacy one, and what has to be said once about it. */
export interface UpgradedProfile {
  profile: Profile;
  notices: readonly string[];
}

/** Largest legacy file, in bytes: an export of a whole Windows Messaging Subsystem stays far below. */
const MAX_LEGACY_BYTES = 4 * 1024 * 1024;

/** Names under which the fields are found; compared without case, spaces and punctuation. */
const FIELD_NAMES = {
  name: ['profilename', 'profile', 'name'],
  email: ['email', 'emailaddress', 'mailaddress', 'account', 'accountname', 'username', 'user'],
  server: ['server', 'servername', 'host', 'hostname'],
  port: ['port', 'serverport'],
  secure: ['usessl', 'usesecureconnection', 'ssl', 'secure', 'useshttps', 'https'],
} as const;

/** Features that were removed in ZCO 8.0.7, and the sentence that says so. */
const DROPPED: readonly { pattern: RegExp; notice: string }[] = [
  {
    pattern:
      /^(?:allow|accept|ignore)(?:invalid|untrusted|bad)?(?:cert(?:s|ificates?)?)(?:errors?)?$/,
    notice:
      'Allow Invalid Certificates was ticked in the old profile. It does not exist any more and was left out: ' +
      'you will be asked when a certificate cannot be trusted.',
  },
  {
    pattern:
      /(?:trust|cert(?:ificate)?).*(?:interval|period|duration|until|expir|always)|^alwaystrust/,
    notice:
      'The old profile held a period for which a certificate was trusted. Such periods, "Always" among them, ' +
      'are not taken over: you will be asked when a certificate cannot be trusted.',
  },
];
const PASSWORD = /passw(?:or)?d|^pw$|secret|credential/;
const PASSWORD_NOTICE = 'The old profile held a password. Passwords are not taken over.';
const HTTP_NOTICE =
  'The old profile did not use a secure connection. The server is asked for one at every start; ' +
  'without it nothing is sent until you confirm unprotected HTTP.';

type LegacyValue = boolean | number | string;

/**
 * Reads a registry export (.reg in UTF-16LE or UTF-8) or old JSON with one ZCO profile in it.
 * `what` names the file in messages. Throws FormatError ERR_PROFILE_INVALID.
 */
export function upgradeProfile(content: Uint8Array | string, what: string): UpgradedProfile {
  if (content.length > MAX_LEGACY_BYTES) {
    throw invalid(what, `has ${content.length} bytes, at most ${MAX_LEGACY_BYTES} allowed`);
  }
  const text = typeof content === 'string' ? content.replace(/^\ufeff/, '') : decode(content, what);
  const sections = text.trimStart().startsWith('{')
    ? jsonSections(text, what)
    : registrySections(text, what);
  const found = sections.filter(({ values }) => lookUp(values, FIELD_NAMES.server) !== undefined);
  const [section, second] = found;
  if (section === undefined) throw invalid(what, 'holds no profile: there is no server name in it');
  if (second !== undefined)
    throw invalid(what, `holds ${found.length} profiles: export one at a time`);
  // A removed feature may stand beside the profile's own key (ZCO: HKCU\Software\Zimbra).
  const all = sections.flatMap(({ values }) => [...values]);
  return build(section, all, what);
}

interface Section {
  /** Name of the profile, where the place says it. */
  name: string | null;
  values: ReadonlyMap<string, LegacyValue>;
}

function build(
  section: Section,
  all: readonly (readonly [string, LegacyValue])[],
  what: string,
): UpgradedProfile {
  const { values } = section;
  const isSecure = truth(lookUp(values, FIELD_NAMES.secure));
  const port = portOf(lookUp(values, FIELD_NAMES.port), what);
  const email = lookUp(values, FIELD_NAMES.email);
  const ports = isSecure
    ? { port: port ?? DEFAULT_PROFILE.port, httpPort: DEFAULT_PROFILE.httpPort }
    : { port: securePortBeside(port), httpPort: port ?? DEFAULT_PROFILE.httpPort };
  const profile = checkProfile(
    {
      name: profileName(lookUp(values, FIELD_NAMES.name) ?? section.name ?? email),
      email,
      serverName: lookUp(values, FIELD_NAMES.server),
      ...ports,
      useSecureConnection: isSecure,
    },
    what,
  );
  const notices = DROPPED.filter(({ pattern }) =>
    all.some(([key, value]) => pattern.test(key) && truth(value)),
  ).map(({ notice }) => notice);
  if (all.some(([key, value]) => PASSWORD.test(key) && value !== '')) notices.push(PASSWORD_NOTICE);
  if (!isSecure) notices.push(HTTP_NOTICE);
  return { profile, notices };
}

/** Where a server that spoke HTTP on this port usually speaks TLS (ZCS: zmproxyconfig, 8080:80:8443:443). */
function securePortBeside(httpPort: number | null): number {
  return httpPort === 8080 ? 8443 : DEFAULT_PROFILE.port;
}

function lookUp(
  values: ReadonlyMap<string, LegacyValue>,
  names: readonly string[],
): LegacyValue | undefined {
  const name = names.find((one) => values.has(one));
  return name === undefined ? undefined : values.get(name);
}

function portOf(value: LegacyValue | undefined, what: string): number | null {
  if (value === undefined || value === '') return null;
  const port = Number(value);
  if (typeof value !== 'boolean' && Number.isInteger(port) && port >= 1 && port <= 65_535)
    return port;
  throw invalid(what, '"port" must be a whole number from 1 to 65535');
}

function truth(value: LegacyValue | undefined): boolean {
  if (typeof value === 'string') return !/^(?:0|false|no|off|none|never|)$/i.test(value.trim());
  return value !== undefined && value !== false && value !== 0;
}

function profileName(value: LegacyValue | undefined): string {
  const name = String(value ?? '')
    .replace(/@.*$/, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return isProfileName(name) ? name : 'zimbra';
}

function decode(bytes: Uint8Array, what: string): string {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes.length > 1 && bytes[1] === 0);
  try {
    return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(what, 'is neither UTF-16LE nor UTF-8 text', cause);
  }
}

function normalise(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function registrySections(text: string, what: string): readonly Section[] {
  return parseRegistryExport(text, what).map(({ key, values }) => ({
    name: /\\Profiles\\([^\\]+)/i.exec(key)?.[1] ?? null,
    values: new Map([...values].map(([name, value]) => [normalise(name), value] as const)),
  }));
}

function jsonSections(text: string, what: string): readonly Section[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(what, 'is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw invalid(what, 'is not an object');
  const values = new Map<string, LegacyValue>();
  for (const [name, one] of Object.entries(value)) {
    // Old files nest the advanced dialog one level deep.
    const inner =
      typeof one === 'object' && one !== null ? Object.entries(one) : [[name, one] as const];
    for (const [key, leaf] of inner) {
      if (typeof leaf === 'string' || typeof leaf === 'number' || typeof leaf === 'boolean') {
        values.set(normalise(key), leaf);
      }
    }
  }
  return [{ name: null, values }];
}

function invalid(what: string, why: string, cause?: unknown): FormatError {
  return new FormatError('ERR_PROFILE_INVALID', `"${what}" ${why}`, {
    what,
    ...(cause === undefined ? {} : { cause }),
  });
}
