/** What the desk may call: every route of the daemon has a place in one of two lists, and none answers without a token. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '../../../test/manual-clock.ts';
import { DESK_CALLS, SOCKET_CALLS } from '../src/host/desk/calls.ts';
import { deskStage } from './desk-stage.ts';

const nameOf = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;

/** A path of this route. */
const targetOf = (path: string): string => path.replaceAll('*', '1');

test('every route is for the desk or for the control socket, and both lists name routes that there are', async (t) => {
  const { host } = await deskStage(t);
  assert.deepEqual(
    [...Object.keys(DESK_CALLS), ...SOCKET_CALLS].toSorted(),
    host.routes.map(nameOf).toSorted(),
  );
});

test('every route is refused without a token, and with one that is none', async (t) => {
  const clock = createManualClock(new Date('2026-11-23T08:00:00Z'));
  const { host, ask } = await deskStage(t, { clock });
  assert.ok(host.routes.length > 20);
  for (const { method, path } of host.routes) {
    const body = method === 'GET' ? {} : { body: {} };
    const none = await ask(method, targetOf(path), body);
    assert.deepEqual([none.status, none.code], [401, 'ERR_SESSION_NONE'], `${method} ${path}`);
    // So many in one minute would be answered slowly.
    await clock.advance(60_000);
  }
  for (const value of [
    '',
    'Bearer',
    'Bearer ',
    'Basic YTph',
    `Bearer ${'a'.repeat(43)}`,
    'bearer x y',
  ]) {
    const { status, code } = await ask('GET', '/api/status', { headers: { Authorization: value } });
    assert.deepEqual([status, code], [401, 'ERR_SESSION_NONE'], value);
  }
});

test('what is for the control socket alone is not there for the desk', async (t) => {
  const { ask, signIn } = await deskStage(t);
  const token = await signIn();
  for (const name of SOCKET_CALLS) {
    const [method = '', path = ''] = name.split(' ');
    const { status, code } = await ask(method, targetOf(path), { token, body: {} });
    assert.deepEqual([status, code], [404, 'ERR_NOT_FOUND'], name);
  }
  for (const target of ['/control', '/control/stop', '/api/trust/add']) {
    assert.equal(
      (await ask('POST', target, { token, body: {} })).status,
      target === '/api/trust/add' ? 404 : 405,
      target,
    );
    assert.notEqual((await ask('GET', target, { token })).status, 200, target);
  }
});

test('no body may be larger than 64 KiB', async (t) => {
  const { ask, signIn } = await deskStage(t);
  const token = await signIn();
  const large = { name: 'x'.repeat(70_000) };
  assert.equal((await ask('POST', '/api/profiles', { token, body: large })).status, 413);
  assert.equal((await ask('POST', '/api/trust/1', { token, body: large })).status, 413);
});
