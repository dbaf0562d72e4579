/** A real Chromium, as a person has it: Debian's where it is installed, else the one that npm's @sparticuz/chromium carries. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import chromiumOfNpm from '@sparticuz/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';

const DEBIAN = '/usr/bin/chromium';

/** Keeps the browser from calling home, which would be refused many times a second on a closed network. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts it, with further arguments where a test needs them. Throws where there is none. */
export async function openBrowser(further: readonly string[] = []): Promise<Browser> {
  const executablePath = existsSync(DEBIAN) ? DEBIAN : await chromiumOfNpm.executablePath();
  return chromium.launch({ executablePath, args: [...QUIET, ...further], headless: true });
}

/** One finding of axe, in a few words. */
export interface Finding {
  rule: string;
  where: readonly string[];
}

/** What axe-core finds on the page as it stands: WCAG 2.2 A and AA, and good practice. */
export async function findingsOn(page: Page): Promise<readonly Finding[]> {
  const source = await readFile(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
  );
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => ({
      rule: id,
      where: nodes.map(({ target }) => target.join(' ')),
    }));
  });
}
