/**
 * `prepack` and `postpack` of every published workspace. Sources run as they are, but Node.js strips no types
 * under node_modules, so what is packed is built: JavaScript and declarations in dist/, and for as long as npm
 * packs, `exports` that point there.
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [phase] = process.argv.slice(2);
const workspace = process.cwd();

if (phase === 'before') {
  for (const folder of buildOrder(workspace)) build(folder);
  rewriteExports(workspace, (target) =>
    typeof target === 'string' && target.startsWith('./src/')
      ? { types: inDist(target, '.d.ts'), default: inDist(target, '.js') }
      : target,
  );
  copyFileSync(join(root, 'LICENSE'), join(workspace, 'LICENSE'));
} else if (phase === 'after') {
  rewriteExports(workspace, (target) =>
    typeof target === 'object' && target.default?.startsWith('./dist/')
      ? target.default.replace('./dist/', './src/').replace(/\.js$/, '.ts')
      : target,
  );
  rmSync(join(workspace, 'LICENSE'));
} else {
  throw new TypeError(`expected "before" or "after", not "${phase}"`);
}

/** Workspaces that this one imports, each before those that need it, itself last. */
function buildOrder(folder, done = []) {
  for (const name of Object.keys(readManifest(folder).dependencies ?? {})) {
    if (name.startsWith('@postern/')) buildOrder(folderOf(name), done);
  }
  if (!done.includes(folder)) done.push(folder);
  return done;
}

function build(folder) {
  // The page is made by its own tool.
  if (existsSync(join(folder, 'vite.config.ts'))) {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    const stdio = ['ignore', process.stderr, 'inherit'];
    const { status } = spawnSync(process.execPath, [vite, 'build'], { cwd: folder, stdio });
    if (status !== 0) throw new Error(`vite ended with exit code ${status}`);
    return;
  }
  const dist = join(folder, 'dist');
  const source = join(folder, 'src');
  rmSync(dist, { recursive: true, force: true });
  // What is not TypeScript is taken as it is.
  cpSync(source, dist, { recursive: true, filter: (file) => !file.endsWith('.ts') });
  const config = join(dist, 'tsconfig.json');
  const needed = Object.keys(readManifest(folder).dependencies ?? {});
  const paths = Object.fromEntries(
    needed
      .filter((name) => name.startsWith('@postern/'))
      .map((name) => [name, [relative(dist, join(folderOf(name), 'dist', 'index.d.ts'))]]),
  );
  const options = { noEmit: false, rootDir: '../src', outDir: '.', declaration: true, paths };
  writeFileSync(
    config,
    JSON.stringify({
      extends: relative(dist, join(root, 'tsconfig.json')),
      compilerOptions: options,
      include: ['../src/**/*.ts'],
      // tsc leaves outDir out by itself, and with it everything.
      exclude: [],
    }),
  );
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', config], {
    // stdout is npm's, for the tarball's name.
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  rmSync(config);
  if (status !== 0)
    throw new Error(`tsc ended with exit code ${status} in ${relative(root, folder)}`);
}

function rewriteExports(folder, change) {
  const manifest = readManifest(folder);
  for (const [name, target] of Object.entries(manifest.exports)) {
    manifest.exports[name] = change(target);
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function inDist(target, extension) {
  return target.replace('./src/', './dist/').replace(/\.ts$/, extension);
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Every workspace `@postern/name` lives in packages/name. */
function folderOf(name) {
  return join(root, 'packages', name.slice('@postern/'.length));
}
