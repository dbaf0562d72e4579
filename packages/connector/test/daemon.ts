/** What the tests of the daemon's API stand on: the API on a Unix socket, as the command line serves it, over the real gate. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import {
  createAnchors,
  createGate,
  createMemoryOverrides,
  fixedPolicy,
  type Gate,
  openUserRoots,
  type PolicySource,
  systemClock,
} from '@postern/trust';
import type { HostEvent } from '../src/api.ts';
import { createFrontAsker } from '../src/asker.ts';
import { createEngines } from '../src/engines.ts';
import { type History, openHistory } from '../src/history/history.ts';
import { recordGate } from '../src/history/recorder.ts';
import { createViewTickets } from '../src/host/desk/view-tickets.ts';
import { createHost } from '../src/host/host.ts';
import { openProfiles } from '../src/profile.ts';
import { ACCOUNT, type MailServer, mailServer, PASSWORD, SERVER_NAME } from './stage.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

/** An answer, read whole. */
export interface Answer {
  status: number;
  // The shapes are asserted by each test.
  body: { [key: string]: unknown } & { error?: { code: string; message: string } };
  text: string;
}

/** A running API. */
export interface Daemon {
  home: string;
  gate: Gate;
  history: History;
  call(method: string, at: string, body?: unknown): Promise<Answer>;
  /** Lines of the event stream as they come. */
  events(front: string | null): Promise<AsyncIterator<HostEvent>>;
  stopped: () => boolean;
}

/** Nothing listens there: only root may. */
const CLOSED_PORT = 1;

/** What may differ from an ordinary home. */
export interface DaemonOptions {
  /** What answers at the plain port of every server. */
  portalPort?: number;
  policy?: PolicySource;
  /** The history's file; in memory unless given. */
  historyFile?: string;
  /** Addresses of a name; 127.0.0.1 for every name unless given. */
  addressesOf?: (host: string) => readonly { address: string; family: 4 | 6 }[];
}

/** Starts the daemon's API; it ends after the test. */
export async function daemon(t: TestContext, options: DaemonOptions = {}): Promise<Daemon> {
  const { portalPort = CLOSED_PORT, historyFile = ':memory:' } = options;
  const { addressesOf = () => [{ address: '127.0.0.1', family: 4 }] } = options;
  const home = await temporaryFolder(t);
  const policy = options.policy ?? fixedPolicy({ supportText: 'Ask Carl.' });
  const overrides = createMemoryOverrides();
  const roots = openUserRoots(':memory:');
  const asker = createFrontAsker();
  const gate = createGate({
    anchors: createAnchors({ system: null, policy, userRoots: roots }),
    overrides,
    policy,
    ask: asker.asker,
    clock: systemClock,
    resolve: async (host) => addressesOf(host),
    plainDial: () => connect(portalPort, '127.0.0.1'),
  });
  const profiles = openProfiles(home);
  const engines = createEngines({ gate, profiles, clock: systemClock, version: '0.1.0' });
  const history = openHistory(historyFile, { clock: systemClock });
  const stopRecording = recordGate({ gate, history, overrides, policy, roots });
  let isStopped = false;
  const host = createHost({
    gate,
    overrides,
    policy,
    policyFiles: { machine: '/etc/postern/policies.json', user: null, file: null },
    history,
    roots,
    profiles,
    engines,
    asker,
    tickets: createViewTickets(systemClock),
    version: '0.1.0',
    clock: systemClock,
    stop: () => {
      isStopped = true;
    },
  });
  const socketPath = path.join(home, 'control');
  const listener = createServer((incoming, response) => host.handle(incoming, response));
  listener.listen(socketPath);
  await once(listener, 'listening');
  afterwards(t, async () => {
    host.close();
    listener.close();
    listener.closeAllConnections();
    await engines.stop();
    await gate.close();
    stopRecording();
    await history.close();
    roots.close();
  });

  async function open(method: string, at: string, body?: unknown): Promise<IncomingMessage> {
    const outgoing = request({ socketPath, method, path: at });
    outgoing.end(body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body));
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    return incoming;
  }
  return {
    home,
    gate,
    history,
    async call(method, at, body) {
      const incoming = await open(method, at, body);
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const isJson = incoming.headers['content-type']?.startsWith('application/json');
      return { status: incoming.statusCode ?? 0, body: isJson ? JSON.parse(text) : {}, text };
    },
    async events(front) {
      const incoming = await open(
        'GET',
        front === null ? '/api/events' : `/api/events?front=${front}`,
      );
      afterwards(t, () => incoming.destroy());
      const lines = createInterface({ input: incoming })[Symbol.asyncIterator]();
      return {
        async next() {
          const { value, done } = await lines.next();
          return done
            ? { value: undefined, done }
            : { value: JSON.parse(value) as HostEvent, done: false };
        },
      };
    },
    stopped: () => isStopped,
  };
}

/** Reads events until one of this type fits. */
export async function waitFor<T extends HostEvent['type']>(
  events: AsyncIterator<HostEvent>,
  type: T,
  isSo: (event: Extract<HostEvent, { type: T }>) => boolean = () => true,
): Promise<Extract<HostEvent, { type: T }>> {
  for (;;) {
    const { value, done } = await events.next();
    assert.ok(!done, 'the stream ended');
    if (value.type === type && isSo(value as Extract<HostEvent, { type: T }>)) {
      return value as Extract<HostEvent, { type: T }>;
    }
  }
}

/** An API with the profile `office` on a running mail server, its password known. */
export async function withProfile(
  t: TestContext,
  options: DaemonOptions = {},
): Promise<Daemon & { server: MailServer }> {
  const server = await mailServer(t);
  const made = await daemon(t, options);
  const draft = {
    name: 'office',
    email: ACCOUNT,
    serverName: SERVER_NAME,
    port: server.port,
    useSecureConnection: true,
  };
  assert.equal((await made.call('POST', '/api/profiles', draft)).status, 201);
  assert.equal(
    (await made.call('POST', '/api/profiles/office/password', { password: PASSWORD })).status,
    200,
  );
  return { ...made, server };
}
