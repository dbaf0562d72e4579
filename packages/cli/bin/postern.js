#!/usr/bin/env node
/**
 * Finds a Node.js that can run Postern and runs it there. Plain JavaScript for Node 20 and later:
 * the machine's own Node where it is new enough, else the one that npm brought, else a clear refusal.
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The oldest Node.js with all that Postern needs (house, decision 1). */
const NEEDED = [24, 17];
/** Exit code of sysexits.h for "internal software error": Postern cannot run at all. */
const EXIT_CANNOT_RUN = 70;

const here = path.dirname(fileURLToPath(import.meta.url));

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** The Node.js that the lock file brought for this platform, or null. */
function broughtNode() {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `node-${system}-${process.arch}/package.json`,
    );
    const file = path.join(path.dirname(manifest), 'bin', program);
    return existsSync(file) ? file : null;
  } catch {
    return null;
  }
}

/** Where compiled code is kept: a folder that can be written, or Node's choice; a read-only disk only costs time. */
function keepCompiledCode() {
  const candidates = [
    path.join(here, '..', '..', '..', 'node_modules', '.cache', 'postern'),
    path.join(os.homedir(), '.cache', 'postern'),
  ];
  for (const folder of candidates) {
    if (!existsSync(path.dirname(path.dirname(folder)))) continue;
    const { status } = module.enableCompileCache(folder);
    if (status !== module.constants.compileCacheStatus.FAILED) return;
  }
}

/** `node:sqlite` may announce itself as experimental; every other warning stays. */
function silenceSqliteWarning() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const text = typeof warning === 'string' ? warning : warning.message;
    if (rest[0] === 'ExperimentalWarning' && text.startsWith('SQLite')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
}

async function runHere() {
  keepCompiledCode();
  silenceSqliteWarning();
  const source = path.join(here, '..', 'src', 'main.ts');
  const built = path.join(here, '..', 'dist', 'main.js');
  const { main } = await import(pathToFileURL(existsSync(source) ? source : built).href);
  await main(process.argv.slice(2));
}

function runThere(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGHUP', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both; only without one has it to be passed on.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  child.on('error', (error) => refuse(`cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? EXIT_CANNOT_RUN);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function refuse(message) {
  process.stderr.write(`postern: error: ${message}\n`);
  process.stderr.write(
    `postern: hint: install Node.js 24 (at least ${NEEDED.join('.')}) from https://nodejs.org and run this again\n`,
  );
  process.exit(EXIT_CANNOT_RUN);
}

if (isNewEnough(process.versions.node)) {
  await runHere();
} else {
  const node = broughtNode();
  if (node === null) {
    refuse(
      `Node.js ${NEEDED.join('.')} is needed, this is ${process.versions.node}, and npm brought none for ${process.platform}-${process.arch}`,
    );
  } else runThere(node);
}
