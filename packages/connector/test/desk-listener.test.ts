/** The desk's address over raw sockets: who gets in, with what headers, and what a client may take. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { codeOf, deskStage, PAGE_FILES, type RawAnswer } from './desk-stage.ts';
import { afterwards, temporaryFolder } from './temporary.ts';

/** On every answer, whatever it says. */
const ALWAYS = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-embedder-policy', 'require-corp'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['x-frame-options', 'DENY'],
  ['cache-control', 'no-store'],
] as const;

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

function assertHeaders(answer: RawAnswer, name: string): void {
  for (const [header, value] of ALWAYS) assert.equal(answer.headers[header], value, name);
  assert.equal(answer.headers['content-security-policy'], POLICY, name);
  assert.match(answer.headers['permissions-policy'] ?? '', /camera=\(\)/, name);
  for (const header of Object.keys(answer.headers)) {
    assert.ok(!header.startsWith('access-control-'), `${name}: ${header}`);
  }
  assert.equal(answer.headers['set-cookie'], undefined, name);
}

test('every answer has the headers, whether it gives or refuses', async (t) => {
  const { ask, raw, authority, signIn } = await deskStage(t);
  const token = await signIn();
  const host = `Host: ${authority}\r\n`;
  const answers: readonly (readonly [number, string, Promise<RawAnswer>])[] = [
    [200, 'page', ask('GET', '/')],
    [200, 'API', ask('GET', '/api/status', { token })],
    [400, 'absolute form', raw(`GET http://${authority}/ HTTP/1.1\r\n${host}\r\n`)],
    [400, 'no request', raw('hello\r\n\r\n')],
    [401, 'no token', ask('GET', '/api/status')],
    [401, 'wrong code', ask('POST', '/api/session', { body: { code: 'x' } })],
    [400, 'a code that is none', ask('POST', '/api/session', { body: { code: 7 } })],
    [403, 'origin', ask('GET', '/', { headers: { Origin: 'null' } })],
    [404, 'no such path', ask('GET', '/nothing')],
    [404, 'no such call', ask('GET', '/api/nothing', { token })],
    [405, 'method of the page', ask('POST', '/', { body: {} })],
    [405, 'method of the API', ask('DELETE', '/api/status', { token, body: {} })],
    [405, 'OPTIONS', ask('OPTIONS', '/api/status', { token })],
    [413, 'too large', ask('POST', '/api/profiles', { token, body: 'x'.repeat(65_537) })],
    [415, 'no JSON', ask('POST', '/api/session', { headers: { 'Content-Type': 'text/plain' } })],
    [417, 'expectation', raw(`GET / HTTP/1.1\r\n${host}Expect: wonders\r\n\r\n`)],
    [421, 'no Host', raw('GET / HTTP/1.1\r\n\r\n')],
    [421, 'other Host', ask('GET', '/', { headers: { Host: 'localhost:80' } })],
    [431, 'large headers', ask('GET', '/', { headers: { 'X-Long': 'x'.repeat(20_000) } })],
  ];
  for (const [status, name, asked] of answers) {
    const answer = await asked;
    assert.equal(answer.status, status, name);
    assertHeaders(answer, name);
  }
});

test('a header that hides behind thousands of others still counts', async (t) => {
  const { raw, authority } = await deskStage(t);
  const filler = 'a:\r\n'.repeat(3000);
  const answer = await raw(
    `GET / HTTP/1.1\r\nHost: ${authority}\r\n${filler}Origin: http://evil.test\r\n\r\n`,
  );
  assert.deepEqual([answer.status, answer.code], [403, 'ERR_DESK_REFUSED']);
});

test('the page is given as it was built, and nothing else of its folder or of the computer', async (t) => {
  const { ask } = await deskStage(t);
  const forever = 'private, max-age=31536000, immutable';
  const files = [
    ['/', 'index.html', 'text/html; charset=utf-8', 'no-store'],
    ['/assets/index-1a2b.js', 'assets/index-1a2b.js', 'text/javascript; charset=utf-8', forever],
    ['/assets/index-3c4d.css', 'assets/index-3c4d.css', 'text/css; charset=utf-8', forever],
    ['/icon.svg', 'icon.svg', 'image/svg+xml', 'no-store'],
  ] as const;
  for (const [target, name, type, cache] of files) {
    const { status, headers, body } = await ask('GET', target);
    assert.deepEqual(
      [status, headers['content-type'], headers['cache-control'], body],
      [200, type, cache, PAGE_FILES[name]],
    );
  }
  assert.equal((await ask('GET', '/?from=bookmark')).status, 200);
  for (const target of ['/made-from', '/index.html', '/assets/', '/assets/%2e%2e%2fmade-from']) {
    assert.notEqual((await ask('GET', target)).status, 200, target);
  }
});

test('without a built page no desk is opened, and nothing listens', async (t) => {
  const nowhere = path.join(await temporaryFolder(t), 'dist');
  await assert.rejects(deskStage(t, { page: nowhere }), {
    code: 'ERR_DESK_NOT_BUILT',
    message: `there is no page of the desk in "${nowhere}"`,
  });
});

test('a page that is built anew is shown as soon as the desk is opened again', async (t) => {
  const page = await temporaryFolder(t);
  await fs.writeFile(path.join(page, 'index.html'), 'first');
  const { ask, desk } = await deskStage(t, { page });
  await fs.writeFile(path.join(page, 'index.html'), 'second');
  assert.equal((await ask('GET', '/')).body, 'first');
  await desk.open(null);
  assert.equal((await ask('GET', '/')).body, 'second');
});

test('nobody reaches it at another address than 127.0.0.1', async (t) => {
  const { port } = await deskStage(t);
  const others = Object.values(os.networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address, scopeid }) => (scopeid ? `${address}%${scopeid}` : address));
  for (const host of ['127.0.0.2', '::1', ...others]) {
    const socket = net.connect(port, host);
    const outcome = await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected'));
      socket.once('error', () => resolve('refused'));
    });
    socket.destroy();
    assert.equal(outcome, 'refused', host);
  }
});

test('an upgrade is no answer but the end of the connection', async (t) => {
  const { raw, authority, lines } = await deskStage(t);
  const answer = await raw(
    `GET /api/events HTTP/1.1\r\nHost: ${authority}\r\nOrigin: http://${authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  assert.deepEqual([answer.status, answer.body], [0, '']);
  assert.ok(lines.some((line) => line.startsWith('desk: refused upgrade, GET host ')));
});

test('no port is kept for the next time: what somebody else served there meanwhile would be taken for the desk', async (t) => {
  const { folder, port, desk } = await deskStage(t);
  await desk.close();
  for (const name of await fs.readdir(folder)) {
    const text = await fs.readFile(path.join(folder, name), 'utf8');
    assert.ok(!text.includes(String(port)), name);
  }
});

/** Beginnings of requests that never go on, and the limit that ends each. */
const TOO_SLOW = [
  { name: 'nothing', bytes: '', limits: { headersMs: 300 } },
  { name: 'half a line', bytes: 'GET / HT', limits: { headersMs: 300 } },
  { name: 'half a header', bytes: 'GET / HTTP/1.1\r\nX-Slow: ', limits: { headersMs: 300 } },
  {
    name: 'half a body',
    bytes:
      'POST /api/session HTTP/1.1\r\nHost: HERE\r\nOrigin: http://HERE\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"code":',
    limits: { headersMs: 300, requestMs: 600 },
  },
] as const;

for (const { name, bytes, limits } of TOO_SLOW) {
  test(`whoever sends ${name} and waits is let go, and the page goes on`, async (t) => {
    const { port, authority, ask } = await deskStage(t, { limits });
    const socket = net.connect(port, '127.0.0.1');
    afterwards(t, () => socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes.replaceAll('HERE', authority));
    await new Promise((resolve) => socket.once('close', resolve));
    assert.equal((await ask('GET', '/')).status, 200);
  });
}

test('more connections than it holds are closed, and others are answered when they go', async (t) => {
  const { port, ask } = await deskStage(t, { limits: { connections: 3 } });
  const held = await Promise.all(
    [1, 2, 3].map(async () => {
      const socket = net.connect(port, '127.0.0.1');
      afterwards(t, () => socket.destroy());
      await new Promise((resolve) => socket.once('connect', resolve));
      return socket;
    }),
  );
  assert.equal((await ask('GET', '/')).status, 0);
  const gone = held.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of held) socket.end();
  await Promise.all(gone);
  assert.equal((await ask('GET', '/')).status, 200);
});

test('the log tells kind, Origin and Host of what was refused, and never a code, a token or a frame’s address', async (t) => {
  const { ask, code, signIn, tickets, lines, desk } = await deskStage(t);
  const secrets = [await code(), await signIn()];
  const [unused = '', token = ''] = secrets;
  const view = tickets.add({ html: 'x', pictures: false });
  const evil = { Host: 'evil.test:1', Origin: 'http://evil.test' };
  await ask('GET', view, { headers: evil });
  await ask('GET', `${view}x`);
  await ask('POST', '/api/session', { body: { code: unused }, headers: { Origin: 'null' } });
  await ask('GET', '/api/status', { token: `${token}x` });
  await ask('GET', `/api/profiles/${token}`, { token });
  await ask('POST', '/api/session', { body: { code: codeOf((await desk.open('demo')).url) } });
  for (const wanted of [
    'desk: refused host, GET host "evil.test:1" origin "http://evil.test"',
    'desk: refused token, GET host ',
    'desk: refused origin, POST host ',
  ]) {
    assert.ok(
      lines.some((line) => line.startsWith(wanted)),
      `${wanted}\n${lines.join('\n')}`,
    );
  }
  const withoutPaths = lines.filter((line) => line.startsWith('desk: ')).join('\n');
  for (const secret of [...secrets, view.slice('/mail/'.length)]) {
    assert.ok(!withoutPaths.includes(secret), withoutPaths);
  }
});

test('a flood of refused requests is thirty lines in the log and one that counts the rest', async (t) => {
  const clock = createManualClock(new Date('2026-11-23T08:00:00Z'));
  const { ask, lines } = await deskStage(t, { clock });
  const before = lines.length;
  const headers = { Host: 'evil.test:1', Origin: 'x'.repeat(10_000) };
  for (let times = 0; times < 50; times++) await ask('GET', '/', { headers });
  assert.equal(lines.length - before, 30);
  assert.ok(lines.every((line) => line.length < 400));
  await clock.advance(60_000);
  assert.equal(lines.at(-1), 'desk: refused 20 more within a minute');
  await ask('GET', '/', { headers });
  assert.equal(lines.length - before, 32);
});

test('many wrong tokens are answered slowly, and a right one at once', async (t) => {
  const clock = createManualClock(new Date('2026-11-23T08:00:00Z'));
  const { ask, signIn } = await deskStage(t, { clock });
  const token = await signIn();
  for (let times = 0; times < 10; times++) {
    assert.equal((await ask('GET', '/api/status', { token: 'wrong' })).status, 401);
  }
  let isAnswered = false;
  const pending = clock.pending;
  const late = ask('GET', '/api/status', { token: 'wrong' }).then((answer) => {
    isAnswered = true;
    return answer;
  });
  // It has come when its wait begins.
  while (clock.pending === pending) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await ask('GET', '/api/status', { token })).status, 200);
  assert.equal(
    (await ask('POST', '/api/session', { body: { code: 'x' }, headers: { Host: 'x' } })).status,
    421,
  );
  assert.equal(isAnswered, false);
  await clock.advance(1_000);
  assert.equal((await late).status, 401);
});
