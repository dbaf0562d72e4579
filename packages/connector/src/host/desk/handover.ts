/**
 * The one-time code on its way to a browser: in a file that only this user can read and that leads on
 * to the desk. On a command line every user of the computer could read it.
 */

import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const NAME = /^desk-[0-9a-f-]{36}\.html$/;

/** The files of a folder that hand codes over. */
export interface Handover {
  /** Writes a file that leads to this address; `remove` takes it away again. */
  write(url: string): { file: string; remove: () => void };
  /** Removes every such file, also those that a crash left. */
  clear(): void;
}

/** Works in a private folder. */
export function createHandover(folder: string): Handover {
  return {
    write(url) {
      const file = path.join(folder, `desk-${randomUUID()}.html`);
      writeFileSync(file, pageTo(url), { mode: 0o600, flag: 'wx' });
      return { file, remove: () => rmSync(file, { force: true }) };
    },
    clear() {
      for (const name of readdirSync(folder)) {
        if (NAME.test(name)) rmSync(path.join(folder, name), { force: true });
      }
    },
  };
}

/** `url` holds nothing that would have to be escaped: numbers, base64url and percent signs. */
function pageTo(url: string): string {
  const address = url.replaceAll('&', '&amp;');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=${address}">
<title>Postern</title>
<p><a href="${address}">Open Postern</a></p>
</html>
`;
}
