/** The built page in memory: what is not in its folder when the desk is opened cannot be asked for. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HostError } from '../exchange.ts';

/** One file of the page. */
export interface PageFile {
  bytes: Buffer;
  type: string;
  /** Whether its name changes with its content. */
  isImmutable: boolean;
}

/** The files by their paths; `/` is the page itself. */
export type Page = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/** Folder whose files are named by their content. */
const HASHED = '/assets/';

/** Reads every file of a type that a page is made of. Throws HostError 503 ERR_DESK_NOT_BUILT where there is no page. */
export function readPage(folder: string): Page {
  const page = new Map<string, PageFile>();
  for (const name of filesIn(folder)) {
    const type = TYPES[path.extname(name)];
    if (type === undefined) continue;
    const address = `/${name.split(path.sep).join('/')}`;
    page.set(address === '/index.html' ? '/' : address, {
      bytes: readFileSync(path.join(folder, name)),
      type,
      isImmutable: address.startsWith(HASHED),
    });
  }
  if (page.has('/')) return page;
  throw new HostError(503, 'ERR_DESK_NOT_BUILT', `there is no page of the desk in "${folder}"`);
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
