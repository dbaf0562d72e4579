/** `postern check` against real servers: verdict, problems, exit code, and nothing left behind. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  caseById,
  pem,
  SERVER_NAME,
  serveCase,
  serveGarbage,
  servePlainHttp,
  serveSilence,
  serveStartTls,
  serveTruncated,
  serveUnreadable,
  type TestServer,
} from '@postern/badcerts';
import type { CheckReport } from '../src/check/report.ts';
import { assertKeepsToSchema } from './check-schema.ts';
import { makeHome, type PosternHome, type Run } from './run-postern.ts';

let home: PosternHome;
before(async () => {
  home = await makeHome();
});
after(() => home.remove());

/** Serves a case, writes its roots to a file, and checks it with these further arguments. */
async function check(id: string, args: (roots: string) => readonly string[]): Promise<Run> {
  const one = caseById(id);
  const { anchors } = await one.make();
  const roots = path.join(home.folder, `${id.replaceAll(':', '-')}.pem`);
  await writeFile(roots, anchors.map(pem).join(''));
  const server = await serveCase(one);
  try {
    return await home.run(['check', `127.0.0.1:${server.port}`, ...args(roots)]);
  } finally {
    await server.close();
  }
}

const underItsRoots = (roots: string): string[] => ['--roots', roots, '--name', SERVER_NAME];

const cases: {
  name: string;
  id: string;
  args?: (roots: string) => string[];
  exitCode: number;
  problems: string[];
}[] = [
  {
    name: 'a correct server under its roots is SECURE',
    id: 'chain::good',
    exitCode: 0,
    problems: [],
  },
  {
    name: 'the same server under the system’s roots is not',
    id: 'chain::good',
    args: () => ['--name', SERVER_NAME],
    exitCode: 1,
    problems: ['issuer-not-found@1'],
  },
  {
    name: 'another name does not match',
    id: 'chain::good',
    args: (roots) => ['--roots', roots, '--name', 'other.example.test'],
    exitCode: 1,
    problems: ['name-mismatch@0'],
  },
  {
    name: 'an expired certificate is a finding',
    id: 'dates::expired',
    exitCode: 1,
    problems: ['expired@0'],
  },
  {
    name: 'a certificate of its own is a finding',
    id: 'chain::self-signed',
    args: () => ['--name', SERVER_NAME],
    exitCode: 1,
    problems: ['self-signed@0'],
  },
];

for (const { name, id, args = underItsRoots, exitCode, problems } of cases) {
  test(name, async () => {
    const run = await check(id, (roots) => [...args(roots), '--json']);
    const report: CheckReport = JSON.parse(run.stdout);
    assertKeepsToSchema(report);
    assert.deepEqual(
      report.problems.map(({ kind, position }) => `${kind}@${position}`),
      problems,
    );
    assert.equal(run.exitCode, exitCode, run.stderr);
    assert.equal(report.schema, 1);
    assert.equal(report.verdict, exitCode === 0 ? 'secure' : 'not-secure');
    for (const { sentence, overridable } of report.problems) {
      assert.match(sentence, /\.$/);
      assert.equal(typeof overridable, 'boolean');
    }
    assert.match(report.chain[0]?.sha256 ?? '', /^[0-9a-f]{64}$/);
  });
}

test('for people the verdict stands first, then what failed, then what passed, then the path', async () => {
  const { stdout } = await check('dates::expired', underItsRoots);
  assert.match(
    stdout,
    /^127\.0\.0\.1:[0-9]+ {3}NOT SECURE {3}\(as mail\.example\.test\)\n\n {2}x Dates {4}The certificate has expired\. It ended on /,
  );
  const order = ['x Dates', '+ Issuer', '+ Name', 'Path', 'Whole path:', 'SHA-256'];
  const places = order.map((word) => stdout.indexOf(word));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.ok(!places.includes(-1), stdout);
  assert.doesNotMatch(stdout, /\u001b/);
});

test('a remark is no finding unless --strict is given', async () => {
  const id = 'form::basic-constraints-not-critical';
  const lenient = await check(id, underItsRoots);
  assert.match(
    lenient.stdout,
    /^127\.0\.0\.1:[0-9]+ {3}SECURE[\s\S]*- Remark {3}The basic constraints are not critical\./,
  );
  assert.equal(lenient.exitCode, 0);
  const strict = await check(id, (roots) => [...underItsRoots(roots), '--strict']);
  assert.equal(strict.exitCode, 1);
  assert.match(
    strict.stdout,
    /NOT SECURE[\s\S]*x Remark {3}The basic constraints are not critical\./,
  );
  const told = await check(id, (roots) => [...underItsRoots(roots), '--strict', '--json']);
  const report: CheckReport = JSON.parse(told.stdout);
  assertKeepsToSchema(report);
  assert.deepEqual([report.verdict, report.strict, report.problems], ['not-secure', true, []]);
});

test('a server that speaks TLS 1.0 alone is looked at all the same', async () => {
  const run = await check('protocol::tls-1.0', (roots) => [...underItsRoots(roots), '--json']);
  const report: CheckReport = JSON.parse(run.stdout);
  assertKeepsToSchema(report);
  assert.deepEqual([run.exitCode, report.verdict, report.protocol], [1, 'not-secure', 'TLSv1']);
  assert.deepEqual(
    report.problems.map(({ kind }) => kind),
    ['old-protocol'],
  );
  const { stdout } = await check('protocol::tls-1.0', underItsRoots);
  assert.match(
    stdout,
    /x Protocol The connection uses .* It speaks TLSv1; TLSv1\.2 is the\s+least\./,
  );
});

test('a certificate that ends within --days is a finding, and none of the gate’s', async () => {
  const id = 'chain::good';
  const soon = await check(id, (roots) => [...underItsRoots(roots), '--days', '3650', '--json']);
  assert.equal(soon.exitCode, 0, 'the certificates of the kit last until 2046');
  const { endsSoon, problems }: CheckReport = JSON.parse(soon.stdout);
  assert.deepEqual([endsSoon, problems], [[], []]);
});

test('STARTTLS is spoken where the port or --starttls says so', async (t) => {
  const made = await caseById('chain::good').make();
  const roots = path.join(home.folder, 'starttls.pem');
  await writeFile(roots, made.anchors.map(pem).join(''));
  const server = await serveStartTls('imap', made);
  t.after(() => server.close());
  const args = ['check', `127.0.0.1:${server.port}`, ...underItsRoots(roots)];
  const run = await home.run([...args, '--starttls', 'imap', '--json']);
  const report: CheckReport = JSON.parse(run.stdout);
  assertKeepsToSchema(report);
  assert.deepEqual(report.problems, []);
  assert.deepEqual([run.exitCode, report.verdict, report.startTls], [0, 'secure', 'imap']);
  const text = await home.run([...args, '--starttls', 'imap']);
  assert.match(text.stdout, /^127\.0\.0\.1:[0-9]+ \(imap\) {3}SECURE/);
  const wrong = await home.run([...args, '--starttls', 'smtp']);
  assert.equal(wrong.exitCode, 3);
  assert.match(
    wrong.stderr,
    /^postern: error: "127\.0\.0\.1:[0-9]+" answered "\* OK ready" to the connection\n$/,
  );
});

test('--timeout gives up a server that says nothing', async (t) => {
  const server = await serveSilence();
  t.after(() => server.close());
  const run = await home.run(['check', `127.0.0.1:${server.port}`, '--timeout', '0.2']);
  assert.equal(run.exitCode, 3);
  assert.equal(run.stderr, 'postern: error: no answer within 200 ms\n');
});

/** The good chain with its leaf cut in the middle. */
async function cutLeaf(): Promise<Uint8Array[]> {
  const [leaf = new Uint8Array(), ...others] = (await caseById('chain::good').make()).presented;
  return [leaf.subarray(0, leaf.length / 2), ...others];
}

const unusable: { name: string; serve: () => Promise<TestServer> }[] = [
  { name: 'without TLS', serve: () => servePlainHttp() },
  { name: 'that answers garbage', serve: serveGarbage },
  {
    name: 'that hangs up within the handshake',
    serve: async () => serveTruncated(await caseById('chain::good').make(), 400),
  },
  {
    name: 'that presents bytes which are no certificate',
    serve: () => serveUnreadable([Buffer.from('nothing of the kind')]),
  },
  { name: 'that presents half a certificate', serve: async () => serveUnreadable(await cutLeaf()) },
];

for (const { name, serve } of unusable) {
  test(`a server ${name} cannot be connected to: one line, exit code 3`, async (t) => {
    const server = await serve();
    t.after(() => server.close());
    const run = await home.run(['check', `127.0.0.1:${server.port}`, '--json']);
    assert.equal(run.exitCode, 3, run.stderr);
    const told = JSON.parse(run.stdout);
    assertKeepsToSchema(told);
    assert.equal(told.error.code, 'ERR_HANDSHAKE_FAILED');
    assert.match(run.stderr, /^postern: error: [^\n]*127\.0\.0\.1:[^\n]*\n$/);
  });
}

test('a file of roots that holds none is refused with its name', async () => {
  const file = path.join(home.folder, 'nonsense.pem');
  await writeFile(file, 'nothing of the kind');
  const run = await home.run(['check', 'localhost:1', '--roots', file]);
  assert.match(run.stderr, /^postern: error: ".*nonsense\.pem" holds no certificate/);
  assert.equal(run.exitCode, 2);
});

test('--report is what is sent to an administrator, with the command that looks again', async () => {
  const run = await check('dates::expired', (roots) => [...underItsRoots(roots), '--report']);
  assert.match(run.stdout, /^Report on the server certificate of 127\.0\.0\.1:[0-9]+\n/);
  assert.match(run.stdout, /The certificate has expired\. \[expired/);
  assert.match(run.stdout, /\n {2}postern check 127\.0\.0\.1:[0-9]+ --name mail\.example\.test\n$/);
  assert.equal(run.stdout.includes(home.folder), false, run.stdout);
  assert.equal(run.exitCode, 1);
});

test('looking leaves no home behind', () => {
  assert.equal(existsSync(path.join(home.folder, 'home')), false);
});
