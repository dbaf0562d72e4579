/** Many servers at once: a bounded number of sockets, each result told as it comes and then dropped. */

import { EXIT, type ExitCode, type Failure, failureOf } from '../failure.ts';
import { type CheckReport, hasFindings } from './report.ts';
import type { Target } from './targets.ts';

/**
 * Looks at once unless said otherwise: a silent server costs 30 s, so that a thousand of them end
 * within 16 minutes, while a handshake's CPU (1 ms) still keeps far ahead of what is in flight.
 */
export const DEFAULT_PARALLEL = 32;

/** What came of one target. */
export type Outcome =
  | { target: Target; report: CheckReport; failure: null }
  | { target: Target; report: null; failure: Failure };

/** From harmless to worst: what was not looked at may hide anything. */
const BY_GRAVITY: readonly ExitCode[] = [
  EXIT.fine,
  EXIT.findings,
  EXIT.cannotConnect,
  EXIT.refused,
  EXIT.usage,
  EXIT.bug,
];

/** The worse of two exit codes. */
export function worse(a: ExitCode, b: ExitCode): ExitCode {
  return BY_GRAVITY.indexOf(a) < BY_GRAVITY.indexOf(b) ? b : a;
}

/** What one outcome would exit with by itself. */
export function exitCodeOf({ report, failure }: Outcome): ExitCode {
  if (report === null) return failure.exitCode;
  return hasFindings(report) ? EXIT.findings : EXIT.fine;
}

/**
 * Looks at every target, `parallel` at once, and tells each outcome in the order in which they end.
 * Keeps none. Resolves when all have ended; what `tell` throws ends it at once.
 */
export async function lookAtMany(
  targets: Iterable<Target>,
  parallel: number,
  look: (target: Target) => Promise<CheckReport>,
  tell: (outcome: Outcome) => Promise<void> | void,
): Promise<void> {
  const waiting = targets[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      await tell(await outcomeOf(next.value, look));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

async function outcomeOf(
  target: Target,
  look: (target: Target) => Promise<CheckReport>,
): Promise<Outcome> {
  try {
    return { target, report: await look(target), failure: null };
  } catch (error) {
    return { target, report: null, failure: failureOf(error) };
  }
}

/** The line of JSON of one outcome. */
export function outcomeJson({ target, report, failure }: Outcome): object {
  if (report !== null) return report;
  const { code, message, hints } = failure;
  return { schema: 1, ...target, error: { code, message, hints } };
}
