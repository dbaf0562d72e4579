import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Change, goodPlan, makeChain, root, rootExtensions } from '@postern/badcerts';
import { requireOrSkip } from '../../../test/require.ts';
import { formatFingerprint, parseCertificate, toPem } from '../src/certificate.ts';
import { FormatError, StoreError, TrustError } from '../src/errors.ts';
import { OWNERSHIP_IS_CHECKED } from '../src/ownership.ts';
import { openUserRoots } from '../src/user-roots.ts';
import { tempFolder } from './temp-folder.ts';

/** 23 November 2026, 09:00 in Berlin. */
const at = new Date('2026-11-23T08:00:00Z');
const NAME = 'mail.example.test';

async function made(change: Change = (plan) => plan) {
  const { parts } = await makeChain(change(goodPlan('user roots', NAME)));
  const intermediate = parts.intermediates[0];
  assert.ok(intermediate !== undefined);
  return { root: parts.root.der, intermediate: intermediate.der, leaf: parts.leaf.der };
}

const { root: DER, intermediate: INTERMEDIATE, leaf: LEAF } = await made();
const { sha256: SHA256 } = parseCertificate(DER);

const forms: { name: string; input: string | Uint8Array; typed: string }[] = [
  { name: 'DER with the fingerprint in hex', input: DER, typed: SHA256 },
  {
    name: 'PEM text with the fingerprint as OpenSSL prints it',
    input: toPem(DER),
    typed: `sha256 Fingerprint=${formatFingerprint(SHA256)}`,
  },
  {
    name: 'the bytes of a PEM file',
    input: Buffer.from(`subject=x\n${toPem(DER)}`),
    typed: formatFingerprint(SHA256).replaceAll(':', ' '),
  },
];

for (const { name, input, typed } of forms) {
  test(`${name} is added`, (t) => {
    const roots = openUserRoots(join(tempFolder(t), 'roots.db'));
    t.after(() => roots.close());
    const expected = {
      der: parseCertificate(DER).der,
      sha256: SHA256,
      serverName: NAME,
      addedAt: at,
    };
    assert.deepEqual(roots.add(input, 'Mail.Example.Test.', typed, at), expected);
    assert.deepEqual(roots.list(), [expected]);
  });
}

test('a root whose fingerprint is not the typed one is refused, with both', () => {
  const roots = openUserRoots(':memory:');
  for (const typed of [parseCertificate(LEAF).sha256, SHA256.slice(2), '', 'yes']) {
    assert.throws(
      () => roots.add(DER, NAME, typed, at),
      (error) => {
        assert.ok(error instanceof TrustError, String(error));
        assert.equal(error.code, 'ERR_TRUST_CHANGED');
        assert.deepEqual(error.detail, {
          expected: typed.length === 64 ? typed : '',
          presented: SHA256,
        });
        assert.match(
          error.message,
          new RegExp(`has fingerprint "${formatFingerprint(SHA256)}", given was "`),
        );
        return true;
      },
    );
  }
  assert.deepEqual(roots.list(), []);
});

const notCa = await made(rootExtensions({ basicConstraints: { ca: false, critical: true } }));
const unmarked = await made(rootExtensions({ basicConstraints: null }));
const mayNotSign = await made(
  rootExtensions({ keyUsage: { usages: ['digitalSignature'], critical: true } }),
);
const asZmcertmgrMakesIt = await made(
  rootExtensions({
    basicConstraints: { ca: true, critical: false },
    keyUsage: null,
    subjectAltName: { names: [{ type: 'dns', value: NAME }], critical: false },
  }),
);
const expired = await made(root({ notAfter: new Date('2026-02-01T00:00:00Z') }));

const refused: { name: string; input: string | Uint8Array; code: string; message: RegExp }[] = [
  {
    name: 'a server certificate',
    input: LEAF,
    code: 'ERR_DER_INVALID',
    message: /is no root CA certificate: it is not marked as a CA$/,
  },
  {
    name: 'a self-signed certificate that says it is no CA',
    input: notCa.root,
    code: 'ERR_DER_INVALID',
    message: /it is not marked as a CA$/,
  },
  {
    name: 'a self-signed certificate that does not say',
    input: unmarked.root,
    code: 'ERR_DER_INVALID',
    message: /it is not marked as a CA$/,
  },
  {
    name: 'a CA whose key may not sign certificates',
    input: mayNotSign.root,
    code: 'ERR_DER_INVALID',
    message: /its key may not sign certificates$/,
  },
  {
    name: 'an intermediate',
    input: INTERMEDIATE,
    code: 'ERR_DER_INVALID',
    message: /it is an intermediate, issued by ".*CN=Root.*"$/,
  },
  {
    name: 'two certificates at once',
    input: toPem(DER) + toPem(LEAF),
    code: 'ERR_PEM_INVALID',
    message: /holds 2 certificates, one at a time/,
  },
  {
    name: 'a text without a certificate',
    input: 'hello',
    code: 'ERR_PEM_INVALID',
    message: /there is no certificate/,
  },
  {
    name: 'bytes that are no certificate',
    input: Uint8Array.of(0x30, 3, 2, 1, 0),
    code: 'ERR_DER_INVALID',
    message: /cannot be read: /,
  },
];

for (const { name, input, code, message } of refused) {
  test(`${name} cannot be added as a root, though its fingerprint is right`, () => {
    const roots = openUserRoots(':memory:');
    const sha256 = typeof input === 'string' ? SHA256 : parseCertificate(input).sha256;
    assert.throws(
      () => roots.add(input, NAME, sha256, at),
      (error) => {
        assert.ok(error instanceof FormatError, String(error));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      },
    );
    assert.deepEqual(roots.list(), []);
  });
}

for (const [name, { root: der }] of Object.entries({ asZmcertmgrMakesIt, expired })) {
  test(`a root CA certificate ${name} can be added`, () => {
    const roots = openUserRoots(':memory:');
    const { sha256 } = parseCertificate(der);
    assert.equal(roots.add(der, NAME, sha256, at).sha256, sha256);
  });
}

test('adding a root again changes nothing, and it can be bound to several names', () => {
  const roots = openUserRoots(':memory:');
  roots.add(DER, NAME, SHA256, at);
  assert.deepEqual(roots.add(DER, NAME, SHA256, new Date('2026-12-24T00:00:00Z')).addedAt, at);
  roots.add(DER, '192.0.2.1', SHA256, at);
  assert.deepEqual(
    roots.list().map(({ serverName }) => serverName),
    ['192.0.2.1', NAME],
  );
});

test('a root is removed from one name, from all, or all roots of one name', () => {
  const roots = openUserRoots(':memory:');
  const fill = (): void => {
    for (const name of ['a.test', 'b.test']) {
      roots.add(DER, name, SHA256, at);
      roots.add(expired.root, name, parseCertificate(expired.root).sha256, at);
    }
  };
  const names = (): string[] =>
    roots
      .list()
      .map(({ serverName, sha256 }) => `${serverName} ${sha256 === SHA256}`)
      .sort();
  fill();
  assert.equal(roots.remove(formatFingerprint(SHA256), 'A.test'), 1);
  assert.deepEqual(names(), ['a.test false', 'b.test false', 'b.test true']);
  assert.equal(roots.remove(SHA256, 'a.test'), 0);
  fill();
  assert.equal(roots.remove(SHA256), 2);
  assert.deepEqual(names(), ['a.test false', 'b.test false']);
  fill();
  assert.equal(roots.removeAll('a.test'), 2);
  assert.equal(roots.remove('no fingerprint'), 0);
  assert.deepEqual(names(), ['b.test false', 'b.test true']);
});

test('the list is the same array until this or another process changes it', (t) => {
  const path = join(tempFolder(t), 'roots.db');
  const [mine, theirs] = [openUserRoots(path), openUserRoots(path)];
  t.after(() => {
    mine.close();
    theirs.close();
  });
  const empty = mine.list();
  assert.equal(mine.list(), empty);
  theirs.add(DER, NAME, SHA256, at);
  const one = mine.list();
  assert.equal(one.length, 1);
  assert.equal(mine.list(), one);
  mine.remove(SHA256);
  assert.deepEqual([mine.list(), theirs.list()], [[], []]);
});

test('roots are there when the file is opened again, which is private', (t) => {
  const path = join(tempFolder(t), 'home', 'roots.db');
  const first = openUserRoots(path);
  first.add(DER, NAME, SHA256, at);
  first.close();
  const second = openUserRoots(path);
  assert.equal(second.list().length, 1);
  second.close();
  if (!requireOrSkip(t, OWNERSHIP_IS_CHECKED, 'a system with modes', 'run it on Linux or macOS'))
    return;
  assert.equal(statSync(path).mode & 0o777, 0o600);
  chmodSync(path, 0o622);
  assert.throws(
    () => openUserRoots(path),
    (error) => error instanceof StoreError && error.code === 'ERR_STORE_UNSAFE',
  );
});

test('a certificate exchanged in the file is found out by its fingerprint', (t) => {
  const path = join(tempFolder(t), 'roots.db');
  const roots = openUserRoots(path);
  t.after(() => roots.close());
  roots.add(DER, NAME, SHA256, at);
  const database = new DatabaseSync(path);
  database.prepare('UPDATE root SET der = ?').run(LEAF);
  database.close();
  assert.throws(
    () => roots.list(),
    (error) => error instanceof StoreError && error.code === 'ERR_STORE_CORRUPT',
  );
});
