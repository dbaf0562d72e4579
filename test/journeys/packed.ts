/** Packs workspaces as they are published, and installs them elsewhere. */

import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The repository's root. */
export const repoRoot = path.resolve(import.meta.dirname, '..', '..');

/** What npm installs: names, and a version or `file:` for each. */
export type Dependencies = Readonly<Record<string, string>>;

/** Copies the tree to where packing may write; what is installed is shared. */
export async function copyOfTree(target: string): Promise<string> {
  const leftOut = new Set(['.git', 'dist', 'node_modules', 'test']);
  await fs.cp(repoRoot, target, {
    recursive: true,
    filter: (file) => !leftOut.has(path.basename(file)),
  });
  await fs.symlink(path.join(repoRoot, 'node_modules'), path.join(target, 'node_modules'));
  return target;
}

/**
 * Packs workspaces (folders of `packages/`) of a copy of the tree into a new folder. Returns what is to
 * be installed: the tarballs, and what they need of others, from what is installed here.
 */
export async function pack(
  workspaces: readonly string[],
  { tree, into }: { tree: string; into: string },
): Promise<Dependencies> {
  await fs.mkdir(into);
  const named = workspaces.flatMap((name) => ['--workspace', `packages/${name}`]);
  await npm(['pack', ...named, '--pack-destination', into], tree);
  const found: Record<string, string> = {};
  for (const file of await fs.readdir(into)) {
    const [, name = ''] = /^(.+)-\d+\.\d+\.\d+\.tgz$/.exec(file) ?? [];
    const published = name === 'postern' ? name : name.replace('postern-', '@postern/');
    found[published] = `file:${path.join(into, file)}`;
  }
  for (const name of await neededFromOthers(workspaces)) {
    found[name] = `file:${path.join(repoRoot, 'node_modules', name)}`;
  }
  return found;
}

/** Makes the folder, with a package.json of its own, and installs into it. No package runs a script. */
export async function install(
  dependencies: Dependencies,
  { folder, npmArgs }: { folder: string; npmArgs: readonly string[] },
): Promise<void> {
  await fs.mkdir(folder);
  const manifest = {
    name: 'elsewhere',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies,
  };
  await fs.writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  await npm(['install', '--install-links', '--ignore-scripts', ...npmArgs], folder);
}

/** Runs npm and returns what it prints. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const cli = process.env.npm_execpath;
  // npm hands its own settings down in the environment; a workspace of this tree is not one of that.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!execpath)/i.test(name)),
  );
  const [program, before, shell] = cli?.endsWith('.js')
    ? [process.execPath, [cli], false]
    : ['npm', [], process.platform === 'win32'];
  const { stdout } = await execute(program, [...before, ...args, ...quiet], { cwd, env, shell });
  return stdout;
}

/** Packages of others that these workspaces need, directly or not. */
async function neededFromOthers(workspaces: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (manifestFile: string): Promise<void> => {
    const { dependencies = {} } = JSON.parse(await fs.readFile(manifestFile, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      if (found.has(name) || name.startsWith('@postern/')) continue;
      found.add(name);
      await visit(path.join(repoRoot, 'node_modules', name, 'package.json'));
    }
  };
  for (const name of workspaces) {
    await visit(path.join(repoRoot, 'packages', name, 'package.json'));
  }
  return [...found];
}
