/**
 * Every sentence of the page, in English and German. A room's sentences stand together in a file of
 * their own, both languages beside each other; the compiler holds them to the same shape. Whole
 * sentences, no gluing: what varies is an argument.
 */

import { effect } from '@preact/signals';
import { certificateText } from './certificate.ts';
import { connectionsText } from './connections.ts';
import { locale } from './locale.ts';
import { questionText } from './question.ts';
import { shellText } from './shell.ts';

/** The sentences in the page's language; a component that calls this follows the choice. */
export function t() {
  const one = locale.value;
  return {
    certificate: certificateText[one],
    connections: connectionsText[one],
    question: questionText[one],
    shell: shellText[one],
  };
}

/** Keeps the document's language the page's. */
export function followLocale(): void {
  effect(() => {
    document.documentElement.lang = locale.value;
  });
}
