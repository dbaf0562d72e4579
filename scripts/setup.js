/**
 * Makes a fresh clone ready: installs what package-lock.json names, and finds the Node.js that came
 * with it. Plain JavaScript, because the machine's own Node.js (20 or later) runs it before anything
 * is installed. Needs only Node.js and npm.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Oldest Node.js that Postern runs on: earlier ones resume TLS sessions under another name (docs/adr/0005). */
const OLDEST_NODE = [24, 17];

/**
 * Installs if need be, then returns the path of a Node.js that can run Postern. Ends the process with
 * exit code 1 and the reason if either cannot be had.
 */
export function prepare() {
  const missing = missingFromInstall();
  if (missing !== null) install(missing);
  const node = findNode();
  buildDesk(node);
  return node;
}

/** Builds the desk's page where what it is made from has changed. Ends the process with exit code 1 if that fails. */
function buildDesk(node) {
  const desk = join(root, 'packages', 'desk');
  const stampFile = join(desk, 'dist', 'made-from');
  const hash = createHash('sha256');
  for (const file of [join(root, 'package-lock.json'), ...filesUnder(desk)]) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  const stamp = hash.digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const stdio = ['ignore', process.stderr, 'inherit'];
  if (run(node, [vite, 'build'], { cwd: desk, stdio }) !== 0) {
    say('error: the page of the desk cannot be built');
    process.exit(1);
  }
  writeFileSync(stampFile, stamp);
}

/** Files that the page is made from. */
function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !['dist', 'node_modules', 'test'].includes(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

/** Says what it does, on stderr, so that results on stdout stay clean. */
export function say(text) {
  process.stderr.write(`postern: ${text}\n`);
}

/** Runs a program with this terminal and returns its exit code. */
export function run(program, args, options = {}) {
  // Ctrl-C reaches the whole foreground group: the child decides, and this process reports its code.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  const result = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  process.off('SIGINT', ignore);
  if (result.error !== undefined) {
    say(`error: cannot run ${program}: ${result.error.message}`);
    return 1;
  }
  return result.status ?? 128;
}

/**
 * What of package-lock.json is not installed for this platform, in a few words, or null. Compares it with
 * `node_modules/.package-lock.json`, which npm writes when an installation is whole: by content, so that
 * neither file times nor the Node.js that npm ran on matter.
 */
function missingFromInstall() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'nothing is installed yet';
  const wanted = readPackages(join(root, 'package-lock.json'));
  const libc = libcName();
  const installed = readPackages(installedFile);
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || !belongsHere(entry, libc)) continue;
    // What only a package of another platform needs is in the file without saying so, and is not installed.
    if (entry.optional === true && entry.os === undefined && !(path in installed)) continue;
    const found = installed[path];
    if (found === undefined) return `${path} is not installed`;
    if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path} is not the one that package-lock.json names`;
    }
  }
  for (const [path, { bin }] of Object.entries(wanted)) {
    if (!path.startsWith('packages/') || bin === undefined) continue;
    for (const [name, file] of Object.entries(bin)) {
      const linked = existsSync(join(root, 'node_modules', '.bin', name));
      if (!linked && existsSync(join(root, path, file))) return `the command ${name} is not linked`;
    }
  }
  return null;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** Whether npm installs this package on this platform. */
function belongsHere({ os, cpu, libc }, libcHere) {
  const allows = (list, value) =>
    list === undefined ||
    list.includes(value) ||
    (list[0]?.startsWith('!') && !list.includes(`!${value}`));
  return allows(os, process.platform) && allows(cpu, process.arch) && allows(libc, libcHere);
}

/** The C library as npm names it; undefined where there is only one. */
function libcName() {
  if (process.platform !== 'linux') return undefined;
  // Without this the report resolves the name of every open socket's other end.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function install(reason) {
  say(`${reason}; running npm ci (half a minute the first time)`);
  // Under `npm test` npm names itself; by hand it is on the PATH. No package may run a script of its own.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const started = Date.now();
  // stdout belongs to what is run afterwards.
  const stdio = ['inherit', process.stderr, 'inherit'];
  const code = npm?.endsWith('.js')
    ? run(process.execPath, [npm, ...args], { stdio })
    : run('npm', args, { stdio, shell: process.platform === 'win32' });
  if (code !== 0) {
    say(`error: npm ci ended with exit code ${code}`);
    process.exit(1);
  }
  say(`installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** The Node.js brought by package-lock.json, or the one that runs this if that is new enough. */
function findNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const brought = join(
    root,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  for (const candidate of [brought, process.execPath]) {
    const version = versionOf(candidate);
    if (version !== null && isNewEnough(version)) return candidate;
  }
  const oldest = OLDEST_NODE.join('.');
  say(`error: Node.js ${oldest} or later is needed; this is ${process.versions.node}`);
  say(
    `hint: none can be brought for ${process.platform} ${process.arch}: install Node.js 24 and run this again`,
  );
  process.exit(1);
}

function versionOf(program) {
  if (program === process.execPath) return process.versions.node;
  if (!existsSync(program)) return null;
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim().replace(/^v/, '') : null;
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const node = prepare();
  say(`ready; Node.js is ${node}`);
}
