/** Single messages and actions on items: GetMsg, Search, MsgAction, ItemAction. */

import {
  booleanOf,
  childrenOf,
  type Element,
  element,
  idsOf,
  member,
  NAMESPACE,
  numberOf,
  requiredChildOf,
  requiredNumberOf,
  requiredTextOf,
  textOf,
} from './element.ts';
import { itemElement, readItem, type SyncItem } from './mail-sync.ts';

/** A message with its bytes as one text. Only good for 7-bit messages: fetch others by `fmt=sync`. */
export interface RawMessage {
  item: SyncItem;
  content: string | null;
}

/** Builds GetMsgRequest for the whole message as text. */
export function getMsgRequest(id: number): Element {
  return element('GetMsgRequest', {
    ns: NAMESPACE.mail,
    children: [element('m', { form: 'unique', attributes: { id: String(id), raw: 1 } })],
  });
}

/** Reads GetMsgRequest. */
export function readGetMsgRequest(request: Element): { id: number; raw: boolean; read: boolean } {
  const message = requiredChildOf(request, 'm');
  return {
    id: requiredNumberOf(message, 'id'),
    raw: booleanOf(message, 'raw'),
    read: booleanOf(message, 'read'),
  };
}

/** Builds GetMsgResponse. */
export function getMsgResponse(message: RawMessage): Element {
  const one = itemElement(message.item);
  const content =
    message.content === null ? [] : [element('content', { form: 'unique', text: message.content })];
  return element('GetMsgResponse', {
    ns: NAMESPACE.mail,
    children: [{ ...one, form: 'unique' as const, children: content }],
  });
}

/** Reads GetMsgResponse. */
export function readGetMsgResponse(response: Element): RawMessage {
  const message = requiredChildOf(response, 'm');
  return { item: readItem(message, 'm'), content: textOf(message, 'content') };
}

/** What is searched for: `in:inbox`, `in:"My folder"`, `is:unread`; the newest first. */
export interface SearchQuery {
  query: string;
  limit?: number | null;
  offset?: number | null;
}

/** One page of messages. */
export interface SearchResult {
  more: boolean;
  offset: number;
  items: readonly SyncItem[];
}

/** Builds SearchRequest for messages. */
export function searchRequest(search: SearchQuery): Element {
  return element('SearchRequest', {
    ns: NAMESPACE.mail,
    attributes: {
      types: 'message',
      limit: search.limit,
      offset: search.offset,
      sortBy: 'dateDesc',
    },
    children: [member('query', search.query)],
  });
}

/** Reads SearchRequest. */
export function readSearchRequest(request: Element): Required<SearchQuery> {
  return {
    query: requiredTextOf(request, 'query'),
    limit: numberOf(request, 'limit'),
    offset: numberOf(request, 'offset'),
  };
}

/** Builds SearchResponse. */
export function searchResponse(result: SearchResult): Element {
  return element('SearchResponse', {
    ns: NAMESPACE.mail,
    attributes: { sortBy: 'dateDesc', offset: result.offset, more: result.more ? 1 : 0 },
    children: result.items.map(itemElement),
  });
}

/** Reads SearchResponse. */
export function readSearchResponse(response: Element): SearchResult {
  return {
    more: booleanOf(response, 'more'),
    offset: numberOf(response, 'offset') ?? 0,
    items: childrenOf(response, 'm').map((one) => readItem(one, 'm')),
  };
}

/** Which request carries an action: on messages, on items of any kind. */
export type ActionDoor = 'ItemAction' | 'MsgAction';

/** An action on items. A `!` before `op` takes it back: `!read`, `!flag`, `!tag`. */
export interface ItemAction {
  ids: readonly number[];
  op: string;
  /** Where to, for `move`. */
  folderId?: number | null;
  /** All flags, for `update`. */
  flags?: string | null;
  /** The tag's name or id, for `tag`. */
  tag?: string | null;
}

/** Builds MsgActionRequest or ItemActionRequest. */
export function itemActionRequest(action: ItemAction, door: ActionDoor = 'MsgAction'): Element {
  return element(`${door}Request`, {
    ns: NAMESPACE.mail,
    children: [
      element('action', {
        form: 'unique',
        attributes: {
          id: action.ids.join(','),
          op: action.op,
          l:
            action.folderId === undefined || action.folderId === null
              ? null
              : String(action.folderId),
          f: action.flags,
          tn: action.tag,
        },
      }),
    ],
  });
}

/** Reads MsgActionRequest or ItemActionRequest. */
export function readItemActionRequest(request: Element): Required<ItemAction> {
  const action = requiredChildOf(request, 'action');
  return {
    ids: idsOf(action, 'id'),
    op: requiredTextOf(action, 'op'),
    folderId: numberOf(action, 'l'),
    flags: textOf(action, 'f'),
    tag: textOf(action, 'tn') ?? textOf(action, 'tag'),
  };
}

/** Builds the response to an action on items. */
export function itemActionResponse(action: ItemAction, door: ActionDoor): Element {
  return element(`${door}Response`, {
    ns: NAMESPACE.mail,
    children: [
      element('action', {
        form: 'unique',
        attributes: { id: action.ids.join(','), op: action.op },
      }),
    ],
  });
}

/** Reads the response to an action on items: the ids that it was done to. */
export function readItemActionResponse(response: Element): { ids: readonly number[]; op: string } {
  const action = requiredChildOf(response, 'action');
  return { ids: idsOf(action, 'id'), op: textOf(action, 'op') ?? '' };
}
