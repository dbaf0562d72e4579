/**
 * The upgrade connection: looks at what the server offers and takes nothing. Even the look counts as
 * good to act on only over a SECURE connection (house, decision 12). Article: "to perform autoupgrade".
 */

import type { UpgradeReport } from '../api.ts';
import type { ConnectionRun, ConnectionSummary } from '../connection.ts';
import { ServerError } from '../errors.ts';
import type { MailStore } from '../store/records.ts';

/** Where ZCS lists what it offers to download (ZCS: zmupdatedownload). */
const LIST_PATH = '/downloads/index.html';

/** Largest list, in bytes; ZCS's has about 10 KiB. */
const MAX_LIST_BYTES = 1024 * 1024;

/** Our own file names and no others: `postern-1.2.3.tgz`, `postern-1.2.3-x64.msi`. */
const OFFER =
  /href="[^"]*\bpostern-(\d{1,6}\.\d{1,6}\.\d{1,6})(?:-[a-z0-9]+)?\.(?:tgz|msi|pkg|deb)"/gi;

/** Looks for a version newer than `current`. */
export async function lookForUpgrade(
  run: ConnectionRun,
  current: string,
  isSecure: () => boolean,
): Promise<ConnectionSummary> {
  const { errand, clock } = run;
  const { status, body } = await run.session.fetch(errand, LIST_PATH, MAX_LIST_BYTES);
  if (status !== 200 && status !== 404) {
    throw new ServerError(
      'ERR_HTTP_STATUS',
      `"${LIST_PATH}" was answered with HTTP status ${status}`,
      {
        purpose: errand.purpose,
        status,
      },
    );
  }
  const offered = status === 404 ? null : newestOffer(body.toString('utf8'));
  const isNewer = offered !== null && compareVersions(offered, current) > 0;
  const report: UpgradeReport = {
    current,
    offered,
    isNewer,
    mayTake: isNewer && isSecure(),
    lookedAt: clock.now().toISOString(),
  };
  await run.store.putDocument('upgrade', JSON.stringify(report));
  return isNewer ? `version ${offered} is offered` : 'no newer version';
}

/** What was seen last; null before the first look. */
export async function storedUpgrade(store: MailStore): Promise<UpgradeReport | null> {
  const json = await store.document('upgrade');
  return json === null ? null : (JSON.parse(json) as UpgradeReport);
}

/** The highest version that a list offers, or null. */
export function newestOffer(html: string): string | null {
  const versions = [...html.matchAll(OFFER)].flatMap(([, version]) => (version ? [version] : []));
  return versions.sort(compareVersions).at(-1) ?? null;
}

/** Orders `1.2.3` and `1.10.0` by their numbers; what follows a hyphen is not looked at. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const index = left.findIndex((one, at) => one !== right[at]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

function numbersOf(version: string): number[] {
  const parts = (version.split('-')[0] ?? '').split('.').map(Number);
  return [0, 1, 2].map((at) => parts[at] ?? 0);
}
