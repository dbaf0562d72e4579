/** Preferences: GetPrefs, ModifyPrefs. */

import {
  childrenOf,
  type Element,
  element,
  NAMESPACE,
  pair,
  pairsOf,
  requiredTextOf,
} from './element.ts';

/** Name and value; a preference with several values is there several times. */
export type Preference = readonly [name: string, value: string];

/** Builds GetPrefsRequest; without names the server sends all. */
export function getPrefsRequest(names: readonly string[] = []): Element {
  return element('GetPrefsRequest', {
    ns: NAMESPACE.account,
    children: names.map((name) => element('pref', { attributes: { name } })),
  });
}

/** Reads GetPrefsRequest: the names asked for, none meaning all. */
export function readGetPrefsRequest(request: Element): readonly string[] {
  return childrenOf(request, 'pref').map((one) => requiredTextOf(one, 'name'));
}

function preferences(name: string, prefs: readonly Preference[]): Element {
  return element(name, {
    ns: NAMESPACE.account,
    children: prefs.map(([key, value]) => pair(key, value, 'pref', 'name')),
  });
}

/** Builds GetPrefsResponse. */
export function getPrefsResponse(prefs: readonly Preference[]): Element {
  return preferences('GetPrefsResponse', prefs);
}

/** Reads GetPrefsResponse. */
export function readGetPrefsResponse(response: Element): readonly Preference[] {
  return pairsOf(response, 'pref', 'name');
}

/** Builds ModifyPrefsRequest; a name with `+` or `-` before it adds or removes one of several values. */
export function modifyPrefsRequest(prefs: readonly Preference[]): Element {
  return preferences('ModifyPrefsRequest', prefs);
}

/** Reads ModifyPrefsRequest. */
export function readModifyPrefsRequest(request: Element): readonly Preference[] {
  return pairsOf(request, 'pref', 'name');
}

/** Builds ModifyPrefsResponse. */
export function modifyPrefsResponse(): Element {
  return element('ModifyPrefsResponse', { ns: NAMESPACE.account });
}
