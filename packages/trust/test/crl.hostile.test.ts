/** Revocation lists that somebody made to do harm: never an exception, never silence taken for good, never a long wait. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toPem } from '../src/certificate.ts';
import { MAX_LIST_BYTES, MAX_LIST_FILE_BYTES, parseCrl, parseCrlFile } from '../src/crl.ts';
import { FormatError } from '../src/errors.ts';
import { type Problem, problemKey } from '../src/problem.ts';
import { caExtensions, ecKey, makeCertificate, nameOf, tlv } from './make-certificate.ts';
import {
  certificateIssuer,
  deltaOf,
  directoryName,
  distributionPoints,
  issuingPoint,
  makeCrl,
} from './make-crl.ts';
import {
  diagnosisWith,
  issuing,
  leaf,
  leafWith,
  listSigner,
  root,
  SERIAL,
} from './revocation-stage.ts';

/** Longest diagnosis, in ms (issue: two seconds). */
const MAX_DIAGNOSIS_MS = 2000;

/** What a hostile file may cost, in bytes. */
const MAX_MEMORY_BYTES = 100_000_000;

const small = makeCrl({
  issuer: issuing,
  entries: [
    { serial: Buffer.of(0x33), reason: 1 },
    { serial: Buffer.of(0x34), extensions: [certificateIssuer(issuing.subject)] },
  ],
  extensions: [
    issuingPoint({ fullName: [directoryName(issuing.subject)], indirect: true, reasons: [1, 2] }),
    deltaOf(3),
  ],
});
const rootList = makeCrl({ issuer: root });
const good = makeCrl({ issuer: issuing });

function problemsWith(...lists: Uint8Array[]): readonly Problem[] {
  const started = performance.now();
  const parsed = lists.map((der) => parseCrl(der, 'hostile.crl'));
  const { problems } = diagnosisWith(parsed);
  const tookMs = performance.now() - started;
  assert.ok(tookMs < MAX_DIAGNOSIS_MS, `took ${tookMs} ms`);
  return problems;
}

test('the list that is damaged below is read without a fault', () => {
  assert.deepEqual(parseCrl(small, 'small.crl').malformed, []);
  assert.deepEqual(problemsWith(rootList, good), []);
});

test('a list cut off anywhere is malformed, though another one is good', () => {
  for (let length = 0; length < small.length; length += 1) {
    const keys = problemsWith(rootList, good, small.subarray(0, length)).map(problemKey);
    assert.deepEqual(keys, ['malformed@connection'], `cut at ${length}`);
  }
});

test('a list with any octet changed never makes a certificate good', () => {
  for (let at = 0; at < good.length; at += 1) {
    for (const bits of [0x01, 0x80, 0xff]) {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ bits;
      const keys = problemsWith(rootList, changed).map(problemKey);
      assert.ok(keys.length > 0, `octet ${at} by ${bits}`);
    }
  }
});

test('a delta with any octet changed is read without an exception', () => {
  for (let at = 0; at < small.length; at += 1) {
    const changed = Uint8Array.from(small);
    changed[at] = (changed[at] ?? 0) ^ 0x15;
    const list = parseCrl(changed, 'changed.crl');
    for (const key of [list.issuerKey, '']) assert.ok(Array.isArray(list.find(SERIAL, key)));
  }
});

/** Entries of a list, `count` times, each with another serial number of sixteen octets. */
function manyEntries(count: number, more: Uint8Array): Uint8Array {
  const frame = tlv(
    0x30,
    tlv(0x02, Buffer.alloc(16, 0x11)),
    tlv(0x17, Buffer.from('261015120000Z')),
    more,
  );
  const all = Buffer.alloc(frame.length * count);
  for (let i = 0; i < count; i += 1) {
    all.set(frame, i * frame.length);
    // After the headers of entry and serial number.
    all.writeUInt32BE(0x1000_0000 + i, i * frame.length + 4);
  }
  return tlv(0x30, all);
}

const NONE = Buffer.alloc(0);

test('a list of 20 MB with half a million entries is read, and the last entry found', () => {
  const count = 580_000;
  const der = makeCrl({ issuer: issuing, rawEntries: manyEntries(count, NONE) });
  assert.ok(der.length > 20_000_000 && der.length <= MAX_LIST_BYTES);
  assert.deepEqual(problemsWith(rootList, der), []);
  const list = parseCrl(der, 'long.crl');
  const last = Buffer.alloc(16, 0x11);
  last.writeUInt32BE(0x1000_0000 + count - 1);
  assert.equal(list.find(last, list.issuerKey).length, 1);
});

test('entries that each name another issuer are read in time', () => {
  const more = tlv(0x30, certificateIssuer(issuing.subject));
  const extensions = [issuingPoint({ indirect: true })];
  const der = makeCrl({ issuer: issuing, extensions, rawEntries: manyEntries(250_000, more) });
  assert.ok(der.length <= MAX_LIST_BYTES);
  assert.deepEqual(problemsWith(rootList, der), []);
});

test('a million entries, and 50 MB of anything, are beyond the limit and said so', () => {
  const before = process.memoryUsage().arrayBuffers;
  const million = makeCrl({ issuer: issuing, rawEntries: manyEntries(1_000_000, NONE) });
  const nothing = Buffer.alloc(50_000_000);
  const own = process.memoryUsage().arrayBuffers - before;
  for (const [name, der] of [
    ['a million entries', million],
    ['50 MB', nothing],
  ] as const) {
    const problems = problemsWith(rootList, good, der);
    assert.deepEqual(
      problems,
      [
        {
          kind: 'limit-exceeded',
          position: null,
          list: 'hostile.crl',
          limit: 'bytes',
          allowed: MAX_LIST_BYTES,
          found: der.length,
        },
      ],
      name,
    );
  }
  assert.ok(process.memoryUsage().arrayBuffers - before - own < MAX_MEMORY_BYTES);
});

test('a file of lists that is too large is not decoded', () => {
  const [list] = parseCrlFile(Buffer.alloc(MAX_LIST_FILE_BYTES + 1, 0x2d), 'large.pem');
  assert.equal(list?.bytes, MAX_LIST_FILE_BYTES + 1);
  assert.equal(list.malformed.length, 1);
});

test('a file of a hundred thousand openings is no list, and soon', () => {
  const started = performance.now();
  const openings = '-----BEGIN X509 CRL-----\n'.repeat(100_000);
  assert.throws(() => parseCrlFile(Buffer.from(openings), 'odd.pem'), FormatError);
  assert.throws(() => parseCrlFile(Buffer.from(toPem(root.der)), 'odd.pem'), FormatError);
  assert.ok(performance.now() - started < MAX_DIAGNOSIS_MS);
});

test('more lists than any path has authorities are beyond the limit', () => {
  const keys = problemsWith(...Array.from({ length: 1001 }, () => good), rootList).map(problemKey);
  assert.ok(keys.includes('limit-exceeded@connection'));
});

test('a maze of certificates that sign lists for each other ends in unknown, and soon', () => {
  const names = Array.from({ length: 12 }, (_, i) => nameOf(`Agent ${i}`));
  const points = distributionPoints(...names.map((issuer) => ({ issuer })));
  const agents = names.map((_, i) => listSigner(`Agent ${i}`, root, Buffer.of(0x60 + i), points));
  // Each for one reason alone, so that every way through has to be tried.
  const lists = agents.map((issuer, i) =>
    makeCrl({
      issuer,
      extensions: [issuingPoint({ indirect: true, reasons: [1 + (i % 7)] })],
    }),
  );
  const started = performance.now();
  const { problems } = diagnosisWith(
    [rootList, ...lists].map((der) => parseCrl(der, 'maze.crl')),
    [leafWith(points), issuing, ...agents],
  );
  const tookMs = performance.now() - started;
  assert.ok(tookMs < MAX_DIAGNOSIS_MS, `took ${tookMs} ms`);
  assert.deepEqual(problems.map(problemKey), ['revocation-unknown@0']);
});

test('a long list that many presented certificates might have signed is hashed for none of them', () => {
  const strangers = Array.from({ length: 14 }, () =>
    makeCertificate({ subject: 'Issuing', extensions: caExtensions() }),
  );
  const der = makeCrl({
    issuer: issuing,
    signedBy: ecKey(),
    rawEntries: manyEntries(580_000, NONE),
  });
  const lists = [parseCrl(rootList, 'root.crl'), parseCrl(der, 'long.crl')];
  const started = performance.now();
  const { problems } = diagnosisWith(lists, [leaf, issuing, ...strangers]);
  const tookMs = performance.now() - started;
  assert.ok(tookMs < MAX_DIAGNOSIS_MS / 4, `took ${tookMs} ms`);
  assert.deepEqual(problems.map(problemKey), ['revocation-unknown@0']);
});
