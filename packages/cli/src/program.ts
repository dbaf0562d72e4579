/**
 * The command table. One file per noun, imported only when its noun is typed, so that `postern
 * --version` reads next to nothing.
 */

import { Command } from 'commander';
import { version } from './version.ts';

/** What a file in commands/ exports. */
interface CommandModule {
  /** Declares options, verbs, examples and actions on a command that has its name and summary. */
  define(command: Command): void;
}

interface Noun {
  summary: string;
  load: () => Promise<CommandModule>;
  hidden?: boolean;
}

/** Every noun with its line in `postern --help`. */
export const NOUNS: Readonly<Record<string, Noun>> = {
  start: {
    summary: 'start Postern; with --demo also a server on this machine to try it on',
    load: () => import('./commands/start.ts'),
  },
  open: {
    summary: 'open the desk, the window of Postern, in your browser',
    load: () => import('./commands/open.ts'),
  },
  stop: {
    summary: 'stop Postern, and the server that `start --demo` started',
    load: () => import('./commands/stop.ts'),
  },
  status: {
    summary: 'show profiles, their eight connections, and open questions',
    load: () => import('./commands/status.ts'),
  },
  profile: {
    summary: 'list, show, create, change, import and remove profiles',
    load: () => import('./commands/profile.ts'),
  },
  sync: {
    summary: 'Send/Receive now',
    load: () => import('./commands/sync.ts'),
  },
  mail: {
    summary: 'list folders and messages, show one, send one',
    load: () => import('./commands/mail.ts'),
  },
  gal: {
    summary: 'search the Global Address List',
    load: () => import('./commands/gal.ts'),
  },
  trust: {
    summary: 'show what is trusted, trust a certificate by fingerprint, stop trusting',
    load: () => import('./commands/trust.ts'),
  },
  roots: {
    summary: 'list, add and remove root CA certificates, each for one server name',
    load: () => import('./commands/roots.ts'),
  },
  check: {
    summary: 'say everything that is wrong with any TLS server',
    load: () => import('./commands/check.ts'),
  },
  server: {
    summary: 'run a Zimbra-compatible server on this machine',
    load: () => import('./commands/server.ts'),
  },
  daemon: {
    summary: 'run the daemon in the foreground (what `start` does in the background)',
    load: () => import('./commands/daemon.ts'),
    hidden: true,
  },
};

/** The program with the full command of the noun in `args`, and one line for each other. `all` loads every noun. */
export async function buildProgram(args: readonly string[], all = false): Promise<Command> {
  const program = new Command('postern')
    .description('An open connector for Zimbra servers whose every connection passes one gate.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: (text) => process.stderr.write(complaint(text)) })
    .addHelpText(
      'after',
      `
Exit codes: 0 fine, 1 findings, 2 usage, 3 cannot connect, 4 refused, 70 a bug.

Examples:
  $ postern start --demo
  $ postern check mail.example.com
  $ postern COMMAND --help`,
    );
  const wanted = args.find((arg) => !arg.startsWith('-'));
  for (const [name, noun] of Object.entries(NOUNS)) {
    const command = program.command(name, { hidden: noun.hidden === true }).summary(noun.summary);
    command.description(`${noun.summary.charAt(0).toUpperCase()}${noun.summary.slice(1)}.`);
    command.helpCommand(false);
    if (all || name === wanted) (await noun.load()).define(command);
  }
  return program;
}

/** Commander's complaint in this program's form: `postern: error: ...`, then a hint. */
function complaint(text: string): string {
  const [first = '', ...rest] = text.trim().split('\n');
  const error = `postern: error: ${first.replace(/^error: /, '')}\n`;
  const meant = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(rest.join(' ').trim())?.[1];
  const hint = meant === undefined ? 'add --help to see what there is' : `did you mean ${meant}?`;
  return `${error}postern: hint: ${hint}\n`;
}
