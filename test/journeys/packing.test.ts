/** What is published works where it is installed: every workspace is packed, installed elsewhere and run. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const repoRoot = path.resolve(import.meta.dirname, '..', '..');
const PUBLISHED = ['trust', 'soap', 'server', 'connector', 'cli'];

interface Manifest {
  name: string;
  version: string;
  dependencies?: Record<string, string>;
}

describe('packed and installed elsewhere', () => {
  let folder = '';
  let copy = '';
  let elsewhere = '';
  let manifestsBefore: string[] = [];

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-packing-'));
    copy = await copyOfTree(path.join(folder, 'tree'));
    elsewhere = path.join(folder, 'elsewhere');
    const tarballs = path.join(folder, 'tarballs');
    await Promise.all([fs.mkdir(tarballs), fs.mkdir(elsewhere)]);
    manifestsBefore = await readManifests(copy);
    const workspaces = PUBLISHED.flatMap((name) => ['--workspace', `packages/${name}`]);
    await npm(['pack', ...workspaces, '--pack-destination', tarballs], copy);
    await install(elsewhere, tarballs);
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
    ) as Manifest;
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

  for (const name of PUBLISHED.filter((one) => one !== 'cli')) {
    test(`@postern/${name} is imported from its built form, with all that its source exports`, async () => {
      const installed = await namesExported(elsewhere, `@postern/${name}`);
      assert.ok(installed.url.includes(`/node_modules/@postern/${name}/dist/`), installed.url);
      const source = await namesExported(repoRoot, `./packages/${name}/src/index.ts`);
      assert.deepEqual(installed.names, source.names);
    });
  }

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

async function copyOfTree(target: string): Promise<string> {
  const leftOut = new Set(['.git', 'dist', 'node_modules', 'test']);
  await fs.cp(repoRoot, target, {
    recursive: true,
    filter: (file) => !leftOut.has(path.basename(file)),
  });
  await fs.symlink(path.join(repoRoot, 'node_modules'), path.join(target, 'node_modules'));
  return target;
}

/** Installs the tarballs, and what they need from what is installed here: no network is asked. */
async function install(target: string, tarballs: string): Promise<void> {
  const dependencies: Record<string, string> = {};
  for (const file of await fs.readdir(tarballs)) {
    const [, name = ''] = /^(.+)-\d+\.\d+\.\d+\.tgz$/.exec(file) ?? [];
    const published = name === 'postern' ? name : name.replace('postern-', '@postern/');
    dependencies[published] = `file:${path.join(tarballs, file)}`;
  }
  for (const name of await neededFromOthers()) {
    dependencies[name] = `file:${path.join(repoRoot, 'node_modules', name)}`;
  }
  const manifest = {
    name: 'elsewhere',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies,
  };
  await fs.writeFile(path.join(target, 'package.json'), JSON.stringify(manifest));
  await npm(
    ['install', '--offline', '--install-links', '--omit=optional', '--ignore-scripts'],
    target,
  );
}

/** Packages of others that the published ones need, directly or not. */
async function neededFromOthers(): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (manifestFile: string): Promise<void> => {
    const { dependencies = {} } = JSON.parse(await fs.readFile(manifestFile, 'utf8')) as Manifest;
    for (const name of Object.keys(dependencies)) {
      if (found.has(name) || name.startsWith('@postern/')) continue;
      found.add(name);
      await visit(path.join(repoRoot, 'node_modules', name, 'package.json'));
    }
  };
  for (const name of PUBLISHED) await visit(path.join(repoRoot, 'packages', name, 'package.json'));
  return [...found];
}

async function readManifests(tree: string): Promise<string[]> {
  return Promise.all(
    PUBLISHED.map((name) => fs.readFile(path.join(tree, 'packages', name, 'package.json'), 'utf8')),
  );
}

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

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const cli = process.env.npm_execpath;
  // npm hands its own settings down in the environment; a workspace of this tree is not one of that.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!execpath)/i.test(name)),
  );
  if (cli?.endsWith('.js')) {
    await execute(process.execPath, [cli, ...args, ...quiet], { cwd, env });
  } else {
    await execute('npm', [...args, ...quiet], { cwd, env, shell: process.platform === 'win32' });
  }
}
