/** What the journeys share: a home of their own, a terminal on `postern`, and the administrator's side of the server. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import type { StatusReport } from '@postern/connector';
import {
  openPseudoTerminal,
  type PseudoTerminal,
} from '../../packages/cli/test/pseudo-terminal.ts';
import { LAUNCHER, type PosternHome } from '../../packages/cli/test/run-postern.ts';

/** The prompt of every screen of the question but the last. */
export const CHOICE = /Your choice \[Work Offline\]: /;
/** The prompt of the last. */
export const AUTHORIZE = /Authorize Connections \[Work Offline\]: /;
/** What the live view begins with. */
export const LIVE = /Ctrl-C leaves Postern running/;

/** Runs `postern args...` on a terminal. */
export function openTerminal(home: PosternHome, args: readonly string[]): PseudoTerminal {
  const env = { ...home.env, TERM: 'xterm' };
  return openPseudoTerminal([process.execPath, LAUNCHER, ...args], { env, cwd: home.folder });
}

/** Goes the article's way from the question to Authorize Connections, for one day. */
export async function authorize(terminal: PseudoTerminal): Promise<void> {
  await terminal.waitFor(CHOICE);
  terminal.type('c\r');
  await terminal.waitFor(CHOICE);
  terminal.type('1\r');
  await terminal.waitFor(AUTHORIZE);
  terminal.type('authorize\r');
}

/** What `postern status --json` says. */
export async function readStatus(home: PosternHome): Promise<StatusReport> {
  return JSON.parse((await home.run(['status', '--json'])).stdout);
}

/** The administrator's side: what `postern server fingerprint` says. */
export async function readFingerprints(
  home: PosternHome,
): Promise<{ sha256: string; authoritySha256: string; rootFile: string }> {
  const { stdout } = await home.run(['server', 'fingerprint', '--json']);
  const { sha256, authoritySha256 } = JSON.parse(stdout);
  assert.match(sha256, /^[0-9a-f]{64}$/);
  return { sha256, authoritySha256, rootFile: path.join(serverHome(home), 'ssl/zimbra/ca/ca.pem') };
}

/** Home of the demo's server. */
export function serverHome(home: PosternHome): string {
  return path.join(home.folder, 'home', 'demo-server');
}

/**
 * Gives a server ports of its own, so that it finds them again when it starts a second time, and so
 * that nothing of another test answers beside it: the usual ones may be another test's.
 */
export async function ownPorts(home: PosternHome): Promise<void> {
  const held = await Promise.all(
    [createServer(), createServer(), createServer()].map(async (server) => {
      await once(server.listen(0, '127.0.0.1'), 'listening');
      return server;
    }),
  );
  const [https, http, admin] = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map((server) => once(server.close(), 'close')));
  const folder = path.join(serverHome(home), 'conf');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(path.join(folder, 'ports.json'), JSON.stringify({ https, http, admin }));
}

/** Where the demo's profile goes. */
export async function demoEndpoint(home: PosternHome): Promise<string> {
  const profile = (await readStatus(home)).profiles.find((one) => one.profile === 'demo');
  return `${profile?.serverName}:${profile?.port}`;
}
