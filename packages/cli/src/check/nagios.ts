/**
 * One line and one exit code for a monitoring system, as the Monitoring Plugins' guidelines have it:
 * 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. Pure.
 */

import type { Failure } from '../failure.ts';
import type { Output } from '../output.ts';
import { printable } from '../printable.ts';
import { counted } from '../terminal/words.ts';
import { whereText } from './lines.ts';
import { type CheckReport, daysLeft } from './report.ts';

/** The states in the order of their exit codes. */
const STATES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
type State = (typeof STATES)[number];

/** From harmless to worst: who is not reached may be as bad as the worst that was. */
const BY_GRAVITY: readonly State[] = ['OK', 'WARNING', 'UNKNOWN', 'CRITICAL'];

/** Longest line: plugins' output was cut at 4 kB, and a pager shows less. */
const MAX_TEXT = 400;

/** What is to be told of one server. */
interface Told {
  state: State;
  where: string;
  what: string;
  days: number | null;
}

/** Gathers what many servers came to, and keeps only the worst. */
export class NagiosState {
  readonly #warnDays: number | null;
  #worst: Told | null = null;
  #count = 0;
  #bad = 0;
  #leastDays: number | null = null;

  /** `warnDays` is the threshold of `--days`, which the performance data repeats. */
  constructor(warnDays: number | null) {
    this.#warnDays = warnDays;
  }

  /** Counts a report in. */
  add(report: CheckReport): void {
    this.#take(toldOf(report));
  }

  /** Counts in what could not be looked at. */
  fail(failure: Pick<Failure, 'message'>): void {
    this.#take({ state: 'UNKNOWN', where: '', what: failure.message, days: null });
  }

  /** The line without its end, and the exit code. */
  result(): { line: string; exitCode: 0 | 1 | 2 | 3 } {
    const worst = this.#worst ?? {
      state: 'UNKNOWN',
      where: '',
      what: 'nothing to check',
      days: null,
    };
    const { state, where, what } = worst;
    const many =
      this.#count <= 1
        ? ''
        : state === 'OK'
          ? `${this.#count} checked, the first to end: `
          : `${this.#bad} of ${this.#count} not OK: `;
    const text = printable([many + where, what].filter((part) => part !== '').join(' '));
    const days = this.#leastDays;
    const threshold = this.#warnDays === null ? '' : `;${this.#warnDays}:;0:`;
    const performance = days === null ? '' : ` | days=${days}${threshold}`;
    return {
      // The bar begins the performance data.
      line: `POSTERN ${state} - ${text.replaceAll('|', '/').slice(0, MAX_TEXT)}${performance}`,
      exitCode: EXIT_CODES[state],
    };
  }

  #take(told: Told): void {
    this.#count += 1;
    if (told.state !== 'OK') this.#bad += 1;
    const least = this.#leastDays;
    if (told.days !== null && (least === null || told.days < least)) this.#leastDays = told.days;
    if (this.#worst === null || isWorse(told, this.#worst)) this.#worst = told;
  }
}

const EXIT_CODES: Readonly<Record<State, 0 | 1 | 2 | 3>> = {
  OK: 0,
  WARNING: 1,
  CRITICAL: 2,
  UNKNOWN: 3,
};

/** Tells what kept a check from being made at all, and gives its exit code. */
export function nagiosUnknown(message: string, output: Output): number {
  const state = new NagiosState(null);
  state.fail({ message: message.split('\n')[0] ?? '' });
  const { line, exitCode } = state.result();
  output.line(line);
  return exitCode;
}

/** By state, then by what ends first. */
function isWorse(a: Told, b: Told): boolean {
  const gravity = BY_GRAVITY.indexOf(a.state) - BY_GRAVITY.indexOf(b.state);
  if (gravity !== 0) return gravity > 0;
  return (a.days ?? Number.POSITIVE_INFINITY) < (b.days ?? Number.POSITIVE_INFINITY);
}

function toldOf(report: CheckReport): Told {
  const { problems, rule, remarks, endsSoon, verdict } = report;
  const days = daysLeft(report);
  const told = (state: State, what: string): Told => ({
    state,
    where: whereText(report),
    what,
    days,
  });
  const wrong = [
    ...problems.map(({ sentence }) => sentence),
    ...(rule === null ? [] : [`Refused by the rule ${rule}.`]),
  ];
  if (wrong.length > 0) return told('CRITICAL', wrong.join(' '));
  const [soonest] = [...endsSoon].sort((a, b) => a.days - b.days);
  if (soonest !== undefined) {
    const which = soonest.position === 0 ? 'certificate' : 'a certificate of the chain';
    return told('WARNING', `${which} ends in ${counted(soonest.days, 'day')}`);
  }
  if (verdict === 'not-secure') {
    return told('WARNING', remarks.map(({ sentence }) => sentence).join(' '));
  }
  const name = verdict === 'name-not-checked' ? 'no problem, name: not checked' : 'SECURE';
  return told('OK', days === null ? name : `${name}, certificate ends in ${counted(days, 'day')}`);
}
