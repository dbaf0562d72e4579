/**
 * Profiles: one file per profile, private to the user, written whole or not at all. What is in a
 * file is checked key by key; nonsense is an error that names the file, the key and what is allowed.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { ensurePrivateFolder, FormatError, readPrivateFile, toEndpoint } from '@postern/trust';

/** The article's profile properties. One profile, one account on one server. */
export interface Profile {
  /** Names the folder; letters, digits, dot, underscore and hyphen. */
  name: string;
  email: string;
  /** DNS name (A-label, lower case) or IP address. */
  serverName: string;
  /** Port for secure connections. */
  port: number;
  /** Port for plain HTTP, used only while {@link useSecureConnection} is unticked. */
  httpPort: number;
  useSecureConnection: boolean;
  advanced: AdvancedSettings;
}

/** The Advanced Settings dialog. */
export interface AdvancedSettings {
  /** Watch the server for changes (ZCO: SyncOnChangeEnabled). */
  detectChanges: boolean;
  /** Look for a new version (takes nothing). */
  lookForUpgrades: boolean;
  /** An initial sync takes messages of the last so many days only; 0 means all (ZCO: MsgCutoffDays). */
  messageCutoffDays: number;
}

/** What an empty form holds (article: Use Secure Connection is unticked by default). */
export const DEFAULT_PROFILE = {
  port: 443,
  httpPort: 80,
  useSecureConnection: false,
  advanced: { detectChanges: true, lookForUpgrades: true, messageCutoffDays: 0 },
} as const satisfies Omit<Profile, 'email' | 'name' | 'serverName'>;

/** A profile as a person fills it in: what is absent has the default. */
export type ProfileDraft = Pick<Profile, 'email' | 'name' | 'serverName'> &
  Partial<Omit<Profile, 'advanced' | 'email' | 'name' | 'serverName'>> & {
    advanced?: Partial<AdvancedSettings>;
  };

/** Where a profile's connections go while its box stands as it stands. */
export function endpointOf(profile: Profile): { host: string; port: number } {
  const port = profile.useSecureConnection ? profile.port : profile.httpPort;
  return { host: profile.serverName, port };
}

/** Largest profile file that is read, in bytes; a written one has under 1 KiB. */
const MAX_PROFILE_BYTES = 65_536;
/** RFC 5321 4.5.3.1.3: a path has at most 256 octets, 254 without its brackets. */
const MAX_EMAIL_LENGTH = 254;
/** Ten years: beyond that a cut-off is a mistake. */
const MAX_CUTOFF_DAYS = 3660;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const EMAIL =
  /^[^\s@<>"(),;:\\[\]\u0000-\u001f\u007f-\u009f]+@[^\s@<>"(),;\\\u0000-\u001f\u007f-\u009f]+$/;

/** Whether this may name a profile and its folder. */
export function isProfileName(name: string): boolean {
  return NAME.test(name);
}

/** Checks a profile that came from outside and fills in the defaults. Throws FormatError ERR_PROFILE_INVALID. */
export function checkProfile(value: unknown, what: string): Profile {
  const top = fields(value, what, '', [
    'schema',
    'name',
    'email',
    'serverName',
    'port',
    'httpPort',
    'useSecureConnection',
    'advanced',
  ]);
  if (top.schema !== undefined && top.schema !== 1) throw wrong(what, 'schema', '1');
  const advanced = fields(top.advanced ?? {}, what, 'advanced.', [
    'detectChanges',
    'lookForUpgrades',
    'messageCutoffDays',
  ]);
  const defaults = DEFAULT_PROFILE;
  return {
    name: text(
      top.name,
      what,
      'name',
      isProfileName,
      'letters, digits, ".", "_" and "-", at most 64',
    ),
    email: text(
      top.email,
      what,
      'email',
      (one) => one.length <= MAX_EMAIL_LENGTH && EMAIL.test(one),
      'an address such as "anna@example.com"',
    ),
    serverName: serverName(top.serverName, what),
    port: integer(top.port ?? defaults.port, what, 'port', 1, 65_535),
    httpPort: integer(top.httpPort ?? defaults.httpPort, what, 'httpPort', 1, 65_535),
    useSecureConnection: flag(
      top.useSecureConnection ?? defaults.useSecureConnection,
      what,
      'useSecureConnection',
    ),
    advanced: {
      detectChanges: flag(
        advanced.detectChanges ?? defaults.advanced.detectChanges,
        what,
        'advanced.detectChanges',
      ),
      lookForUpgrades: flag(
        advanced.lookForUpgrades ?? defaults.advanced.lookForUpgrades,
        what,
        'advanced.lookForUpgrades',
      ),
      messageCutoffDays: integer(
        advanced.messageCutoffDays ?? defaults.advanced.messageCutoffDays,
        what,
        'advanced.messageCutoffDays',
        0,
        MAX_CUTOFF_DAYS,
      ),
    },
  };
}

/** Reads a profile file's text. Throws FormatError ERR_PROFILE_INVALID. */
export function parseProfile(content: string, what: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new FormatError('ERR_PROFILE_INVALID', `"${what}" is not JSON`, { what, cause });
  }
  return checkProfile(value, what);
}

function wrong(what: string, key: string, allowed: string): FormatError {
  return new FormatError('ERR_PROFILE_INVALID', `"${key}" in "${what}" must be ${allowed}`, {
    what,
  });
}

function fields(
  value: unknown,
  what: string,
  prefix: string,
  known: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(what, prefix === '' ? 'profile' : prefix.slice(0, -1), 'an object');
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const allowed = known.map((key) => `"${key}"`).join(', ');
    const key = `${prefix}${unknown.slice(0, 40)}`;
    throw new FormatError(
      'ERR_PROFILE_INVALID',
      `"${key}" in "${what}" is unknown, known are ${allowed}`,
      {
        what,
      },
    );
  }
  return value as Record<string, unknown>;
}

function text(
  value: unknown,
  what: string,
  key: string,
  isAllowed: (text: string) => boolean,
  allowed: string,
): string {
  if (typeof value !== 'string' || !isAllowed(value)) throw wrong(what, key, allowed);
  return value;
}

function integer(value: unknown, what: string, key: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw wrong(what, key, `a whole number from ${least} to ${most}`);
  }
  return value;
}

function flag(value: unknown, what: string, key: string): boolean {
  if (typeof value !== 'boolean') throw wrong(what, key, 'true or false');
  return value;
}

function serverName(value: unknown, what: string): string {
  const allowed = 'a DNS name or an IP address';
  if (typeof value !== 'string' || value === '') throw wrong(what, 'serverName', allowed);
  try {
    return toEndpoint(value, 1).host;
  } catch {
    throw wrong(what, 'serverName', allowed);
  }
}

/** The profiles of one user, under `<home>/profiles`. */
export interface Profiles {
  /** Names of all that are there, readable or not. */
  names(): readonly string[];
  has(name: string): boolean;
  /** Throws FormatError ERR_PROFILE_INVALID, StoreError ERR_STORE_UNSAFE where others can write it. */
  read(name: string): Profile;
  /** Writes the whole file or nothing; makes the folder (0700) where there is none. */
  save(profile: Profile): void;
  /** Removes the profile with its local store. */
  remove(name: string): void;
  /** Folder of a profile: `profile.json` and `mail.db` are in it. */
  folder(name: string): string;
  /** Its `profile.json`. */
  file(name: string): string;
}

/** Opens the profiles under a home folder; makes nothing until the first save. */
export function openProfiles(home: string): Profiles {
  const root = path.join(home, 'profiles');
  const folder = (name: string): string => {
    if (!isProfileName(name))
      throw wrong(root, 'name', 'letters, digits, ".", "_" and "-", at most 64');
    return path.join(root, name);
  };
  const file = (name: string): string => path.join(folder(name), 'profile.json');
  return {
    names() {
      if (!existsSync(root)) return [];
      return readdirSync(root)
        .filter((name) => isProfileName(name) && existsSync(file(name)))
        .sort();
    },
    has: (name) => isProfileName(name) && existsSync(file(name)),
    read(name) {
      const what = file(name);
      const bytes = readPrivateFile(what);
      if (bytes === null) {
        throw new FormatError('ERR_PROFILE_INVALID', `there is no profile "${name}"`, { what });
      }
      if (bytes.length > MAX_PROFILE_BYTES) {
        throw new FormatError(
          'ERR_PROFILE_INVALID',
          `"${what}" has ${bytes.length} bytes, at most ${MAX_PROFILE_BYTES} allowed`,
          { what },
        );
      }
      const profile = parseProfile(new TextDecoder().decode(bytes), what);
      if (profile.name !== name) throw wrong(what, 'name', `"${name}" as its folder is called`);
      return profile;
    },
    save(profile) {
      const checked = checkProfile(profile, file(profile.name));
      ensurePrivateFolder(root, { closed: true });
      ensurePrivateFolder(folder(profile.name), { closed: true });
      writeWhole(file(profile.name), `${JSON.stringify({ schema: 1, ...checked }, null, 2)}\n`);
    },
    remove: (name) => rmSync(folder(name), { recursive: true, force: true }),
    folder,
    file,
  };
}

/** Writes beside the file, flushes to disk, then renames: a crash leaves the old or the new one. */
function writeWhole(file: string, content: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
