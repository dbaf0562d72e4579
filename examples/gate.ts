/**
 * An HTTPS client that asks instead of setting `rejectUnauthorized: false`.
 * Run: node examples/gate.ts https://intranet.example.com:8443/ FILE
 * FILE keeps the answers; its folder must be yours alone (mode 0700).
 */

import https from 'node:https';
import readline from 'node:readline/promises';
import {
  type Asker,
  createAnchors,
  createGate,
  createSystemRoots,
  describe,
  fixedPolicy,
  formatFingerprint,
  openFileOverrides,
  systemClock,
} from '@postern/trust';

const [url, file] = process.argv.slice(2);
if (url === undefined || file === undefined) {
  throw new TypeError('usage: node examples/gate.ts URL FILE');
}

/** Anything but the word "connect" is no. */
const terminal: Asker = {
  async ask(question, signal) {
    const { host, port } = question.endpoint;
    console.error(`The connection to ${host}:${port} is not secure:`);
    for (const problem of question.diagnosis?.problems ?? [])
      console.error(`- ${describe(problem)}`);
    if (question.leafSha256 !== null) console.error(formatFingerprint(question.leafSha256));
    const prompt = readline.createInterface({ input: process.stdin, output: process.stderr });
    const typed = await prompt.question('Type "connect" to go on for a day: ', { signal });
    prompt.close();
    if (typed !== 'connect') return { kind: 'workOffline' };
    const { leafSha256 } = question;
    return { kind: 'authorizeConnections', leafSha256, interval: '1d', typedFingerprint: null };
  },
};

const policy = fixedPolicy();
const overrides = openFileOverrides(file);
const gate = createGate({
  anchors: createAnchors({ system: createSystemRoots(), policy, userRoots: null }),
  overrides,
  policy,
  ask: terminal,
  clock: systemClock,
});
const agent = gate.agent({ purpose: 'example', initiatedBy: 'person' });
const request = https.get(url, { agent }, (response) => {
  response.pipe(process.stdout);
  response.once('end', finish);
});
request.once('error', (error: Error & { code?: string }) => {
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
  void finish();
});

async function finish(): Promise<void> {
  await gate.close();
  overrides.close();
}
