/** A block of lines at the foot of the terminal that is drawn again in place, with news above it. */

import type { ProfileReport } from '@postern/connector';
import type { Output } from '../output.ts';
import { clipped } from '../printable.ts';
import { profileLines } from './connections-text.ts';

/** Fastest that the block is drawn again, in ms: more is flicker. */
const REDRAW_MS = 100;

/** Shows one profile as it changes. Where stderr is no terminal it shows nothing. */
export interface LiveView {
  update(report: ProfileReport): void;
  /** Prints a line above the block. */
  announce(line: string): void;
  /** Takes the block away, for a question; `resume` brings it back. */
  pause(): void;
  resume(): void;
  /** Draws no more; `keep` leaves the block where it stands. */
  close(keep: boolean): void;
}

/** Starts a view on stderr. */
export function openLiveView(output: Output): LiveView {
  const isTerminal = process.stderr.isTTY === true;
  const speeds = createSpeeds();
  let report: ProfileReport | null = null;
  let drawnLines = 0;
  let isPaused = false;
  let timer: NodeJS.Timeout | null = null;

  function erase(): void {
    if (drawnLines > 0) process.stderr.write(`\u001b[${drawnLines}A\u001b[J`);
    drawnLines = 0;
  }
  function draw(): void {
    timer = null;
    if (!isTerminal || isPaused || report === null) return;
    const width = (process.stderr.columns ?? 80) - 1;
    const lines = profileLines(
      report,
      { paint: (_tone, text) => text, width },
      { rates: speeds.rate },
    );
    erase();
    process.stderr.write(`${lines.map((line) => clipped(line, width)).join('\n')}\n`);
    drawnLines = lines.length;
  }
  function drawSoon(): void {
    timer ??= setTimeout(draw, REDRAW_MS);
  }

  return {
    update(fresh) {
      report = fresh;
      speeds.take(fresh, performance.now());
      drawSoon();
    },
    announce(line) {
      erase();
      output.note(line);
      drawSoon();
    },
    pause() {
      erase();
      isPaused = true;
    },
    resume() {
      isPaused = false;
      drawSoon();
    },
    close(keep) {
      if (timer !== null) clearTimeout(timer);
      if (keep) draw();
      else erase();
      isPaused = true;
      drawnLines = 0;
    },
  };
}

/** Measures how fast each connection works, from its first progress of a run to its newest. */
function createSpeeds(): {
  take(report: ProfileReport, atMs: number): void;
  rate(purpose: string): number | null;
} {
  const runs = new Map<string, { startMs: number; startDone: number; rate: number | null }>();
  return {
    take(report, atMs) {
      for (const { purpose, progress, activity } of report.connections) {
        const run = runs.get(purpose);
        if (progress === null || activity === 'idle') runs.delete(purpose);
        else if (run === undefined || progress.done < run.startDone) {
          runs.set(purpose, { startMs: atMs, startDone: progress.done, rate: null });
        } else if (atMs > run.startMs) {
          run.rate = ((progress.done - run.startDone) * 1000) / (atMs - run.startMs);
        }
      }
    },
    rate: (purpose) => runs.get(purpose)?.rate ?? null,
  };
}
