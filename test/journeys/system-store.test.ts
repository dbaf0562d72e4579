/**
 * The root in the system's own store, at its true path. Postern runs in a mount namespace in which a
 * copy lies over the folder, so that nothing of this machine changes.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeHome, type PosternHome } from '../../packages/cli/test/run-postern.ts';
import { requireOrSkip } from '../require.ts';
import { demoEndpoint, readFingerprints, readStatus } from './demo.ts';

const STORE = '/etc/ssl/certs';
const BUNDLE = 'ca-certificates.crt';

/** Puts the folder `$0` over the system's store for the rest of the command line, and for nobody else. */
const OVER_THE_STORE = `mount --bind "$0" ${STORE} && exec "$@"`;

test('once the root is in the system’s store a whole run asks nothing and says SECURE', async (t) => {
  if (!canMount(t)) return;
  const before = await imprint(STORE);
  const { store, postern } = await homeWithStore(t);

  const first = await postern.run(['start', '--demo']);
  assert.equal(first.exitCode, 4, first.stderr);
  assert.match(first.stderr, /The issuer of this certificate could not be found\./);
  const { rootFile } = await readFingerprints(postern);
  await install(store, await fs.readFile(rootFile, 'utf8'));

  const run = await postern.run(['start', '--demo']);
  assert.equal(run.exitCode, 0, run.stderr);
  assert.match(run.stdout, /^Connection Status: SECURE$/m);
  assert.doesNotMatch(run.stdout + run.stderr, /not secure|could not be found/i);
  const { profiles, questions } = await readStatus(postern);
  assert.deepEqual(questions, []);
  assert.equal(profiles[0]?.connections.length, 8);
  for (const { purpose, security } of profiles[0]?.connections ?? []) {
    assert.deepEqual(security, { kind: 'SECURE' }, purpose);
  }
  const trusted = JSON.parse((await postern.run(['trust', 'list', '--json'])).stdout);
  assert.deepEqual(trusted.trusted, []);
  const check = await postern.run(['check', await demoEndpoint(postern)]);
  assert.equal(check.exitCode, 0, check.stdout);

  // The control: outside the namespace the same daemon's server is as unknown as before.
  assert.deepEqual(await imprint(STORE), before);
  const outside = await makeHome();
  t.after(() => outside.remove());
  const seen = await outside.run(['check', await demoEndpoint(postern)]);
  assert.equal(seen.exitCode, 1, seen.stderr);
  assert.match(seen.stdout, /The issuer of this certificate could not be found\./);
});

/** Only root may mount; whoever is not gets no failure for it, whatever is required. */
function canMount(t: TestContext): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    const why = 'only root on Linux can put another store over the system’s';
    t.skip(why);
    process.stderr.write(`\nSKIPPED ${t.name}: ${why}\n`);
    return false;
  }
  if (!requireOrSkip(t, existsSync(STORE), STORE, 'apt-get install ca-certificates')) return false;
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c', OVER_THE_STORE, os.tmpdir(), 'true']);
  return requireOrSkip(
    t,
    tried.status === 0,
    'a mount namespace of its own (unshare --mount)',
    'run it with CAP_SYS_ADMIN, such as docker run --privileged',
  );
}

/** A home whose Postern sees a copy of the machine's store, links as links, that only this user can change. */
async function homeWithStore(t: TestContext): Promise<{ store: string; postern: PosternHome }> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-system-store-'));
  const store = path.join(folder, 'certs');
  await fs.cp(STORE, store, { recursive: true, verbatimSymlinks: true });
  const through = ['unshare', '--mount', 'sh', '-c', OVER_THE_STORE, store];
  const postern = await makeHome({ through });
  t.after(async () => {
    // In this order: stopping Postern goes through the folder too.
    await postern.remove();
    await fs.rm(folder, { recursive: true, force: true });
  });
  return { store, postern };
}

/** Adds a root as `update-ca-certificates` does: a new bundle in the place of the old one. */
async function install(store: string, root: string): Promise<void> {
  const bundle = path.join(store, BUNDLE);
  const known = existsSync(bundle) ? await fs.readFile(bundle, 'utf8') : '';
  await fs.writeFile(`${bundle}.new`, known + root);
  await fs.rename(`${bundle}.new`, bundle);
}

/** Everything that a change of the folder would change. */
async function imprint(folder: string): Promise<{ names: string[]; bundle: string | null }> {
  const bundle = path.join(folder, BUNDLE);
  return {
    names: (await fs.readdir(folder)).toSorted(),
    bundle: existsSync(bundle)
      ? createHash('sha256')
          .update(await fs.readFile(bundle))
          .digest('hex')
      : null,
  };
}
