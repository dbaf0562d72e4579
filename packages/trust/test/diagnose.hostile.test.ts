/**
 * Chains that an attacker chose, whole: each gets a verdict within two seconds and 100 MiB, measured in a
 * process of its own, and none an exception. What is wrong inside one certificate is der.hostile.test.ts.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { serialize } from 'node:v8';
import { parseCertificate } from '../src/certificate.ts';
import { diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import type { Problem } from '../src/problem.ts';
import { attacks, HOST, ROOT } from './hostile/attacks.ts';
import type { Cost, Given } from './hostile/child.ts';
import { caExtensions, leafExtensions, makeCertificate } from './make-certificate.ts';
import { tempFolder } from './temp-folder.ts';

const execute = promisify(execFile);

/** Monday 23 November 2026, 08:00 UTC. */
const AT = new Date('2026-11-23T08:00:00Z');

/** Longest diagnosis. */
const MAX_TOOK_MS = 2000;

/** Most memory that it may take beside what was sent. */
const MAX_GREW_MIB = 100;

/** Most text about one chain: 16 certificates of 64 KiB in hexadecimal, twice over. */
const MAX_SAID = 4_000_000;

/** Processes at once. */
const PARALLEL = 2;

const CHILD = path.join(import.meta.dirname, 'hostile/child.ts');

async function costOf(file: string, given: Given): Promise<Cost> {
  writeFileSync(file, serialize(given));
  const { stdout } = await execute(process.execPath, [CHILD, file]);
  return JSON.parse(stdout);
}

test('whatever is sent, there is a verdict within two seconds and 100 MiB', async (t) => {
  const folder = tempFolder(t);
  const waiting = attacks().entries();
  const work = async (): Promise<void> => {
    for (const [index, { name, presented, expected }] of waiting) {
      const given = { presented, anchors: [ROOT], serverName: HOST, at: AT };
      const cost = await costOf(path.join(folder, `${index}`), given);
      const { tookMs, grewMib, problems, said } = cost;
      t.diagnostic(`${name}: ${tookMs.toFixed(0)} ms, ${grewMib.toFixed(0)} MiB, ${problems}`);
      await t.test(name, () => {
        assert.ok(tookMs < MAX_TOOK_MS, `took ${tookMs} ms`);
        assert.ok(grewMib < MAX_GREW_MIB, `grew by ${grewMib} MiB`);
        assert.ok(said < MAX_SAID, `${said} characters`);
        const kinds = problems.map((key) => key.split('@')[0]);
        if (expected.length === 0) assert.deepEqual(problems, []);
        else
          assert.ok(
            expected.some((kind) => kinds.includes(kind)),
            `${problems}`,
          );
      });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
});

const root = makeCertificate({ subject: 'Root', extensions: caExtensions() });
const issuing = makeCertificate({ subject: 'Issuing', issuer: root, extensions: caExtensions() });
const leaf = makeCertificate({ subject: HOST, issuer: issuing, extensions: leafExtensions(HOST) });

function problemsOf(
  presented: readonly Uint8Array[],
  anchor: Uint8Array = root.der,
  at = AT,
): readonly Problem[] {
  const { problems } = diagnose({
    presented,
    serverName: HOST,
    anchors: [
      { certificate: parseCertificate(anchor), origin: { kind: 'system', source: 'hostile' } },
    ],
    policy: DEFAULT_POLICY,
    at,
    protocol: 'TLSv1.3',
    openssl: undefined,
  });
  return problems;
}

/** The same bytes with one of them wrong, in each way that there is. */
function damaged(der: Uint8Array, at: number): Uint8Array[] {
  const [before, octet, after] = [der.subarray(0, at), der[at] ?? 0, der.subarray(at + 1)];
  const one = (...octets: number[]): Uint8Array =>
    Buffer.concat([before, Buffer.from(octets), after]);
  const all = [one(), one(octet, octet), one(octet ^ 0xff), one(0), one(0xff), one(octet ^ 1)];
  return [...all, before].filter((bytes) => !Buffer.from(bytes).equals(der));
}

test('a byte changed, left out or doubled anywhere in leaf or intermediate is a problem', () => {
  for (const [position, { der }] of [leaf, issuing].entries()) {
    for (let at = 0; at < der.length; at += 1) {
      for (const bytes of damaged(der, at)) {
        const presented = [leaf.der, issuing.der].with(position, bytes);
        assert.notDeepEqual(problemsOf(presented), [], `byte ${at} of certificate ${position}`);
      }
    }
  }
});

test('a root damaged anywhere is never an exception', () => {
  for (let at = 0; at < root.der.length; at += 1) {
    for (const bytes of damaged(root.der, at)) problemsOf([leaf.der, issuing.der], bytes);
  }
});

test('a damaged copy of an issuer spoils nothing that is said later of the good one', () => {
  for (const { der } of [root, issuing]) {
    for (let at = 0; at < der.length; at += 1) {
      for (const bytes of damaged(der, at)) problemsOf([leaf.der, issuing.der, bytes], bytes);
      assert.deepEqual(problemsOf([leaf.der, issuing.der]), [], `byte ${at}`);
    }
  }
});

test('an instant at either end of time is judged like any other', () => {
  for (const [at, kind] of [
    [new Date(8.64e15), 'expired'],
    [new Date(-8.64e15), 'not-yet-valid'],
  ] as const) {
    const kinds = problemsOf([leaf.der, issuing.der], root.der, at).map((one) => one.kind);
    assert.deepEqual([...new Set(kinds)], [kind]);
  }
});
