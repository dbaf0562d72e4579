/** Profiles that are there and cannot be used: told beside the others, which go on. */

import { StoreError } from '@postern/trust';
import type { UnreadableProfile } from '../api.ts';
import type { Engines } from '../engines.ts';
import { errorSummary } from '../errors.ts';
import type { Profiles } from '../profile.ts';

/** Most characters of a reason; it names the file, the key and what is allowed. */
const REASON_LENGTH = 1000;

interface Known {
  profiles: Profiles;
  engines: Engines;
}

/**
 * Why this profile's file cannot be read, or null if it can. One that runs was read; what has become
 * of its file since counts from the next start on.
 */
export function unreadableProfile(
  name: string,
  { profiles, engines }: Known,
): UnreadableProfile | null {
  if (engines.find(name) !== null) return null;
  try {
    profiles.read(name);
    return null;
  } catch (error) {
    return { name, path: profiles.file(name), ...errorSummary(error, REASON_LENGTH) };
  }
}

/** As {@link unreadableProfile}; also where the file is fine and the local store could not be opened. */
export function unusableProfile(name: string, known: Known): UnreadableProfile | null {
  const unreadable = unreadableProfile(name, known);
  const failure = known.engines.failure(name);
  // A file that could not be read before and now can is fine: it is opened when it is asked for.
  const isOfStore = failure instanceof StoreError && !failure.path.endsWith('profile.json');
  if (unreadable !== null || !isOfStore) return unreadable;
  return { name, path: failure.path, ...errorSummary(failure, REASON_LENGTH) };
}
