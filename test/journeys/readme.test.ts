/** The README's first run, typed again: what is printed there is printed here. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { hasPseudoTerminals, openPseudoTerminal } from '../../packages/cli/test/pseudo-terminal.ts';
import { requireOrSkip } from '../require.ts';

const execute = promisify(execFile);
const repoRoot = path.resolve(import.meta.dirname, '..', '..');
const postern = path.join(repoRoot, 'packages', 'cli', 'bin', 'postern.js');

/** The run takes some seconds; a prompt that never comes must not hold up everything. */
const DEADLINE_MS = 120_000;

/** The eight connections, each line at its end. */
const ALL_AT_REST = /Mail +resting.*\n(?: .* (?:resting|watching) .*\n){7}/;

describe('the first run in the README', () => {
  let folder = '';
  let env: NodeJS.ProcessEnv = {};

  before(async () => {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-readme-'));
    env = { ...process.env, POSTERN_HOME: path.join(folder, 'home') };
    // Without a display no browser opens on the desktop of whoever runs this.
    for (const name of ['ZIMBRA_HOME', 'CI', 'NO_COLOR', 'DISPLAY', 'WAYLAND_DISPLAY'])
      delete env[name];
  });
  after(async () => {
    await execute(process.execPath, [postern, 'stop'], { env });
    await fs.rm(folder, { recursive: true, force: true });
  });

  test('asks, is answered, and runs eight connections, as it is printed', {
    timeout: DEADLINE_MS,
  }, async (t) => {
    const isAble = hasPseudoTerminals();
    if (!requireOrSkip(t, isAble, 'python3', 'apt-get install python3')) return;
    const { wanted, typed } = await readTranscript();
    const command = [process.execPath, path.join(repoRoot, 'scripts', 'start.js')];
    const terminal = openPseudoTerminal(command, { env, cwd: repoRoot });
    try {
      for (const answer of typed) {
        await terminal.waitFor(/\[Work Offline\]: /);
        terminal.type(`${answer}\r`);
      }
      await terminal.waitFor(/All connections have run/);
      // Drawn before that line or after it.
      if (!ALL_AT_REST.test(terminal.shown)) await terminal.waitFor(ALL_AT_REST);
      terminal.type('\x03');
      await terminal.ended;
    } finally {
      terminal.kill();
    }
    assertInOrder(wanted, terminal.shown);
  });

  test('then `postern status` shows the eight connections', async () => {
    const { stdout } = await execute(process.execPath, [postern, 'status', '--json'], { env });
    const { profiles } = JSON.parse(stdout) as {
      profiles: { profile: string; connections: { purpose: string; activity: string }[] }[];
    };
    assert.deepEqual(
      profiles.map(({ profile, connections }) => [profile, connections.length]),
      [['demo', 8]],
    );
    assert.deepEqual(
      profiles[0]?.connections.filter(({ activity }) => activity !== 'idle'),
      profiles[0]?.connections.filter(({ purpose }) => purpose === 'changes'),
    );
  });
});

/** The transcript's lines, and what a person typed after its prompts. */
async function readTranscript(): Promise<{ wanted: string[]; typed: string[] }> {
  const readme = await fs.readFile(path.join(repoRoot, 'README.md'), 'utf8');
  const [, block = ''] = /```console\n\$ npm start\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines = block.split('\n').filter((line) => line.trim() !== '' && line !== '…');
  const typed = lines
    .map((line) => /\[Work Offline\]: (.+)$/.exec(line)?.[1])
    .filter((answer) => answer !== undefined);
  return { wanted: lines, typed };
}

function assertInOrder(wanted: readonly string[], shown: string): void {
  const lines = shown.split('\n').map(withoutWhatVaries);
  let from = 0;
  for (const line of wanted) {
    const found = lines.indexOf(withoutWhatVaries(line), from);
    assert.notEqual(found, -1, `"${line}" was not shown after "${lines[from - 1]}" in:\n${shown}`);
    from = found + 1;
  }
}

/** Ports, names of this machine, instants, fingerprints, which connection came first, and the width of columns. */
function withoutWhatVaries(line: string): string {
  return line
    .replace(/localhost:\d+/g, 'localhost:PORT')
    .replace(/anna@[\w.-]+/g, 'ACCOUNT')
    .replace(/^While .* for /, 'While DOING for ')
    .replace(/ in \S*\/demo-server,/, ' in HOME,')
    .replace(/\w{3} \d{1,2} \w{3} \d{4} \d{2}:\d{2}/g, 'INSTANT')
    .replace(/([0-9A-F]{2}:){15}[0-9A-F]{2}/g, 'PAIRS')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
