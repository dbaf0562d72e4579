/** Where answers and talk go: results on stdout, everything else on stderr; colour only on a terminal. */

import { once } from 'node:events';
import { styleText } from 'node:util';
import { type Failure, failureOf } from './failure.ts';
import { refusesColour } from './home.ts';
import { clipped, printable } from './printable.ts';

/** What a piece of text is, which decides its colour. The word itself always says the same. */
export type Tone = 'caution' | 'danger' | 'dim' | 'good' | 'strong';

const STYLE = {
  caution: 'yellow',
  danger: 'red',
  dim: 'dim',
  good: 'green',
  strong: 'bold',
} as const;

/** Columns of a file or a pipe. */
const UNLIMITED = 10_000;

/** Prints for one command. Texts of strangers go through `printable` before they get here. */
export interface Output {
  /** A line of the answer, on stdout. */
  line(text?: string): void;
  /** The answer as JSON, on stdout. */
  json(value: unknown): void;
  /** A line of talk, on stderr: what is being done. */
  note(text: string): void;
  /** Resolves when the reader has room for more, so that much output needs no memory. */
  taken(): Promise<void>;
  paint(tone: Tone, text: string): string;
  /** Columns of the terminal; where there is none nothing is cut. */
  readonly width: number;
  readonly isTerminal: boolean;
}

/** Output on this process's own streams. */
export function processOutput(): Output {
  const colour = process.stdout.isTTY === true && !refusesColour();
  let draining: Promise<unknown> | null = null;
  return {
    line: (text = '') => void process.stdout.write(`${text}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    async taken() {
      if (!process.stdout.writableNeedDrain) return;
      // One wait for all who wait, or there would be a listener for each.
      draining ??= once(process.stdout, 'drain').finally(() => {
        draining = null;
      });
      await draining;
    },
    paint: (tone, text) =>
      colour ? styleText(STYLE[tone], text, { validateStream: false }) : text,
    get width() {
      return process.stdout.columns ?? UNLIMITED;
    },
    isTerminal: process.stdout.isTTY === true,
  };
}

/** Prints an error as `postern: error: ...` with its hints; with `json` also as an object on stdout. */
export function reportFailure(error: unknown, json: boolean): Failure {
  const failure = failureOf(error);
  if (json) {
    const { code, message, hints } = failure;
    process.stdout.write(
      `${JSON.stringify({ schema: 1, error: { code, message, hints } }, null, 2)}\n`,
    );
  }
  process.stderr.write(`postern: error: ${printable(failure.message)}\n`);
  for (const hint of failure.hints) process.stderr.write(`postern: hint: ${printable(hint)}\n`);
  if (failure.exitCode === 70 && error instanceof Error && error.stack !== undefined) {
    process.stderr.write(`${error.stack.split('\n').map(printable).join('\n')}\n`);
  }
  return failure;
}

/** Rows as aligned columns, the last one as wide as it likes but within `width`. */
export function table(rows: readonly (readonly string[])[], width: number): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(0, ...rows.map((row) => [...(row[index] ?? '')].length)),
  );
  return rows.map((row) => {
    const cells = row.map((cell, index) =>
      index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - [...cell].length),
    );
    return clipped(cells.join('  ').trimEnd(), width);
  });
}
