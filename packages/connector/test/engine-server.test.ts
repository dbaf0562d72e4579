import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import {
  answersGarbage,
  answersHugely,
  goodPlan,
  makeChain,
  pem,
  redirectsTo,
  serveChain,
} from '@postern/badcerts';
import { authResponse, element, encodeResponse, faultElement, SoapFault } from '@postern/soap';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';
import { SERVER_NAME, type Stage, stage, until } from './stage.ts';
import { afterwards } from './temporary.ts';

const AT = new Date('2026-11-23T08:00:00Z');
const CONTEXT = { session: null, changeToken: null };

/** An engine before a server that is trusted and misbehaves. */
async function before(
  t: TestContext,
  respond: RequestListener,
): Promise<Stage & { requests: () => number; clock: ManualClock; seen: () => string }> {
  const chain = await makeChain(goodPlan('engine-server', SERVER_NAME));
  const server = await serveChain(chain, respond);
  afterwards(t, () => server.close());
  const clock = createManualClock(AT);
  const made = await stage(t, { port: server.port, roots: [pem(chain.parts.root.der)], clock });
  return {
    ...made,
    clock,
    requests: () => server.counters.requests,
    seen: () => server.received().toString('latin1'),
  };
}

const fault =
  (code: string, detail = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(500);
    response.end(encodeResponse(CONTEXT, faultElement(new SoapFault(code, 'no', { detail }))));
  };

const login =
  (about: { authToken?: string; refer?: string | null }): RequestListener =>
  (request, response) => {
    const grant = {
      authToken: '0_ab_cd',
      lifetimeMs: 1000,
      refer: null,
      csrfToken: null,
      ...about,
    };
    const isLogin = request.url === '/service/soap/AuthRequest';
    if (!isLogin) response.writeHead(500);
    const body = isLogin
      ? authResponse(grant)
      : faultElement(new SoapFault('service.UNKNOWN_DOCUMENT', 'unknown document'));
    response.end(encodeResponse(CONTEXT, body));
  };

const REFUSED: readonly { name: string; respond: RequestListener; reason: string; told: RegExp }[] =
  [
    {
      name: 'redirects to another origin',
      respond: redirectsTo('https://other.test/service/soap/'),
      reason: 'server-refused',
      told: /redirects .* to "https:\/\/other\.test\/service\/soap\/" at another server/,
    },
    {
      name: 'redirects to unprotected HTTP',
      respond: redirectsTo(`http://${SERVER_NAME}/service/soap/`),
      reason: 'server-refused',
      told: /over unprotected HTTP, redirects are not followed/,
    },
    {
      name: 'answers garbage',
      respond: answersGarbage,
      reason: 'server-refused',
      told: /^answer to AuthRequest cannot be read: /,
    },
    {
      name: 'answers 100 MB',
      respond: answersHugely,
      reason: 'server-refused',
      told: /at most 8388608 allowed$/,
    },
    {
      name: 'refers to another host',
      respond: login({ refer: 'other.test' }),
      reason: 'server-refused',
      told: /^account is on server "other\.test", the profile names "mail\.example\.test"$/,
    },
    {
      name: 'says that the account is on another host',
      respond: fault('service.WRONG_HOST', { host: 'other.test' }),
      reason: 'server-refused',
      told: /^account is on server "other\.test"/,
    },
    {
      name: 'gives a token that would be two headers',
      respond: login({ authToken: 'a\r\nSet-Cookie: x' }),
      reason: 'server-refused',
      told: /^session token cannot be sent in a cookie$/,
    },
    {
      name: 'is overrun',
      respond: (_request, response) => response.writeHead(503).end(),
      reason: 'server-away',
      told: /^AuthRequest was answered with HTTP status 503$/,
    },
    {
      name: 'refuses the password',
      respond: fault('account.AUTH_FAILED'),
      reason: 'wrong-password',
      told: /^no$/,
    },
  ];

for (const { name, respond, reason, told } of REFUSED) {
  test(`a server that ${name} gets one login, and the profile works offline with the reason`, async (t) => {
    const { engine, requests } = await before(t, respond);
    const { outcome, profile } = await engine.start('person');
    assert.equal(outcome, 'offline');
    assert.equal(profile.workOffline?.reason, reason);
    assert.match(profile.workOffline?.detail ?? '', told);
    assert.equal(requests(), 1);
  });
}

test('a server that is away is tried again, later and later, and the profile comes back', async (t) => {
  let isAway = true;
  let tries = 0;
  const away: RequestListener = (request, response) => {
    if (isAway) {
      tries += 1;
      response.writeHead(503).end();
    } else login({})(request, response);
  };
  const { engine, clock } = await before(t, away);
  await engine.start('background');
  assert.equal(tries, 1);
  for (const expected of [2, 3]) {
    const tried = until(
      engine,
      () => tries === expected && engine.report().workOffline?.reason === 'server-away',
    );
    // The second delay is at most 15 s and a fifth.
    await clock.advance(18_000);
    await tried;
  }
  isAway = false;
  const back = until(engine, () => engine.report().workOffline === null);
  await clock.advance(36_000);
  await back;
});

test('the password is in the login and in nothing else that is sent', async (t) => {
  const { engine, seen } = await before(t, login({}));
  await engine.start('person');
  const text = seen();
  assert.equal(text.split('correct horse battery').length, 2);
  assert.match(text, /POST \/service\/soap\/AuthRequest /);
  assert.match(text, /"userAgent":\{"name":"Postern","version":"0\.1\.0"\}/);
});

test('one connection that fails alone leaves the others online, and says so', async (t) => {
  const { engine } = await before(t, login({}));
  const { outcome, profile } = await engine.start('person');
  assert.equal(outcome, 'failed');
  assert.equal(profile.workOffline, null);
  const gal = profile.connections.find(({ purpose }) => purpose === 'gal');
  assert.deepEqual(gal?.error, {
    code: 'service.UNKNOWN_DOCUMENT',
    message: 'unknown document',
    at: AT.toISOString(),
  });
});

test('an expired token is renewed once, not for ever', async (t) => {
  const logins: string[] = [];
  const { engine } = await before(t, (request, response) => {
    logins.push(request.url ?? '');
    if (request.url === '/service/soap/AuthRequest') login({})(request, response);
    else fault('service.AUTH_EXPIRED')(request, response);
  });
  const { profile } = await engine.start('person');
  const senders = profile.connections.find(({ purpose }) => purpose === 'senders');
  assert.equal(senders?.error?.code, 'service.AUTH_EXPIRED');
  assert.equal(logins.filter((one) => one.endsWith('GetWhiteBlackListRequest')).length, 2);
});

test('an answer that is no SOAP answer does not end the engine', async (t) => {
  const { engine } = await before(t, (request, response) => {
    if (request.url === '/service/soap/AuthRequest') login({})(request, response);
    else response.end(encodeResponse(CONTEXT, element('SomethingElse')));
  });
  const { profile } = await engine.start('person');
  const mail = profile.connections.find(({ purpose }) => purpose === 'mail');
  assert.equal(mail?.error?.code, 'ERR_SOAP_INVALID');
  assert.equal((await engine.store.standing()).token, null);
});

test('after Stop Trusting the token is gone, and the next secure login ends the old session', async (t) => {
  let logins = 0;
  const ended: (string | undefined)[] = [];
  const { engine, gate } = await before(t, (request, response) => {
    if (request.url === '/service/soap/AuthRequest') {
      logins += 1;
      assert.equal(request.headers.cookie, undefined);
      login({ authToken: `token-${logins}` })(request, response);
      return;
    }
    if (request.url === '/service/soap/EndSessionRequest') ended.push(request.headers.cookie);
    login({})(request, response);
  });
  await engine.start('person');
  const { port } = engine.report();
  await gate.stopTrusting({ host: SERVER_NAME, port });
  await engine.goOnline();
  assert.equal(logins, 2);
  assert.deepEqual(ended, ['ZM_AUTH_TOKEN=token-1']);
});
