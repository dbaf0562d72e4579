/**
 * Background processes: started detached, with their talk in a log file, and waited for until they
 * answer. The started process says on file descriptor 3 that it is ready, or why it is not.
 */

import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrivateFolder } from '@postern/trust';
import { type ControlGreeting, isAnswering, openControl, pidFile } from './control.ts';
import { CommandFailure, EXIT, type Failure, failureOf } from './failure.ts';
import { cleanEnvironment, type Home } from './home.ts';

/** File descriptor on which a started process reports. */
const READY_FD = 3;
/** How long a process may take until it answers; making the keys of a new CA on a slow machine is the longest step. */
const START_DEADLINE_MS = 60_000;
/** How often to look for a process that is just starting or ending. */
const LOOK_AGAIN_MS = 50;

/** What a process says when it answers. */
const READY = 'ready';
/** How long a process may take to end: it flushes what it has. */
const STOP_DEADLINE_MS = 20_000;

const LAUNCHER = fileURLToPath(new URL('../bin/postern.js', import.meta.url));

/** What to start, and where it answers. */
export interface BackgroundProcess {
  home: Home;
  run: string;
  logFile: string;
  /** Command line after `postern`. */
  args: readonly string[];
}

/** Starts the process unless one answers already; resolves with whether this call started it. */
export async function ensureRunning(background: BackgroundProcess): Promise<boolean> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    if (await isAnswering(background.run)) return false;
    const told = await start(background);
    if (told === READY) return true;
    const failure = readReport(told);
    // Another process is just starting, or just ending: look again.
    const isPassing = failure.code === 'ERR_STORE_LOCKED' && performance.now() < deadline;
    if (!isPassing) {
      throw new CommandFailure(failure.exitCode, failure.message, {
        code: failure.code,
        hints: [...failure.hints, `the log is ${background.logFile}`],
      });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Asks the process of a `run` folder to stop and waits until it has ended. Resolves with false if there was none. */
export async function stopRunning(run: string): Promise<boolean> {
  if (!(await isAnswering(run))) return false;
  const control = openControl(run);
  const { pid } = (await control.request('GET', '/control')) as ControlGreeting;
  await control.request('POST', '/control/stop');
  const deadline = performance.now() + STOP_DEADLINE_MS;
  // Its file goes last; a process that is only waiting to be reaped counts as gone.
  while (existsSync(pidFile(run)) && isAlive(pid)) {
    if (performance.now() > deadline) {
      throw new CommandFailure(
        EXIT.cannotConnect,
        `process ${pid} has not ended within ${STOP_DEADLINE_MS} ms`,
        {
          code: 'ERR_STOP_FAILED',
        },
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Tells whoever started this process that it is ready, or why it could not start. */
export function reportStart(asked: boolean, error?: unknown): void {
  if (!asked) return;
  const told = error === undefined ? READY : JSON.stringify(failureOf(error));
  try {
    writeSync(READY_FD, told);
    closeSync(READY_FD);
  } catch {
    // Nobody waits any more.
  }
}

async function start({ home, logFile, args }: BackgroundProcess): Promise<string> {
  ensurePrivateFolder(home.root);
  ensurePrivateFolder(path.dirname(logFile));
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(process.execPath, [LAUNCHER, ...args, '--report-start'], {
      cwd: home.root,
      detached: true,
      env: cleanEnvironment(home),
      stdio: ['ignore', log, log, 'pipe'],
      windowsHide: true,
    });
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    const told = await Promise.race([readAll(child.stdio[READY_FD]), failed]);
    child.unref();
    return told;
  } finally {
    closeSync(log);
  }
}

async function readAll(stream: unknown): Promise<string> {
  let text = '';
  for await (const part of stream as AsyncIterable<Buffer>) text += part.toString('utf8');
  return text;
}

function readReport(text: string): Failure {
  if (text === '') {
    return {
      code: 'ERR_START_FAILED',
      message: 'the background process ended before it was ready',
      hints: [],
      exitCode: EXIT.bug,
    };
  }
  return JSON.parse(text);
}
