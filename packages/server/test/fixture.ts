/** A real server on a free port of 127.0.0.1 with one account, and a client that trusts its authority. */

import { rmSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import * as soap from '@postern/soap';
import type { Clock } from '@postern/trust';
import {
  createAccount,
  createServer,
  homePaths,
  initializeHome,
  type LogEntry,
  type Server,
  type ServerOptions,
} from '../src/index.ts';

export const PASSWORD = 'correct horse battery staple';

/** Time that stands still until it is moved. */
export class ManualClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(at: Date) {
    this.#now = at.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time on, and calls what is due. */
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter((one) => one.at <= this.#now)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A folder that is removed after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'postern-server-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The running server and its client. */
export class Fixture {
  readonly home: string;
  readonly server: Server;
  readonly accountId: string;
  readonly log: LogEntry[];
  readonly agent: https.Agent;
  token = '';

  constructor(
    home: string,
    server: Server,
    accountId: string,
    log: LogEntry[],
    agent: https.Agent,
  ) {
    this.home = home;
    this.server = server;
    this.accountId = accountId;
    this.log = log;
    this.agent = agent;
  }

  port(listener: 'admin' | 'http' | 'https'): number {
    const port = this.server.addresses?.[listener]?.port;
    if (port === undefined) throw new Error(`no ${listener} listener`);
    return port;
  }

  /** One HTTP request over TLS. */
  call(
    target: string,
    options: {
      method?: string;
      body?: Buffer | string;
      headers?: Record<string, string>;
      listener?: 'admin' | 'http' | 'https';
    } = {},
  ): Promise<Answer> {
    const listener = options.listener ?? 'https';
    const request = {
      host: '127.0.0.1',
      port: this.port(listener),
      path: target,
      method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      headers: options.headers ?? {},
    };
    return new Promise((resolve, reject) => {
      const outgoing =
        listener === 'http'
          ? http.request(request)
          : https.request({ ...request, agent: this.agent });
      outgoing.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      });
      outgoing.once('error', reject);
      outgoing.end(options.body);
    });
  }

  /** One SOAP request with the token; throws the fault. */
  async soap(body: soap.Element, context: soap.RequestContext = {}): Promise<soap.Response> {
    const text = soap.encodeRequest({ authToken: this.token, ...context }, body);
    const answer = await this.call(`/service/soap/${body.name}`, { body: text });
    return soap.decodeResponse(answer.body);
  }

  async adminSoap(body: soap.Element, authToken: string | null = null): Promise<soap.Element> {
    const text = soap.encodeRequest({ authToken }, body);
    const answer = await this.call('/service/admin/soap', { body: text, listener: 'admin' });
    return soap.decodeResponse(answer.body).body;
  }

  async logIn(name = 'anna@example.test', password = PASSWORD): Promise<string> {
    const request = soap.authRequest({ account: { by: 'name', value: name }, password });
    const { body } = await this.soap(request, { authToken: null });
    this.token = soap.readAuthResponse(body).authToken;
    return this.token;
  }

  get cookie(): Record<string, string> {
    return { cookie: `ZM_AUTH_TOKEN=${this.token}` };
  }

  /** A message as `fmt=sync` gives it, without the lines before it. */
  async content(id: number): Promise<Buffer> {
    const { body } = await this.call(`/service/home/~/?id=${id}&fmt=sync&nohdr=1`, {
      headers: this.cookie,
    });
    return body;
  }

  async upload(bytes: Buffer | string): Promise<string> {
    const headers = { ...this.cookie, 'content-type': 'message/rfc822' };
    const { body } = await this.call('/service/upload?fmt=raw', { body: bytes, headers });
    const [upload] = soap.readUploadResponse(body.toString()).uploads;
    if (upload === undefined) throw new Error(body.toString());
    return upload.aid;
  }

  async sync(
    token: string | null = null,
    more: Partial<soap.SyncQuery> = {},
  ): Promise<soap.SyncResult> {
    const { body } = await this.soap(soap.syncRequest({ token, ...more }));
    return soap.readSyncResponse(body);
  }
}

let template: Promise<{ home: string; accountId: string }> | null = null;

/** A home with certificates and account, made once for all tests of a file: keys and hashes take their time. */
function templateHome(): Promise<{ home: string; accountId: string }> {
  template ??= (async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'postern-server-template-'));
    process.once('exit', () => rmSync(home, { recursive: true, force: true }));
    await initializeHome({ home, hostName: 'mail.example.test' });
    const name = 'anna@example.test';
    const { id } = await createAccount({
      home,
      name,
      displayName: 'Anna Bergmann',
      password: PASSWORD,
    });
    return { home, accountId: id };
  })();
  return template;
}

/** Starts a server with `anna@example.test`, logged in; all of it ends with the test. */
export async function startFixture(
  t: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<Fixture> {
  const home = options.home ?? (await temporaryFolder(t));
  const ready = await templateHome();
  if (options.home === undefined) await cp(ready.home, home, { recursive: true });
  const log: LogEntry[] = [];
  const server = createServer({
    ports: { https: 0, http: 0, admin: 0 },
    log: (entry) => log.push(entry),
    ...options,
    home,
  });
  await server.start();
  const accountId =
    options.home === undefined
      ? ready.accountId
      : (await createAccount({ home, name: 'anna@example.test', password: PASSWORD })).id;
  const agent = new https.Agent({
    ca: await readFile(homePaths(home).authorityCertificate),
    keepAlive: true,
  });
  t.after(async () => {
    agent.destroy();
    await server.stop();
  });
  const fixture = new Fixture(home, server, accountId, log, agent);
  if (server.addresses?.https) await fixture.logIn();
  return fixture;
}

/** The code of the fault that a promise ends with. */
export async function faultOf(work: Promise<unknown>): Promise<{ code: string; reason: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof soap.SoapFault) return { code: error.code, reason: error.reason };
    throw error;
  }
  throw new Error('there was no fault');
}
