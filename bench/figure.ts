/** What a benchmark yields: figures with ours and theirs, measured in the same run. */

/** One line of the result. The headline figure of a benchmark bears its bare name. */
export interface Figure {
  name: string;
  ours: number;
  /** Null where there is nothing honest to compare with. */
  theirs: number | null;
  /** `ours / theirs`. */
  ratio: number | null;
  unit: string;
}

/** How much work a benchmark does: `quick` only shows that it runs, its figures mean nothing. */
export interface Effort {
  quick: boolean;
  /** Says what is going on, on stderr. */
  say(text: string): void;
}

/** Measures and yields figures, the headline first. Throws {@link MissingProgram} where it cannot. */
export type Benchmark = (effort: Effort) => Promise<readonly Figure[]>;

/** A program to compare with is not installed. */
export class MissingProgram extends Error {
  override readonly name = 'MissingProgram';
  readonly hint: string;

  constructor(program: string, howToInstall: string) {
    super(`${program} is missing`);
    this.hint = howToInstall;
  }
}

/** A figure with its ratio; the numbers keep four significant digits. */
export function figure(name: string, ours: number, theirs: number | null, unit: string): Figure {
  const ratio = theirs === null ? null : significant(ours / theirs);
  return { name, ours: significant(ours), theirs: theirs && significant(theirs), ratio, unit };
}

/** The middle value; the mean of the two middle ones where their number is even. Throws RangeError if there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 1 ? upper : sorted[middle - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('the median of nothing');
  return (lower + upper) / 2;
}

/** One run of interleaved pairs. */
export interface Pair {
  ours: number;
  theirs: number;
}

/** The run whose ratio is the median of all runs: a run as it was, not a mixture of two. */
export function medianPair(runs: readonly Pair[]): Pair {
  const sorted = runs.toSorted((a, b) => a.ours / a.theirs - b.ours / b.theirs);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new RangeError('the median of nothing');
  return middle;
}

function significant(value: number): number {
  return Number(value.toPrecision(4));
}
