/** Runs the `postern` command as people do, in a home of its own, with an environment that says nothing else. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The launcher. */
export const LAUNCHER = fileURLToPath(new URL('../bin/postern.js', import.meta.url));

/** What a run came to. */
export interface Run {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** A temporary POSTERN_HOME, and Postern in it. */
export interface PosternHome {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs `postern args...` without a terminal. */
  run(args: readonly string[], about?: { stdin?: string; cwd?: string }): Promise<Run>;
  /** Stops whatever was started in it and removes it. */
  remove(): Promise<void>;
}

/**
 * Makes a home; `remove` it afterwards. `through` is the beginning of a command line that runs the
 * rest of it, for a program that changes what Postern finds on the computer.
 */
export async function makeHome({
  through = [],
}: {
  through?: readonly string[];
} = {}): Promise<PosternHome> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-test-'));
  // PATH and HOME only: nothing of the machine's own may change trust or output.
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    POSTERN_HOME: path.join(folder, 'home'),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
  };

  function run(
    args: readonly string[],
    about: { stdin?: string; cwd?: string } = {},
  ): Promise<Run> {
    const [program, ...rest] = [...through, process.execPath, LAUNCHER, ...args];
    const child = spawn(program ?? process.execPath, rest, { cwd: about.cwd ?? folder, env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(about.stdin ?? '');
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ stdout, stderr, exitCode: code ?? -1 }));
    });
  }

  return {
    folder,
    env,
    run,
    async remove() {
      await run(['stop']);
      await run(['server', 'stop']);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
