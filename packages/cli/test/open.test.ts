/** `postern open`: the desk in a browser, without the code on any command line. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { composeDaemon } from '../src/compose.ts';
import { connectorClient } from '../src/connector-client.ts';
import { openControl } from '../src/control.ts';
import { takeControl } from '../src/control-host.ts';
import { printDesk } from '../src/desk.ts';
import { findHome } from '../src/home.ts';
import { openerOf } from '../src/open-browser.ts';
import { hasPseudoTerminals, openPseudoTerminal } from './pseudo-terminal.ts';
import { LAUNCHER, makeHome, type PosternHome } from './run-postern.ts';

const CHROMIUM = '/usr/bin/chromium';

async function home(t: TestContext): Promise<PosternHome & { runFolder: string }> {
  const made = await makeHome();
  t.after(() => made.remove());
  return { ...made, runFolder: path.join(made.folder, 'home', 'run') };
}

/** A screen, and this shell script as what opens files on it. */
async function withOpener({ folder, env }: PosternHome, script: string): Promise<void> {
  const programs = path.join(folder, 'programs');
  await fs.mkdir(programs);
  await fs.writeFile(path.join(programs, 'xdg-open'), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  env.PATH = `${programs}:${env.PATH}`;
  env.DISPLAY = ':99';
}

/** The one-time code of an address. */
function codeOf(url: string): string {
  const code = /#code=([\w-]{43})(&profile=[^&]+)?$/.exec(url)?.[1];
  assert.ok(code !== undefined, url);
  return code;
}

/** Exchanges a code as the page does. */
async function signIn(url: string): Promise<number> {
  const { origin } = new URL(url);
  const answer = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Origin: origin },
    body: JSON.stringify({ code: codeOf(url) }),
  });
  return answer.status;
}

test('open --print starts Postern where it does not run and prints an address that signs in once', async (t) => {
  const { run } = await home(t);
  const { stdout, stderr, exitCode } = await run(['open', '--print']);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}\n$/);
  assert.equal(await signIn(stdout.trim()), 200);
  assert.equal(await signIn(stdout.trim()), 401);
  const again = await run(['open', '--print']);
  assert.equal(new URL(again.stdout).origin, new URL(stdout).origin);
  assert.notEqual(codeOf(again.stdout.trim()), codeOf(stdout.trim()));
});

test('open NAME begins with that profile, and refuses one that there is not', async (t) => {
  const { run } = await home(t);
  await run(['start']);
  await run(['profile', 'create', 'work', '--email', 'a@example.test', '--server', 'example.test']);
  const { stdout } = await run(['open', 'work', '--print', '--json']);
  assert.match(JSON.parse(stdout).url, /#code=[\w-]{43}&profile=work$/);
  assert.equal((await run(['open', 'home', '--print'])).exitCode, 2);
});

const WITHOUT_BROWSER: readonly { name: string; script: string | null; display: string }[] = [
  { name: 'no display', script: 'exit 0', display: '' },
  { name: 'no opener', script: null, display: ':99' },
  { name: 'an opener that knows no browser', script: 'exit 3', display: ':99' },
];

for (const { name, script, display } of WITHOUT_BROWSER) {
  test(`with ${name} open says how to go on and exits with 3`, async (t) => {
    const made = await home(t);
    if (script !== null) await withOpener(made, script);
    else made.env.PATH = made.folder;
    made.env.DISPLAY = display;
    const { stdout, stderr, exitCode } = await made.run(['open']);
    assert.equal(exitCode, 3, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /hint: "postern open --print" prints the address/);
  });
}

test('the browser gets a file that only this user can read; no command line holds the code, and the file goes', async (t) => {
  const made = await home(t);
  const seen = path.join(made.folder, 'seen');
  // What another user of the computer could see meanwhile: the arguments of every process.
  await withOpener(
    made,
    `ps -eo args > "${seen}.ps"; stat -c %a "$1" > "${seen}.mode"; cp "$1" "${seen}.html"; echo "$*" > "${seen}.arguments"`,
  );
  const { stdout, exitCode, stderr } = await made.run(['open']);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stdout, 'The desk is open in your browser.\n');
  const told = async (what: string): Promise<string> =>
    (await fs.readFile(`${seen}.${what}`, 'utf8')).trim();
  assert.equal(await told('mode'), '600');
  const url = /content="0; url=([^"]+)"/.exec(await told('html'))?.[1] ?? '';
  const file = await told('arguments');
  assert.equal(path.dirname(file), made.runFolder);
  assert.ok((await told('ps')).includes(file));
  for (const place of ['ps', 'arguments']) {
    assert.ok(!(await told(place)).includes(codeOf(url)), place);
  }
  assert.equal(existsSync(file), true);
  assert.equal(await signIn(url), 200);
  assert.equal(existsSync(file), false);

  await made.run(['open']);
  const next = await told('arguments');
  assert.equal(existsSync(next), true);
  await made.run(['stop']);
  assert.equal(existsSync(next), false);
  const log = await fs.readFile(path.join(made.folder, 'home', 'log', 'daemon.log'), 'utf8');
  assert.ok(log.includes('desk: a window signed in, 1 in all'));
  assert.ok(!log.includes(codeOf(url)));
});

test('a real browser that is opened by its file is signed in', async (t) => {
  if (!requireOrSkip(t, existsSync(CHROMIUM), 'Chromium', 'apt-get install chromium')) return;
  const made = await home(t);
  const quiet =
    '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
  const pid = path.join(made.folder, 'pid');
  await withOpener(
    made,
    `echo $$ > "${pid}"; exec ${CHROMIUM} ${quiet} --remote-debugging-port=0 --user-data-dir="${made.folder}/browser" "$1"`,
  );
  try {
    const opened = await made.run(['open']);
    assert.equal(opened.exitCode, 0, opened.stderr);
    const log = path.join(made.folder, 'home', 'log', 'daemon.log');
    while (!(await fs.readFile(log, 'utf8')).includes('desk: a window signed in')) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    // Its group: the browser is more than one process.
    process.kill(-Number(await fs.readFile(pid, 'utf8')), 'SIGKILL');
  }
});

test('start on a terminal opens the desk where it can, and says how where it cannot', async (t) => {
  if (!requireOrSkip(t, hasPseudoTerminals(), 'python3 with pty', 'apt-get install python3'))
    return;
  const made = await home(t);
  const command = [process.execPath, LAUNCHER, 'start'];
  const about = { env: { ...made.env, TERM: 'xterm' }, cwd: made.folder };
  const without = openPseudoTerminal(command, about);
  await without.waitFor(/^To see it in a browser: npx postern open --print\n/m);
  assert.equal(await without.ended, 0);
  await withOpener(made, 'exit 0');
  const withOne = openPseudoTerminal(command, {
    ...about,
    env: { ...made.env, TERM: 'xterm' },
  });
  await withOne.waitFor(/^The desk is open in your browser\.\n/m);
  assert.equal(await withOne.ended, 0);
});

test('a page that is not built is an error that names the command that builds it', async (t) => {
  const made = await home(t);
  const at = findHome(made.env);
  const control = takeControl({
    run: at.run,
    greeting: { schema: 1, pid: process.pid, version: '0', startedAt: '' },
    stop: () => parts.close(),
  });
  const nowhere = path.join(made.folder, 'dist');
  const parts = composeDaemon(at, { version: '0', stop: () => {}, log: () => {} }, nowhere);
  t.after(() => control.shutDown());
  await control.listen((request, response) => parts.host.handle(request, response));
  await assert.rejects(printDesk(connectorClient(openControl(at.run)), null), {
    code: 'ERR_DESK_NOT_BUILT',
    message: `there is no page of the desk in "${nowhere}"`,
    exitCode: 3,
    hints: ['build it: npm run build -w packages/desk'],
  });
});

test('each operating system has its own opener, which gets the file as one argument', () => {
  const file = '/home folder/run/desk-1.html';
  assert.deepEqual(openerOf(file, 'linux'), { program: 'xdg-open', args: [file] });
  assert.deepEqual(openerOf(file, 'darwin'), { program: 'open', args: [file] });
  assert.deepEqual(openerOf(file, 'win32'), {
    program: 'cmd.exe',
    args: ['/c', 'start', '', file],
  });
});
