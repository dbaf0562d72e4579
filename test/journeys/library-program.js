/**
 * A program of somebody who installed @postern/trust: one server, from the first question to Stop
 * Trusting. Plain JavaScript, because Node.js 22.15 strips no types. The parent process
 * (library-nodes.long.test.ts) runs the server, exchanges its certificate when told to, and reads the
 * JSON that this prints.
 */

import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import {
  createAnchors,
  createGate,
  createSystemRoots,
  fixedPolicy,
  formatFingerprint,
  openFileOverrides,
  systemClock,
} from '@postern/trust';

const [port, folder, rootPem] = process.argv.slice(2);
const endpoint = { host: '127.0.0.1', port: Number(port) };
const bundle = path.join(folder, 'bundle.crt');
const file = path.join(folder, 'overrides.db');
writeFileSync(bundle, '');

const asked = [];
let answers = 'no';
const person = {
  async ask({ because, diagnosis, leafSha256 }) {
    asked.push({ because, problems: diagnosis.problems.map(({ kind }) => kind) });
    if (answers === 'no') return { kind: 'workOffline' };
    const typedFingerprint = answers === 'typed' ? formatFingerprint(leafSha256) : null;
    return { kind: 'authorizeConnections', leafSha256, interval: '1d', typedFingerprint };
  },
};

const policy = fixedPolicy();
const system = createSystemRoots({ paths: { bundles: [bundle], folders: [] } });
const overrides = openFileOverrides(file);
const gate = createGate({
  anchors: createAnchors({ system, policy, userRoots: null }),
  overrides,
  policy,
  ask: person,
  clock: systemClock,
});

/** What came of one request, and what was asked for it. */
async function visit(initiatedBy = 'person') {
  const agent = gate.agent({ purpose: 'program', initiatedBy });
  const request = https.get({ ...endpoint, path: '/', agent });
  let came;
  try {
    const [response] = await once(request, 'response');
    came = await text(response);
  } catch (error) {
    came = error.code;
  }
  agent.destroy();
  return { came, state: gate.status(endpoint).state, asked: asked.splice(0) };
}

/** Has the server present its other certificate from now on. */
async function exchangeCertificate() {
  const done = once(process, 'message');
  process.send('exchange');
  await done;
}

const report = { node: process.versions.node };
report.untrusted = await visit();
answers = 'yes';
report.asked = await visit();
answers = 'no';
report.overridden = await visit('background');

const another = openFileOverrides(file);
const { override } = another.recall(endpoint, systemClock.now());
report.onDisk = { state: override.state, leafSha256: override.value.leafSha256 };
another.close();

await exchangeCertificate();
report.changed = await visit();
await exchangeCertificate();
appendFileSync(bundle, rootPem);
await gate.reload();
report.secure = await visit();

await exchangeCertificate();
report.wasSecure = await visit();
answers = 'typed';
report.typed = await visit();
answers = 'no';

const socket = await gate.connect({ ...endpoint, purpose: 'held', initiatedBy: 'background' });
const failed = once(socket, 'error');
report.stopped = await gate.stopTrusting(endpoint);
// Nothing can move any more as soon as that resolves.
const isDestroyed = socket.destroyed;
const [error] = await failed;
report.heldSocket = { isDestroyed, code: error.code };
report.afterStop = await visit('background');
report.afterStopByPerson = await visit();

await gate.close();
overrides.close();

/** Fingerprints of the roots of this computer. */
async function fingerprints(options) {
  return (await createSystemRoots(options).read()).map(({ sha256 }) => sha256).sort();
}
report.systemRoots = await fingerprints();
report.systemRootsByChild = await fingerprints({ paths: 'child' });

console.log(JSON.stringify(report));
process.disconnect();
