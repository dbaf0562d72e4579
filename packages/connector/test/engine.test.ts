import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMessage } from '@postern/server';
import { ZIMBRA_PURPOSES } from '@postern/trust';
import { createManualClock } from '../../../test/manual-clock.ts';
import type { Engine } from '../src/engine.ts';
import {
  ACCOUNT,
  activities,
  alwaysRefuses,
  authorizesForOneDay,
  mailServer,
  nobody,
  SERVER_NAME,
  stage,
  until,
} from './stage.ts';

const MAIL =
  'From: Bob <bob@example.test>\r\nTo: anna@example.test\r\nSubject: Hello\r\n\r\nHello Anna\r\n';

const isRunning = (engine: Engine) => (): boolean =>
  Object.values(activities(engine)).every((one) => one === 'idle' || one === 'watching');

const ALL_RUNNING = {
  mail: 'idle',
  folders: 'idle',
  gal: 'idle',
  changes: 'watching',
  signatures: 'idle',
  senders: 'idle',
  preferences: 'idle',
  upgrade: 'idle',
};

test('a server that is not trusted is asked about once, and then all eight connections run', async (t) => {
  const { port, home } = await mailServer(t);
  await addMessage({ home, account: ACCOUNT, message: Buffer.from(MAIL) });
  const ask = authorizesForOneDay();
  const { engine, gateEvents } = await stage(t, { port, ask });

  const { outcome, profile } = await engine.start('person');
  await until(
    engine,
    () => activities(engine).changes === 'watching' && engine.report().workOffline === null,
  );
  await until(engine, () =>
    Object.values(activities(engine)).every((one) => one === 'idle' || one === 'watching'),
  );

  assert.ok(outcome === 'done' || outcome === 'waiting-for-decision', outcome);
  assert.equal(profile.profile, 'work');
  assert.equal(ask.questions.length, 1);
  assert.deepEqual(activities(engine), ALL_RUNNING);
  const report = engine.report();
  assert.match(report.connectionStatus, /^trusted by you until /);
  assert.deepEqual(
    new Set(report.connections.map(({ security }) => security.kind)),
    new Set(['trusted-by-you']),
  );
  const met = new Set(gateEvents.flatMap((one) => (one.type === 'verdict' ? [one.purpose] : [])));
  assert.deepEqual(met, new Set(ZIMBRA_PURPOSES));
  const [message] = await engine.store.messages({ folderId: null, limit: 10, beforeId: null });
  assert.equal(message?.subject, 'Hello');
  assert.equal(
    Buffer.from((await engine.store.item(message?.id ?? 0))?.raw ?? []).toString(),
    MAIL,
  );
});

test('with the root installed nothing is asked and the status says SECURE', async (t) => {
  const { port, authority } = await mailServer(t);
  const ask = alwaysRefuses();
  const { engine } = await stage(t, { port, ask, roots: [authority] });
  const { outcome } = await engine.start('background');
  assert.equal(outcome, 'done');
  assert.deepEqual(activities(engine), ALL_RUNNING);
  assert.equal(engine.report().connectionStatus, 'SECURE');
  assert.equal(ask.questions.length, 0);
});

test('after a refusal nothing was sent, no password was missed, and the profile works offline', async (t) => {
  const { port } = await mailServer(t);
  const asked: string[] = [];
  const { engine, gate } = await stage(t, {
    port,
    ask: alwaysRefuses(),
    password: () => {
      asked.push('password');
      return null;
    },
  });
  await engine.start('person');
  await until(engine, () => engine.report().workOffline?.reason === 'refused');
  assert.equal(engine.report().connectionStatus, 'refused');
  assert.deepEqual(new Set(Object.values(activities(engine))), new Set(['offline']));
  assert.equal(gate.status({ host: SERVER_NAME, port }).openSockets, 0);
});

test('while nobody can be asked the question stays, and an answer lets the connections run by themselves', async (t) => {
  const { port } = await mailServer(t);
  const { engine, gate } = await stage(t, { port, ask: nobody });
  const { outcome } = await engine.start('background');
  assert.equal(outcome, 'waiting-for-decision');
  assert.equal(engine.report().workOffline?.reason, 'waiting-for-decision');
  const [question, second] = gate.questions();
  assert.ok(question);
  assert.equal(second, undefined);
  gate.answer(question.id, {
    kind: 'authorizeConnections',
    leafSha256: question.leafSha256,
    interval: '1h',
    typedFingerprint: null,
  });
  await until(engine, () =>
    Object.values(activities(engine)).every((one) => one === 'idle' || one === 'watching'),
  );
  assert.equal(engine.report().workOffline, null);
});

for (const { name, ask } of [
  { name: 'nobody could be asked', ask: nobody },
  {
    name: 'somebody is still looking at the question',
    ask: { ask: () => new Promise<null>(() => {}) },
  },
]) {
  test(`where ${name}, an answer ends the waiting at once, and Send/Receive after it runs to its end`, async (t) => {
    const { port } = await mailServer(t);
    const { engine, gate } = await stage(t, { port, ask });
    assert.equal((await engine.start('person')).outcome, 'waiting-for-decision');
    const [question] = gate.questions();
    gate.answer(question?.id ?? '', {
      kind: 'authorizeConnections',
      leafSha256: question?.leafSha256 ?? null,
      interval: '1h',
      typedFingerprint: null,
    });
    const { workOffline } = engine.report();
    assert.deepEqual(workOffline, { reason: 'starting', detail: 'connecting' });
    assert.deepEqual(new Set(Object.values(activities(engine))), new Set(['connecting']));
    assert.equal((await engine.sendReceive()).outcome, 'done');
    assert.deepEqual(activities(engine), ALL_RUNNING);
  });
}

test('a connection that is switched off does not wait for a decision, nor connect after it', async (t) => {
  const { port } = await mailServer(t);
  const advanced = { detectChanges: false, lookForUpgrades: false, messageCutoffDays: 0 };
  const { engine } = await stage(t, { port, ask: authorizesForOneDay(), profile: { advanced } });
  await engine.start('person');
  await until(engine, () => activities(engine).mail === 'idle');
  const { outcome, profile } = await engine.sendReceive();
  assert.equal(outcome, 'done');
  const off = { changes: 'offline', upgrade: 'offline' };
  assert.deepEqual(activities(engine), { ...ALL_RUNNING, ...off });
  assert.match(profile.connectionStatus, /^trusted by you until /);
});

test('a missing password is missed only after the trust question', async (t) => {
  const { port } = await mailServer(t);
  let password: string | null = null;
  const { engine, gate } = await stage(t, { port, ask: nobody, password: () => password });
  await engine.start('person');
  assert.equal(engine.report().workOffline?.reason, 'waiting-for-decision');
  const [question] = gate.questions();
  gate.answer(question?.id ?? '', {
    kind: 'authorizeConnections',
    leafSha256: question?.leafSha256 ?? null,
    interval: '1h',
    typedFingerprint: null,
  });
  await until(engine, () => engine.report().workOffline?.reason === 'no-password');
  password = 'correct horse battery';
  engine.passwordChanged();
  await until(engine, () => engine.report().workOffline === null);
});

test('a wrong password is sent once, forgotten and not tried again', async (t) => {
  const { port, authority } = await mailServer(t);
  const { engine, lines } = await stage(t, { port, roots: [authority], password: () => 'wrong' });
  const { outcome } = await engine.start('background');
  assert.equal(outcome, 'offline');
  assert.equal(engine.report().workOffline?.reason, 'wrong-password');
  assert.equal(lines.filter((line) => line.includes('account.AUTH_FAILED')).length, 1);
});

test('a change on the server is here without being asked for', async (t) => {
  const { port, home, authority } = await mailServer(t);
  const { engine, events } = await stage(t, { port, roots: [authority] });
  await engine.start('background');
  await addMessage({ home, account: ACCOUNT, message: Buffer.from(MAIL) });
  await until(engine, async () => (await engine.store.standing()).messages === 1);
  assert.ok(events.some((event) => event.type === 'message' && event.stored === 1));
});

test('Stop Trusting ends every socket and the profile stays offline until a person goes online', async (t) => {
  const { port } = await mailServer(t);
  const ask = authorizesForOneDay();
  const { engine, gate } = await stage(t, { port, ask });
  await engine.start('person');
  await until(engine, () =>
    Object.values(activities(engine)).every((one) => one === 'idle' || one === 'watching'),
  );
  const stopped = await gate.stopTrusting({ host: SERVER_NAME, port });
  assert.equal(stopped.override, true);
  assert.ok(stopped.sockets > 0);
  assert.equal(engine.report().workOffline?.reason, 'stopped-trusting');
  assert.equal(gate.status({ host: SERVER_NAME, port }).openSockets, 0);
  await engine.goOnline();
  await until(engine, () => engine.report().workOffline === null);
  assert.equal(ask.questions.length, 2);
});

test('Work Offline by hand ends every socket', async (t) => {
  const { port, authority } = await mailServer(t);
  const { engine, gate, lines } = await stage(t, { port, roots: [authority] });
  await engine.start('background');
  engine.workOffline('by-hand');
  assert.deepEqual(engine.report().workOffline?.reason, 'by-hand');
  assert.deepEqual(new Set(Object.values(activities(engine))), new Set(['offline']));
  const { outcome } = await engine.goOnline();
  assert.equal(outcome, 'done', lines.join());
  assert.equal(gate.status({ host: SERVER_NAME, port }).state, 'secure');
});

test('when the time of an override is over, the profile asks again before anything more is sent', async (t) => {
  const { port } = await mailServer(t);
  const reasons: string[] = [];
  const clock = createManualClock(new Date());
  const { engine } = await stage(t, {
    port,
    clock,
    ask: {
      ask: async ({ because, leafSha256 }) => {
        reasons.push(because);
        if (reasons.length > 1) return { kind: 'workOffline' };
        return { kind: 'authorizeConnections', leafSha256, interval: '1h', typedFingerprint: null };
      },
    },
  });
  await engine.start('person');
  await until(engine, isRunning(engine));
  const refused = until(engine, () => engine.report().workOffline?.reason === 'refused');
  // In steps, because the watch is renewed every five minutes by a real server.
  let isOver = false;
  void refused.then(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(60_000);
  await refused;
  assert.deepEqual(reasons, ['first', 'override-expired']);
});
