/** Sync tokens: `N`, `N-itemId`, each with `:dM` or `:dM-itemId` for deletions (ZCS: SyncToken.java). */

import { fault } from '../faults.ts';

/** A place in the history: a change token and, within that change, the last item answered; null for all of it. */
export interface SyncPlace {
  token: number;
  id: number | null;
}

/** How far changes and deletions were answered. */
export interface SyncToken {
  changes: SyncPlace;
  deletes: SyncPlace;
}

const SYNTAX = /^(\d{1,15})(?:-(\d{1,15}))?(?::d(\d{1,15})(?:-(\d{1,15}))?)?$/;

/** Reads a token; throws service.INVALID_REQUEST. */
export function parseSyncToken(text: string): SyncToken {
  const found = SYNTAX.exec(text);
  if (found === null) throw fault.invalidRequest(`malformed sync token: ${text.slice(0, 100)}`);
  const [, token = '', id, deleteToken, deleteId] = found;
  const changes = place(token, id);
  // Without a part of their own, deletions were answered as far as whole changes were.
  const whole = { token: id === undefined ? changes.token : changes.token - 1, id: null };
  return { changes, deletes: deleteToken === undefined ? whole : place(deleteToken, deleteId) };
}

function place(token: string, id: string | undefined): SyncPlace {
  return { token: Number(token), id: id === undefined ? null : Number(id) };
}

/** Writes a token, in its shortest form. */
export function formatSyncToken({ changes, deletes }: SyncToken): string {
  const text = (at: SyncPlace): string => (at.id === null ? `${at.token}` : `${at.token}-${at.id}`);
  const same = changes.id === null && deletes.id === null && changes.token === deletes.token;
  return same ? text(changes) : `${text(changes)}:d${text(deletes)}`;
}
