/**
 * `npm test`: types, lint and format, then every test, house rules included.
 * `npm test -- WORD...` runs only the test files whose path contains one of the words.
 * `--long` adds the files named `*.long.test.ts`.
 */

import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join, relative, sep } from 'node:path';
import { prepare, root, run, say } from './setup.js';

const args = process.argv.slice(2);
const long = args.includes('--long');
const words = args.filter((arg) => !arg.startsWith('-'));
const unknown = args.find((arg) => arg.startsWith('-') && arg !== '--long');
if (unknown !== undefined) {
  say(`error: unknown option "${unknown}"`);
  say('hint: npm test -- [--long] [WORD...]');
  process.exit(2);
}

const node = prepare();
const failed = [];
if (words.length === 0) {
  step('types', [join('node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '-p', '.']);
  step('types of the desk', [
    join('node_modules', 'typescript', 'bin', 'tsc'),
    '--noEmit',
    '-p',
    join('packages', 'desk'),
  ]);
  step('lint and format', [
    join('node_modules', '@biomejs', 'biome', 'bin', 'biome'),
    'check',
    '--diagnostic-level=warn',
    '--error-on-warnings',
    '.',
  ]);
}
const files = testFiles();
if (files.length === 0) {
  say(`error: no test file has "${words.join('" or "')}" in its path`);
  process.exit(2);
}
step(`${files.length} test files`, [
  '--test',
  // Far above the slowest test: what hangs is named instead of holding up everything.
  '--test-timeout=300000',
  `--test-concurrency=${Math.max(2, availableParallelism?.() ?? cpus().length)}`,
  `--test-reporter=${join(root, 'scripts', 'reporter.js')}`,
  '--test-reporter-destination=stdout',
  ...files,
]);
if (failed.length > 0) {
  say(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}

function step(name, nodeArgs) {
  say(`${name} ...`);
  const started = Date.now();
  const code = run(node, nodeArgs, { env: testEnvironment() });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  say(`${name}: ${code === 0 ? 'fine' : `exit code ${code}`} (${seconds} s)`);
  if (code !== 0) failed.push(name);
}

/** Roots of the environment must not decide what a test of trust sees. */
function testEnvironment() {
  const env = { ...process.env };
  for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']) delete env[name];
  // Set by a runner around this one; it would make ours report to it.
  delete env.NODE_TEST_CONTEXT;
  return env;
}

function testFiles() {
  const folders = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'test'));
  return [...folders, join('test', 'house'), join('test', 'journeys')]
    .flatMap((folder) => walk(join(root, folder)))
    .filter((file) => file.endsWith('.test.ts') && (long || !file.endsWith('.long.test.ts')))
    .map((file) => relative(root, file))
    .filter(
      (file) =>
        words.length === 0 || words.some((word) => file.split(sep).join('/').includes(word)),
    )
    .sort();
}

function walk(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') return [];
    return entry.isDirectory() ? walk(path) : [path];
  });
}
