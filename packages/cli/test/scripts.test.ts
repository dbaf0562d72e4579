/**
 * Runs the scripts in test/scripts/*.txt: what is typed, and what comes of it.
 *
 *   $ postern ARGS        a command (quotes as in a shell)
 *   < text                its standard input
 *   > text                a line of its stdout; `...` within stands for anything, alone for any lines
 *   ! text                a line of its stderr, likewise
 *   ? 2                   its exit code, 0 unless given
 *   = PATH                a file below the working folder, its lines follow as `| text`
 *   # text                a remark
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeHome } from './run-postern.ts';

interface Step {
  line: number;
  command: string;
  stdin: string[];
  stdout: string[];
  stderr: string[];
  exitCode: number;
}

interface Script {
  files: Map<string, string[]>;
  steps: Step[];
}

function parseScript(text: string): Script {
  const script: Script = { files: new Map(), steps: [] };
  let file: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const sign = line.charAt(0);
    const rest = line.slice(2);
    const step = script.steps.at(-1);
    if (sign === '' || sign === '#') continue;
    if (sign === '$') {
      const fresh = {
        line: index + 1,
        command: rest,
        stdin: [],
        stdout: [],
        stderr: [],
        exitCode: 0,
      };
      script.steps.push(fresh);
    } else if (sign === '=') {
      file = [];
      script.files.set(rest, file);
    } else if (sign === '|') {
      file.push(rest);
    } else if (step !== undefined && sign === '<') step.stdin.push(rest);
    else if (step !== undefined && sign === '>') step.stdout.push(rest);
    else if (step !== undefined && sign === '!') step.stderr.push(rest);
    else if (step !== undefined && sign === '?') step.exitCode = Number(rest);
    else throw new Error(`line ${index + 1} is not understood: ${line}`);
  }
  return script;
}

/** Splits at spaces outside double quotes. */
function words(command: string): string[] {
  return (command.match(/"[^"]*"|[^\s"]+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''));
}

function assertLines(actual: string, expected: readonly string[], where: string): void {
  const pattern = expected
    .map((line) =>
      line === '...' ? '(?:.*\\n)*?' : `${line.split('...').map(escaped).join('.*')}\\n`,
    )
    .join('');
  if (new RegExp(`^${pattern}$`).test(actual)) return;
  assert.equal(actual, expected.map((line) => `${line}\n`).join(''), where);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const folder = fileURLToPath(new URL('./scripts', import.meta.url));

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  test(`the script ${name} runs as it is written`, async (t) => {
    const script = parseScript(readFileSync(path.join(folder, name), 'utf8'));
    assert.notEqual(script.steps.length, 0);
    const home = await makeHome();
    t.after(() => home.remove());
    for (const [file, lines] of script.files) {
      const at = path.join(home.folder, file);
      // Private, as Postern makes its own folders: POSTERN_HOME is HOME/home.
      await mkdir(path.dirname(at), { recursive: true, mode: 0o700 });
      await writeFile(at, `${lines.join('\n')}\n`, { mode: 0o600 });
    }
    for (const step of script.steps) {
      const [program, ...args] = words(step.command);
      assert.equal(program, 'postern');
      const stdin = step.stdin.map((line) => `${line}\n`).join('');
      const run = await home.run(args, { stdin });
      const where = `${name}:${step.line}: ${step.command}`;
      assertLines(run.stdout.replaceAll(home.folder, 'HOME'), step.stdout, `stdout of ${where}`);
      assertLines(run.stderr.replaceAll(home.folder, 'HOME'), step.stderr, `stderr of ${where}`);
      assert.equal(run.exitCode, step.exitCode, `exit code of ${where}`);
    }
  });
}
