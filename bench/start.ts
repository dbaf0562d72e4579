/** How long until the command has answered: `postern --version`, beside a Node.js that does nothing. */

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { type Benchmark, figure, median } from './figure.ts';

const root = path.resolve(import.meta.dirname, '..');

/** In ms of wall time; the command as people start it, by its link, with compiled code kept from before. */
export const start: Benchmark = async ({ quick, say }) => {
  const rounds = quick ? 2 : 15;
  const postern = path.join(root, 'node_modules', '.bin', 'postern');
  const ours: number[] = [];
  const theirs: number[] = [];
  const launcher: number[] = [];
  timeMs(postern, ['--version']); // Keeps the compiled code.
  for (let round = 0; round < rounds; round += 1) {
    ours.push(timeMs(postern, ['--version']));
    theirs.push(timeMs('node', ['-e', '0']));
    launcher.push(timeMs(process.execPath, ['-e', '0']));
  }
  say(`${rounds} rounds`);
  return [
    figure('start', median(ours), median(theirs), 'ms'),
    figure('start-brought-node', median(ours), median(launcher), 'ms'),
  ];
};

function timeMs(program: string, args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: environment(),
  });
  if (status !== 0) {
    throw new Error(`${program} ended with exit code ${status}: ${error?.message ?? stderr}`);
  }
  return performance.now() - started;
}

/** As in a terminal: npm puts the brought Node.js first on the PATH, people do not. */
function environment(): NodeJS.ProcessEnv {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const ours = path.join('node_modules', '.bin');
  return {
    ...process.env,
    PATH: folders.filter((one) => !one.endsWith(ours)).join(path.delimiter),
  };
}
