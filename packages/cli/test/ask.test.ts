/** The question on a real terminal. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requireOrSkip } from '../../../test/require.ts';
import { hasPseudoTerminals, openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts';

const PROGRAM = fileURLToPath(new URL('./ask-program.ts', import.meta.url));
const canRun = hasPseudoTerminals();

function open(...args: string[]): PseudoTerminal {
  const env = { PATH: process.env.PATH, TERM: 'xterm', TZ: 'UTC', LANG: 'C.UTF-8' };
  return openPseudoTerminal([process.execPath, PROGRAM, ...args], { env, cwd: '/' });
}

const CHOICE = /Your choice \[Work Offline\]: /;
const AUTHORIZE = /Authorize Connections \[Work Offline\]: /;

const offline = [
  { name: 'Enter', keys: '\r' },
  { name: 'Ctrl-C', keys: '\u0003' },
  { name: 'the end of input', keys: '\u0004' },
];
for (const { name, keys } of offline) {
  test(`${name} at the question is Work Offline`, async (t) => {
    if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
    const terminal = open();
    t.after(() => terminal.kill());
    await terminal.waitFor(CHOICE);
    terminal.type(keys);
    await terminal.waitFor(/answer \{"kind":"workOffline"\}\s+taken refused/);
    assert.equal(await terminal.ended, 0);
  });

  test(`${name} where the word has to be typed is Work Offline`, async (t) => {
    if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
    const terminal = open();
    t.after(() => terminal.kill());
    await terminal.waitFor(CHOICE);
    terminal.type('c\r');
    await terminal.waitFor(CHOICE);
    terminal.type('1\r');
    await terminal.waitFor(AUTHORIZE);
    terminal.type(keys);
    await terminal.waitFor(/taken refused/);
    assert.doesNotMatch(terminal.shown, /authorizeConnections/);
  });
}

test('the article’s way through the dialog authorizes connections for the period', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open();
  t.after(() => terminal.kill());
  await terminal.waitFor(/This connection is not secure/);
  await terminal.waitFor(CHOICE);
  terminal.type('v\r');
  await terminal.waitFor(/View Certificate — General/);
  await terminal.waitFor(CHOICE);
  terminal.type('p\r');
  await terminal.waitFor(/Certification Path/);
  await terminal.waitFor(CHOICE);
  terminal.type('b\r');
  await terminal.waitFor(CHOICE);
  terminal.type('c\r');
  await terminal.waitFor(
    /Connect Despite the Risks[\s\S]*How|Connect Despite the Risks[\s\S]*For how long/,
  );
  await terminal.waitFor(CHOICE);
  terminal.type('2\r');
  await terminal.waitFor(AUTHORIZE);
  terminal.type('authorize\r');
  await terminal.waitFor(
    /"kind":"authorizeConnections"[^}]*"interval":"1h"[^}]*\}\s+taken granted/,
  );
});

test('the report for the administrator stands between lines, and Enter is still Work Offline', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open();
  t.after(() => terminal.kill());
  await terminal.waitFor(CHOICE);
  terminal.type('r\r');
  await terminal.waitFor(/-{76}\s+Report on the server certificate of [^\n]+\s+-{76}/);
  await terminal.waitFor(CHOICE);
  terminal.type('b\r');
  await terminal.waitFor(/This connection is not secure/);
  await terminal.waitFor(CHOICE);
  terminal.type('\r');
  await terminal.waitFor(/answer \{"kind":"workOffline"\}\s+taken refused/);
});

test('what is found out while a person reads is shown to them', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open('explain');
  t.after(() => terminal.kill());
  const pid = Number(/pid (\d+)\./.exec(await terminal.waitFor(/pid \d+\./))?.[1]);
  await terminal.waitFor(CHOICE);
  process.kill(pid, 'SIGUSR2');
  await terminal.waitFor(/What it may be\s+- The certificate may come from a private authority\./);
  await terminal.waitFor(/! More is known now about the cause\./);
  await terminal.waitFor(CHOICE);
  terminal.type('\r');
  await terminal.waitFor(/answer \{"kind":"workOffline"\}\s+taken refused/);
});

test('what is found out while a person types moves nothing under their hands', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open('explain');
  t.after(() => terminal.kill());
  const pid = Number(/pid (\d+)\./.exec(await terminal.waitFor(/pid \d+\./))?.[1]);
  await terminal.waitFor(CHOICE);
  terminal.type('x');
  await terminal.waitFor(/x/);
  process.kill(pid, 'SIGUSR2');
  terminal.type('\r');
  await terminal.waitFor(/That is not one of the choices\./);
  assert.equal(terminal.shown.split('This connection is not secure').length, 3);
});

test('what is typed ahead of the prompts authorizes nothing', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open();
  t.after(() => terminal.kill());
  await terminal.waitFor(CHOICE);
  terminal.type('c\r1\rauthorize\r');
  await terminal.waitFor(/For how long[\s\S]*Your choice \[Work Offline\]: /);
  terminal.type('\r');
  await terminal.waitFor(/taken refused/);
  assert.doesNotMatch(terminal.shown, /authorizeConnections/);
});

test('a fingerprint that the gate rejects is asked for again', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open('reject');
  t.after(() => terminal.kill());
  await terminal.waitFor(CHOICE);
  terminal.type('c\r');
  await terminal.waitFor(CHOICE);
  terminal.type('4\r');
  await terminal.waitFor(/Fingerprint from your administrator \[Work Offline\]: /);
  terminal.type(`${'ab'.repeat(32)}\r`);
  await terminal.waitFor(AUTHORIZE);
  terminal.type('authorize\r');
  await terminal.waitFor(
    /not the fingerprint of the certificate[\s\S]*Fingerprint from your administrator/,
  );
  terminal.type('\r');
  await terminal.waitFor(/taken refused/);
});

test('a password is not shown while it is typed, and can be corrected', async (t) => {
  if (!requireOrSkip(t, canRun, 'python3 with pty', 'apt-get install python3')) return;
  const terminal = open('password');
  t.after(() => terminal.kill());
  await terminal.waitFor(/Password: /);
  terminal.type('tomateX\u007f\r');
  await terminal.waitFor(/length 6/);
  assert.doesNotMatch(terminal.shown, /tomate/);
});
