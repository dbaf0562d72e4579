/** The lists of allowed and blocked senders: GetWhiteBlackList, ModifyWhiteBlackList. */

import {
  childOf,
  childrenOf,
  type Element,
  element,
  invalid,
  NAMESPACE,
  textOf,
} from './element.ts';

/** Whose mail is never junk, and whose always is: addresses or domains. */
export interface SenderLists {
  allowed: readonly string[];
  blocked: readonly string[];
}

/** One change to one list: all of it replaced (an empty list clears it), or entries added and removed. */
export type SenderListChange =
  | { kind: 'replace'; addresses: readonly string[] }
  | { kind: 'edit'; added: readonly string[]; removed: readonly string[] };

/** Changes to both lists; null leaves a list as it is. */
export interface SenderListsChange {
  allowed: SenderListChange | null;
  blocked: SenderListChange | null;
}

function listElement(name: string, addresses: readonly string[]): Element {
  return element(name, {
    form: 'unique',
    children: addresses.map((text) => element('addr', { text })),
  });
}

/** Builds GetWhiteBlackListRequest. */
export function getWhiteBlackListRequest(): Element {
  return element('GetWhiteBlackListRequest', { ns: NAMESPACE.account });
}

/** Builds GetWhiteBlackListResponse. */
export function getWhiteBlackListResponse(lists: SenderLists): Element {
  return element('GetWhiteBlackListResponse', {
    ns: NAMESPACE.account,
    children: [listElement('whiteList', lists.allowed), listElement('blackList', lists.blocked)],
  });
}

/** Reads GetWhiteBlackListResponse. */
export function readGetWhiteBlackListResponse(response: Element): SenderLists {
  const addresses = (name: string): readonly string[] => {
    const list = childOf(response, name);
    return list === null ? [] : childrenOf(list, 'addr').map((one) => one.text ?? '');
  };
  return { allowed: addresses('whiteList'), blocked: addresses('blackList') };
}

function changeElement(name: string, change: SenderListChange | null): Element | null {
  if (change === null) return null;
  if (change.kind === 'replace') return listElement(name, change.addresses);
  const addr = (op: '+' | '-') => (text: string) => element('addr', { attributes: { op }, text });
  return element(name, {
    form: 'unique',
    children: [...change.added.map(addr('+')), ...change.removed.map(addr('-'))],
  });
}

/** Builds ModifyWhiteBlackListRequest. */
export function modifyWhiteBlackListRequest(change: SenderListsChange): Element {
  return element('ModifyWhiteBlackListRequest', {
    ns: NAMESPACE.account,
    children: [
      changeElement('whiteList', change.allowed),
      changeElement('blackList', change.blocked),
    ],
  });
}

/** Reads ModifyWhiteBlackListRequest. Throws ERR_SOAP_INVALID where a list both replaces and edits. */
export function readModifyWhiteBlackListRequest(request: Element): SenderListsChange {
  return { allowed: readChange(request, 'whiteList'), blocked: readChange(request, 'blackList') };
}

function readChange(request: Element, name: string): SenderListChange | null {
  const list = childOf(request, name);
  if (list === null) return null;
  const added: string[] = [];
  const removed: string[] = [];
  const addresses: string[] = [];
  for (const one of childrenOf(list, 'addr')) {
    const op = textOf(one, 'op');
    const target = op === '+' ? added : op === '-' ? removed : addresses;
    if (one.text) target.push(one.text);
  }
  const edits = added.length + removed.length;
  if (edits > 0 && addresses.length > 0) {
    throw invalid(request, `"${name}" holds addresses both with and without an operation`);
  }
  return edits > 0 ? { kind: 'edit', added, removed } : { kind: 'replace', addresses };
}

/** Builds ModifyWhiteBlackListResponse. */
export function modifyWhiteBlackListResponse(): Element {
  return element('ModifyWhiteBlackListResponse', { ns: NAMESPACE.account });
}
