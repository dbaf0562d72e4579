/** A question as the front ends get it: what the change is, why it may be so, and nothing that is secret. */

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe as suite, test } from 'node:test';
import {
  AT,
  around,
  goodPlan,
  keyPair,
  leaf,
  makeChain,
  renewedWithSameKey,
  sendsRootToo,
  serveChanging,
} from '@postern/badcerts';
import {
  createGate,
  createMemoryOverrides,
  DEFAULT_POLICY,
  diagnose,
  fixedAnchors,
  fixedPolicy,
  NO_EVIDENCE,
  parseCertificate,
  systemClock,
  type TrustQuestion,
} from '@postern/trust';
import { questionReport } from '../src/report.ts';
import { authorizesForOneDay } from './stage.ts';
import { afterwards } from './temporary.ts';

const HOST = 'mail.example.test';
/** Nothing listens there: only root may. */
const CLOSED_PORT = 1;
/** Three weeks before. */
const SEEN = new Date('2026-11-02T08:00:00Z');
const SURROUNDINGS = {
  profile: null,
  supportText: null,
  versions: { postern: '0.2.0', node: 'v24.17.0', openssl: '3.5.4' },
};

function questionAbout(
  presented: readonly Uint8Array[],
  anchors: readonly Uint8Array[],
  about: Partial<TrustQuestion> = {},
): TrustQuestion {
  const diagnosis = diagnose({
    presented,
    serverName: HOST,
    anchors: anchors.map((der) => ({
      certificate: parseCertificate(der),
      origin: { kind: 'system', source: 'test' },
    })),
    policy: DEFAULT_POLICY,
    at: AT,
    protocol: 'TLSv1.3',
    openssl: null,
  });
  return {
    id: 'q1',
    endpoint: { host: HOST, port: 443 },
    purpose: 'folders',
    because: 'first',
    initiatedBy: 'person',
    openedAt: AT,
    diagnosis,
    leafSha256: diagnosis.chain[0]?.sha256 ?? null,
    expected: null,
    choices: [],
    waiting: ['folders'],
    evidence: NO_EVIDENCE,
    ...about,
  };
}

suite('the certificate of before', () => {
  const cases = [
    {
      because: 'changed',
      judgement: 'same-key',
      sentence: 'It shows a renewed certificate with the same key as before.',
    },
    {
      because: 'was-secure',
      judgement: 'was-verified',
      sentence:
        'This server was verified before and is not now: it shows a renewed certificate with the same key as before.',
    },
  ] as const;
  for (const { because, judgement, sentence } of cases) {
    test(`because ${because}: ${sentence}`, async () => {
      const { before, after } = await renewedWithSameKey(HOST);
      const [der = new Uint8Array()] = before.presented;
      const { sha256 } = parseCertificate(der);
      const expected = { sha256, der, lastSeenAt: SEEN };
      const { comparison } = questionReport(
        questionAbout(after.presented, [], { because, expected }),
        SURROUNDINGS,
      );
      assert.deepEqual(
        { ...comparison, rows: comparison?.rows.filter(({ differs }) => differs) },
        {
          judgement,
          change: 'same-key',
          sentence,
          lastSeenAt: '2026-11-02T08:00:00.000Z',
          rows: [
            {
              field: 'not-before',
              old: '2026-01-01T00:00:00.000Z',
              new: '2026-11-23T08:00:00.000Z',
              differs: true,
            },
            { field: 'serial-number', old: '5c0ffee1', new: '5c0ffee9', differs: true },
            {
              field: 'sha256',
              old: sha256,
              new: parseCertificate(after.presented[0] ?? der).sha256,
              differs: true,
            },
          ],
        },
      );
    });
  }

  test('where none was seen there is nothing to compare', async () => {
    const made = await makeChain(goodPlan('none before', HOST));
    const report = questionReport(questionAbout(made.presented, []), SURROUNDINGS);
    assert.equal(report.comparison, null);
  });

  test('plain HTTP has neither a comparison nor a cause, and a report all the same', () => {
    const question = questionAbout([], [], {
      because: 'plain-http',
      diagnosis: null,
      leafSha256: null,
      expected: { sha256: 'ab'.repeat(32), der: null, lastSeenAt: SEEN },
    });
    const report = questionReport(question, SURROUNDINGS);
    assert.deepEqual([report.comparison, report.causes], [null, []]);
    assert.match(report.administratorReport, /plain HTTP/);
  });
});

suite('over real TLS', () => {
  const sentRootToo = around({ present: sendsRootToo });
  const plan = sentRootToo(goodPlan('before', HOST));
  const newKey = leaf({ key: keyPair('p256', 'new key') })(plan);
  const stranger = sentRootToo(goodPlan('stranger', HOST));
  const cases = [
    { name: 'a renewal', after: leaf({ serialNumber: '5c0ffee9' })(plan), judgement: 'same-key' },
    { name: 'a new key of the same issuer', after: newKey, judgement: 'new-key-same-issuer' },
    { name: 'a stranger with the same names', after: stranger, judgement: 'other-issuer' },
    {
      name: 'a server that was verified',
      after: stranger,
      trusts: true,
      judgement: 'was-verified',
    },
  ];
  for (const { name, after, trusts = false, judgement } of cases) {
    test(`${name} is told as ${judgement}`, async (t) => {
      const first = await makeChain(plan);
      const server = await serveChanging([first, await makeChain(after)]);
      afterwards(t, () => server.close());
      const ask = authorizesForOneDay();
      const gate = createGate({
        anchors: fixedAnchors(trusts ? first.anchors : []),
        overrides: createMemoryOverrides(),
        policy: fixedPolicy(),
        ask,
        clock: systemClock,
        resolve: async () => [{ address: '127.0.0.1', family: 4 }],
        plainDial: () => connect(CLOSED_PORT, '127.0.0.1'),
      });
      afterwards(t, () => gate.close());
      const request = { host: HOST, port: server.port, purpose: 'folders' } as const;
      (await gate.connect({ ...request, initiatedBy: 'person' })).destroy();
      server.swap();
      // Where it was verified before, the answer lacks the fingerprint and counts as a no.
      const second = await gate.connect({ ...request, initiatedBy: 'person' }).catch(() => null);
      second?.destroy();
      const question = ask.questions.at(-1);
      assert.ok(question !== undefined);
      assert.equal(questionReport(question, SURROUNDINGS).comparison?.judgement, judgement);
    });
  }
});

suite('causes', () => {
  const addresses = [
    { email: 'anna.secret@other.test', suggested: ['mx.other.test'] },
    { email: 'anna.secret@OTHER.test.', suggested: ['mx.other.test'] },
    { email: 'anna.secret@third.test', suggested: [] },
    { email: 'anna.secret', suggested: [] },
    { email: 'anna.secret@no name', suggested: [] },
    { email: null, suggested: [] },
  ];
  for (const { email, suggested } of addresses) {
    test(`a name inside the mail domain of ${email} is suggested: ${suggested.length > 0}`, async () => {
      const made = await makeChain(goodPlan('mail domain', 'mx.other.test'));
      const profile = email === null ? null : { name: 'work', email };
      const report = questionReport(questionAbout(made.presented, made.anchors), {
        ...SURROUNDINGS,
        profile,
      });
      const found = report.causes.flatMap((cause) =>
        cause.kind === 'near-miss-name' ? [cause.suggested] : [],
      );
      assert.deepEqual(found, suggested);
      assert.doesNotMatch(report.administratorReport, /anna|secret/);
    });
  }

  test('a cause has its evidence, its sentence, a cure, and advice that stands in the report', async () => {
    const { root, ...rest } = (await makeChain(goodPlan('private', HOST))).parts;
    const presented = [rest.leaf.der, ...rest.intermediates.map(({ der }) => der), root.der];
    const { causes, administratorReport } = questionReport(
      questionAbout(presented, []),
      SURROUNDINGS,
    );
    const [cause] = causes;
    assert.equal(causes.length, 1);
    assert.equal(cause?.kind, 'private-root');
    assert.equal(cause?.certainty, 'proof');
    assert.match(cause?.sentence ?? '', /private authority whose root is not installed/);
    assert.match(cause?.cure ?? '', /^Ask the administrator/);
    assert.match(
      administratorReport,
      /What the cause is\n {2}- The certificate comes from a private/,
    );
    assert.match(administratorReport, /update-ca-certificates/);
  });
});

suite('problems', () => {
  test('each has both sides of its evidence as text, and the same as data', async () => {
    const made = await makeChain(leaf({ notAfter: SEEN })(goodPlan('evidence', 'mx.other.test')));
    const question = questionAbout(made.presented, made.anchors);
    const { problems } = questionReport(question, SURROUNDINGS);
    assert.deepEqual(problems, [
      {
        kind: 'name-mismatch',
        position: 0,
        sentence: 'The certificate does not match the server.',
        evidence: `certificate is valid for "mx.other.test", not "${HOST}"`,
        overridable: true,
        problem: {
          kind: 'name-mismatch',
          position: 0,
          serverName: HOST,
          presented: ['mx.other.test'],
        },
      },
      {
        kind: 'expired',
        position: 0,
        sentence: 'The certificate has expired.',
        evidence:
          'certificate expired 21 days before 2026-11-23T08:00:00.000Z: valid until 2026-11-02T08:00:00.000Z',
        overridable: true,
        problem: {
          kind: 'expired',
          position: 0,
          subject: made.parts.leaf.plan.subject,
          notAfter: '2026-11-02T08:00:00.000Z',
          at: '2026-11-23T08:00:00.000Z',
        },
      },
    ]);
  });

  test('the path says of each element what is wrong with it, and where the anchor comes from', async () => {
    const made = await makeChain(leaf({ notAfter: SEEN })(goodPlan('path', HOST)));
    const { path } = questionReport(questionAbout(made.presented, made.anchors), SURROUNDINGS);
    assert.deepEqual(
      path.map(({ position, anchor, status }) => ({ position, anchor, status })),
      [
        { position: 0, anchor: null, status: 'The certificate has expired.' },
        { position: 1, anchor: null, status: 'This certificate is OK.' },
        { position: null, anchor: 'system', status: 'This certificate is OK.' },
      ],
    );
  });
});
