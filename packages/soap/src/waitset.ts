/** Change detection: CreateWaitSet, WaitSet, DestroyWaitSet. */

import {
  booleanOf,
  childOf,
  childrenOf,
  type Element,
  element,
  NAMESPACE,
  numberOf,
  requiredTextOf,
  textOf,
} from './element.ts';

/** Folders, messages, contacts, appointments, tasks, documents. */
export const ALL_WAIT_TYPES = 'all';

/** One account to be watched, from a sync token on; null means from now. */
export interface WatchedAccount {
  id: string;
  token: string | null;
}

/** A new set. `errors` names accounts that cannot be watched. */
export interface CreatedWaitSet {
  waitSet: string;
  /** Opaque: give it back with the next request. */
  sequence: string;
  errors: readonly { id: string; kind: string }[];
}

/** Builds CreateWaitSetRequest. */
export function createWaitSetRequest(
  accounts: readonly WatchedAccount[],
  types = ALL_WAIT_TYPES,
): Element {
  return element('CreateWaitSetRequest', {
    ns: NAMESPACE.mail,
    attributes: { defTypes: types },
    children: [listOf('add', accounts)],
  });
}

function listOf(name: string, accounts: readonly WatchedAccount[]): Element | null {
  if (accounts.length === 0) return null;
  return element(name, {
    form: 'unique',
    children: accounts.map((one) => element('a', { attributes: { id: one.id, token: one.token } })),
  });
}

function readList(request: Element, name: string): readonly WatchedAccount[] {
  const list = childOf(request, name);
  if (list === null) return [];
  return childrenOf(list, 'a').map((one) => ({
    id: requiredTextOf(one, 'id'),
    token: textOf(one, 'token'),
  }));
}

/** Reads CreateWaitSetRequest. */
export function readCreateWaitSetRequest(request: Element): {
  types: string;
  accounts: readonly WatchedAccount[];
} {
  return {
    types: textOf(request, 'defTypes') ?? ALL_WAIT_TYPES,
    accounts: readList(request, 'add'),
  };
}

function errorElements(errors: readonly { id: string; kind: string }[]): readonly Element[] {
  return errors.map((one) => element('error', { attributes: { id: one.id, t: one.kind } }));
}

function readErrors(response: Element): readonly { id: string; kind: string }[] {
  return childrenOf(response, 'error').map((one) => ({
    id: requiredTextOf(one, 'id'),
    kind: textOf(one, 't') ?? textOf(one, 'type') ?? '',
  }));
}

/** Builds CreateWaitSetResponse. */
export function createWaitSetResponse(created: CreatedWaitSet, types = ALL_WAIT_TYPES): Element {
  return element('CreateWaitSetResponse', {
    ns: NAMESPACE.mail,
    attributes: { waitSet: created.waitSet, defTypes: types, seq: created.sequence },
    children: errorElements(created.errors),
  });
}

/** Reads CreateWaitSetResponse. */
export function readCreateWaitSetResponse(response: Element): CreatedWaitSet {
  return {
    waitSet: requiredTextOf(response, 'waitSet'),
    sequence: requiredTextOf(response, 'seq'),
    errors: readErrors(response),
  };
}

/** One wait. */
export interface Wait {
  waitSet: string;
  sequence: string;
  /** Answer only when something changed or the time is over; otherwise at once. */
  block: boolean;
  /** On the wire in whole seconds, which the server keeps within 30 and 1200; null for its 300. */
  timeoutMs: number | null;
  /** Accounts to add, or to watch from another token on. */
  add?: readonly WatchedAccount[];
  update?: readonly WatchedAccount[];
}

/** What a wait ended with. */
export interface WaitResult {
  /** Null where the wait was cancelled: another one took its place. */
  sequence: string | null;
  canceled: boolean;
  /** Ids of the accounts that changed. */
  changedAccounts: readonly string[];
  errors: readonly { id: string; kind: string }[];
}

/** Builds WaitSetRequest. */
export function waitSetRequest(wait: Wait): Element {
  return element('WaitSetRequest', {
    ns: NAMESPACE.mail,
    attributes: {
      waitSet: wait.waitSet,
      seq: wait.sequence,
      block: wait.block ? 1 : null,
      timeout: wait.timeoutMs === null ? null : Math.ceil(wait.timeoutMs / 1000),
    },
    children: [listOf('add', wait.add ?? []), listOf('update', wait.update ?? [])],
  });
}

/** Reads WaitSetRequest. */
export function readWaitSetRequest(request: Element): Required<Wait> {
  const timeoutS = numberOf(request, 'timeout');
  return {
    waitSet: requiredTextOf(request, 'waitSet'),
    sequence: requiredTextOf(request, 'seq'),
    block: booleanOf(request, 'block'),
    timeoutMs: timeoutS === null ? null : timeoutS * 1000,
    add: readList(request, 'add'),
    update: readList(request, 'update'),
  };
}

/** Builds WaitSetResponse. */
export function waitSetResponse(waitSet: string, result: WaitResult): Element {
  return element('WaitSetResponse', {
    ns: NAMESPACE.mail,
    attributes: { waitSet, canceled: result.canceled ? 1 : null, seq: result.sequence },
    children: [
      ...result.changedAccounts.map((id) => element('a', { attributes: { id } })),
      ...errorElements(result.errors),
    ],
  });
}

/** Reads WaitSetResponse. A changed account is `a` in ZCS's code and `n` in its documents: both are read. */
export function readWaitSetResponse(response: Element): WaitResult {
  const changed = [...childrenOf(response, 'a'), ...childrenOf(response, 'n')];
  return {
    sequence: textOf(response, 'seq'),
    canceled: booleanOf(response, 'canceled'),
    changedAccounts: changed.map((one) => requiredTextOf(one, 'id')),
    errors: readErrors(response),
  };
}

/** Builds DestroyWaitSetRequest. */
export function destroyWaitSetRequest(waitSet: string): Element {
  return element('DestroyWaitSetRequest', { ns: NAMESPACE.mail, attributes: { waitSet } });
}

/** Reads DestroyWaitSetRequest. */
export function readDestroyWaitSetRequest(request: Element): { waitSet: string } {
  return { waitSet: requiredTextOf(request, 'waitSet') };
}

/** Builds DestroyWaitSetResponse. */
export function destroyWaitSetResponse(waitSet: string): Element {
  return element('DestroyWaitSetResponse', { ns: NAMESPACE.mail, attributes: { waitSet } });
}
