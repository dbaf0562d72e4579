/** What the desk's tests stand on: the real API behind the real listener on 127.0.0.1, and raw requests to it. */

import fs from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import type { TestContext } from 'node:test';
import {
  type Clock,
  createAnchors,
  createGate,
  createMemoryOverrides,
  fixedPolicy,
  type Gate,
  openUserRoots,
  systemClock,
} from '@postern/trust';
import { createFrontAsker } from '../src/asker.ts';
import { createEngines } from '../src/engines.ts';
import { openHistory } from '../src/history/history.ts';
import { createDesk, type Desk } from '../src/host/desk/listener.ts';
import type { DeskLimits } from '../src/host/desk/server.ts';
import { createViewTickets, type ViewTickets } from '../src/host/desk/view-tickets.ts';
import { createHost, type Host } from '../src/host/host.ts';
import { openProfiles } from '../src/profile.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

/** A page as the build makes one: markup, a script and a style with hashed names, an icon, and a stamp that is none of it. */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  'index.html':
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Desk</title><link rel="icon" href="/icon.svg"><script type="module" src="/assets/index-1a2b.js"></script></html>',
  // As the real one begins: the code out of the address, a token for it, and the token kept.
  'assets/index-1a2b.js': `
    const code = new URLSearchParams(location.hash.slice(1)).get('code');
    history.replaceState(null, '', location.pathname);
    if (code !== null) {
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
      const answer = await fetch('/api/session', { ...init, body: JSON.stringify({ code }) });
      sessionStorage.setItem('token', (await answer.json()).token ?? 'none');
    }
    const token = sessionStorage.getItem('token');
    const status = await fetch('/api/status', { headers: { Authorization: 'Bearer ' + token } });
    document.body.textContent = status.ok ? 'Signed in' : 'Not signed in';
  `,
  'assets/index-3c4d.css': 'body { margin: 0 }\n',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'made-from': 'a hash',
};

/** An answer as its bytes say it. */
export interface RawAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  /** `error.code` of a JSON body. */
  code: string | null;
}

export interface DeskStage {
  desk: Desk;
  host: Host;
  gate: Gate;
  tickets: ViewTickets;
  /** Folder with the files that hand codes over. */
  folder: string;
  lines: string[];
  /** Requests that were let through to the API. */
  reached: string[];
  port: number;
  authority: string;
  /** Sends bytes as they are and reads what comes until the connection ends. */
  raw(bytes: string): Promise<RawAnswer>;
  /** A request as the page sends it; `headers` with null are left out. */
  ask(method: string, target: string, about?: Asking): Promise<RawAnswer>;
  /** A code from the control socket's side. */
  code(): Promise<string>;
  /** Signs a window in and gives its token. */
  signIn(): Promise<string>;
}

export interface Asking {
  token?: string;
  body?: unknown;
  headers?: Readonly<Record<string, string | null>>;
}

export interface StageAbout {
  clock?: Clock;
  limits?: Partial<DeskLimits>;
  /** The folder of an earlier stage. */
  folder?: string;
  page?: string;
}

/** The daemon's API with a desk that listens already. */
export async function deskStage(t: TestContext, about: StageAbout = {}): Promise<DeskStage> {
  const clock = about.clock ?? systemClock;
  const home = await temporaryFolder(t);
  const folder = about.folder ?? path.join(home, 'run');
  await fs.mkdir(folder, { mode: 0o700, recursive: true });
  const page = about.page ?? (await writePage(path.join(home, 'page')));
  const policy = fixedPolicy();
  const overrides = createMemoryOverrides();
  const roots = openUserRoots(':memory:');
  const asker = createFrontAsker();
  const gate = createGate({
    anchors: createAnchors({ system: null, policy, userRoots: roots }),
    overrides,
    policy,
    ask: asker.asker,
    clock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const history = openHistory(':memory:', { clock: systemClock });
  const profiles = openProfiles(home);
  const engines = createEngines({ gate, profiles, clock: systemClock, version: '0.1.0' });
  const tickets = createViewTickets(clock);
  const lines: string[] = [];
  const reached: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const desk = createDesk({
    clock,
    tickets,
    page,
    folder,
    handle(request, response, caller) {
      reached.push(`${request.method} ${request.url}`);
      host.handle(request, response, caller);
    },
    log,
    ...(about.limits === undefined ? {} : { limits: about.limits }),
  });
  const host = createHost({
    gate,
    overrides,
    policy,
    policyFiles: { machine: null, user: null, file: null },
    history,
    roots,
    profiles,
    engines,
    asker,
    tickets,
    desk,
    version: '0.1.0',
    clock,
    stop: () => {},
    log,
  });
  afterwards(t, async () => {
    await desk.close();
    host.close();
    await engines.stop();
    await gate.close();
    await history.close();
    roots.close();
  });

  const authority = new URL((await desk.open(null)).url).host;
  const port = Number(authority.split(':')[1]);
  const own = { Host: authority, Origin: `http://${authority}`, 'Sec-Fetch-Site': 'same-origin' };

  async function raw(bytes: string): Promise<RawAnswer> {
    const socket = net.connect(port, '127.0.0.1');
    socket.write(bytes, 'latin1');
    let text = '';
    socket.setEncoding('latin1');
    // A socket that is reset has still been answered, or has not.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('data', (part: string) => {
      text += part;
    });
    await new Promise((resolve) => socket.once('close', resolve));
    return readAnswer(text);
  }

  async function ask(method: string, target: string, asking: Asking = {}): Promise<RawAnswer> {
    const body = asking.body === undefined ? '' : bodyOf(asking.body);
    const headers: Record<string, string | null> = {
      ...own,
      ...(method === 'GET' ? { Origin: null } : { 'Content-Type': 'application/json' }),
      ...(asking.body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
      ...(asking.token === undefined ? {} : { Authorization: `Bearer ${asking.token}` }),
      Connection: 'close',
      ...asking.headers,
    };
    const lines = Object.entries(headers)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${value}\r\n`);
    return raw(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  }

  async function code(): Promise<string> {
    return codeOf((await desk.open(null)).url);
  }

  return {
    desk,
    host,
    gate,
    tickets,
    folder,
    lines,
    reached,
    port,
    authority,
    raw,
    ask,
    code,
    async signIn() {
      const { body } = await ask('POST', '/api/session', { body: { code: await code() } });
      return String((JSON.parse(body) as { token: unknown }).token);
    },
  };
}

/** The code in an address. */
export function codeOf(url: string): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get('code') ?? '';
}

/** Writes the page's files and gives their folder. */
export async function writePage(folder: string): Promise<string> {
  await fs.mkdir(path.join(folder, 'assets'), { recursive: true });
  for (const [name, text] of Object.entries(PAGE_FILES)) {
    await fs.writeFile(path.join(folder, name), text);
  }
  return folder;
}

function bodyOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function readAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...rest] = text.slice(0, Math.max(end, 0)).split('\r\n');
  const headers = Object.fromEntries(
    rest.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const body = text.slice(end + 4);
  const isJson = headers['content-type']?.startsWith('application/json') === true;
  const told = isJson ? (JSON.parse(body) as { error?: { code?: string } }) : {};
  const status = Number(first.split(' ')[1] ?? 0);
  return { status, headers, body, code: told.error?.code ?? null };
}
