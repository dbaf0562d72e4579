/** The global address list: SyncGal, SearchGal. */

import {
  booleanOf,
  childrenOf,
  type Element,
  element,
  member,
  NAMESPACE,
  numberOf,
  pair,
  pairsOf,
  requiredTextOf,
  textOf,
} from './element.ts';

/** One entry; a field may be there several times (`email`, `email2`, `fullName`, `workPhone`, ...). */
export interface GalEntry {
  id: string;
  fields: readonly (readonly [name: string, value: string])[];
}

/** What is asked: everything since `token`, or everything. */
export interface SyncGalQuery {
  /** Opaque; null for the whole list. */
  token: string | null;
  idOnly?: boolean;
  /** Most entries in one answer. */
  limit?: number | null;
}

/** One answer. While `more` is true, ask again with the token that came with it. */
export interface SyncGalResult {
  token: string;
  more: boolean;
  /** The server would rather be asked for the whole list again. */
  fullSyncRecommended: boolean;
  entries: readonly GalEntry[];
  deletedIds: readonly string[];
}

/** Builds SyncGalRequest. */
export function syncGalRequest(query: SyncGalQuery): Element {
  return element('SyncGalRequest', {
    ns: NAMESPACE.account,
    attributes: { token: query.token, idOnly: query.idOnly ? 1 : null, limit: query.limit },
  });
}

/** Reads SyncGalRequest. */
export function readSyncGalRequest(request: Element): Required<SyncGalQuery> {
  return {
    token: textOf(request, 'token'),
    idOnly: booleanOf(request, 'idOnly'),
    limit: numberOf(request, 'limit'),
  };
}

function entryElement(entry: GalEntry, key: 'id' | 'ref'): Element {
  return element('cn', {
    attributes: { [key]: entry.id },
    children: entry.fields.map(([name, value]) => pair(name, value)),
  });
}

function readEntries(response: Element): readonly GalEntry[] {
  return childrenOf(response, 'cn').map((one) => ({
    id: textOf(one, 'id') ?? requiredTextOf(one, 'ref'),
    fields: pairsOf(one),
  }));
}

/** Builds SyncGalResponse. */
export function syncGalResponse(result: SyncGalResult): Element {
  return element('SyncGalResponse', {
    ns: NAMESPACE.account,
    attributes: {
      token: result.token,
      more: result.more ? 1 : null,
      fullSyncRecommended: result.fullSyncRecommended ? 1 : null,
    },
    children: [
      ...result.entries.map((one) => entryElement(one, 'id')),
      ...result.deletedIds.map((id) => element('deleted', { attributes: { id } })),
    ],
  });
}

/** Reads SyncGalResponse. */
export function readSyncGalResponse(response: Element): SyncGalResult {
  return {
    token: requiredTextOf(response, 'token'),
    more: booleanOf(response, 'more'),
    fullSyncRecommended: booleanOf(response, 'fullSyncRecommended'),
    entries: readEntries(response),
    deletedIds: childrenOf(response, 'deleted').map((one) => requiredTextOf(one, 'id')),
  };
}

/** What is searched for. */
export interface SearchGalQuery {
  name: string;
  type?: 'account' | 'all' | 'group' | 'resource';
  limit?: number | null;
  offset?: number | null;
}

/** One page of entries. */
export interface SearchGalResult {
  more: boolean;
  entries: readonly GalEntry[];
}

/** Builds SearchGalRequest. */
export function searchGalRequest(query: SearchGalQuery): Element {
  return element('SearchGalRequest', {
    ns: NAMESPACE.account,
    attributes: { type: query.type, limit: query.limit, offset: query.offset },
    children: [member('name', query.name)],
  });
}

/** Reads SearchGalRequest. */
export function readSearchGalRequest(request: Element): {
  name: string;
  type: string;
  limit: number | null;
  offset: number | null;
} {
  return {
    name: textOf(request, 'name') ?? '',
    type: textOf(request, 'type') ?? 'all',
    limit: numberOf(request, 'limit'),
    offset: numberOf(request, 'offset'),
  };
}

/** Builds SearchGalResponse. */
export function searchGalResponse(result: SearchGalResult): Element {
  return element('SearchGalResponse', {
    ns: NAMESPACE.account,
    attributes: { more: result.more ? 1 : 0, sortBy: 'nameAsc', paginationSupported: 1 },
    children: result.entries.map((one) => entryElement(one, 'ref')),
  });
}

/** Reads SearchGalResponse. */
export function readSearchGalResponse(response: Element): SearchGalResult {
  return { more: booleanOf(response, 'more'), entries: readEntries(response) };
}
