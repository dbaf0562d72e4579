/** Every benchmark runs and prints lines of one shape; what they measure is not judged here. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { requireOrSkip } from '../require.ts';

const execute = promisify(execFile);
const main = path.resolve(import.meta.dirname, '..', '..', 'bench', 'main.ts');

interface Expected {
  name: string;
  unit: string;
  /** Other lines, in order. */
  more: readonly string[];
  /** Programs to compare with. */
  programs: readonly (readonly [name: string, howToInstall: string])[];
}

const DOVECOT = [
  ['dovecot', 'apt-get install dovecot-imapd'],
  ['mbsync', 'apt-get install isync'],
] as const;

const BENCHMARKS: readonly Expected[] = [
  { name: 'handshake-full', unit: 'ms', more: [], programs: [] },
  { name: 'handshake-first-sight', unit: 'ms', more: [], programs: [] },
  { name: 'start', unit: 'ms', more: ['start-brought-node'], programs: [] },
  { name: 'change-latency', unit: 'ms', more: ['change-latency-bare'], programs: DOVECOT },
  { name: 'sync-first', unit: 's', more: ['sync-first-rate', 'sync-first-rss'], programs: DOVECOT },
];

describe('npm run bench', () => {
  for (const { name, unit, more, programs } of BENCHMARKS) {
    test(`${name} prints its headline line under its bare name`, async (t) => {
      for (const [program, howToInstall] of programs) {
        if (!requireOrSkip(t, isInstalled(program), program, howToInstall)) return;
      }
      const { stdout } = await execute(process.execPath, [main, name, '--quick', '--json']);
      const figures = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.deepEqual(
        figures.map((figure) => figure.name),
        [name, ...more],
      );
      const [headline] = figures;
      assert.deepEqual(Object.keys(headline ?? {}), ['name', 'ours', 'theirs', 'ratio', 'unit']);
      assert.equal(headline?.unit, unit);
      const { ours, theirs, ratio } = headline as { ours: number; theirs: number; ratio: number };
      assert.ok(ours > 0 && theirs > 0, `ours is ${ours}, theirs is ${theirs}`);
      assert.ok(Math.abs(ratio - ours / theirs) < 0.01 * ratio, `ratio is ${ratio}`);
    });
  }

  test('a name that is none is a usage error that lists the names', async () => {
    await assert.rejects(execute(process.execPath, [main, 'sync-second']), (error) => {
      const { code, stderr } = error as { code: number; stderr: string };
      assert.equal(code, 2);
      for (const { name } of BENCHMARKS) assert.ok(stderr.includes(name), stderr);
      return true;
    });
  });
});

function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(path.join(folder, program)));
}
