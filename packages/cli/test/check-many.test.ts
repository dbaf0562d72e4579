/** `postern check` of many servers: rows and lines of JSON, the worst exit code, bounded sockets, one host's eight ports. */

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  caseById,
  goodPlan,
  type MadeChain,
  makeChain,
  pem,
  SERVER_NAME,
  serveChain,
  servePlainHttp,
  type TestServer,
} from '@postern/badcerts';
import { TransportError } from '@postern/trust';
import { exitCodeOf, lookAtMany, type Outcome, worse } from '../src/check/many.ts';
import { NagiosState } from '../src/check/nagios.ts';
import type { CheckReport } from '../src/check/report.ts';
import { isAbsent, rowOf, sharedLines, Tally } from '../src/check/table.ts';
import type { Target } from '../src/check/targets.ts';
import { EXIT, type ExitCode } from '../src/failure.ts';
import type { Output } from '../src/output.ts';
import { assertKeepsToSchema } from './check-schema.ts';
import { makeHome, type PosternHome } from './run-postern.ts';

let home: PosternHome;
let roots: string;
let good: MadeChain;
const servers: TestServer[] = [];
let ports: Record<'closed' | 'expired' | 'good' | 'http', number>;

before(async () => {
  home = await makeHome();
  good = await caseById('chain::good').make();
  const expired = await caseById('dates::expired').make();
  roots = path.join(home.folder, 'roots.pem');
  await writeFile(roots, [...good.anchors, ...expired.anchors].map(pem).join(''));
  servers.push(await serveChain(good), await serveChain(expired), await servePlainHttp());
  const gone = await servePlainHttp();
  await gone.close();
  const [a, b, c] = servers.map(({ port }) => port);
  ports = { good: a ?? 0, expired: b ?? 0, http: c ?? 0, closed: gone.port };
});
after(async () => {
  for (const server of servers) await server.close();
  await home.remove();
});

const at = (port: number): string => `127.0.0.1:${port}`;
const under = (): string[] => ['--roots', roots, '--name', SERVER_NAME];

describe('many servers', () => {
  test('are told one a row, with what they came to, and the worst exit code', async () => {
    const { good: fine, expired, http, closed } = ports;
    const all = [fine, expired, http, closed].map(at);
    const { stdout, exitCode, stderr } = await home.run(['check', ...all, ...under()]);
    assert.equal(exitCode, 3, stderr);
    assert.equal(stderr, '');
    const rows = stdout.trimEnd().split('\n');
    const row = (port: number): string => rows.find((line) => line.startsWith(at(port))) ?? '';
    assert.match(row(fine), /^\S+ +SECURE +2046-01-01 +[0-9,]+ days$/);
    assert.match(
      row(expired),
      /^\S+ +NOT SECURE +\d{4}-\d\d-\d\d +-[0-9,]+ days? +The certificate has expired\.$/,
    );
    assert.match(row(http), /^\S+ +NO TLS +no TLS handshake with /);
    assert.match(row(closed), /^\S+ +closed +no connection to .*ECONNREFUSED$/);
    assert.equal(rows.at(-1), '4 checked: 1 SECURE, 1 with findings, 2 not reached');
  });

  test('are lines of JSON with --json, each of which keeps to the schema', async () => {
    const list = `# servers\n${at(ports.good)}  # the good one\n\n${at(ports.expired)}\n${at(ports.closed)}\n`;
    const run = await home.run(['check', '--hosts', '-', '--json', ...under()], { stdin: list });
    assert.equal(run.exitCode, 3);
    const told = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const one of told) assertKeepsToSchema(one);
    assert.deepEqual(
      told.map(({ port, verdict, error }) => [port, verdict ?? error.code]).sort(),
      [
        [ports.good, 'secure'],
        [ports.expired, 'not-secure'],
        [ports.closed, 'ERR_CONNECT_FAILED'],
      ].sort(),
    );
  });

  test('exit with 1 when each was reached and one has findings', async () => {
    const run = await home.run(['check', at(ports.good), at(ports.expired), ...under()]);
    assert.equal(run.exitCode, 1);
  });

  test('are one line for a monitoring system', async () => {
    const ends = String(10 * 365);
    const cases: { args: string[]; line: RegExp; exitCode: number }[] = [
      {
        args: [at(ports.good)],
        line: /^POSTERN OK - 127\.0\.0\.1:\d+ SECURE, certificate ends in [\d,]+ days \| days=\d+\n$/,
        exitCode: 0,
      },
      {
        args: [at(ports.good), '--days', ends],
        line: /^POSTERN OK - .* \| days=\d+;3650:;0:\n$/,
        exitCode: 0,
      },
      {
        args: [at(ports.good), at(ports.expired)],
        line: /^POSTERN CRITICAL - 1 of 2 not OK: 127\.0\.0\.1:\d+ The certificate has expired\. \| days=-\d+\n$/,
        exitCode: 2,
      },
      {
        args: [at(ports.closed)],
        line: /^POSTERN UNKNOWN - no connection to "127\.0\.0\.1:\d+": ECONNREFUSED\n$/,
        exitCode: 3,
      },
      {
        args: [at(ports.closed), at(ports.expired)],
        line: /^POSTERN CRITICAL - 2 of 2 not OK: /,
        exitCode: 2,
      },
    ];
    for (const { args, line, exitCode } of cases) {
      const run = await home.run(['check', ...args, ...under(), '--nagios']);
      assert.match(run.stdout, line);
      assert.equal(run.exitCode, exitCode);
      assert.equal(run.stderr, '');
    }
  });
});

const plain: Output = {
  line: () => {},
  json: () => {},
  note: () => {},
  taken: async () => {},
  paint: (_tone, text) => text,
  width: 10_000,
  isTerminal: false,
};

function report(port: number, sha256: string, kinds: readonly string[]): CheckReport {
  return {
    schema: 1,
    verdict: kinds.length === 0 ? 'secure' : 'not-secure',
    host: 'mail.example.test',
    port,
    startTls: null,
    file: null,
    serverName: 'mail.example.test',
    at: '2026-11-24T00:00:00.000Z',
    protocol: 'TLSv1.3',
    openssl: null,
    rule: null,
    strict: false,
    problems: kinds.map((kind) => ({
      kind: kind as 'expired',
      position: 0,
      sentence: `It is ${kind}.`,
      evidence: `${kind} found`,
      overridable: true,
    })),
    remarks: [],
    endsSoon: [],
    causes: [],
    chain: [{ sha256, notBefore: '', notAfter: '' } as CheckReport['chain'][number]],
    path: [],
  };
}

function target(port: number): Target {
  return { host: 'mail.example.test', port, startTls: null };
}

describe('a line for monitoring', () => {
  const fine = {
    ...report(443, 'a'.repeat(64), []),
    chain: [
      { notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2026-12-06T00:00:00.000Z' },
    ] as CheckReport['chain'],
  };
  const end = { subject: 'CN=x', notAfter: '2026-12-06T00:00:00.000Z', days: 12 };
  const remark = { kind: 'odd', position: 0, sentence: 'It is odd.' };
  const cases: { name: string; one: CheckReport; line: string; exitCode: number }[] = [
    {
      name: 'nothing is wrong',
      one: fine,
      line: 'POSTERN OK - mail.example.test:443 SECURE, certificate ends in 12 days | days=12;30:;0:',
      exitCode: 0,
    },
    {
      name: 'the certificate ends soon',
      one: { ...fine, endsSoon: [{ ...end, position: 0 }] },
      line: 'POSTERN WARNING - mail.example.test:443 certificate ends in 12 days | days=12;30:;0:',
      exitCode: 1,
    },
    {
      name: 'an intermediate ends sooner',
      one: {
        ...fine,
        endsSoon: [
          { ...end, position: 0 },
          { ...end, position: 1, days: 3 },
        ],
      },
      line: 'POSTERN WARNING - mail.example.test:443 a certificate of the chain ends in 3 days | days=12;30:;0:',
      exitCode: 1,
    },
    {
      name: 'remarks count, and there is one',
      one: { ...fine, strict: true, verdict: 'not-secure', remarks: [remark] },
      line: 'POSTERN WARNING - mail.example.test:443 It is odd. | days=12;30:;0:',
      exitCode: 1,
    },
    {
      name: 'a file without a name has no problem',
      one: {
        ...fine,
        verdict: 'name-not-checked',
        host: null,
        port: null,
        serverName: null,
        file: 'chain.pem',
      },
      line: 'POSTERN OK - chain.pem no problem, name: not checked, certificate ends in 12 days | days=12;30:;0:',
      exitCode: 0,
    },
    {
      name: 'a problem outweighs an end that is near',
      one: { ...report(443, 'a'.repeat(64), ['expired']), endsSoon: [{ ...end, position: 1 }] },
      line: 'POSTERN CRITICAL - mail.example.test:443 It is expired.',
      exitCode: 2,
    },
  ];
  for (const { name, one, line, exitCode } of cases) {
    test(name, () => {
      const state = new NagiosState(30);
      state.add(one);
      assert.deepEqual(state.result(), { line, exitCode });
    });
  }
});

describe('one host with many ports', () => {
  test('tells the problems of a certificate once, under every port that shows it', () => {
    const expired = (port: number): Outcome => ({
      target: target(port),
      report: report(port, 'a'.repeat(64), ['expired']),
      failure: null,
    });
    const old: Outcome = {
      target: target(465),
      report: report(465, 'a'.repeat(64), ['expired', 'old-protocol']),
      failure: null,
    };
    const fine: Outcome = {
      target: target(995),
      report: report(995, 'b'.repeat(64), []),
      failure: null,
    };
    const lines = sharedLines([expired(443), fine, expired(993), old], plain);
    assert.deepEqual(
      lines.filter((line) => /^Ports? |It is/.test(line)),
      [
        'Ports 443, 993',
        '  x Dates    It is expired. (expired found)',
        'Port 465',
        '  x Dates    It is expired. (expired found)',
        '  x Protocol It is old-protocol. It speaks ;  is the least.',
      ],
    );
  });

  test('where nothing listens has no finding, where something else does it has', async () => {
    const closed = new TransportError('ERR_CONNECT_FAILED', 'no', { phase: 'connect' });
    const noTls = new TransportError('ERR_HANDSHAKE_FAILED', 'no', { phase: 'handshake' });
    const outcomes: Outcome[] = [];
    for (const error of [closed, noTls]) {
      await lookAtMany(
        [target(1)],
        1,
        () => Promise.reject(error),
        (one) => void outcomes.push(one),
      );
    }
    assert.deepEqual(outcomes.map(isAbsent), [true, false]);
    assert.deepEqual(
      outcomes.map((outcome) => rowOf(outcome, 0, plain)),
      ['mail.example.test:1  closed      no', 'mail.example.test:1  NO TLS      no'],
    );
    assert.deepEqual(outcomes.map(exitCodeOf), [3, 3]);
  });

  test('is looked at on all eight, and exits with 3 where none is open', async () => {
    const run = await home.run(['check', '--zimbra', '127.0.0.9', '--timeout', '5']);
    const rows = run.stdout.trimEnd().split('\n');
    assert.deepEqual(
      rows.map((row) => row.split(/ {2,}/).slice(0, 2)),
      [443, 7071, 8443, 993, 995, 465, '587 (smtp)', '7025 (lmtp)'].map((port) => [
        `127.0.0.9:${port}`,
        'closed',
      ]),
    );
    assert.equal(run.exitCode, 3);
  });
});

describe('looking at many', () => {
  test('never looks at more than so many at once, and at each exactly once', async () => {
    const all = Array.from({ length: 1000 }, (_, index) => target(index + 1));
    const seen: number[] = [];
    let now = 0;
    let most = 0;
    await lookAtMany(
      all,
      7,
      async ({ port }) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return report(port, 'a'.repeat(64), []);
      },
      ({ target: { port } }) => void seen.push(port),
    );
    assert.equal(most, 7);
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      all.map(({ port }) => port),
    );
  });

  test('the worse of two exit codes is what hides more', () => {
    const order: ExitCode[] = [0, 1, 3, 4, 2, 70];
    for (const [index, code] of order.entries()) {
      for (const other of order.slice(0, index)) {
        assert.deepEqual([worse(code, other), worse(other, code)], [code, code]);
      }
    }
    assert.deepEqual(new Set(order), new Set(Object.values(EXIT)));
  });

  test('counts what it does not keep', () => {
    const tally = new Tally();
    tally.add({ target: target(1), report: report(1, '', []), failure: null });
    tally.add({ target: target(2), report: report(2, '', ['expired']), failure: null });
    assert.equal(tally.text(), '2 checked: 1 SECURE, 1 with findings');
  });
});

test('another name for each of two servers is verified when none is given', async () => {
  const { presented, key, anchors } = await makeChain(goodPlan('by address', '127.0.0.1'));
  const file = path.join(home.folder, 'address.pem');
  await writeFile(file, anchors.map(pem).join(''));
  const server = await serveChain({ presented, key });
  servers.push(server);
  const run = await home.run(['check', at(server.port), at(server.port), '--roots', file]);
  assert.equal(run.exitCode, 0, run.stdout);
});
