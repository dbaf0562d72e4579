/** The library as it is published, on every Node.js that it says it runs on. Brings each from the registry: 130 MB, removed afterwards. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fingerprint, goodPlan, makeChain, pem, serveChanging } from '@postern/badcerts';
import { createSystemRoots } from '@postern/trust';
import { requireOrSkip } from '../require.ts';
import { copyOfTree, type Dependencies, install, npm, pack, repoRoot } from './packed.ts';

/** The oldest that packages/trust/package.json names, and the newest of each line. */
const NODES = ['22.15', '22', '24', '26'];

/** The package with a Node.js for this platform. */
const NODE_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const PROGRAM = path.join(import.meta.dirname, 'library-program.js');

describe('the published library', () => {
  let folder = '';
  let packages: Dependencies = {};
  let canInstall = false;

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-nodes-'));
    canInstall = await npm(['view', `${NODE_PACKAGE}@24`, 'name'], folder).then(
      () => true,
      () => false,
    );
    if (!canInstall) return;
    const tree = await copyOfTree(path.join(folder, 'tree'));
    packages = await pack(['trust'], { tree, into: path.join(folder, 'tarballs') });
  });
  after(() => fs.rm(folder, { recursive: true, force: true }));

  test('the oldest Node.js in the table is the one that the package names', async () => {
    const manifest = path.join(repoRoot, 'packages', 'trust', 'package.json');
    const { engines } = JSON.parse(await fs.readFile(manifest, 'utf8')) as {
      engines: { node: string };
    };
    assert.equal(engines.node, `>=${NODES[0]}`);
  });

  for (const version of NODES) {
    test(`on Node.js ${version} it asks, remembers, verifies, warns and stops`, async (t) => {
      if (!requireOrSkip(t, canInstall, NODE_PACKAGE, 'let npm reach its registry')) return;
      const elsewhere = path.join(folder, `node-${version}`);
      t.after(() => fs.rm(elsewhere, { recursive: true, force: true }));
      await install(
        { ...packages, [NODE_PACKAGE]: version },
        { folder: elsewhere, npmArgs: ['--prefer-offline'] },
      );
      await ranAsItShould(t, elsewhere, version);
    });
  }
});

async function ranAsItShould(t: TestContext, elsewhere: string, version: string): Promise<void> {
  const one = await makeChain(goodPlan('library one', '127.0.0.1'));
  const other = await makeChain(goodPlan('library other', '127.0.0.1'));
  const server = await serveChanging([one, other], (_request, response) => response.end('page'));
  t.after(() => server.close());
  const report = await run(elsewhere, server, pem(one.parts.root.der));

  const unknown = ['issuer-not-found'];
  const { node, systemRoots, systemRootsByChild, ...steps } = report;
  assert.ok(`${node}.`.startsWith(`${version}.`), String(node));
  assert.deepEqual(steps, {
    untrusted: {
      came: 'ERR_TRUST_REFUSED',
      state: 'refused',
      asked: [{ because: 'first', problems: unknown }],
    },
    asked: {
      came: 'page',
      state: 'overridden',
      asked: [{ because: 'first', problems: unknown }],
    },
    overridden: { came: 'page', state: 'overridden', asked: [] },
    onDisk: { state: 'live', leafSha256: fingerprint(one.parts.leaf.der) },
    changed: {
      came: 'ERR_TRUST_REFUSED',
      state: 'refused',
      asked: [{ because: 'changed', problems: unknown }],
    },
    secure: { came: 'page', state: 'secure', asked: [] },
    wasSecure: {
      came: 'ERR_TRUST_REFUSED',
      state: 'refused',
      asked: [{ because: 'was-secure', problems: unknown }],
    },
    typed: {
      came: 'page',
      state: 'overridden',
      asked: [{ because: 'was-secure', problems: unknown }],
    },
    stopped: { override: true, roots: 0, sockets: 1 },
    heldSocket: { isDestroyed: true, code: 'ERR_TRUST_STOPPED' },
    afterStop: { came: 'ERR_TRUST_STOPPED', state: 'stopped', asked: [] },
    afterStopByPerson: {
      came: 'ERR_TRUST_REFUSED',
      state: 'refused',
      asked: [{ because: 'was-secure', problems: unknown }],
    },
  });

  const ofThisMachine = (await createSystemRoots().read()).map(({ sha256 }) => sha256).sort();
  assert.deepEqual(systemRoots, ofThisMachine);
  assert.deepEqual(systemRootsByChild, ofThisMachine);
}

/** Runs the program with the Node.js that is installed there; returns what it prints. */
async function run(
  elsewhere: string,
  server: { port: number; swap(): void },
  rootPem: string,
): Promise<Record<string, unknown>> {
  await fs.copyFile(PROGRAM, path.join(elsewhere, 'program.js'));
  const home = path.join(elsewhere, 'home');
  await fs.mkdir(home, { mode: 0o700 });
  const bin = process.platform === 'win32' ? 'node.exe' : 'node';
  const child = fork('program.js', [String(server.port), home, rootPem], {
    cwd: elsewhere,
    execPath: path.join(elsewhere, 'node_modules', NODE_PACKAGE, 'bin', bin),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { PATH: process.env.PATH },
    silent: true,
  });
  child.on('message', () => {
    server.swap();
    child.send('exchanged');
  });
  if (child.stdout === null || child.stderr === null) throw new TypeError('no pipes');
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}
