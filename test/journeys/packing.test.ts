/** What is published works where it is installed: every workspace is packed, installed elsewhere and run. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { copyOfTree, install, pack, repoRoot } from './packed.ts';

const execute = promisify(execFile);
const PUBLISHED = ['trust', 'soap', 'server', 'connector', 'desk', 'cli'];

describe('packed and installed elsewhere', () => {
  let folder = '';
  let copy = '';
  let elsewhere = '';
  let manifestsBefore: string[] = [];

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-packing-'));
    copy = await copyOfTree(path.join(folder, 'tree'));
    elsewhere = path.join(folder, 'elsewhere');
    manifestsBefore = await readManifests(copy);
    const packages = await pack(PUBLISHED, { tree: copy, into: path.join(folder, 'tarballs') });
    // No network is asked.
    await install(packages, { folder: elsewhere, npmArgs: ['--offline', '--omit=optional'] });
  });
  after(() => fs.rm(folder, { recursive: true, force: true }));

  test('packing leaves every package.json as it was', async () => {
    assert.deepEqual(await readManifests(copy), manifestsBefore);
  });

  test('the command says its version', async () => {
    const command = path.join(elsewhere, 'node_modules', 'postern', 'bin', 'postern.js');
    const { stdout } = await execute(process.execPath, [command, '--version'], { cwd: elsewhere });
    const { version } = JSON.parse(
      await fs.readFile(path.join(repoRoot, 'packages', 'cli', 'package.json'), 'utf8'),
    ) as { version: string };
    assert.equal(stdout.trim(), version);
  });

  test('the command runs the daemon, the server and the first question from its built form', async () => {
    const command = path.join(elsewhere, 'node_modules', 'postern', 'bin', 'postern.js');
    const home = path.join(folder, 'home');
    const about = {
      cwd: elsewhere,
      env: { PATH: process.env.PATH, HOME: folder, POSTERN_HOME: home },
    };
    try {
      await assert.rejects(
        execute(process.execPath, [command, 'start', '--demo'], about),
        (error) => {
          const { code, stderr } = error as { code: number; stderr: string };
          assert.equal(code, 4, stderr);
          assert.match(stderr, /The issuer of this certificate could not be found\./);
          return true;
        },
      );
    } finally {
      await execute(process.execPath, [command, 'stop'], about);
    }
  });

  test('the command is linked under its name', async () => {
    await fs.access(path.join(elsewhere, 'node_modules', '.bin', 'postern'));
  });

  for (const name of PUBLISHED.filter((one) => one !== 'cli' && one !== 'desk')) {
    test(`@postern/${name} is imported from its built form, with all that its source exports`, async () => {
      const installed = await namesExported(elsewhere, `@postern/${name}`);
      assert.ok(installed.url.includes(`/node_modules/@postern/${name}/dist/`), installed.url);
      const source = await namesExported(repoRoot, `./packages/${name}/src/index.ts`);
      assert.deepEqual(installed.names, source.names);
    });
  }

  test('the page of the desk is built, and found where it is installed', async () => {
    const { url } = await namesExported(elsewhere, '@postern/desk');
    const page = new URL('./dist/index.html', url);
    assert.match(await fs.readFile(page, 'utf8'), /<script type="module"[^>]* src="\/assets\//);
  });

  test('a strict TypeScript program type-checks against the published declarations', async () => {
    const imports = ['trust', 'soap', 'server', 'connector'].map(
      (name) => `export * as ${name} from '@postern/${name}';`,
    );
    await fs.writeFile(path.join(elsewhere, 'consumer.ts'), `${imports.join('\n')}\n`);
    await fs.writeFile(
      path.join(elsewhere, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: 'es2024',
          module: 'nodenext',
          typeRoots: [path.join(repoRoot, 'node_modules', '@types')],
          types: ['node'],
        },
        files: ['consumer.ts'],
      }),
    );
    const tsc = path.join(repoRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await execute(process.execPath, [tsc, '-p', elsewhere]).catch(
      (error: { stdout: string }) => error,
    );
    assert.equal(stdout, '');
  });

  test('neither sources nor tests nor the test kit are in the tarballs', async () => {
    const packed = path.join(elsewhere, 'node_modules');
    const files = await fs.readdir(path.join(packed, '@postern', 'trust'));
    assert.deepEqual(files.toSorted(), ['LICENSE', 'dist', 'package.json']);
    await assert.rejects(fs.access(path.join(packed, '@postern', 'badcerts')), { code: 'ENOENT' });
  });
});

async function namesExported(
  from: string,
  specifier: string,
): Promise<{ url: string; names: string[] }> {
  const program = `const url = import.meta.resolve(${JSON.stringify(specifier)});
    const names = Object.keys(await import(url));
    console.log(JSON.stringify({ url, names }));`;
  const args = ['--no-warnings', '--input-type=module', '--eval', program];
  const { stdout } = await execute(process.execPath, args, { cwd: from });
  return JSON.parse(stdout) as { url: string; names: string[] };
}

async function readManifests(tree: string): Promise<string[]> {
  return Promise.all(
    PUBLISHED.map((name) => fs.readFile(path.join(tree, 'packages', name, 'package.json'), 'utf8')),
  );
}
