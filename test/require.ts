/** Skips a test loudly when something it needs is missing; with POSTERN_TEST_REQUIRE=all that is a failure. */

import type { TestContext } from 'node:test';

/**
 * Returns true when the test can run. Otherwise says what is missing and how to get it, and skips;
 * where `POSTERN_TEST_REQUIRE=all` is set (CI) it throws instead, so that nothing is skipped in silence.
 */
export function requireOrSkip(
  t: TestContext,
  available: boolean,
  what: string,
  howToInstall: string,
): boolean {
  if (available) return true;
  const message = `${what} is missing; to run this test: ${howToInstall}`;
  if (process.env.POSTERN_TEST_REQUIRE === 'all') throw new Error(message);
  t.skip(message);
  process.stderr.write(`\nSKIPPED ${t.name}: ${message}\n`);
  return false;
}
