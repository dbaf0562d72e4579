/**
 * `npm run bench -- [NAME...] [--json] [--quick]`. With `--json` one line per figure on stdout, else a table.
 * Exit code 1 if a benchmark could not run, 2 for a name that is none.
 */

import { parseArgs } from 'node:util';
import { checkMany } from './check-many.ts';
import { diagnoseChains } from './diagnose.ts';
import { type Benchmark, type Figure, MissingProgram } from './figure.ts';
import { handshakeFirstSight, handshakeFull } from './handshake.ts';
import { changeLatency } from './latency.ts';
import { start } from './start.ts';
import { syncFirst } from './sync.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  'handshake-full': handshakeFull,
  'handshake-first-sight': handshakeFirstSight,
  diagnose: diagnoseChains,
  'check-many': checkMany,
  'change-latency': changeLatency,
  start,
  'sync-first': syncFirst,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
const unknown = names.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  say(`error: no benchmark "${unknown.join('" or "')}"`);
  say(`hint: ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}

const rows: Figure[] = [];
for (const name of names) {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) continue;
  say(`${name}${values.quick ? ' (quick: the figures mean nothing)' : ''} ...`);
  try {
    const figures = await benchmark({ quick: values.quick, say });
    rows.push(...figures);
    if (values.json) for (const one of figures) process.stdout.write(`${JSON.stringify(one)}\n`);
  } catch (error) {
    if (!(error instanceof MissingProgram)) throw error;
    say(`error: ${name}: ${error.message}`);
    say(`hint: ${error.hint}`);
    process.exitCode = 1;
  }
}
if (!values.json) process.stdout.write(tableOf(rows));

function tableOf(figures: readonly Figure[]): string {
  const head = ['name', 'ours', 'theirs', 'ratio', 'unit'];
  const lines = figures.map(({ name, ours, theirs, ratio, unit }) =>
    [name, ours, theirs ?? '-', ratio ?? '-', unit].map(String),
  );
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const text = (line: readonly string[]): string =>
    `${line
      .map((cell, column) =>
        column === 0 || column === 4
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()}\n`;
  return [head, ...lines].map(text).join('');
}
