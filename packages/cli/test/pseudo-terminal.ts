/**
 * Runs a command on a pseudo-terminal, types into it and waits for what it shows. The terminal is
 * made by python3, because Node.js cannot make one.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** Opens a terminal of 100 columns, runs argv on it, and carries bytes both ways. */
const DRIVER = `
import fcntl, os, pty, select, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 100, 0, 0))
sources = [terminal, 0]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:
            data = b''
        if not data:
            sources.remove(source)
        elif source == terminal:
            os.write(1, data)
        else:
            os.write(terminal, data)
status = os.waitpid(pid, 0)[1]
sys.exit(os.waitstatus_to_exitcode(status) % 256)
`;

/** How long something may take to be shown, in ms: then the test fails with what was shown instead. */
const PATIENCE_MS = 120_000;

/** Whether pseudo-terminals can be made here. */
export function hasPseudoTerminals(): boolean {
  return spawnSync('python3', ['-c', 'import pty, termios']).status === 0;
}

export interface PseudoTerminal {
  /** Everything shown so far, without escape sequences and carriage returns. */
  readonly shown: string;
  /** Resolves once `pattern` is shown after everything that an earlier wait has matched. */
  waitFor(pattern: RegExp): Promise<string>;
  /** Types text as it is; `\r` is Enter, `\x03` Ctrl-C, `\x04` end of input. */
  type(text: string): void;
  /** The exit code. */
  readonly ended: Promise<number>;
  kill(): void;
}

/** Starts a command on a terminal of its own. */
export function openPseudoTerminal(
  command: readonly string[],
  about: { env: NodeJS.ProcessEnv; cwd: string },
): PseudoTerminal {
  const child: ChildProcess = spawn('python3', ['-c', DRIVER, ...command], {
    ...about,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  let matchedTo = 0;
  const looking = new Set<() => void>();
  let isOver = false;

  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    shown += plain(text);
    for (const look of [...looking]) look();
  });
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      isOver = true;
      for (const look of [...looking]) look();
      resolve(code ?? -1);
    });
  });

  return {
    get shown() {
      return shown;
    },
    ended,
    type: (text) => void child.stdin?.write(text),
    kill: () => void child.kill('SIGKILL'),
    waitFor(pattern) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => giveUp('waited in vain for'), PATIENCE_MS);
        function giveUp(why: string): void {
          clearTimeout(timer);
          looking.delete(look);
          reject(new Error(`${why} ${pattern}; the terminal showed:\n${shown}`));
        }
        function look(): void {
          const found = pattern.exec(shown.slice(matchedTo));
          if (found !== null) {
            clearTimeout(timer);
            matchedTo += found.index + found[0].length;
            looking.delete(look);
            resolve(found[0]);
          } else if (isOver) {
            giveUp('the command ended without showing');
          }
        }
        looking.add(look);
        look();
      });
    },
  };
}

/** Without cursor movement and colour; a carriage return only ends a line together with a line feed. */
function plain(text: string): string {
  return text
    .replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, '')
    .replace(/\u001b[=>]/g, '')
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n');
}
