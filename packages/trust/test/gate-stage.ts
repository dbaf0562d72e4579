/** What the gate's tests stand on: real TLS servers that count every byte, and askers with honest names. */

import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import { AT, goodPlan, type MadeParts, makeChain } from '@postern/badcerts';
import {
  type Anchors,
  type Asker,
  createGate,
  createMemoryOverrides,
  type Endpoint,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  type GateEvent,
  type Overrides,
  type PlainDial,
  type PolicySource,
  type Resolve,
  type TrustAnswer,
  type TrustInterval,
  type TrustQuestion,
  toPem,
} from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';

export const SERVER_NAME = 'mail.example.test';

/** A certificate chain with what a server needs of it. */
export interface Presented {
  parts: MadeParts;
  options: { key: string; cert: string; maxVersion?: 'TLSv1.2' };
}

/** A correct chain under a root of its own; `label` tells keys apart. */
export async function chainFor(label: string, serverName = SERVER_NAME): Promise<Presented> {
  const { key, parts, presented } = await makeChain(goodPlan(label, serverName));
  return {
    parts,
    options: {
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: presented.map((der) => toPem(der)).join(''),
    },
  };
}

/** A TLS server that counts handshakes, resumptions and every byte of application data. */
export interface CountingServer {
  port: number;
  readonly handshakes: number;
  readonly resumed: number;
  readonly bytes: number;
  readonly open: number;
  swap(presented: Presented): void;
  close(): Promise<void>;
}

export async function serve(presented: Presented, greeting = ''): Promise<CountingServer> {
  const counted = { handshakes: 0, resumed: 0, bytes: 0 };
  const sockets = new Set<Socket>();
  const server = tls.createServer(presented.options, (socket) => {
    counted.handshakes += 1;
    if (socket.isSessionReused()) counted.resumed += 1;
    if (greeting !== '') socket.write(greeting);
    socket.on('data', (data) => {
      counted.bytes += data.length;
      socket.write(`got ${data.length}\n`);
    });
    socket.on('error', () => {});
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get handshakes() {
      return counted.handshakes;
    },
    get resumed() {
      return counted.resumed;
    },
    get bytes() {
      return counted.bytes;
    },
    get open() {
      return sockets.size;
    },
    swap: (next) => server.setSecureContext(next.options),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Says no to everything. */
export const alwaysRefuses: Asker = { ask: async () => ({ kind: 'workOffline' }) };

/** Nobody is there to be asked. */
export const nobody: Asker = { ask: async () => null };

/** Somebody is there and never answers; keeps the questions. */
export function neverAnswers(): Asker & { questions: TrustQuestion[] } {
  const questions: TrustQuestion[] = [];
  return {
    questions,
    ask: (question) => {
      questions.push(question);
      return new Promise(() => {});
    },
  };
}

/** Authorizes what is drawn, for this period; keeps the questions. */
export function authorizesFor(
  interval: TrustInterval,
  typedFingerprint: string | null = null,
): Asker & { questions: TrustQuestion[] } {
  const questions: TrustQuestion[] = [];
  return {
    questions,
    ask: async (question) => {
      questions.push(question);
      return authorization(question, interval, typedFingerprint);
    },
  };
}

export function authorization(
  question: TrustQuestion,
  interval: TrustInterval,
  typedFingerprint: string | null = null,
): TrustAnswer {
  const { leafSha256 } = question;
  return { kind: 'authorizeConnections', leafSha256, interval, typedFingerprint };
}

export interface Stage {
  gate: Gate;
  clock: ManualClock;
  overrides: Overrides;
  events: GateEvent[];
}

/** A gate at a fixed instant whose every name resolves to this machine. */
export function stage(about: {
  ask: Asker;
  roots?: readonly Uint8Array[];
  anchors?: Anchors;
  policy?: PolicySource;
  overrides?: Overrides;
  clock?: ManualClock;
  resolve?: Resolve;
  plainDial?: PlainDial;
}): Stage {
  const clock = about.clock ?? createManualClock(AT);
  const overrides = about.overrides ?? createMemoryOverrides();
  const events: GateEvent[] = [];
  const gate = createGate({
    anchors: about.anchors ?? fixedAnchors(about.roots ?? []),
    overrides,
    policy: about.policy ?? fixedPolicy({}),
    ask: about.ask,
    clock,
    plainDial: about.plainDial ?? closedPort,
    resolve: about.resolve ?? (async () => [{ address: '127.0.0.1', family: 4 }]),
    log: (event) => events.push(event),
  });
  return { gate, clock, overrides, events };
}

/** What only explains a question reaches nothing, unless a test is about it. */
const closedPort: PlainDial = () => {
  const socket = new Socket();
  socket.destroy(new Error('closed'));
  return socket;
};

/** Connects for mail, as a person or in the background. */
export function connect(
  gate: Gate,
  port: number,
  initiatedBy: 'background' | 'person' = 'person',
  purpose = 'mail',
): Promise<tls.TLSSocket> {
  return gate.connect({ host: SERVER_NAME, port, purpose, initiatedBy });
}

export function endpointAt(port: number): Endpoint {
  return { host: SERVER_NAME, port };
}

/** Sends a line and waits for the server's word on it. */
export async function exchange(socket: tls.TLSSocket): Promise<string> {
  socket.write('hello\n');
  const [data] = await once(socket, 'data');
  return String(data);
}

/** Resolves with the error that ended a socket, or null if it closed without one. */
export function endOf(socket: Socket): Promise<Error | null> {
  return new Promise((resolve) => {
    let ended: Error | null = null;
    socket.once('error', (error) => {
      ended = error;
    });
    socket.once('close', () => resolve(ended));
  });
}
