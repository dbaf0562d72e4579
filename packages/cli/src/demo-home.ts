/** The mark of a server home that `start --demo` made: such a one is stopped with Postern, and `--fresh` may remove it. */

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensurePrivateFolder } from '@postern/trust';
import type { Home } from './home.ts';

/** The demo's profile. */
export const DEMO_PROFILE = 'demo';

/** Whether the server's home is one that `start --demo` made. */
export function isDemoHome(home: Home): boolean {
  return existsSync(markOf(home));
}

/** Makes the server's home, with the mark as the first thing in it: whatever happens next, it can be removed. */
export function markDemoHome(home: Home): void {
  ensurePrivateFolder(home.server, { closed: true });
  writeFileSync(markOf(home), `${JSON.stringify({ schema: 1 })}\n`, { mode: 0o600 });
}

function markOf(home: Home): string {
  return path.join(home.server, 'demo.json');
}
