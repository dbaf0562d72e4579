/** Bytes that an attacker chose: never an exception, never a verdict of nothing wrong, never a long wait. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificate } from '../src/certificate.ts';
import { diagnose } from '../src/diagnose.ts';
import { DEFAULT_POLICY } from '../src/policy.ts';
import { describe, describeEvidence, type Problem, problemKey } from '../src/problem.ts';
import { MAX_CERTIFICATE_BYTES } from '../src/read-certificate.ts';
import {
  alternativeNames,
  basicConstraints,
  caExtensions,
  leafExtensions,
  makeCertificate,
  sequence,
  tlv,
} from './make-certificate.ts';

const HOST = 'mail.example.test';
/** Monday 23 November 2026, 08:00 UTC. */
const AT = new Date('2026-11-23T08:00:00Z');

/** Longest diagnosis of one chain, in ms: 100 signature checks at 0.1 ms, parsing, and a slow machine. */
const MAX_DIAGNOSIS_MS = 2000;

const root = makeCertificate({ subject: 'Root', extensions: caExtensions() });
const issuing = makeCertificate({ subject: 'Issuing', issuer: root, extensions: caExtensions() });
const leaf = makeCertificate({ subject: HOST, issuer: issuing, extensions: leafExtensions(HOST) });
const anchors = [
  { certificate: parseCertificate(root.der), origin: { kind: 'system', source: 'test' } },
] as const;

/** Everything that is said of a chain is looked at, so that whatever is decoded late is decoded too. */
function problemsOf(presented: readonly Uint8Array[]): readonly Problem[] {
  const started = performance.now();
  const { problems, chain, remarks } = diagnose({
    presented,
    serverName: HOST,
    anchors,
    policy: DEFAULT_POLICY,
    at: AT,
    protocol: 'TLSv1.3',
    openssl: undefined,
  });
  const text = JSON.stringify([chain.map((c) => ({ ...c, der: null, x509: null })), remarks]);
  const sentences = problems.flatMap((problem) => [describe(problem), describeEvidence(problem)]);
  const tookMs = performance.now() - started;
  assert.ok(tookMs < MAX_DIAGNOSIS_MS, `took ${tookMs} ms`);
  assert.ok(text.length < 20 * MAX_CERTIFICATE_BYTES);
  assert.doesNotMatch(
    sentences.join('\n'),
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/,
  );
  return problems;
}

/** Deterministic numbers (xorshift32), so that a failure can be had again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test('the chain that is damaged below has no problem', () => {
  assert.deepEqual(problemsOf([leaf.der, issuing.der]), []);
});

test('a leaf cut off anywhere is malformed', () => {
  for (let length = 0; length < leaf.der.length; length += 1) {
    const kinds = problemsOf([leaf.der.subarray(0, length), issuing.der]).map(problemKey);
    assert.ok(kinds.includes('malformed@0'), `cut at ${length}: ${kinds}`);
  }
});

test('an intermediate cut off anywhere is a problem', () => {
  for (let length = 0; length < issuing.der.length; length += 1) {
    assert.notDeepEqual(problemsOf([leaf.der, issuing.der.subarray(0, length)]), []);
  }
});

test('a bit flipped in the leaf or the intermediate is a problem', () => {
  for (const [position, { der }] of [leaf, issuing].entries()) {
    // Every third: each byte is hit, and over three bytes each of its bits.
    for (let bit = 0; bit < der.length * 8; bit += 3) {
      const damaged = Uint8Array.from(der);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const presented = [leaf.der, issuing.der].with(position, damaged);
      assert.notDeepEqual(problemsOf(presented), [], `bit ${bit} of certificate ${position}`);
    }
  }
});

test('bytes overwritten, inserted and left out at random are a problem', () => {
  const random = numbers(0x20261123);
  for (let round = 0; round < 2000; round += 1) {
    const bytes = [...leaf.der];
    for (let edits = 1 + random(4); edits > 0; edits -= 1) {
      const at = random(bytes.length);
      const inserted = random(3) === 0 ? [random(256), random(256)] : [];
      bytes.splice(at, random(3), ...inserted, random(256));
    }
    const damaged = Uint8Array.from(bytes);
    if (Buffer.from(damaged).equals(leaf.der)) continue;
    assert.notDeepEqual(problemsOf([damaged, issuing.der]), [], `round ${round}`);
  }
});

test('noise is a problem, whatever its length', () => {
  const random = numbers(7);
  for (let round = 0; round < 300; round += 1) {
    const noise = Uint8Array.from({ length: random(600) }, () => random(256));
    // Every other one begins as a certificate does.
    if (round % 2 === 0) noise.set(leaf.der.subarray(0, Math.min(random(40), noise.length)));
    assert.notDeepEqual(problemsOf([noise, issuing.der]), []);
  }
});

test('elements nested thousands deep are refused without running out of stack', () => {
  let nested: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 12_000 && nested.length < 60_000; depth += 1)
    nested = sequence(nested);
  assert.deepEqual(problemsOf([nested]).map(problemKey).includes('malformed@0'), true);
  const inside = makeCertificate({ subject: nested.subarray(0), extensions: () => [] });
  assert.ok(parseCertificate(inside.der).malformed.length > 0);
});

test('a certificate of thousands of names is read, and its evidence stays short', () => {
  const names = Array.from({ length: 3000 }, (_, index) => `host${index}.other.test`);
  const crowded = makeCertificate({
    subject: HOST,
    issuer: issuing,
    extensions: () => [alternativeNames(...names)],
  });
  assert.ok(crowded.der.length < MAX_CERTIFICATE_BYTES);
  const problems = problemsOf([crowded.der, issuing.der]);
  assert.deepEqual(problems.map(problemKey), ['name-mismatch@0']);
  assert.ok(problems.map(describeEvidence).join().length < 1000);
});

test('thousands of small elements are refused', () => {
  const crumbs = sequence(...Array.from({ length: 25_000 }, () => Buffer.from([0x05, 0x00])));
  assert.ok(problemsOf([crumbs]).some(({ kind }) => kind === 'malformed'));
});

test('RSA keys of absurd size cost no long computation', () => {
  // 16,000 bits, and an exponent as long, in fifteen certificates under the name that the leaf gives.
  const algorithm = sequence(Buffer.from('06092a864886f70d0101010500', 'hex'));
  const forgeries = Array.from({ length: 15 }, (_, index) => {
    const modulus = tlv(0x02, Buffer.from([0x7f]), Buffer.alloc(1999, 0xff - 2 * index));
    const spki = sequence(algorithm, tlv(0x03, Buffer.from([0]), sequence(modulus, modulus)));
    return makeCertificate({ subject: 'Issuing', spki, extensions: () => [basicConstraints(true)] })
      .der;
  });
  const [first] = forgeries;
  assert.ok(first);
  assert.equal(parseCertificate(first).publicKey.bits, 15_999);
  assert.deepEqual(
    problemsOf([leaf.der, ...forgeries])
      .map(problemKey)
      .slice(0, 1),
    ['bad-signature@0'],
  );
});
