/** Revocation lists that a policy names: read with the policy, and unreadable with it (threats, row 14). */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { goodList, makeList, revoked } from '@postern/badcerts';
import { requireOrSkip } from '../../../test/require.ts';
import { MAX_LIST_FILE_BYTES, parseCrl } from '../src/crl.ts';
import { OWNERSHIP_IS_CHECKED } from '../src/ownership.ts';
import {
  createPolicySource,
  fixedPolicy,
  type PolicySource,
  type PolicyState,
} from '../src/policy.ts';
import { alwaysRefuses, chainFor, connect, exchange, serve, stage } from './gate-stage.ts';
import { caExtensions, makeCertificate } from './make-certificate.ts';
import { makeCrl } from './make-crl.ts';
import { tempFolder } from './temp-folder.ts';

const root = makeCertificate({ subject: 'Root', extensions: caExtensions() });
const first = makeCrl({ issuer: root, number: 1 });
const second = makeCrl({ issuer: root, number: 2 });

interface Stage {
  source: PolicySource;
  /** Files of the folder by their names. */
  at(name: string): string;
}

type Layers = Partial<Record<'file' | 'machine' | 'user', object>>;

/** Real documents and lists in a private folder; `$` in a path of a document stands for the folder. */
function staged(t: TestContext, lists: Record<string, Uint8Array>, layers: Layers): Stage {
  const folder = tempFolder(t);
  const at = (name: string): string => join(folder, name);
  for (const [name, bytes] of Object.entries(lists))
    writeFileSync(at(name), bytes, { mode: 0o600 });
  for (const [layer, document] of Object.entries(layers)) {
    const text = JSON.stringify(document).replaceAll(
      '"$',
      JSON.stringify(`${folder}/`).slice(0, -1),
    );
    writeFileSync(at(`${layer}.json`), text, { mode: 0o600 });
  }
  const source = createPolicySource({
    machine: at('machine.json'),
    user: at('user.json'),
    file: at('file.json'),
  });
  return { source, at };
}

function readable(state: PolicyState) {
  assert.equal(state.kind, 'readable', state.kind === 'unreadable' ? state.reason : '');
  return state;
}

const numbers = (state: PolicyState) =>
  readable(state).revocationLists.map(({ number }) => Number(number));

test('lists that a policy names are read, and looked at though it says nothing of revocation', (t) => {
  const { source, at } = staged(
    t,
    { 'one.crl': first },
    { machine: { RevocationLists: ['$one.crl'] } },
  );
  const { policy, origin, revocationLists } = readable(source.current());
  assert.deepEqual(policy.revocationLists, [at('one.crl')]);
  assert.deepEqual([policy.revocation, origin.revocation], ['when-available', 'machine']);
  assert.deepEqual(
    revocationLists.map((list) => [list.source, list.malformed]),
    [[at('one.crl'), []]],
  );
});

test('a lower layer adds lists and takes none away', (t) => {
  const { source } = staged(
    t,
    { 'one.crl': first, 'two.crl': second },
    {
      machine: { RevocationLists: ['$one.crl'], Revocation: 'required' },
      user: { RevocationLists: ['$two.crl', '$one.crl'] },
      file: { RevocationLists: [] },
    },
  );
  assert.deepEqual(numbers(source.current()), [1, 2]);
  assert.equal(readable(source.current()).policy.revocation, 'required');
});

test('where revocation is off in so many words no list is read, not even a missing one', (t) => {
  const { source } = staged(
    t,
    {},
    { machine: { Revocation: 'off' }, user: { RevocationLists: ['$none.crl'] } },
  );
  const { policy, revocationLists } = readable(source.current());
  assert.deepEqual([policy.revocation, revocationLists], ['off', []]);
});

test('a changed list is a new generation, and the same one is not', (t) => {
  const { source, at } = staged(
    t,
    { 'one.crl': first },
    { user: { RevocationLists: ['$one.crl'] } },
  );
  const before = readable(source.current());
  assert.equal(source.reload(), before);
  writeFileSync(at('one.crl'), second);
  const after = readable(source.reload());
  assert.deepEqual([after.generation, numbers(after)], [2, [2]]);
});

test('a file in which there is no list is a list that cannot be read, not an unreadable policy', (t) => {
  const { source, at } = staged(
    t,
    { 'text.crl': Buffer.from('hello'), 'cut.crl': first.subarray(0, 50) },
    { machine: { RevocationLists: ['$text.crl', '$cut.crl'] } },
  );
  assert.deepEqual(
    readable(source.current()).revocationLists.map((list) => [list.source, list.malformed]),
    [
      [at('text.crl'), ['there is no revocation list']],
      [at('cut.crl'), ['truncated at byte 0']],
    ],
  );
});

const spoiled: {
  name: string;
  spoil(path: string): void;
  reason: RegExp;
  needsModes?: true;
}[] = [
  {
    name: 'is missing',
    spoil: (path) => rmSync(path),
    reason: /^RevocationLists names a file that does not exist$/,
  },
  {
    name: 'is too large',
    spoil: (path) => truncateSync(path, MAX_LIST_FILE_BYTES + 1),
    reason: new RegExp(
      `has ${MAX_LIST_FILE_BYTES + 1} bytes, at most ${MAX_LIST_FILE_BYTES} are read$`,
    ),
  },
  {
    name: 'can be written by others',
    spoil: (path) => chmodSync(path, 0o666),
    reason: /has mode 0666: other users can write to it$/,
    needsModes: true,
  },
];

for (const { name, spoil, reason, needsModes } of spoiled) {
  test(`a policy is unreadable when a list that it names ${name}`, (t) => {
    const how = 'run it on Linux or macOS';
    if (needsModes && !requireOrSkip(t, OWNERSHIP_IS_CHECKED, 'a system with modes', how)) return;
    const { source, at } = staged(
      t,
      { 'one.crl': first },
      { user: { RevocationLists: ['$one.crl'] } },
    );
    readable(source.current());
    spoil(at('one.crl'));
    const state = source.reload();
    assert.ok(state.kind === 'unreadable');
    assert.deepEqual([state.path, state.generation], [at('one.crl'), 2]);
    assert.match(state.reason, reason);
    assert.equal(source.reload(), state);
  });
}

test('a fixed policy takes lists as they were read, and no paths', () => {
  const list = parseCrl(first, 'given');
  const state = readable(fixedPolicy({}, [list]).current());
  assert.deepEqual([state.policy.revocation, state.revocationLists], ['when-available', [list]]);
  const required = readable(fixedPolicy({ revocation: 'required' }, [list]).current());
  assert.equal(required.policy.revocation, 'required');
  assert.throws(() => fixedPolicy({ revocationLists: ['/one.crl'] }), TypeError);
});

test('a list that is exchanged ends the connection that it revokes, and lets no other through', async (t) => {
  const presented = await chainFor('exchanged list');
  const { root: authority, intermediates, leaf } = presented.parts;
  const issuing = intermediates.at(-1) ?? authority;
  const { source, at } = staged(
    t,
    {
      'root.crl': makeList(goodList(authority)),
      'issuing.crl': makeList(goodList(issuing)),
    },
    { machine: { Revocation: 'required', RevocationLists: ['$root.crl', '$issuing.crl'] } },
  );
  const server = await serve(presented);
  t.after(() => server.close());
  const { gate } = stage({ ask: alwaysRefuses, roots: [authority.der], policy: source });
  t.after(() => gate.close());
  const socket = await connect(gate, server.port);
  assert.equal(await exchange(socket), 'got 6\n');

  writeFileSync(
    at('issuing.crl'),
    makeList({ ...goodList(issuing), number: 2, revoked: [revoked(leaf)] }),
  );
  const failed = once(socket, 'error');
  await gate.reload();
  const [error] = await failed;
  assert.equal(error.code, 'ERR_TRUST_POLICY');
  assert.equal(error.detail.rule, 'revoked');
  await assert.rejects(connect(gate, server.port), { code: 'ERR_TRUST_POLICY' });

  rmSync(at('issuing.crl'));
  await gate.reload();
  await assert.rejects(connect(gate, server.port), { code: 'ERR_TRUST_POLICY' });
  writeFileSync(at('issuing.crl'), makeList({ ...goodList(issuing), number: 3 }));
  await gate.reload();
  assert.equal(await exchange(await connect(gate, server.port)), 'got 6\n');
});
