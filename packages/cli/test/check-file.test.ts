/** `postern check --file`: the same of a chain on disk, at any instant, without a network; and every file that is none. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  caseById,
  cases,
  goodPlan,
  makeChain,
  pem,
  rootExtensions,
  SERVER_NAME,
} from '@postern/badcerts';
import { fixedAnchors, fixedPolicy, parseCrl } from '@postern/trust';
import { readChainFile } from '../src/check/file.ts';
import { lookAtFile } from '../src/check/looker.ts';
import type { CheckReport } from '../src/check/report.ts';
import { assertKeepsToSchema } from './check-schema.ts';
import { makeHome, type PosternHome, type Run } from './run-postern.ts';

let home: PosternHome;
let folder: string;
before(async () => {
  home = await makeHome();
  folder = await mkdtemp(path.join(os.tmpdir(), 'postern-chain-'));
  const good = await caseById('chain::good').make();
  await save('chain.pem', good.presented.map(pem).join(''));
  await save('roots.pem', good.anchors.map(pem).join(''));
  await save('leaf.der', good.presented[0] ?? '');
});
after(async () => {
  await home.remove();
  await rm(folder, { recursive: true, force: true });
});

async function save(name: string, bytes: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
}

function check(args: readonly string[], stdin?: string): Promise<Run> {
  return home.run(['check', ...args], { cwd: folder, ...(stdin === undefined ? {} : { stdin }) });
}

const UNDER_ROOTS = ['--file', 'chain.pem', '--roots', 'roots.pem'];

describe('a chain on disk', () => {
  const runs: {
    name: string;
    args: readonly string[];
    exitCode: number;
    verdict: CheckReport['verdict'];
    problems?: string[];
  }[] = [
    {
      name: 'is SECURE under its roots and its name',
      args: [...UNDER_ROOTS, '--name', SERVER_NAME],
      exitCode: 0,
      verdict: 'secure',
    },
    {
      name: 'is never SECURE without a name',
      args: UNDER_ROOTS,
      exitCode: 0,
      verdict: 'name-not-checked',
    },
    {
      name: 'is not secure under another name',
      args: [...UNDER_ROOTS, '--name', 'other.example.test'],
      exitCode: 1,
      verdict: 'not-secure',
      problems: ['name-mismatch'],
    },
    {
      name: 'has expired at an instant after its end',
      args: [...UNDER_ROOTS, '--at', '2046-01-01T00:00:01Z'],
      exitCode: 1,
      verdict: 'not-secure',
      problems: ['expired', 'expired', 'expired'],
    },
    {
      name: 'has not expired in its last second',
      args: [...UNDER_ROOTS, '--at', '2046-01-01'],
      exitCode: 0,
      verdict: 'name-not-checked',
    },
    {
      name: 'is not valid yet before its beginning, in any notation of the instant',
      args: [...UNDER_ROOTS, '--at', '@1700000000'],
      exitCode: 1,
      verdict: 'not-secure',
      problems: ['not-yet-valid', 'not-yet-valid', 'not-yet-valid'],
    },
    {
      name: 'may be one certificate in DER',
      args: ['--file', 'leaf.der', '--roots', 'roots.pem'],
      exitCode: 1,
      verdict: 'not-secure',
      problems: ['issuer-not-found'],
    },
  ];
  for (const { name, args, exitCode, verdict, problems = [] } of runs) {
    test(name, async () => {
      const run = await check([...args, '--json']);
      assert.equal(run.stderr, '');
      const report: CheckReport = JSON.parse(run.stdout);
      assertKeepsToSchema(report);
      assert.equal(report.verdict, verdict);
      assert.deepEqual(
        report.problems.map(({ kind }) => kind),
        problems,
      );
      assert.equal(run.exitCode, exitCode);
      assert.equal(report.openssl, 'not consulted');
      assert.equal(report.protocol, null);
      assert.equal(report.serverName === null, !args.includes('--name'));
    });
  }

  test('says for people that neither name nor OpenSSL was part of it', async () => {
    const { stdout } = await check(UNDER_ROOTS);
    assert.match(stdout, /^chain\.pem {3}NO PROBLEM {3}\(name: not checked\)\n/);
    assert.match(stdout, /\n {2}\? Name {5}not checked: give it with --name\n/);
    assert.match(stdout, /\n {2}\? OpenSSL {2}not consulted\n/);
    assert.doesNotMatch(stdout, /\bSECURE/);
  });

  test('may come from standard input, as `openssl s_client -showcerts` prints it', async () => {
    const good = await caseById('chain::good').make();
    const shown = good.presented.map((der, index) => ` ${index} s:CN = x\n${pem(der)}`).join('');
    const args = ['--file', '-', '--roots', 'roots.pem', '--name', SERVER_NAME];
    const { stdout, exitCode } = await check(args, `CONNECTED(3)\n${shown}---\n`);
    assert.match(stdout, /^standard input {3}SECURE/);
    assert.equal(exitCode, 0);
  });

  test('of ten thousand certificates has a verdict, in two seconds', async () => {
    const good = await caseById('chain::good').make();
    await save('many.pem', good.presented.map(pem).join('').repeat(5000));
    const begun = process.hrtime.bigint();
    const run = await check(['--file', 'many.pem', '--roots', 'roots.pem', '--json']);
    const tookMs = Number(process.hrtime.bigint() - begun) / 1e6;
    const report: CheckReport = JSON.parse(run.stdout);
    assertKeepsToSchema(report);
    const [problem] = report.problems;
    assert.deepEqual(
      [problem?.kind, problem?.found, problem?.allowed],
      ['limit-exceeded', 10_000, 16],
    );
    assert.equal(run.exitCode, 1);
    assert.ok(tookMs < 2000, `${tookMs} ms`);
  });

  test('that ends within --days is a finding without a problem', async () => {
    const near = ['--at', '2045-12-20', '--days', '30', '--name', SERVER_NAME];
    const run = await check([...UNDER_ROOTS, ...near, '--json']);
    const report: CheckReport = JSON.parse(run.stdout);
    assertKeepsToSchema(report);
    assert.deepEqual(
      report.endsSoon.map(({ position, days, notAfter }) => [position, days, notAfter]),
      [
        [0, 12, '2046-01-01T00:00:00.000Z'],
        [1, 12, '2046-01-01T00:00:00.000Z'],
      ],
    );
    assert.deepEqual([report.verdict, report.problems, run.exitCode], ['secure', [], 1]);
    const { stdout } = await check([...UNDER_ROOTS, ...near]);
    assert.match(stdout, /\n {2}! Dates {4}ends in 12 days, on Mon 1 Jan 2046 00:00\n/);
  });

  test('beside a private key is looked at, and the key is named and not shown', async () => {
    const good = await caseById('chain::good').make();
    const key = good.key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const [, secret = ''] = key.split('\n');
    const both = key + good.presented.map(pem).join('');
    await save('both.pem', both);
    const run = await check(['--file', 'both.pem', '--roots', 'roots.pem']);
    assert.equal(run.exitCode, 0);
    assert.equal(
      run.stderr,
      'postern: warning: the file holds a private key too, which was not looked at\n',
    );
    assert.equal((run.stdout + run.stderr).includes(secret), false);
    await save('key.pem', key);
    const alone = await check(['--file', 'key.pem']);
    assert.equal(alone.exitCode, 2);
    assert.match(
      alone.stderr,
      /^postern: error: "key\.pem" holds a private key and no certificate\n/,
    );
    assert.equal((alone.stdout + alone.stderr).includes(secret), false);
  });
});

describe('--crl requires that the lists cover the chain', () => {
  const runs: {
    name: string;
    id: string;
    keep?: (lists: readonly Uint8Array[]) => readonly Uint8Array[];
    problems: string[];
  }[] = [
    { name: 'lists that revoke nothing', id: 'revocation::good', problems: [] },
    { name: 'a revoked leaf', id: 'revocation::revoked-leaf', problems: ['revoked@0'] },
    {
      name: 'a list that does not cover the leaf',
      id: 'revocation::good',
      keep: (lists) => lists.slice(0, 1),
      problems: ['revocation-unknown@0'],
    },
    {
      name: 'a list that is none',
      id: 'revocation::good',
      keep: (lists) => [...lists, Uint8Array.of(0x30, 0x80)],
      problems: ['malformed@null'],
    },
  ];
  for (const { name, id, keep = (lists: readonly Uint8Array[]) => lists, problems } of runs) {
    test(name, async () => {
      const { presented, anchors, lists } = await caseById(id).make();
      await save('crl-chain.pem', presented.map(pem).join(''));
      await save('crl-roots.pem', anchors.map(pem).join(''));
      const args = ['--file', 'crl-chain.pem', '--roots', 'crl-roots.pem', '--at', '2026-11-24'];
      for (const [index, list] of keep(lists ?? []).entries()) {
        await save(`${index}.crl`, list);
        args.push('--crl', `${index}.crl`);
      }
      const run = await check([...args, '--json']);
      const report: CheckReport = JSON.parse(run.stdout);
      assertKeepsToSchema(report);
      assert.deepEqual(
        report.problems.map(({ kind, position }) => `${kind}@${position}`),
        problems,
      );
      assert.equal(run.exitCode, problems.length === 0 ? 0 : 1);
    });
  }

  test('a root that is not well formed is diagnosed, not refused as a file', async () => {
    const broken = { oid: '2.5.29.30', critical: true, value: Uint8Array.of(0x30, 2, 5, 0) };
    const plan = rootExtensions({ more: [broken] })(goodPlan('broken root', SERVER_NAME));
    const { presented, anchors } = await makeChain(plan);
    await save('chain.broken.pem', presented.map(pem).join(''));
    await save('root.broken.pem', anchors.map(pem).join(''));
    const files = ['--file', 'chain.broken.pem', '--roots', 'root.broken.pem'];
    const run = await check([...files, '--at', '2026-11-24', '--json']);
    const { problems }: CheckReport = JSON.parse(run.stdout);
    assert.deepEqual(
      problems.map(({ kind, position }) => `${kind}@${position}`),
      ['malformed@null'],
    );
    assert.equal(run.exitCode, 1);
  });

  test('a file that holds no list is told in one line', async () => {
    const run = await check([...UNDER_ROOTS, '--crl', 'chain.pem']);
    assert.equal(run.exitCode, 2);
    assert.match(run.stderr, /^postern: error: [^\n]*no revocation list[^\n]*\n$/);
  });
});

test('--report is what is sent to an administrator, without a path of this computer', async () => {
  const args = [
    '--file',
    path.join(folder, 'chain.pem'),
    '--roots',
    path.join(folder, 'roots.pem'),
  ];
  const run = await check([...args, '--report', '--at', '2026-11-24']);
  assert.match(run.stdout, /^Report on a chain of certificates in a file\n/);
  assert.match(run.stdout, /\n {2}Name +not checked\n/);
  assert.equal(run.stdout.includes(folder), false, run.stdout);
  assert.equal(run.exitCode, 0);
});

describe('a file that is no chain is told in one line', () => {
  const block = (label: string): string =>
    `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
  const files: { name: string; bytes: string | Uint8Array; message: RegExp; code: string }[] = [
    { name: 'empty', bytes: '', message: /holds no certificate$/, code: 'ERR_PEM_INVALID' },
    {
      name: 'prose',
      bytes: 'Dear administrator',
      message: /holds no certificate$/,
      code: 'ERR_PEM_INVALID',
    },
    {
      name: 'octets',
      bytes: Uint8Array.from({ length: 5000 }, (_, index) => (index * 151 + 7) % 256),
      message: /holds no certificate$/,
      code: 'ERR_PEM_INVALID',
    },
    {
      name: 'revocation list',
      bytes: block('X509 CRL'),
      message: /holds a certificate revocation list, not a chain$/,
      code: 'ERR_USAGE',
    },
    {
      name: 'request',
      bytes: block('CERTIFICATE REQUEST'),
      message: /holds a request for a certificate, not a chain$/,
      code: 'ERR_USAGE',
    },
    {
      name: 'encrypted key',
      bytes: block('ENCRYPTED PRIVATE KEY'),
      message: /holds a private key and no certificate$/,
      code: 'ERR_USAGE',
    },
    {
      name: 'block without end',
      bytes: `${block('CERTIFICATE')}-----BEGIN CERTIFICATE-----\nAAAA\n`,
      message: /is cut off: block "CERTIFICATE" does not end$/,
      code: 'ERR_PEM_INVALID',
    },
    {
      name: 'no base64',
      bytes: '-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n',
      message: /^a certificate in ".*" is not base64$/,
      code: 'ERR_PEM_INVALID',
    },
  ];
  for (const { name, bytes, message, code } of files) {
    test(name, async () => {
      const file = await save('other', bytes);
      await assert.rejects(readChainFile(file), { message, code });
    });
  }

  test('too large to be one: no more of it is read than the limit', async () => {
    await assert.rejects(readChainFile('/dev/zero'), {
      code: 'ERR_PEM_INVALID',
      message: '"/dev/zero" has more than 67108864 bytes, too many for a chain',
    });
  });

  test('that is not there', async () => {
    const run = await check(['--file', 'absent.pem']);
    assert.equal(run.exitCode, 2);
    assert.match(run.stderr, /^postern: error: ENOENT/);
  });
});

describe('reading', () => {
  test('finds the same certificates wherever the pieces of the file end', async () => {
    const good = await caseById('chain::good').make();
    for (const padding of [65_500, 65_510, 65_520, 65_530, 65_536, 131_000]) {
      const file = await save('padded.pem', 'x'.repeat(padding) + good.presented.map(pem).join(''));
      const { presented } = await readChainFile(file);
      assert.deepEqual(
        presented,
        good.presented.map((der) => Uint8Array.from(der)),
        `${padding}`,
      );
    }
  });

  test('a certificate longer than is looked at is cut, and said to be too long', async () => {
    const body = 'MIIB'.repeat(200_000);
    const file = await save(
      'long.pem',
      `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
    );
    for (const name of [file, await save('long.der', Buffer.alloc(1_000_000, 0x30))]) {
      const { report } = await lookAtFile(name, {
        serverName: null,
        strict: false,
        days: null,
        anchors: fixedAnchors([]),
        policy: fixedPolicy(),
        at: new Date('2026-11-24T00:00:00Z'),
      });
      assert.deepEqual(
        report.problems.map(({ kind, limit, allowed }) => [kind, limit, allowed]),
        [['limit-exceeded', 'bytes in a certificate', 65_536]],
      );
      assertKeepsToSchema(report);
    }
  });
});

test('every case of the kit has the same problems in a file, but for those that only a connection shows', async () => {
  for (const one of cases) {
    const { presented, anchors, disallowed, lists } = await one.make();
    const text = presented.map(pem).join('');
    if (text === '') continue;
    const file = await save('case.pem', text);
    const { report } = await lookAtFile(file, {
      serverName: one.serverName,
      strict: false,
      days: null,
      anchors: fixedAnchors(anchors),
      policy: fixedPolicy(
        { disallowedCertificates: disallowed, revocation: lists === null ? 'off' : 'required' },
        (lists ?? []).map((der) => parseCrl(der, one.id)),
      ),
      at: one.at,
    });
    assertKeepsToSchema(report);
    const found = report.problems.map(
      ({ kind, position }) => `${kind}@${position ?? 'connection'}`,
    );
    const expected = one.expected.filter((key) => !/^(old-protocol|refused-by-openssl)@/.test(key));
    assert.deepEqual(found, expected, one.id);
  }
});
