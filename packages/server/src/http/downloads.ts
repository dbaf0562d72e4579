/** `/downloads`: the installers of the connector that the administrator has put into the home. Looked at only when logged in. */

import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isMissing } from '../home.ts';

/** Names of installers (ZCS: zmupdatedownload); nothing else in the folder is shown or given. */
const INSTALLER = /^ZimbraConnectorOLK_[0-9A-Za-z._]{1,64}_(x86|x64)\.msi$/;

/** Answers `index.html` with a link for each installer, or one of them. */
export async function answerDownload(
  folder: string,
  name: string,
  response: ServerResponse,
): Promise<void> {
  if (name === '' || name === 'index.html') return answerIndex(folder, response);
  const found = INSTALLER.test(name) ? await sizeOf(path.join(folder, name)) : null;
  if (found === null) {
    response.writeHead(404, { 'Content-Length': 0 }).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/x-msi', 'Content-Length': found });
  await pipeline(createReadStream(path.join(folder, name)), response);
}

async function answerIndex(folder: string, response: ServerResponse): Promise<void> {
  // Where an upgrade left older ones behind, the page names the newest of each kind, as ZCS's does.
  const links = [];
  for (const [id, architecture] of [
    ['zco_32bit', 'x86'],
    ['zco_64bit', 'x64'],
  ] as const) {
    const newest = (await installers(folder)).findLast((one) =>
      one.endsWith(`_${architecture}.msi`),
    );
    if (newest !== undefined) {
      links.push(`<a id="${id}" href="/downloads/${newest}">${newest}</a>\n`);
    }
  }
  const page = `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Downloads</title></head>\n<body>\n${links.join('')}</body></html>\n`;
  const body = Buffer.from(page, 'utf8');
  response.writeHead(200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store, no-cache',
  });
  response.end(body);
}

async function installers(folder: string): Promise<readonly string[]> {
  try {
    const names = await fs.readdir(folder);
    const numbers = new Intl.Collator('en', { numeric: true });
    return names.filter((name) => INSTALLER.test(name)).sort(numbers.compare);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    const found = await fs.lstat(file);
    return found.isFile() ? found.size : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
