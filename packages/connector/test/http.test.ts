import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import {
  answersHugely,
  goodPlan,
  makeChain,
  redirectsTo,
  serveChain,
  stallsInAnswer,
  type TestServer,
} from '@postern/badcerts';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  TransportError,
} from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import { ServerError } from '../src/errors.ts';
import { createHttp, type Http, type HttpRequest } from '../src/http.ts';
import { createTraffic } from '../src/traffic.ts';
import { nobody } from './stage.ts';
import { afterwards } from './temporary.ts';

const HOST = 'mail.example.test';
const AT = new Date('2026-11-23T08:00:00Z');
const GET: HttpRequest = {
  purpose: 'mail',
  initiatedBy: 'person',
  method: 'GET',
  path: '/service/soap/X?token=secret',
  maxBytes: 1_000_000,
};

interface Link {
  http: Http;
  server: TestServer;
  clock: ManualClock;
}

/** A way to a server whose root is installed and that answers as told. */
async function link(t: TestContext, respond: RequestListener): Promise<Link> {
  const chain = await makeChain(goodPlan('http', HOST));
  const server = await serveChain(chain, respond);
  const clock = createManualClock(AT);
  const gate = createGate({
    anchors: fixedAnchors([chain.parts.root.der]),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(),
    ask: nobody,
    clock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const http = createHttp({
    gate,
    clock,
    origin: () => ({ host: HOST, port: server.port, isSecure: true }),
    userAgent: 'Postern/0.1.0',
    traffic: createTraffic(clock),
  });
  afterwards(t, () => server.close());
  afterwards(t, () => gate.close());
  afterwards(t, () => http.close());
  return { http, server, clock };
}

test('an answer comes back whole, and the request said who asks', async (t) => {
  const { http, server } = await link(t, (request, response) => {
    response.writeHead(404, { 'X-Zimbra-ItemId': '7' });
    response.end(`${request.headers['user-agent']} ${request.headers.cookie}`);
  });
  const answer = await http.request({ ...GET, headers: { Cookie: 'a=b' } });
  assert.equal(answer.status, 404);
  assert.equal(answer.body.toString(), 'Postern/0.1.0 a=b');
  assert.equal(answer.headers['x-zimbra-itemid'], '7');
  assert.equal(server.counters.handshakes, 1);
});

test('a request that is over before it begins does not even dial', async (t) => {
  const { http, server } = await link(t, (_request, response) => response.end());
  const signal = AbortSignal.abort();
  await assert.rejects(http.request({ ...GET, signal }), { name: 'AbortError' });
  // Another purpose has sockets of its own.
  await http.request({ ...GET, purpose: 'gal' });
  assert.equal(server.counters.handshakes, 1);
});

const REDIRECTS: readonly { name: string; location: string; told: string }[] = [
  {
    name: 'another origin',
    location: 'https://evil.test/x',
    told: '"https://evil.test/x" at another server',
  },
  {
    name: 'unprotected HTTP',
    location: `http://${HOST}/x`,
    told: `"http://${HOST}/x" over unprotected HTTP`,
  },
  { name: 'the same server', location: '/zimbra/', told: '"/zimbra/" at the same server' },
  { name: 'nonsense', location: 'http://[', told: '"http://["' },
  {
    name: 'text that moves a cursor',
    location: '/\u00a0\u0085x',
    told: '"/\u00a0 x" at the same server',
  },
];

for (const { name, location, told } of REDIRECTS) {
  test(`a redirect to ${name} is refused and says where it points`, async (t) => {
    const { http, server } = await link(t, redirectsTo(location));
    await assert.rejects(
      http.request({ ...GET, headers: { Cookie: 'ZM_AUTH_TOKEN=t' } }),
      (error) => {
        assert.ok(error instanceof ServerError);
        assert.equal(error.code, 'ERR_REDIRECT_REFUSED');
        assert.equal(error.status, 302);
        assert.equal(
          error.message,
          `server "${HOST}:${server.port}" redirects mail to ${told}, redirects are not followed`,
        );
        return true;
      },
    );
    assert.equal(server.counters.requests, 1);
  });
}

test('an answer of 100 MB ends at the limit, and the socket with it', async (t) => {
  const { http, server } = await link(t, answersHugely);
  await assert.rejects(http.request(GET), (error) => {
    assert.ok(error instanceof ServerError);
    assert.equal(error.code, 'ERR_ANSWER_LIMIT');
    // The path without its query: what is in a query may be a secret.
    assert.match(
      error.message,
      /^answer to "\/service\/soap\/X" has at least \d+ bytes, at most 1000000 allowed$/,
    );
    return true;
  });
  await server.quiet();
});

test('an answer that announces too much is not read at all', async (t) => {
  const { http } = await link(t, (_request, response) => {
    response.writeHead(200, { 'Content-Length': '2000000' });
    response.write('x');
  });
  await assert.rejects(http.request(GET), {
    code: 'ERR_ANSWER_LIMIT',
    message: 'answer to "/service/soap/X" has at least 2000000 bytes, at most 1000000 allowed',
  });
});

test('a server that never answers is left after the time given', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { http, clock } = await link(t, () => arrived.resolve());
  const failure = assert.rejects(http.request({ ...GET, answerWithinMs: 5000 }), {
    code: 'ERR_CONNECT_TIMEOUT',
    message: 'no answer within 5000 ms',
    phase: 'request',
  });
  await arrived.promise;
  await clock.advance(5000);
  await failure;
});

test('a server that stalls within its answer is left after 30 seconds', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { http, clock } = await link(t, (request, response) => {
    stallsInAnswer(request, response);
    arrived.resolve();
  });
  const failure = assert.rejects(http.request(GET), {
    code: 'ERR_CONNECT_TIMEOUT',
    message: 'no answer within 30000 ms',
    phase: 'response',
  });
  await arrived.promise;
  // The first bytes have to arrive before the pause can begin; then it is as long as is said.
  let isOver = false;
  void failure.then(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(30_000);
  await failure;
});

test('an answer that is cut short is an error, not a short answer', async (t) => {
  const { http } = await link(t, (_request, response) => {
    response.writeHead(200, { 'Content-Length': '1000' });
    response.write('0123456789', () => response.destroy());
  });
  await assert.rejects(http.request(GET), (error) => {
    assert.ok(error instanceof TransportError);
    assert.deepEqual(
      [error.code, error.phase, error.purpose],
      ['ERR_CONNECTION_CLOSED', 'response', 'mail'],
    );
    return true;
  });
});

test('a pooled socket that the server closed meanwhile costs no request', async (t) => {
  let answered = 0;
  const { http, server } = await link(t, (request, response) => {
    answered += 1;
    // The second request arrives at a socket that is closed at that moment.
    if (answered === 2) request.socket.destroy();
    else response.end('ok');
  });
  await http.request(GET);
  assert.equal((await http.request(GET)).body.toString(), 'ok');
  assert.equal(server.counters.handshakes, 2);
});

test('an aborted request ends with the reason it was given', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { http, server } = await link(t, () => arrived.resolve());
  const abort = new AbortController();
  const reason = new Error('work offline');
  const failure = assert.rejects(http.request({ ...GET, signal: abort.signal }), reason);
  await arrived.promise;
  abort.abort(reason);
  await failure;
  await server.quiet();
});

test('reaching a server takes a verdict and sends not a byte', async (t) => {
  const { http, server } = await link(t, (_request, response) => response.end());
  await http.reach({ purpose: 'gal', initiatedBy: 'background' });
  await server.quiet();
  assert.deepEqual([server.counters.connections, server.counters.applicationBytes], [1, 0]);
});
