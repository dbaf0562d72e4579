/** The engine where the roots are files of the system, as an administrator installs and removes them. */

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain, pem } from '@postern/badcerts';
import { type Anchors, createAnchors, createSystemRoots, fixedPolicy } from '@postern/trust';
import { createManualClock } from '../../../test/manual-clock.ts';
import {
  activities,
  alwaysRefuses,
  mailServer,
  nobody,
  SERVER_NAME,
  stage,
  until,
} from './stage.ts';
import { temporaryFolder } from './temporary.ts';

/** A root store of files, and how an administrator changes it. */
interface SystemStore {
  anchors: Anchors;
  /** Puts a new bundle in the place of the old one, as `update-ca-certificates` does. */
  install(roots: readonly string[]): Promise<void>;
}

async function systemStore(t: TestContext): Promise<SystemStore> {
  const folder = await temporaryFolder(t);
  const bundle = path.join(folder, 'ca-certificates.crt');
  const paths = { bundles: [bundle], folders: [path.join(folder, 'certs')] };
  const policy = fixedPolicy();
  return {
    anchors: createAnchors({ system: createSystemRoots({ paths }), policy, userRoots: null }),
    async install(roots) {
      await fs.writeFile(`${bundle}.new`, roots.join(''));
      await fs.rename(`${bundle}.new`, bundle);
    },
  };
}

/** The root of an authority that has nothing to do with the server. */
async function unrelatedRoot(): Promise<string> {
  return pem((await makeChain(goodPlan('system-store', 'other.test'))).parts.root.der);
}

test('once the root is in the system’s store a whole run asks nothing and says SECURE', async (t) => {
  const { port, authority } = await mailServer(t);
  const { anchors, install } = await systemStore(t);
  await install([await unrelatedRoot(), authority]);
  const ask = alwaysRefuses();
  const { engine, overrides } = await stage(t, { port, ask, anchors });
  const { outcome, profile } = await engine.start('person');
  assert.equal(outcome, 'done');
  assert.equal(profile.connectionStatus, 'SECURE');
  assert.deepEqual(
    profile.connections.map(({ security }) => security),
    profile.connections.map(() => ({ kind: 'SECURE' })),
  );
  assert.deepEqual(ask.questions, []);
  assert.deepEqual(overrides.list(new Date()), []);
});

test('when the root leaves the system’s store a reload ends every socket, and a person is asked before anything more is sent', async (t) => {
  const { port, authority } = await mailServer(t);
  const { anchors, install } = await systemStore(t);
  const others = await unrelatedRoot();
  await install([others, authority]);
  const ask = alwaysRefuses();
  const { engine, gate } = await stage(t, { port, ask, anchors });
  const here = { host: SERVER_NAME, port };
  await engine.start('background');
  assert.notEqual(gate.status(here).openSockets, 0);

  await install([others]);
  await gate.reload();
  assert.equal(gate.status(here).openSockets, 0);
  // What dials again by itself is decided again: here the person is asked, and says no.
  await until(engine, () => engine.report().workOffline?.reason === 'refused');
  assert.deepEqual(new Set(Object.values(activities(engine))), new Set(['offline']));
  assert.deepEqual(
    ask.questions.map(({ because, initiatedBy }) => ({ because, initiatedBy })),
    [{ because: 'was-secure', initiatedBy: 'background' }],
  );
  assert.equal(gate.status(here).openSockets, 0);
});

test('a root that is installed while the person is waited for lets all connections run without an answer', async (t) => {
  const { port, authority } = await mailServer(t);
  const { anchors, install } = await systemStore(t);
  await install([await unrelatedRoot()]);
  // The server's certificate is as old as this test.
  const clock = createManualClock(new Date());
  const { engine, gate, overrides } = await stage(t, { port, ask: nobody, anchors, clock });
  assert.equal((await engine.start('background')).outcome, 'waiting-for-decision');

  await install([authority]);
  // When the gate looks at the server again.
  await clock.advance(30_000);
  await until(engine, () =>
    Object.values(activities(engine)).every((one) => one === 'idle' || one === 'watching'),
  );
  assert.equal(engine.report().connectionStatus, 'SECURE');
  assert.deepEqual(gate.questions(), []);
  assert.deepEqual(overrides.list(clock.now()), []);
});
