/**
 * The public certificate suites (x509-limbo, PKITS, Chromium, NSS, Go, OpenSSL) as an outside opinion.
 * Where we differ, `divergences.json` says why; a difference that is not listed fails, and so does a
 * listed one that has gone away.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { requireOrSkip } from '../../../test/require.ts';
import { parseCertificate, parsePem } from '../src/certificate.ts';
import { type Diagnosis, diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import { type Problem, problemKey } from '../src/problem.ts';

const CASES = path.join(import.meta.dirname, '../../../../shared/data/x509/public/cases.jsonl');
const DIVERGENCES = path.join(import.meta.dirname, 'public-cases/divergences.json');

/** Longest diagnosis, in ms; some cases are made to be slow. */
const MAX_DIAGNOSIS_MS = 2000;

interface PublicCase {
  id: string;
  suite: string;
  trusted: string[];
  intermediates: string[];
  leaf: string;
  time: string | null;
  name: { kind: string; value: string } | null;
  expected: 'FAILURE' | 'SUCCESS';
  features: string[];
}

interface Divergence {
  id: string;
  /** Our problems, or our remarks where we have no problem. */
  ours: string[];
  reason: string;
}

/** What is not done yet, and what Postern has no use for: these say nothing about us. */
function outOfScope({ features, suite, id }: PublicCase): boolean {
  return (
    features.some((feature) => ['has-crl', 'max-chain-depth', 'policy'].includes(feature)) ||
    // Verifiers for clients, code or any use; we verify servers.
    /^chromium:(?!SERVER_AUTH$)/.test(suite) ||
    // PKITS 4.4, 4.5.7, 4.14: revocation lists, which the case does not carry.
    /^pkits::4\.(4|5\.7$|14)/.test(id)
  );
}

/** Name constraints are OpenSSL's to judge, which is not asked here: said as a critical extension. */
function isNextIssue(problems: readonly Problem[]): boolean {
  return problems.every((p) => p.kind === 'unknown-critical-extension' && p.oid === '2.5.29.30');
}

/** The instant of a case; where none is given, one second after the youngest certificate begins. */
function instantOf(given: PublicCase, ders: readonly Uint8Array[]): Date {
  if (given.time !== null) return new Date(given.time);
  const begins = ders.map((der) => parseCertificate(der).notBefore.getTime());
  return new Date(Math.max(...begins) + 1000);
}

function judge(given: PublicCase): Diagnosis {
  const presented = [given.leaf, ...given.intermediates].flatMap((pem) => parsePem(pem, given.id));
  const trusted = given.trusted.flatMap((pem) => parsePem(pem, given.id));
  const ownName = parseCertificate(presented[0] ?? new Uint8Array()).subjectAltNames.find(
    ({ type, value }) => type === 'ip' || (type === 'dns' && !value.includes('*')),
  );
  const serverName = given.name?.value ?? ownName?.value ?? 'any.test';
  const diagnosis = diagnose({
    presented,
    serverName,
    anchors: trusted.map((der) => ({
      certificate: parseCertificate(der),
      origin: { kind: 'system', source: given.id },
    })),
    policy: DEFAULT_POLICY,
    at: instantOf(given, [...presented, ...trusted]),
    protocol: null,
    openssl: undefined,
  });
  // A case without a name says nothing about names.
  const problems = diagnosis.problems.filter(
    ({ kind }) => kind !== 'name-mismatch' || given.name !== null,
  );
  return { ...diagnosis, problems };
}

test('the public suites agree with the diagnosis but where a reason is given', (t) => {
  const available = existsSync(CASES);
  const how = 'unpack the certificate cases into ../shared/data/x509/public';
  if (!requireOrSkip(t, available, 'public certificate cases', how)) return;
  const cases: PublicCase[] = readFileSync(CASES, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const found = cases
    .filter((given) => !outOfScope(given))
    .flatMap((given) => {
      const started = performance.now();
      const { problems, remarks } = judge(given);
      assert.ok(performance.now() - started < MAX_DIAGNOSIS_MS, given.id);
      if (given.expected === 'SUCCESS' && isNextIssue(problems)) return [];
      if ((given.expected === 'SUCCESS') === (problems.length === 0)) return [];
      const ours = problems.length > 0 ? problems.map(problemKey) : remarks.map(({ kind }) => kind);
      return [{ id: given.id, ours: [...new Set(ours)] }];
    });
  const listed: Divergence[] = JSON.parse(readFileSync(DIVERGENCES, 'utf8'));
  assert.deepEqual(
    found,
    listed.map(({ id, ours }) => ({ id, ours })),
  );
  for (const { id, reason } of listed) assert.match(reason, /^[A-Z].{20,}\.$/, id);
  assert.ok(cases.length >= 272);
});
