import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain } from '@postern/badcerts';
import { type AnchorSet, anchorsFor, createAnchors, fixedAnchors } from '../src/anchors.ts';
import { parseCertificate, toPem } from '../src/certificate.ts';
import { createPolicySource, fixedPolicy, type Policy } from '../src/policy.ts';
import { createSystemRoots } from '../src/system-roots.ts';
import { openUserRoots } from '../src/user-roots.ts';
import { tempFolder } from './temp-folder.ts';

/** 23 November 2026, 09:00 in Berlin. */
const at = new Date('2026-11-23T08:00:00Z');
const NAME = 'mail.example.test';

async function aRoot(label: string) {
  const { parts } = await makeChain(goodPlan(`anchors ${label}`, NAME));
  return {
    der: parts.root.der,
    pem: toPem(parts.root.der),
    sha256: parseCertificate(parts.root.der).sha256,
  };
}

const [SYSTEM, POLICY, USER, OTHER] = await Promise.all([
  aRoot('system'),
  aRoot('policy'),
  aRoot('user'),
  aRoot('other'),
]);

/** A system with one root, and the user's list, both as real files. */
function sources(t: TestContext) {
  const folder = tempFolder(t);
  const bundle = join(folder, 'bundle.crt');
  writeFileSync(bundle, SYSTEM.pem);
  const system = createSystemRoots({ paths: { bundles: [bundle], folders: [] } });
  const userRoots = openUserRoots(join(folder, 'roots.db'));
  t.after(() => userRoots.close());
  return { folder, bundle, system, userRoots };
}

function drawn(set: AnchorSet): [string, string][] {
  return set.anchors.map(({ certificate, origin }) => [origin.kind, certificate.sha256]);
}

test('anchors of the system, of policy and of the user know where they come from', async (t) => {
  const { bundle, system, userRoots } = sources(t);
  userRoots.add(USER.der, NAME, USER.sha256, at);
  const policy = fixedPolicy({ extraRoots: [{ pem: POLICY.pem + OTHER.pem, hosts: ['a.test'] }] });
  const set = await createAnchors({ system, policy, userRoots }).current();
  assert.equal(set.generation, 1);
  assert.deepEqual(
    set.anchors.map(({ certificate, origin }) => [certificate.sha256, origin]),
    [
      [SYSTEM.sha256, { kind: 'system', source: bundle }],
      [POLICY.sha256, { kind: 'policy', hosts: ['a.test'], source: 'ExtraRoots' }],
      [OTHER.sha256, { kind: 'policy', hosts: ['a.test'], source: 'ExtraRoots' }],
      [USER.sha256, { kind: 'user', serverName: NAME, addedAt: at }],
    ],
  );
});

test('a root bound to one name does not count for another', async (t) => {
  const { system, userRoots } = sources(t);
  userRoots.add(USER.der, NAME, USER.sha256, at);
  const policy = fixedPolicy({
    extraRoots: [
      { pem: POLICY.pem, hosts: ['a.test'] },
      { pem: OTHER.pem, hosts: null },
    ],
  });
  const set = await createAnchors({ system, policy, userRoots }).current();
  const kinds = (name: string): string[] =>
    anchorsFor(set, name).map(({ certificate }) => certificate.sha256);
  assert.deepEqual(kinds(NAME), [SYSTEM.sha256, OTHER.sha256, USER.sha256]);
  assert.deepEqual(kinds('a.test'), [SYSTEM.sha256, POLICY.sha256, OTHER.sha256]);
  assert.deepEqual(kinds('b.test'), [SYSTEM.sha256, OTHER.sha256]);
});

const forbidding: { name: string; policy: Partial<Policy>; counts: boolean }[] = [
  { name: 'overrides are off', policy: { trustOverride: 'off' }, counts: false },
  { name: 'overrides are limited to no days', policy: { maxTrustDays: 0 }, counts: false },
  {
    name: 'overrides are for other hosts',
    policy: { trustOverride: 'listed', trustOverrideHosts: ['a.test'] },
    counts: false,
  },
  {
    name: 'overrides are for this host',
    policy: { trustOverride: 'listed', trustOverrideHosts: [NAME] },
    counts: true,
  },
  { name: 'overrides are on', policy: {}, counts: true },
];

for (const { name, policy, counts } of forbidding) {
  test(`a user's root ${counts ? 'counts' : 'is void'} where ${name}`, async (t) => {
    const { userRoots } = sources(t);
    userRoots.add(USER.der, NAME, USER.sha256, at);
    const anchors = createAnchors({ system: null, policy: fixedPolicy(policy), userRoots });
    assert.deepEqual(drawn(await anchors.current()), counts ? [['user', USER.sha256]] : []);
  });
}

test('policy may leave out the roots of the system', async (t) => {
  const { system } = sources(t);
  const policy = fixedPolicy({
    rootsFromSystem: false,
    extraRoots: [{ pem: POLICY.pem, hosts: null }],
  });
  const set = await createAnchors({ system, policy, userRoots: null }).current();
  assert.deepEqual(drawn(set), [['policy', POLICY.sha256]]);
});

test('the same generation comes back while nothing changed, though files were touched', async (t) => {
  const { bundle, system, userRoots } = sources(t);
  const anchors = createAnchors({ system, policy: fixedPolicy(), userRoots });
  const first = await anchors.current();
  assert.equal(await anchors.reload(), first);
  writeFileSync(bundle, `# touched\n${SYSTEM.pem}`);
  assert.equal(await anchors.reload(), first);
  userRoots.add(USER.der, NAME, USER.sha256, at);
  userRoots.remove(USER.sha256);
  assert.equal(await anchors.current(), first);
});

test('a root added to the system is seen by a reload, and one removed is gone', async (t) => {
  const { bundle, system } = sources(t);
  const anchors = createAnchors({ system, policy: fixedPolicy(), userRoots: null });
  const first = await anchors.current();
  writeFileSync(bundle, SYSTEM.pem + OTHER.pem);
  assert.equal(await anchors.current(), first);
  const second = await anchors.reload();
  assert.deepEqual(
    [second.generation, drawn(second)],
    [
      2,
      [
        ['system', SYSTEM.sha256],
        ['system', OTHER.sha256],
      ],
    ],
  );
  assert.equal(await anchors.current(), second);
  writeFileSync(bundle, OTHER.pem);
  const third = await anchors.reload();
  assert.deepEqual([third.generation, drawn(third)], [3, [['system', OTHER.sha256]]]);
});

test('a reload asked for while another is under way sees what changed before it was asked for', async (t) => {
  const { bundle, system } = sources(t);
  const anchors = createAnchors({ system, policy: fixedPolicy(), userRoots: null });
  const underWay = anchors.current();
  writeFileSync(bundle, OTHER.pem);
  const [, after] = await Promise.all([underWay, anchors.reload()]);
  assert.deepEqual(drawn(after), [['system', OTHER.sha256]]);
});

test('a root that another process adds for the user counts at once, without a reload', async (t) => {
  const { folder, userRoots } = sources(t);
  const anchors = createAnchors({ system: null, policy: fixedPolicy(), userRoots });
  assert.equal((await anchors.current()).generation, 1);
  const commandLine = openUserRoots(join(folder, 'roots.db'));
  commandLine.add(USER.der, NAME, USER.sha256, at);
  commandLine.close();
  const set = await anchors.current();
  assert.deepEqual([set.generation, drawn(set)], [2, [['user', USER.sha256]]]);
});

test('withdrawing ends the roots of that name alone', async (t) => {
  const { userRoots } = sources(t);
  userRoots.add(USER.der, NAME, USER.sha256, at);
  userRoots.add(OTHER.der, NAME, OTHER.sha256, at);
  userRoots.add(USER.der, 'a.test', USER.sha256, at);
  const anchors = createAnchors({ system: null, policy: fixedPolicy(), userRoots });
  await anchors.current();
  assert.equal(await anchors.withdraw(NAME), 2);
  assert.equal(await anchors.withdraw(NAME), 0);
  const set = await anchors.current();
  assert.deepEqual(anchorsFor(set, NAME), []);
  assert.equal(anchorsFor(set, 'a.test').length, 1);
});

test("a policy that forbids overrides voids the user's roots as soon as it is read", async (t) => {
  const { folder, userRoots } = sources(t);
  userRoots.add(USER.der, NAME, USER.sha256, at);
  const machine = join(folder, 'policy.json');
  const policy = createPolicySource({ machine, user: null, file: null });
  const anchors = createAnchors({ system: null, policy, userRoots });
  assert.equal((await anchors.current()).anchors.length, 1);
  writeFileSync(machine, '{"TrustOverride": "off"}', { mode: 0o600 });
  policy.reload();
  assert.deepEqual(await anchors.current(), { generation: 2, anchors: [] });
});

test('a policy that cannot be read leaves no anchor', async (t) => {
  const { folder, system, userRoots } = sources(t);
  const machine = join(folder, 'policy.json');
  writeFileSync(machine, 'broken', { mode: 0o600 });
  const policy = createPolicySource({ machine, user: null, file: null });
  assert.deepEqual((await createAnchors({ system, policy, userRoots }).current()).anchors, []);
});

test('a system store that cannot be read fails the reload and leaves the set in force', async () => {
  let fails = false;
  const system = {
    async read() {
      if (fails) throw new Error('no answer within 30000 ms');
      return [{ ...SYSTEM, source: 'here' }];
    },
  };
  const anchors = createAnchors({ system, policy: fixedPolicy(), userRoots: null });
  const first = await anchors.current();
  fails = true;
  await assert.rejects(anchors.reload(), /no answer/);
  assert.equal(await anchors.current(), first);
  fails = false;
  assert.equal(await anchors.reload(), first);
});

test('fixed anchors are what was given, in PEM or DER, and never change', async () => {
  const anchors = fixedAnchors([SYSTEM.pem + OTHER.pem, USER.der]);
  const set = await anchors.current();
  assert.deepEqual(
    set.anchors.map(({ certificate }) => certificate.sha256),
    [SYSTEM.sha256, OTHER.sha256, USER.sha256],
  );
  assert.equal(await anchors.reload(), set);
  assert.equal(await anchors.withdraw(NAME), 0);
  assert.equal(anchorsFor(set, 'any.test').length, 3);
});
