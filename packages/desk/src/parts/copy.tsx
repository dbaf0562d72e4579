/** Copies text, and says that it did. */

import { useState } from 'preact/hooks';
import { later } from '../clock.ts';
import { speak } from '../state.ts';
import { t } from '../text/text.ts';
import { Icon } from './icon.tsx';

/** How long the button says so, in ms. */
const SAYS_SO_MS = 2_000;

/** A button that copies `text`. */
export function CopyButton({ label, text }: { label: string; text: string }) {
  const [isCopied, setCopied] = useState(false);
  async function copy(): Promise<void> {
    await navigator.clipboard.writeText(text);
    speak(t().shell.copied);
    setCopied(true);
    later(() => setCopied(false), SAYS_SO_MS);
  }
  return (
    <button type="button" class="button button-small" onClick={() => void copy()}>
      <Icon name={isCopied ? 'good' : 'copy'} small />
      {label}
    </button>
  );
}

/** Lets the browser save text as a file. */
export function saveFile(name: string, content: Blob | string, type = 'text/plain'): void {
  const blob = typeof content === 'string' ? new Blob([content], { type }) : content;
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken hold of it by the next turn.
  later(() => URL.revokeObjectURL(address), 10_000);
}
