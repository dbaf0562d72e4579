/** One form of fingerprints in all JSON, another one for people. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { formatFingerprint } from '@postern/trust';
import { makeHome } from './run-postern.ts';

/** Every text in a JSON value, under the name of its field. */
function texts(value: unknown, field = ''): [field: string, text: string][] {
  if (typeof value === 'string') return [[field, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    texts(one, Array.isArray(value) ? field : key),
  );
}

test('in JSON every fingerprint is lower-case hex, for people it is upper-case pairs', async (t) => {
  const home = await makeHome();
  t.after(() => home.remove());
  const json = async (...args: string[]) => {
    const { stdout } = await home.run([...args, '--json']);
    return JSON.parse(stdout);
  };
  const started = await json('server', 'start');
  const told = await json('server', 'fingerprint');
  const rootFile = path.join(home.folder, 'home/demo-server/ssl/zimbra/ca/ca.pem');
  const at = `localhost:${started.ports.https}`;
  const account = ['--email', 'anna@example.test', '--server', at, '--secure', 'on'];
  await home.run(['profile', 'create', 'work', ...account]);
  await home.run(['sync', '--password-stdin'], { stdin: 'some password' });
  const question = await json('trust', 'show');
  const trusted = ['trust', 'add', at, '--sha256', told.sha256, '--for', '1h'];
  const given = ['--name', 'localhost', '--sha256', told.authoritySha256];
  const all = [
    started,
    told,
    question,
    await json('server', 'status'),
    await json('check', at),
    await json('status'),
    await json(...trusted),
    await json('trust', 'list'),
    await json('roots', 'add', rootFile, ...given),
    await json('roots', 'list'),
    await json('roots', 'remove', told.authoritySha256),
  ];
  const found = texts(all).filter(([field]) => /sha(1|256)$/i.test(field));
  const wrong = found.filter(([, text]) => !/^([0-9a-f]{64}|[0-9a-f]{40})$/.test(text));
  assert.deepEqual(wrong, []);
  assert.ok(found.length > 20, `${found.length} fingerprints`);
  assert.equal(question.questions[0].leafSha256, told.sha256);
  // Neither under another name.
  assert.doesNotMatch(JSON.stringify(all), /([0-9A-F]{2}:){19}/);

  const { stdout } = await home.run(['server', 'fingerprint']);
  assert.match(stdout, /^Server certificate {3}[^\n\\]+CN=[^\n\\]+\n/);
  assert.ok(stdout.includes(formatFingerprint(told.sha256)), stdout);
  assert.ok(stdout.includes(formatFingerprint(told.sha1)), stdout);
  assert.ok(stdout.includes(formatFingerprint(told.authoritySha256)), stdout);
});
