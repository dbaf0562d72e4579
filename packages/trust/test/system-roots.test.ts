import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { goodPlan, makeChain } from '@postern/badcerts';
import { toPem } from '../src/certificate.ts';
import { createSystemRoots } from '../src/system-roots.ts';
import { tempFolder } from './temp-folder.ts';

const ders = await Promise.all(
  ['one', 'two', 'three'].map(
    async (label) => (await makeChain(goodPlan(`system ${label}`, 'a.test'))).parts.root.der,
  ),
);
const [ONE, TWO, THREE] = ders.map(toPem) as [string, string, string];
const [one, two, three] = ders.map((der) => createHash('sha256').update(der).digest('hex')) as [
  string,
  string,
  string,
];

function rootsOf(t: TestContext) {
  const folder = tempFolder(t);
  const bundle = join(folder, 'bundle.crt');
  const certs = join(folder, 'certs');
  mkdirSync(certs);
  return {
    folder,
    bundle,
    certs,
    paths: { bundles: [join(folder, 'missing.crt'), bundle], folders: [certs] },
  };
}

/** Fingerprints without order. */
function found(roots: readonly { sha256: string }[]): Set<string> {
  return new Set(roots.map(({ sha256 }) => sha256));
}

test('roots come from the first bundle and the hashed names in the folders, each once', async (t) => {
  const { folder, bundle, certs, paths } = rootsOf(t);
  writeFileSync(bundle, `# a comment\n${ONE}${TWO}${ONE}`);
  writeFileSync(join(folder, 'two.pem'), TWO);
  symlinkSync(join(folder, 'two.pem'), join(certs, '0a1b2c3d.0'));
  writeFileSync(join(certs, '0a1b2c3d.1'), THREE);
  const roots = await createSystemRoots({ paths }).read();
  assert.deepEqual(
    roots.map(({ sha256, source }) => [sha256, source]),
    [
      [one, bundle],
      [two, bundle],
      [three, join(certs, '0a1b2c3d.1')],
    ],
  );
  assert.deepEqual(
    roots.map(({ der }) => [...der]),
    ders.map((der) => [...der]),
  );
});

test('a file in a folder that OpenSSL would not look at is no root', async (t) => {
  const { certs, paths } = rootsOf(t);
  writeFileSync(join(certs, 'localhost.crt'), ONE);
  writeFileSync(join(certs, '0a1b2c3d.r0'), TWO);
  symlinkSync('gone', join(certs, '0a1b2c3d.0'));
  assert.deepEqual(await createSystemRoots({ paths }).read(), []);
});

test('a system without any of the files has no roots', async (t) => {
  const { folder } = rootsOf(t);
  const paths = { bundles: [join(folder, 'none')], folders: [join(folder, 'nowhere')] };
  assert.deepEqual(await createSystemRoots({ paths }).read(), []);
});

test('a damaged certificate and one with OpenSSL trust settings are left out, the others count', async (t) => {
  const { bundle, paths } = rootsOf(t);
  const damaged = TWO.replace(/\n[^\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const notBase64 = TWO.replace(/\n[^\n]{4}/, '\n*%*%');
  const trusted = TWO.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE');
  writeFileSync(bundle, `${ONE}${damaged}${notBase64}${trusted}${THREE}`);
  assert.deepEqual(found(await createSystemRoots({ paths }).read()), new Set([one, three]));
});

test('the same array comes back until a file or a folder changes', async (t) => {
  const { folder, bundle, certs, paths } = rootsOf(t);
  writeFileSync(bundle, ONE);
  const system = createSystemRoots({ paths });
  const first = await system.read();
  assert.equal(await system.read(), first);
  writeFileSync(bundle, ONE + TWO);
  const second = await system.read();
  assert.deepEqual(found(second), new Set([one, two]));
  // As update-ca-certificates does: a new file in the place of the old one.
  writeFileSync(join(folder, 'new'), TWO);
  renameSync(join(folder, 'new'), bundle);
  const third = await system.read();
  assert.deepEqual(found(third), new Set([two]));
  assert.equal(await system.read(), third);
  writeFileSync(join(certs, '00000000.0'), THREE);
  assert.deepEqual(found(await system.read()), new Set([two, three]));
  rmSync(bundle);
  assert.deepEqual(found(await system.read()), new Set([three]));
});

const VARIABLES = ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'];

/** Runs list-system-roots.ts in an environment in which only the given trust variables are set. */
async function listIn(
  variables: Record<string, string>,
  ...args: string[]
): Promise<{ control: string[]; found: string[] }> {
  const program = new URL('./list-system-roots.ts', import.meta.url).pathname;
  const clean = Object.entries(process.env).filter(([name]) => !VARIABLES.includes(name));
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...Object.fromEntries(clean), ...variables },
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout);
}

test('SSL_CERT_FILE, SSL_CERT_DIR and NODE_EXTRA_CA_CERTS change nothing', async (t) => {
  const { folder, bundle, certs } = rootsOf(t);
  writeFileSync(bundle, ONE);
  const planted = join(folder, 'planted.pem');
  writeFileSync(planted, TWO);
  writeFileSync(join(certs, '0a1b2c3d.0'), THREE);
  const variables = { SSL_CERT_FILE: planted, SSL_CERT_DIR: certs, NODE_EXTRA_CA_CERTS: planted };
  const [byFiles, byChild, undisturbed] = await Promise.all([
    listIn(variables, bundle),
    listIn(variables),
    listIn({}),
  ]);
  // The control: Node itself does take the planted root in this environment.
  assert.ok(byChild.control.includes(two));
  assert.deepEqual(byFiles.found, [one]);
  assert.deepEqual(byChild.found, undisturbed.found);
  assert.ok(!byChild.found.includes(two) && !byChild.found.includes(three));
});

test('a child process that is asked twice gives the same array', async () => {
  const system = createSystemRoots({ paths: 'child' });
  assert.equal(await system.read(), await system.read());
});
