/** One-time codes, sessions, and the lock on what grants trust, over HTTP and by a clock that stands still. */

import assert from 'node:assert/strict';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { type DeskStage, deskStage } from './desk-stage.ts';
import { afterwards } from './temporary.ts';

const AT = new Date('2026-11-23T08:00:00Z');
const MINUTE_MS = 60_000;

async function stageWithClock(t: TestContext) {
  const clock = createManualClock(AT);
  return { clock, ...(await deskStage(t, { clock })) };
}

/** Status and code of exchanging a one-time code. */
async function exchange({ ask }: Pick<DeskStage, 'ask'>, code: string) {
  const answer = await ask('POST', '/api/session', { body: { code } });
  const { token } = JSON.parse(answer.body) as { token?: string };
  return { status: answer.status, code: answer.code, token: token ?? '' };
}

/** Opens the event stream of a session and waits for its first line; `ended` resolves when it is over. */
async function openStream(
  t: TestContext,
  { port, authority }: DeskStage,
  token: string,
): Promise<{ ended: Promise<unknown> }> {
  const socket = net.connect(port, '127.0.0.1');
  afterwards(t, () => socket.destroy());
  socket.on('error', () => {});
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write(
    `GET /api/events?front=desk HTTP/1.1\r\nHost: ${authority}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('data', (part: Buffer) => part.includes('"type":"status"') && resolve());
  await promise;
  return { ended };
}

const USED_UP = { status: 401, code: 'ERR_SESSION_CODE', token: '' };

test('a code is good once, and its token opens the API', async (t) => {
  const stage = await deskStage(t);
  const code = await stage.code();
  assert.match(code, /^[\w-]{43}$/);
  const { status, token } = await exchange(stage, code);
  assert.equal(status, 200);
  assert.match(token, /^[\w-]{43}$/);
  assert.notEqual(token, code);
  assert.equal((await stage.ask('GET', '/api/status', { token })).status, 200);
  // A code is no token and a token no code.
  assert.equal((await stage.ask('GET', '/api/status', { token: code })).status, 401);
  assert.deepEqual(await exchange(stage, token), USED_UP);
});

test('a code waits for 60 seconds, by the timer and by the wall clock', async (t) => {
  const { clock, ...stage } = await stageWithClock(t);
  const codes = [await stage.code(), await stage.code(), await stage.code()];
  const [first = '', late = '', asleep = ''] = codes;
  await clock.advance(59_000);
  assert.equal((await exchange(stage, first)).status, 200);
  await clock.advance(2_000);
  assert.deepEqual(await exchange(stage, late), USED_UP);
  // The computer slept: no timer has run.
  const second = await stage.code();
  clock.setWallClock(new Date(clock.now().getTime() + 61_000));
  assert.deepEqual(await exchange(stage, second), USED_UP);
  assert.deepEqual(await exchange(stage, asleep), USED_UP);
  // Somebody set the clock back: the timer does not mind.
  const third = await stage.code();
  clock.setWallClock(AT);
  await clock.advance(61_000);
  assert.deepEqual(await exchange(stage, third), USED_UP);
});

test('a code that comes twice opens nothing, and ends the session and the streams that it opened', async (t) => {
  const stage = await deskStage(t);
  const code = await stage.code();
  const { token } = await exchange(stage, code);
  const other = await stage.signIn();
  const stream = await openStream(t, stage, token);
  assert.deepEqual(await exchange(stage, code), USED_UP);
  await stream.ended;
  const lost = await stage.ask('GET', '/api/status', { token });
  assert.deepEqual([lost.status, lost.code], [401, 'ERR_SESSION_NONE']);
  assert.equal((await stage.ask('GET', '/api/status', { token: other })).status, 200);
  assert.ok(stage.lines.some((line) => line.includes('a code came a second time')));
  assert.deepEqual(await exchange(stage, code), USED_UP);
});

test('that a code comes twice counts hours later, too', async (t) => {
  const { clock, ...stage } = await stageWithClock(t);
  const code = await stage.code();
  const { token } = await exchange(stage, code);
  await clock.advance(5 * 60 * MINUTE_MS);
  assert.equal((await stage.ask('GET', '/api/status', { token })).status, 200);
  assert.deepEqual(await exchange(stage, code), USED_UP);
  assert.equal((await stage.ask('GET', '/api/status', { token })).status, 401);
});

test('a code that was used over before its answer came still opens one session only', async (t) => {
  const stage = await deskStage(t);
  const code = await stage.code();
  const tries = await Promise.all([1, 2, 3, 4].map(() => exchange(stage, code)));
  const opened = tries.filter(({ status }) => status === 200);
  assert.equal(opened.length, 1);
  // Somebody else had it: what was opened is gone.
  const { token = '' } = opened[0] ?? {};
  assert.equal((await stage.ask('GET', '/api/status', { token })).status, 401);
});

test('four windows are signed in at most; one without a stream makes room before one with it', async (t) => {
  const stage = await deskStage(t);
  const tokens = [
    await stage.signIn(),
    await stage.signIn(),
    await stage.signIn(),
    await stage.signIn(),
  ];
  const [first = '', second = ''] = tokens;
  await openStream(t, stage, first);
  const fifth = await stage.signIn();
  const statusOf = async (token: string) =>
    (await stage.ask('GET', '/api/status', { token })).status;
  assert.deepEqual(await Promise.all([...tokens, fifth].map(statusOf)), [200, 401, 200, 200, 200]);
  assert.notEqual(first, second);
});

test('a session ends with the daemon, and its stream with it', async (t) => {
  const stage = await deskStage(t);
  const token = await stage.signIn();
  const stream = await openStream(t, stage, token);
  await stage.desk.close();
  await stream.ended;
  const next = await deskStage(t, { folder: stage.folder });
  assert.equal((await next.ask('GET', '/api/status', { token })).status, 401);
});

const AUTHORIZE = { kind: 'authorizeConnections', leafSha256: null, interval: '1h' };

/** What each action says to a window that nobody uses. Without a question, or a root, it is refused otherwise. */
const ACTIONS = [
  {
    name: 'Authorize Connections',
    target: '/api/trust/1',
    body: AUTHORIZE,
    awake: [404, 'no-such-question'],
    idle: [403, 'ERR_SESSION_IDLE'],
  },
  {
    name: 'Adding a root',
    target: '/api/roots',
    body: {},
    awake: [400, 'ERR_BODY_INVALID'],
    idle: [403, 'ERR_SESSION_IDLE'],
  },
  {
    name: 'Work Offline',
    target: '/api/trust/1',
    body: { kind: 'workOffline' },
    awake: [404, 'no-such-question'],
    idle: [404, 'no-such-question'],
  },
  {
    name: 'Stop Trusting',
    target: '/api/trust/stop',
    body: { host: 'mail.example.test', port: 443 },
    awake: [200, null],
    idle: [200, null],
  },
] as const;

for (const { name, target, body, awake, idle } of ACTIONS) {
  test(`${name} ${idle[1] === 'ERR_SESSION_IDLE' ? 'is locked' : 'goes on'} after 30 minutes without a person`, async (t) => {
    const { clock, ask, signIn } = await stageWithClock(t);
    const token = await signIn();
    const act = async () => {
      const { status, code } = await ask('POST', target, { token, body });
      return [status, code];
    };
    await clock.advance(29 * MINUTE_MS);
    assert.deepEqual(await act(), awake);
    await clock.advance(29 * MINUTE_MS);
    assert.deepEqual(await act(), awake);
    await clock.advance(30 * MINUTE_MS);
    assert.deepEqual(await act(), idle);
    // Not unlocked by trying, nor by anything else that this window does.
    await ask('POST', '/api/profiles/none/send-receive', { token, body: {} });
    assert.deepEqual(await act(), idle);
    assert.equal((await ask('GET', '/api/status', { token })).status, 200);
  });
}

/** What happens at minute 20 of a window that nobody has used since it opened, and whether it is locked at minute 40. */
const KEEPING_AWAKE = [
  { name: 'reading the status', method: 'GET', target: '/api/status', isLocked: true },
  {
    name: 'the list of messages, which is read again as they arrive',
    method: 'GET',
    target: '/api/profiles/none/messages',
    isLocked: true,
  },
  {
    name: 'reading one message',
    method: 'GET',
    target: '/api/profiles/none/messages/1',
    isLocked: false,
  },
  {
    name: 'Send/Receive',
    method: 'POST',
    target: '/api/profiles/none/send-receive',
    isLocked: false,
  },
] as const;

for (const { name, method, target, isLocked } of KEEPING_AWAKE) {
  test(`${name} ${isLocked ? 'is not a person' : 'keeps a window awake'}`, async (t) => {
    const { clock, ask, signIn } = await stageWithClock(t);
    const token = await signIn();
    await clock.advance(20 * MINUTE_MS);
    await ask(method, target, { token, ...(method === 'GET' ? {} : { body: {} }) });
    await clock.advance(20 * MINUTE_MS);
    const { status } = await ask('POST', '/api/trust/1', { token, body: AUTHORIZE });
    assert.equal(status, isLocked ? 403 : 404);
  });
}

test('a stream and its reconnects keep no window awake', async (t) => {
  const { clock, ...stage } = await stageWithClock(t);
  const token = await stage.signIn();
  await openStream(t, stage, token);
  await clock.advance(20 * MINUTE_MS);
  await openStream(t, stage, token);
  await clock.advance(11 * MINUTE_MS);
  const { code } = await stage.ask('POST', '/api/trust/1', { token, body: AUTHORIZE });
  assert.equal(code, 'ERR_SESSION_IDLE');
});

test('a computer that slept has locked its windows; a clock that was set back has not opened them', async (t) => {
  const { clock, ask, signIn } = await stageWithClock(t);
  const codeOf = async (token: string) =>
    (await ask('POST', '/api/trust/1', { token, body: AUTHORIZE })).code;
  const asleep = await signIn();
  clock.setWallClock(new Date(AT.getTime() + 31 * MINUTE_MS));
  assert.equal(await codeOf(asleep), 'ERR_SESSION_IDLE');
  const [awake, left] = [await signIn(), await signIn()];
  clock.setWallClock(AT);
  assert.equal(await codeOf(awake), 'no-such-question');
  await clock.advance(31 * MINUTE_MS);
  assert.equal(await codeOf(left), 'ERR_SESSION_IDLE');
});
