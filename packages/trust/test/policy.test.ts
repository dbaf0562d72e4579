import assert from 'node:assert/strict';
import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { goodPlan, makeChain } from '@postern/badcerts';
import { requireOrSkip } from '../../../test/require.ts';
import { toPem } from '../src/certificate.ts';
import { OWNERSHIP_IS_CHECKED } from '../src/ownership.ts';
import {
  createPolicySource,
  DEFAULT_POLICY,
  fixedPolicy,
  type Policy,
  type PolicyLayer,
  type PolicyState,
} from '../src/policy.ts';
import { tempFolder } from './temp-folder.ts';

const [A, B, C] = ['aa', 'bb', 'cc'].map((pair) => pair.repeat(32)) as [string, string, string];
const { parts } = await makeChain(goodPlan('policy', 'mail.example.test'));
const PEM = toPem(parts.root.der);

type Documents = Partial<Record<'file' | 'machine' | 'user', object | string>>;

/** Real documents in a private folder, and a source on them. */
function sourceOf(t: TestContext, documents: Documents) {
  const folder = tempFolder(t);
  const paths = {
    machine: join(folder, 'machine.json'),
    user: join(folder, 'user.json'),
    file: join(folder, 'file.json'),
  };
  for (const layer of ['machine', 'user', 'file'] as const) {
    const document = documents[layer];
    if (document === undefined) continue;
    writeFileSync(
      paths[layer],
      typeof document === 'string' ? document : JSON.stringify(document),
      { mode: 0o600 },
    );
  }
  return { paths, source: createPolicySource(paths) };
}

function readable(state: PolicyState) {
  assert.equal(state.kind, 'readable');
  return state;
}

/** What one field becomes, where it came from, and whose words had no effect. */
const tightening: {
  name: string;
  documents: Documents;
  expected: Partial<Policy>;
  from: Partial<Record<keyof Policy, PolicyLayer>>;
  ignored?: [PolicyLayer, keyof Policy][];
}[] = [
  {
    name: 'a lower layer may require a secure connection',
    documents: {
      machine: { RequireSecureConnection: false },
      user: { RequireSecureConnection: true },
    },
    expected: { requireSecureConnection: true },
    from: { requireSecureConnection: 'user' },
  },
  {
    name: 'a lower layer cannot waive the secure connection',
    documents: {
      machine: { RequireSecureConnection: true },
      file: { RequireSecureConnection: false },
    },
    expected: { requireSecureConnection: true },
    from: { requireSecureConnection: 'machine' },
    ignored: [['file', 'requireSecureConnection']],
  },
  {
    name: 'the file may shorten what the user shortened, and not lengthen it',
    documents: {
      machine: { MaxTrustDays: 14 },
      user: { MaxTrustDays: 7 },
      file: { MaxTrustDays: 10 },
    },
    expected: { maxTrustDays: 7 },
    from: { maxTrustDays: 'user' },
    ignored: [['file', 'maxTrustDays']],
  },
  {
    name: 'the strongest layer that states a value is its origin, though a lower one repeats it',
    documents: { machine: { MaxTrustDays: 7 }, user: { MaxTrustDays: 7 } },
    expected: { maxTrustDays: 7 },
    from: { maxTrustDays: 'machine' },
  },
  {
    name: 'a layer that states the default is its origin where no other speaks',
    documents: { user: { MaxTrustDays: 30, Revocation: 'off' } },
    expected: { maxTrustDays: 30, revocation: 'off' },
    from: { maxTrustDays: 'user', revocation: 'user' },
  },
  {
    name: 'a lower layer may require the fingerprint check and not waive it',
    documents: {
      user: { RequireFingerprintCheck: true },
      file: { RequireFingerprintCheck: false },
    },
    expected: { requireFingerprintCheck: true },
    from: { requireFingerprintCheck: 'user' },
    ignored: [['file', 'requireFingerprintCheck']],
  },
  {
    name: 'a lower layer may leave out the roots of the system',
    documents: { machine: { RootsFromSystem: true }, user: { RootsFromSystem: false } },
    expected: { rootsFromSystem: false },
    from: { rootsFromSystem: 'user' },
  },
  {
    name: 'a lower layer cannot bring back the roots of the system',
    documents: { machine: { RootsFromSystem: false }, user: { RootsFromSystem: true } },
    expected: { rootsFromSystem: false },
    from: { rootsFromSystem: 'machine' },
    ignored: [['user', 'rootsFromSystem']],
  },
  {
    name: 'roots come from the machine layer alone',
    documents: { user: { ExtraRoots: [{ pem: PEM }] }, file: { ExtraRoots: [{ pem: PEM }] } },
    expected: { extraRoots: [] },
    from: { extraRoots: 'default' },
    ignored: [
      ['user', 'extraRoots'],
      ['file', 'extraRoots'],
    ],
  },
  {
    name: 'roots of the machine layer are taken',
    documents: { machine: { ExtraRoots: [{ pem: PEM, hosts: ['a.test'] }] } },
    expected: { extraRoots: [{ pem: PEM, hosts: ['a.test'] }] },
    from: { extraRoots: 'machine' },
  },
  {
    name: 'TrustOverride "on" below the machine layer is void',
    documents: { user: { TrustOverride: 'on' } },
    expected: { trustOverride: 'on' },
    from: { trustOverride: 'default' },
    ignored: [['user', 'trustOverride']],
  },
  {
    name: 'TrustOverride "on" of a lower layer does not open what the machine closed',
    documents: { machine: { TrustOverride: 'off' }, user: { TrustOverride: 'on' } },
    expected: { trustOverride: 'off' },
    from: { trustOverride: 'machine' },
    ignored: [['user', 'trustOverride']],
  },
  {
    name: 'a lower layer may narrow "on" to listed hosts',
    documents: {
      machine: { TrustOverride: 'on' },
      user: { TrustOverride: 'listed', TrustOverrideHosts: ['a.test'] },
    },
    expected: { trustOverride: 'listed', trustOverrideHosts: ['a.test'] },
    from: { trustOverride: 'user', trustOverrideHosts: 'user' },
  },
  {
    name: 'of two lists of hosts those on both remain',
    documents: {
      machine: { TrustOverride: 'listed', TrustOverrideHosts: ['a.test', 'b.test'] },
      user: { TrustOverride: 'listed', TrustOverrideHosts: ['b.test', 'c.test'] },
    },
    expected: { trustOverride: 'listed', trustOverrideHosts: ['b.test'] },
    from: { trustOverride: 'machine', trustOverrideHosts: 'user' },
  },
  {
    name: 'an empty list of the machine stays empty',
    documents: {
      machine: { TrustOverride: 'listed', TrustOverrideHosts: [] },
      user: { TrustOverride: 'listed', TrustOverrideHosts: ['c.test'] },
    },
    expected: { trustOverride: 'listed', trustOverrideHosts: [] },
    from: { trustOverride: 'machine', trustOverrideHosts: 'machine' },
    ignored: [['user', 'trustOverrideHosts']],
  },
  {
    name: "a list of hosts without TrustOverride cannot widen the machine's",
    documents: {
      machine: { TrustOverride: 'listed', TrustOverrideHosts: ['a.test'] },
      file: { TrustOverrideHosts: ['a.test', 'c.test'] },
    },
    expected: { trustOverride: 'listed', trustOverrideHosts: ['a.test'] },
    from: { trustOverrideHosts: 'machine' },
    ignored: [['file', 'trustOverrideHosts']],
  },
  {
    name: 'pins of new hosts are added, and of a pinned host only the common keys remain',
    documents: {
      machine: { PinnedKeys: [{ host: 'a.test', spkiSha256: [A, B] }] },
      user: {
        PinnedKeys: [
          { host: 'a.test', spkiSha256: [B, C] },
          { host: 'b.test', spkiSha256: [C] },
        ],
      },
    },
    expected: {
      pinnedKeys: [
        { host: 'a.test', spkiSha256: [B] },
        { host: 'b.test', spkiSha256: [C] },
      ],
    },
    from: { pinnedKeys: 'user' },
  },
  {
    name: 'pins that exclude each other leave a host that nothing satisfies',
    documents: {
      machine: { PinnedKeys: [{ host: 'a.test', spkiSha256: [A] }] },
      user: { PinnedKeys: [{ host: 'a.test', spkiSha256: [B] }] },
    },
    expected: { pinnedKeys: [{ host: 'a.test', spkiSha256: [] }] },
    from: { pinnedKeys: 'user' },
  },
  {
    name: 'disallowed certificates of all layers are disallowed',
    documents: {
      machine: { DisallowedCertificates: [A] },
      user: { DisallowedCertificates: [B] },
      file: { DisallowedCertificates: [A] },
    },
    expected: { disallowedCertificates: [A, B] },
    from: { disallowedCertificates: 'user' },
    ignored: [['file', 'disallowedCertificates']],
  },
  {
    name: 'revocation may become stricter and not laxer',
    documents: {
      machine: { Revocation: 'when-available' },
      user: { Revocation: 'required' },
      file: { Revocation: 'off' },
    },
    expected: { revocation: 'required' },
    from: { revocation: 'user' },
    ignored: [['file', 'revocation']],
  },
  {
    name: 'the least TLS version may rise and not fall',
    documents: {
      machine: { MinimumTlsVersion: 'TLSv1.3' },
      user: { MinimumTlsVersion: 'TLSv1.2' },
    },
    expected: { minimumTlsVersion: 'TLSv1.3' },
    from: { minimumTlsVersion: 'machine' },
    ignored: [['user', 'minimumTlsVersion']],
  },
  {
    name: 'words for people come from the strongest layer that has any',
    documents: {
      machine: { SupportText: 'Call 1' },
      user: { SupportText: 'Call 2', ServerName: 'user.test' },
      file: { ServerName: 'file.test', SupportUrl: 'https://file.test/' },
    },
    expected: { supportText: 'Call 1', serverName: 'user.test', supportUrl: 'https://file.test/' },
    from: { supportText: 'machine', serverName: 'user', supportUrl: 'file' },
    ignored: [
      ['user', 'supportText'],
      ['file', 'serverName'],
    ],
  },
];

for (const { name, documents, expected, from, ignored = [] } of tightening) {
  test(name, (t) => {
    const { source } = sourceOf(t, documents);
    const { policy, origin } = readable(source.current());
    assert.deepEqual(policy, { ...DEFAULT_POLICY, ...expected });
    for (const [field, layer] of Object.entries(from)) {
      assert.equal(origin[field as keyof Policy], layer, field);
    }
    assert.deepEqual(
      source.ignored().map(({ layer, field }) => [layer, field]),
      ignored,
    );
  });
}

test('without any document everything is the default', (t) => {
  const { policy, origin, generation } = readable(sourceOf(t, {}).source.current());
  assert.deepEqual(policy, DEFAULT_POLICY);
  assert.deepEqual(new Set(Object.values(origin)), new Set(['default']));
  assert.equal(generation, 1);
  const none = createPolicySource({ machine: null, user: null, file: null });
  assert.deepEqual(readable(none.current()).policy, DEFAULT_POLICY);
});

test('the generation grows only when the content changes', (t) => {
  const { source, paths } = sourceOf(t, { machine: { MaxTrustDays: 7 } });
  const first = source.current();
  assert.equal(source.reload(), first);
  writeFileSync(paths.machine, '{ "MaxTrustDays":  7 }\n');
  assert.equal(source.reload(), first);
  writeFileSync(paths.machine, '{ "MaxTrustDays": 3 }');
  assert.equal(source.current(), first);
  const second = readable(source.reload());
  assert.deepEqual([second.generation, second.policy.maxTrustDays], [2, 3]);
  assert.equal(source.current(), second);
  rmSync(paths.machine);
  const third = readable(source.reload());
  assert.deepEqual([third.generation, third.policy.maxTrustDays], [3, 30]);
});

function exchangeForLink(path: string, target: string): void {
  rmSync(path);
  symlinkSync(target, path);
}

/** Whatever happens to any document, the whole policy is unreadable and says which and why. */
const unreadable: {
  name: string;
  spoil(path: string): void;
  reason: RegExp;
  needsModes?: boolean;
}[] = [
  { name: 'is not JSON', spoil: (path) => writeFileSync(path, '{'), reason: /is not JSON$/ },
  {
    name: 'has an unknown key',
    spoil: (path) => writeFileSync(path, '{"MaxDays": 1}'),
    reason: /^key "MaxDays" is not one of/,
  },
  {
    name: 'is not UTF-8',
    spoil: (path) => writeFileSync(path, Buffer.from('{"SupportText": "\xff"}', 'latin1')),
    reason: /encoded data was not valid/,
  },
  {
    name: 'can be written to by others',
    spoil: (path) => chmodSync(path, 0o666),
    reason: /mode 0666: other users can write to it/,
    needsModes: true,
  },
  { name: 'is a folder', spoil: (path) => exchangeForLink(path, '.'), reason: /is not a file/ },
  {
    name: 'is a link that leads nowhere',
    spoil: (path) => exchangeForLink(path, 'gone'),
    reason: /where nothing is/,
  },
];

for (const { name, spoil, reason, needsModes } of unreadable) {
  for (const layer of ['machine', 'user', 'file'] as const) {
    test(`a policy whose ${layer} document ${name} is unreadable`, (t) => {
      const what = 'a system with modes';
      if (
        needsModes === true &&
        !requireOrSkip(t, OWNERSHIP_IS_CHECKED, what, 'run it on Linux or macOS')
      )
        return;
      const { source, paths } = sourceOf(t, { machine: { MaxTrustDays: 7 }, user: {}, file: {} });
      readable(source.current());
      spoil(paths[layer]);
      const state = source.reload();
      assert.ok(state.kind === 'unreadable');
      assert.deepEqual([state.path, state.generation], [paths[layer], 2]);
      assert.match(state.reason, reason);
      assert.equal(source.reload(), state);
    });
  }
}

test('a policy becomes readable again when its document is repaired', (t) => {
  const { source, paths } = sourceOf(t, { machine: 'broken' });
  assert.equal(source.current().kind, 'unreadable');
  writeFileSync(paths.machine, '{}');
  assert.equal(readable(source.reload()).generation, 2);
});

test('a fixed policy states what it was given, as the machine would, and never changes', () => {
  const source = fixedPolicy({ maxTrustDays: 1 });
  const { policy, origin } = readable(source.current());
  assert.deepEqual(policy, { ...DEFAULT_POLICY, maxTrustDays: 1 });
  assert.deepEqual([origin.maxTrustDays, origin.revocation], ['machine', 'default']);
  assert.equal(source.reload(), source.current());
});
