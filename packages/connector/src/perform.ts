/** Which of the eight connections does what. */

import type { ConnectionPurpose } from '@postern/trust';
import type { ConnectionRun, ConnectionSummary } from './connection.ts';
import { watchChanges } from './connections/changes.ts';
import { synchroniseFolders } from './connections/folders.ts';
import { synchroniseGal } from './connections/gal.ts';
import { type MailOptions, synchroniseMail } from './connections/mail.ts';
import { synchronisePreferences } from './connections/preferences.ts';
import { synchroniseSenders } from './connections/senders.ts';
import { synchroniseSignatures } from './connections/signatures.ts';
import { lookForUpgrade } from './connections/upgrade.ts';

/** What the connections have to know of the engine that runs them. */
export interface Surroundings extends Omit<MailOptions, 'cutoffDays'> {
  version: string;
  cutoffDays: () => number;
  isSecure: () => boolean;
  /** The server will tell of changes from now on. */
  onWatching(run: ConnectionRun): void;
  onChange(run: ConnectionRun): void;
}

/** Runs one connection once; `changes` runs until its signal aborts. */
export function perform(
  purpose: ConnectionPurpose,
  run: ConnectionRun,
  about: Surroundings,
): Promise<ConnectionSummary> {
  switch (purpose) {
    case 'mail':
      return synchroniseMail(run, { ...about, cutoffDays: about.cutoffDays() });
    case 'folders':
      return synchroniseFolders(run);
    case 'gal':
      return synchroniseGal(run);
    case 'changes':
      return watchChanges(run, {
        onWatching: () => about.onWatching(run),
        onChange: () => about.onChange(run),
      });
    case 'signatures':
      return synchroniseSignatures(run);
    case 'senders':
      return synchroniseSenders(run);
    case 'preferences':
      return synchronisePreferences(run);
    case 'upgrade':
      return lookForUpgrade(run, about.version, about.isSecure);
  }
}
