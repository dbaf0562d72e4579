/** Looking before any credential is sent: the steps, what they come to, and that nothing but handshakes leaves. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  AT,
  goodPlan,
  leaf,
  makeChain,
  serveChain,
  serveGarbage,
  servePlainHttp,
  serveSilence,
  type TestServer,
} from '@postern/badcerts';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  type Gate,
} from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import type { DiscoveryLine, LookStep } from '../src/api.ts';
import { candidatesFor, discoverServer } from '../src/discover.ts';
import { type Looking, lookAtServer } from '../src/look.ts';
import { nobody } from './stage.ts';
import { afterwards } from './temporary.ts';

const HOST = 'mail.example.test';
/** Nothing listens there: only root may. */
const CLOSED_PORT = 1;
const DAY_MS = 86_400_000;

interface Scene extends Looking {
  gate: Gate;
  clock: ManualClock;
  events: string[];
}

/** A gate that trusts these roots; every name is this computer, but those that are not there. */
function scene(
  t: TestContext,
  roots: readonly Uint8Array[] = [],
  missing: (host: string) => boolean = () => false,
): Scene {
  const clock = createManualClock(AT);
  const events: string[] = [];
  const gate = createGate({
    anchors: fixedAnchors(roots),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(),
    ask: nobody,
    clock,
    resolve: async (host) => (missing(host) ? [] : [{ address: '127.0.0.1', family: 4 }]),
    log: ({ type }) => events.push(type),
  });
  afterwards(t, () => gate.close());
  return { gate, clock, events, signal: new AbortController().signal };
}

async function collected<T>(lines: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

type Begin = () => Promise<TestServer>;

const chain = makeChain(goodPlan('look', HOST));
const expired = makeChain(
  leaf({ notAfter: new Date(AT.getTime() - DAY_MS) })(goodPlan('old', HOST)),
);
const good: Begin = async () => serveChain(await chain);
const old: Begin = async () => serveChain(await expired);

/** Steps as `find fine HOST:PORT`, with the ports by name. */
function stepsOf(
  lines: readonly (DiscoveryLine | LookStep)[],
  ports: Record<string, number>,
): string[] {
  return lines.flatMap((line) => {
    if (line.type !== 'step') return [];
    let detail = line.detail ?? '';
    for (const [name, port] of Object.entries(ports))
      detail = detail.replace(`:${port}`, `:${name}`);
    return [`${line.step} ${line.outcome} ${detail}`.trim()];
  });
}

const CASES: readonly {
  name: string;
  /** What answers at the secure port and at the HTTP port; null is nothing. */
  secure: Begin | null;
  plain?: Begin;
  isMissing?: boolean;
  steps: string[];
  port: 'plain' | 'secure' | null;
  httpPort?: 'plain' | 'secure';
  verdict?: string;
}[] = [
  {
    name: 'a server that verifies',
    secure: good,
    steps: [
      'find asking',
      `find fine ${HOST}:secure`,
      'secure asking',
      'secure fine TLSv1.3',
      'certificate fine secure',
    ],
    port: 'secure',
    verdict: 'secure',
  },
  {
    name: 'a server with a certificate that has expired',
    secure: old,
    steps: [
      'find asking',
      `find fine ${HOST}:secure`,
      'secure asking',
      'secure fine TLSv1.3',
      'certificate failed ask',
    ],
    port: 'secure',
    verdict: 'ask',
  },
  {
    name: 'TLS on the HTTP port alone',
    secure: null,
    plain: good,
    steps: [
      'find asking',
      `find fine ${HOST}:plain`,
      'secure asking',
      'secure fine TLSv1.3',
      'certificate fine secure',
    ],
    port: 'plain',
    verdict: 'secure',
  },
  {
    name: 'HTTP and no TLS',
    secure: null,
    plain: () => servePlainHttp(),
    steps: [
      'find asking',
      `find fine ${HOST}:plain`,
      'secure asking',
      'secure failed ERR_HANDSHAKE_FAILED',
    ],
    port: null,
    httpPort: 'plain',
  },
  {
    name: 'garbage on the secure port, and HTTP',
    secure: serveGarbage,
    plain: () => servePlainHttp(),
    steps: [
      'find asking',
      `find fine ${HOST}:secure`,
      'secure asking',
      'secure failed ERR_HANDSHAKE_FAILED',
    ],
    port: null,
    httpPort: 'secure',
  },
  {
    name: 'garbage on the secure port, and TLS on the other',
    secure: serveGarbage,
    plain: good,
    steps: [
      'find asking',
      `find fine ${HOST}:secure`,
      'secure asking',
      'secure fine TLSv1.3',
      'certificate fine secure',
    ],
    port: 'plain',
    httpPort: 'secure',
    verdict: 'secure',
  },
  {
    name: 'nothing at any port',
    secure: null,
    steps: ['find asking', 'find failed ERR_CONNECT_FAILED'],
    port: null,
  },
  {
    name: 'a name that is not there',
    secure: good,
    isMissing: true,
    steps: ['find asking', 'find failed ERR_NAME_NOT_FOUND'],
    port: null,
  },
];

for (const { name, secure, plain, isMissing = false, steps, port, httpPort, verdict } of CASES) {
  test(`looking at ${name}: ${steps.at(-1)}`, async (t) => {
    const servers = {
      secure: (await secure?.()) ?? null,
      plain: (await plain?.()) ?? null,
    };
    for (const server of Object.values(servers)) afterwards(t, () => server?.close());
    const { events, ...looking } = scene(t, (await chain).anchors, () => isMissing);
    const ports = {
      secure: servers.secure?.port ?? CLOSED_PORT,
      plain: servers.plain?.port ?? CLOSED_PORT,
    };
    const lines = await collected(
      lookAtServer(looking, { host: HOST, port: ports.secure, httpPort: ports.plain }),
    );
    assert.deepEqual(stepsOf(lines, ports), steps);
    const last = lines.at(-1);
    assert.ok(last?.type === 'looked');
    assert.deepEqual(
      [last.host, last.port, last.httpPort, last.certificate?.verdict],
      [HOST, port && ports[port], httpPort === undefined ? null : ports[httpPort], verdict],
    );
    if (verdict !== undefined) {
      assert.equal(last.certificate?.port, last.port);
      assert.match(last.certificate?.chain[0]?.pem ?? '', /^-----BEGIN CERTIFICATE-----/);
    }
    // Nothing is remembered, asked or granted by looking, and no request was sent.
    assert.deepEqual(events, []);
    for (const server of [servers.secure, servers.plain]) {
      await server?.quiet();
      assert.equal(server?.counters.requests ?? 0, 0);
      assert.doesNotMatch(server?.received().toString('latin1') ?? '', /GET|POST|HTTP\/1/);
    }
  });
}

test('a port that says nothing is left after ten seconds', async (t) => {
  const silent = await serveSilence();
  afterwards(t, () => silent.close());
  const { clock, ...rest } = scene(t);
  const looking = lookAtServer(
    { clock, ...rest },
    { host: HOST, port: silent.port, httpPort: CLOSED_PORT },
  );
  const lines: LookStep[] = [];
  const done = (async () => {
    for await (const line of looking) lines.push(line);
  })();
  await silent.connected(1);
  await clock.advance(10_000);
  await done;
  assert.deepEqual(stepsOf(lines, {}), ['find asking', 'find failed ERR_CONNECT_FAILED']);
  await silent.quiet();
});

test('who goes away ends the look, and the socket with it', async (t) => {
  const silent = await serveSilence();
  afterwards(t, () => silent.close());
  const away = new AbortController();
  const looking = { ...scene(t), signal: away.signal };
  const done = collected(
    lookAtServer(looking, { host: HOST, port: silent.port, httpPort: CLOSED_PORT }),
  );
  await silent.connected(1);
  away.abort();
  await assert.rejects(done, { name: 'AbortError' });
  await silent.quiet();
});

const CANDIDATES: readonly { mailDomain: string; names: readonly string[] }[] = [
  {
    mailDomain: 'example.com',
    names: ['mail.example.com', 'zimbra.example.com', 'example.com', 'webmail.example.com'],
  },
  {
    mailDomain: 'xn--bcher-kva.example',
    names: [
      'mail.xn--bcher-kva.example',
      'zimbra.xn--bcher-kva.example',
      'xn--bcher-kva.example',
      'webmail.xn--bcher-kva.example',
    ],
  },
  { mailDomain: 'localhost', names: ['localhost'] },
  { mailDomain: 'desktop', names: ['desktop', 'localhost'] },
  { mailDomain: 'otherhost', names: ['otherhost'] },
  { mailDomain: '192.0.2.7', names: ['192.0.2.7'] },
  { mailDomain: `${'a.'.repeat(125)}org`, names: [`${'a.'.repeat(125)}org`] },
];

for (const { mailDomain, names } of CANDIDATES) {
  test(`for ${mailDomain.slice(0, 40)} ${names.length} names inside it are tried`, () => {
    assert.deepEqual(candidatesFor(mailDomain, 'Desktop'), names);
    const isInside = (name: string): boolean =>
      name === 'localhost' || name === mailDomain || name.endsWith(`.${mailDomain}`);
    assert.ok(names.every(isInside));
  });
}

test('the first name that answers by TLS is found, and nothing after it is tried', async (t) => {
  const server = await good();
  afterwards(t, () => server.close());
  const { events, ...looking } = scene(
    t,
    (await chain).anchors,
    (host) => host === 'mail.example.com',
  );
  const lines = await collected(
    discoverServer(looking, { mailDomain: 'example.com', computerName: 'desktop' }, [
      CLOSED_PORT,
      server.port,
    ]),
  );
  assert.deepEqual(
    lines.flatMap((line) => (line.type === 'candidate' ? [line.host] : [])),
    ['mail.example.com', 'zimbra.example.com'],
  );
  const last = lines.at(-1);
  assert.ok(last?.type === 'found');
  assert.deepEqual(
    [last.host, last.port, last.certificate.verdict, last.certificate.problems[0]?.kind],
    ['zimbra.example.com', server.port, 'ask', 'name-mismatch'],
  );
  assert.deepEqual(events, []);
  await server.quiet();
  assert.equal(server.counters.requests, 0);
});

test('where no name answers by TLS it is said which were tried', async (t) => {
  const plain = await servePlainHttp();
  afterwards(t, () => plain.close());
  const looking = scene(t, [], (host) => host !== 'example.com');
  const lines = await collected(
    discoverServer(looking, { mailDomain: 'example.com', computerName: 'desktop' }, [plain.port]),
  );
  assert.deepEqual(stepsOf(lines, { plain: plain.port }), [
    'find asking',
    'find failed ERR_NAME_NOT_FOUND',
    'find asking',
    'find failed ERR_NAME_NOT_FOUND',
    'find asking',
    'find fine example.com:plain',
    'secure asking',
    'secure failed ERR_HANDSHAKE_FAILED',
    'find asking',
    'find failed ERR_NAME_NOT_FOUND',
  ]);
  assert.deepEqual(lines.at(-1), {
    type: 'not-found',
    tried: ['mail.example.com', 'zimbra.example.com', 'example.com', 'webmail.example.com'],
  });
});
