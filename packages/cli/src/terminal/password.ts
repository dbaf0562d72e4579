/** Passwords: typed without echo, or read from standard input. Never in argv, environment, file or log. */

import { CommandFailure, EXIT, UsageError } from '../failure.ts';
import { isPersonThere } from './ask.ts';

/** Longest password in bytes: far beyond any, and an end to a mistaken pipe. */
const MAX_PASSWORD_BYTES = 4096;

/**
 * The password from standard input (`--password-stdin`) or typed at `prompt`. Throws UsageError if
 * there is neither, CommandFailure (refused) if the person gives up.
 */
export async function readPassword(about: { prompt: string; fromStdin: boolean }): Promise<string> {
  if (about.fromStdin) return readFromStdin();
  if (!isPersonThere()) {
    throw new UsageError('a password is needed and there is no terminal to ask on', [
      'give it with --password-stdin',
    ]);
  }
  return typeWithoutEcho(about.prompt);
}

async function readFromStdin(): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of process.stdin) {
    parts.push(part);
    length += part.length;
    if (length > MAX_PASSWORD_BYTES) {
      throw new UsageError(`a password has at most ${MAX_PASSWORD_BYTES} bytes`);
    }
  }
  // Only the end of the line is not part of it: `echo`, a file, a password manager all add one.
  const password = Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (password === '') throw new UsageError('no password on standard input');
  return password;
}

function typeWithoutEcho(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: string[] = [];
  let isOver = false;

  function end(password: string): void {
    isOver = true;
    stdin.off('data', take);
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
    if (password !== '') resolve(password);
    else {
      reject(
        new CommandFailure(EXIT.refused, 'no password given', { code: 'ERR_PASSWORD_MISSING' }),
      );
    }
  }
  function press(key: string): void {
    if (key === '\r' || key === '\n') end(typed.join(''));
    else if (key === '\u0003' || key === '\u0004') end('');
    else if (key === '\u007f' || key === '\b') typed = typed.slice(0, -1);
    else if (key === '\u0015') typed = [];
    else if (key >= ' ') typed.push(key);
  }
  function take(chunk: Buffer): void {
    for (const key of chunk.toString('utf8')) if (!isOver) press(key);
  }
  stdin.setRawMode(true);
  stdin.on('data', take);
  stdin.resume();
  // Only now: what is typed at the prompt must find the echo off.
  stderr.write(prompt);
  return promise;
}
