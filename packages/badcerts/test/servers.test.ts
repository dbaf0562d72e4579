import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type RequestOptions } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import {
  answersGarbage,
  answersHugely,
  type BadCertCase,
  caseById,
  cases,
  fingerprint,
  HUGE_BYTES,
  redirectsTo,
  renewedWithSameKey,
  SERVER_NAME,
  serveCase,
  serveChanging,
  serveGarbage,
  serveHalfHello,
  servePlainHttp,
  serveSilence,
  serveTruncated,
  serveUnreadable,
  stallsInAnswer,
  type TestServer,
} from '@postern/badcerts';

const good = caseById('chain::good');

/** Handshakes with anything, as the kit's own client: it trusts nobody and refuses nobody. */
async function handshake(server: TestServer): Promise<TLSSocket> {
  const socket = connect({
    port: server.port,
    host: '127.0.0.1',
    servername: SERVER_NAME,
    rejectUnauthorized: false,
    ca: [],
    ciphers: 'DEFAULT@SECLEVEL=0',
    minVersion: 'TLSv1',
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** The chain as the server sent it. */
function sent(socket: TLSSocket): string[] {
  const fingerprints: string[] = [];
  for (
    let each = socket.getPeerX509Certificate();
    each !== undefined;
    each = each.issuerCertificate
  ) {
    fingerprints.push(fingerprint(each.raw));
  }
  return fingerprints;
}

async function started(t: TestContext, server: Promise<TestServer>): Promise<TestServer> {
  const running = await server;
  t.after(() => running.close());
  return running;
}

function requestTo(server: TestServer): RequestOptions {
  const { port } = server;
  return { port, host: '127.0.0.1', rejectUnauthorized: false, agent: false, path: '/' };
}

const servable = cases.filter(
  ({ onPaper, id }) => onPaper === undefined && !id.startsWith('combined'),
);

test('every case that is not on paper only is presented over TLS exactly as it was made', async (t) => {
  const present = async (one: BadCertCase): Promise<void> => {
    const server = await serveCase(one);
    try {
      const socket = await handshake(server);
      const { presented } = await one.make();
      assert.deepEqual(sent(socket), presented.map(fingerprint), one.id);
      if (one.tls !== undefined) assert.equal(socket.getProtocol(), one.tls.maxVersion, one.id);
      socket.destroy();
    } catch (cause) {
      throw new Error(`case ${one.id}`, { cause });
    } finally {
      await server.close();
    }
  };
  for (const one of servable) await present(one);
  assert.ok(servable.length > 80, `${servable.length} cases`);
  t.diagnostic(`${servable.length} cases`);
});

test('a server counts handshakes, requests and every application byte', async (t) => {
  const server = await started(t, serveCase(good));
  const socket = await handshake(server);
  const request = 'GET /secret HTTP/1.1\r\nHost: mail.example.test\r\nConnection: close\r\n\r\n';
  assert.equal(server.counters.applicationBytes, 0);
  socket.end(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*ok/);
  assert.equal(server.received().toString(), request);
  assert.deepEqual(server.counters, {
    connections: 1,
    handshakes: 1,
    applicationBytes: request.length,
    requests: 1,
  });
});

test('a changing server presents A until it is swapped, then B', async (t) => {
  const { before, after } = await renewedWithSameKey(SERVER_NAME);
  const server = await serveChanging([before, after]);
  t.after(() => server.close());
  const leaves: (string | undefined)[] = [];
  for (const swaps of [0, 1, 1]) {
    if (swaps > 0) server.swap();
    const socket = await handshake(server);
    leaves.push(sent(socket)[0]);
    socket.destroy();
  }
  const [a, b] = [before, after].map(({ presented }) => presented.slice(0, 1).map(fingerprint)[0]);
  assert.notEqual(a, b);
  assert.deepEqual(leaves, [a, b, a]);
});

test('a renewed chain has another certificate and the same key', async () => {
  const { before, after } = await renewedWithSameKey(SERVER_NAME);
  assert.notDeepEqual(before.presented[0], after.presented[0]);
  assert.ok(before.key.equals(after.key));
});

test('a plain server speaks HTTP without TLS and counts its bytes', async (t) => {
  const server = await started(t, servePlainHttp());
  const socket = connectPlain(server.port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 200 OK/);
  assert.equal(server.counters.applicationBytes, 46);
});

const FAILED_HANDSHAKES: {
  name: string;
  serve: () => Promise<TestServer>;
  error: RegExp;
}[] = [
  {
    name: 'a server of garbage fails the handshake',
    serve: serveGarbage,
    error: /^(ERR_SSL_|EPROTO|ECONNRESET)/,
  },
  {
    name: 'a truncated handshake ends the connection',
    serve: async () => serveTruncated(await good.make(), 300),
    error: /^ECONNRESET$/,
  },
  {
    name: 'a leaf that is no certificate fails the handshake',
    serve: async () => serveUnreadable((await caseById('form::leaf-unreadable').make()).presented),
    error: /^ERR_SSL_|^ERR_OSSL_/,
  },
  {
    name: 'a plain server fails the handshake',
    serve: servePlainHttp,
    error: /^(ERR_SSL_|EPROTO|ECONNRESET)/,
  },
];

for (const { name, serve, error } of FAILED_HANDSHAKES) {
  test(name, async (t) => {
    const server = await started(t, serve());
    await assert.rejects(handshake(server), (cause: NodeJS.ErrnoException) => {
      assert.match(cause.code ?? '', error, cause.message);
      return true;
    });
    assert.equal(server.counters.handshakes, 0);
  });
}

for (const [name, serve] of [
  ['a silent server accepts and says nothing until it is closed', serveSilence],
  ['a server that stalls in the handshake never completes it', serveHalfHello],
] as const) {
  test(name, async () => {
    const server = await serve();
    const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    const outcome = new Promise((resolve) => {
      socket.once('secureConnect', () => resolve('secureConnect'));
      socket.once('error', () => resolve('ended'));
    });
    await once(socket, 'connect');
    await server.close();
    assert.equal(await outcome, 'ended');
  });
}

test('a server that stalls in the answer sends ten of a thousand bytes', async () => {
  const server = await serveCase(good, stallsInAnswer);
  const request = get(requestTo(server));
  const [response] = await once(request, 'response');
  assert.equal(response.headers['content-length'], '1000');
  const [first] = await once(response, 'data');
  assert.equal(String(first), '0123456789');
  const failed = once(response, 'error');
  await server.close();
  assert.equal((await failed)[0].code, 'ECONNRESET');
});

test('a huge answer has a hundred million bytes', async (t) => {
  const server = await started(t, serveCase(good, answersHugely));
  const [response] = await once(get(requestTo(server)), 'response');
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  assert.equal(bytes, HUGE_BYTES);
});

test('a redirecting server names another place, and a garbage answer is no text', async (t) => {
  const redirecting = await started(t, serveCase(good, redirectsTo('http://other.example.test/')));
  const [moved] = await once(get(requestTo(redirecting)), 'response');
  assert.equal(moved.statusCode, 302);
  assert.equal(moved.headers.location, 'http://other.example.test/');
  moved.resume();
  const garbage = await started(t, serveCase(good, answersGarbage));
  const [answer] = await once(get(requestTo(garbage)), 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).length, 512);
  assert.throws(() => JSON.parse(Buffer.concat(chunks).toString()), SyntaxError);
});
