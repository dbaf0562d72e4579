/** Opens a file in the person's browser, as a click on it would. */

import { spawn } from 'node:child_process';
import { systemClock } from '@postern/trust';

/** How long an opener may take to say that it knows no browser, in ms; one that has become the browser says nothing. */
const OPENER_MS = 3_000;

/** A program with its arguments. */
export interface Opener {
  program: string;
  args: readonly string[];
}

/** What opens a file with the program that the person has chosen for its kind. */
export function openerOf(file: string, platform: NodeJS.Platform = process.platform): Opener {
  // `start` is the shell's own; its first quoted argument would be a title.
  if (platform === 'win32') return { program: 'cmd.exe', args: ['/c', 'start', '', file] };
  return { program: platform === 'darwin' ? 'open' : 'xdg-open', args: [file] };
}

/** Resolves with whether a browser was asked to show the file; false where there is no opener, or no browser. */
export async function openInBrowser(file: string): Promise<boolean> {
  const { program, args } = openerOf(file);
  const child = spawn(program, args, { detached: true, stdio: 'ignore', windowsHide: true });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.once('error', () => resolve(false));
  child.once('exit', (code) => resolve(code === 0));
  const cancel = systemClock.setTimer(() => resolve(true), OPENER_MS);
  const isOpen = await promise;
  cancel();
  child.unref();
  return isOpen;
}
