/** What one test makes and ends: the last made ends first. */

import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

const endings = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs `end` after the test, before everything that was made earlier. */
export function afterwards(t: TestContext, end: () => unknown): void {
  const known = endings.get(t);
  if (known !== undefined) {
    known.push(end);
    return;
  }
  const list = [end];
  endings.set(t, list);
  t.after(async () => {
    for (const one of list.reverse()) await one();
  });
}

/** Makes a folder with mode 0700, removed afterwards. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-connector-'));
  afterwards(t, () => fs.rm(folder, { recursive: true, force: true }));
  return folder;
}
