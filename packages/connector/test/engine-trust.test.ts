import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseById, pem, serveCase } from '@postern/badcerts';
import { type Asker, StoreError } from '@postern/trust';
import { alwaysRefuses, authorizesForOneDay, mailServer, nobody, stage, until } from './stage.ts';
import { afterwards } from './temporary.ts';

const CASES = ['chain::self-signed', 'chain::root-not-trusted', 'dates::expired', 'name::mismatch'];

const ASKERS: readonly { name: string; ask: Asker; reason: string }[] = [
  { name: 'the person refuses', ask: alwaysRefuses(), reason: 'refused' },
  { name: 'nobody is there', ask: nobody, reason: 'waiting-for-decision' },
];

for (const id of CASES) {
  for (const { name, ask, reason } of ASKERS) {
    test(`${id}: where ${name}, eight connections send not a byte`, async (t) => {
      const one = caseById(id);
      const server = await serveCase(one);
      afterwards(t, () => server.close());
      const made = await one.make();
      const { engine, gateEvents } = await stage(t, {
        port: server.port,
        ask,
        roots: made.anchors.map(pem),
        profile: { serverName: one.serverName },
      });
      const { outcome } = await engine.start('person');
      assert.notEqual(outcome, 'done');
      await until(engine, () => engine.report().workOffline?.reason === reason);
      await server.quiet();
      assert.ok(server.counters.connections > 0);
      assert.equal(server.counters.applicationBytes, 0);
      assert.equal(gateEvents.filter(({ type }) => type === 'question-opened').length, 1);
    });
  }
}

test('a decision that cannot be kept is Work Offline, and says that the store failed', async (t) => {
  const { port } = await mailServer(t);
  const ask = authorizesForOneDay();
  const { engine, overrides } = await stage(t, { port, ask });
  overrides.grant = () => {
    throw new StoreError('ERR_STORE_FAILED', 'no room on the disk', { path: 'overrides.db' });
  };
  await engine.start('person');
  await until(engine, () => engine.report().workOffline?.reason === 'store-failed');
  assert.equal(engine.report().workOffline?.detail, 'no room on the disk');
});
