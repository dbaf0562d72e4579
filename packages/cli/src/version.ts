/** Which version this is, read from the one place that says it. */

import { readFileSync } from 'node:fs';

/** This package's version. */
export function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  const { version: found } = manifest as { version?: unknown };
  return typeof found === 'string' ? found : '0';
}
