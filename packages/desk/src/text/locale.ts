/** The page's language: the person's choice in this browser, else the browser's own. */

import { signal } from '@preact/signals';

/** Languages that every sentence stands in. */
export type Locale = 'de' | 'en';

const KEY = 'postern.language';

function initial(): Locale {
  const chosen = globalThis.localStorage?.getItem(KEY);
  if (chosen === 'de' || chosen === 'en') return chosen;
  return globalThis.navigator?.language.toLowerCase().startsWith('de') ? 'de' : 'en';
}

export const locale = signal<Locale>(initial());

/** Chooses a language, for this browser and from now on. */
export function chooseLocale(chosen: Locale): void {
  localStorage.setItem(KEY, chosen);
  locale.value = chosen;
}
