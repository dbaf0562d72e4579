/** What the server is set to (`conf/server.json`): its id and name, zimbraMailMode, the domain of new accounts. */

import { randomBytes, randomUUID } from 'node:crypto';
import os from 'node:os';
import { FormatError } from '@postern/trust';
import { type Home, readIfThere, writeWhole } from './home.ts';

/** The five values of zimbraMailMode (ZCS: zimbra-attrs.xml). */
export const MAIL_MODES = ['http', 'https', 'both', 'mixed', 'redirect'] as const;

/** One of {@link MAIL_MODES}. */
export type MailMode = (typeof MAIL_MODES)[number];

/** The settings of one server. */
export interface Configuration {
  schema: 1;
  serverId: string;
  /** The name in the certificate, and the server's name in the directory. */
  hostName: string;
  zimbraMailMode: MailMode;
}

/** True for one of the five words, in lower case. */
export function isMailMode(word: string): word is MailMode {
  return MAIL_MODES.some((mode) => mode === word);
}

/**
 * Reads the settings; on a fresh home makes them: `https`, as ZCS 8.0.7 and later install it. Throws
 * FormatError ERR_PROFILE_INVALID.
 */
export async function loadConfiguration(home: Home, hostName?: string): Promise<Configuration> {
  const found = await readIfThere(home.configuration);
  if (found !== null) return parseConfiguration(found.toString('utf8'), home.configuration);
  const fresh: Configuration = {
    schema: 1,
    serverId: randomUUID(),
    hostName: hostName ?? os.hostname().toLowerCase(),
    zimbraMailMode: 'https',
  };
  await saveConfiguration(home, fresh);
  return fresh;
}

/** Writes the settings durably. zimbraMailMode counts from the next start on, as in ZCS. */
export async function saveConfiguration(home: Home, configuration: Configuration): Promise<void> {
  await writeWhole(home.configuration, `${JSON.stringify(configuration, null, 2)}\n`);
}

function parseConfiguration(text: string, what: string): Configuration {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new FormatError('ERR_PROFILE_INVALID', 'settings are not JSON', { what, cause });
  }
  if (typeof parsed === 'object' && parsed !== null) {
    const { schema, serverId, hostName, zimbraMailMode } = parsed as Record<string, unknown>;
    if (
      schema === 1 &&
      typeof serverId === 'string' &&
      typeof hostName === 'string' &&
      typeof zimbraMailMode === 'string' &&
      isMailMode(zimbraMailMode)
    ) {
      return { schema, serverId, hostName, zimbraMailMode };
    }
  }
  throw new FormatError('ERR_PROFILE_INVALID', 'settings lack a value or hold an unknown one', {
    what,
  });
}

/** Reads the key that tokens are signed with; makes it once: 32 random bytes, as long as HMAC-SHA-256's output. */
export async function loadTokenKey(home: Home): Promise<Buffer> {
  const found = await readIfThere(home.tokenKey);
  if (found !== null && found.length === 64) return Buffer.from(found.toString('latin1'), 'hex');
  const key = randomBytes(32);
  await writeWhole(home.tokenKey, key.toString('hex'));
  return key;
}
