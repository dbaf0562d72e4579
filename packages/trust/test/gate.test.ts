import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { before, describe, test } from 'node:test';
import { AT } from '@postern/badcerts';
import {
  type AnchorSet,
  type Anchors,
  fixedAnchors,
  fixedPolicy,
  formatFingerprint,
  type PolicySource,
  type PolicyState,
  parseCertificate,
  TransportError,
  TrustError,
  ZIMBRA_PURPOSES,
} from '@postern/trust';
import {
  alwaysRefuses,
  authorization,
  authorizesFor,
  type CountingServer,
  chainFor,
  connect,
  endOf,
  endpointAt,
  exchange,
  neverAnswers,
  nobody,
  type Presented,
  SERVER_NAME,
  serve,
  stage,
} from './gate-stage.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let a: Presented;
let b: Presented;
let server: CountingServer;

before(async () => {
  a = await chainFor('gate-a');
  b = await chainFor('gate-b');
});

/** A server of its own for each test, and a gate that is closed with it. */
function staged(
  name: string,
  options: () => Parameters<typeof stage>[0],
  body: (on: ReturnType<typeof stage> & { server: CountingServer }) => Promise<void>,
): void {
  test(name, async () => {
    server = await serve(a);
    const on = stage(options());
    try {
      await body({ ...on, server });
    } finally {
      await on.gate.close();
      await server.close();
    }
  });
}

/** The TrustError with this code, or a failure. */
async function rejectsWith(promise: Promise<unknown>, code: string): Promise<TrustError> {
  const error = await promise.then(
    () => assert.fail(`expected ${code}, but it went through`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TrustError || error instanceof TransportError, String(error));
  assert.equal(error.code, code);
  return error as TrustError;
}

const rootOf = ({ parts }: Presented): Uint8Array => parts.root.der;
const leafOf = ({ parts }: Presented): string => parseCertificate(parts.leaf.der).sha256;

describe('a server that verifies', () => {
  staged(
    'is SECURE and nobody is asked',
    () => ({ ask: alwaysRefuses, roots: [rootOf(a)] }),
    async ({ gate, server, events }) => {
      const socket = await connect(gate, server.port);
      assert.equal(await exchange(socket), 'got 6\n');
      assert.equal(gate.status(endpointAt(server.port)).state, 'secure');
      assert.deepEqual(
        events.map(({ type }) => type),
        ['verdict'],
      );
    },
  );

  staged(
    'is verified anew each time, for no session is resumed',
    () => ({ ask: alwaysRefuses, roots: [rootOf(a)] }),
    async ({ gate, server }) => {
      for (let turn = 0; turn < 3; turn++) {
        const socket = await connect(gate, server.port);
        await exchange(socket);
        assert.equal(socket.isSessionReused(), false);
      }
      assert.deepEqual([server.handshakes, server.resumed], [3, 0]);
    },
  );

  staged(
    'still shows its certificate to whoever looks at the socket',
    () => ({ ask: alwaysRefuses, roots: [rootOf(a)] }),
    async ({ gate, server }) => {
      const socket = await connect(gate, server.port);
      assert.equal(socket.getPeerX509Certificate()?.subject, `CN=${SERVER_NAME}`);
      assert.equal(socket.getPeerX509Certificate()?.subject, `CN=${SERVER_NAME}`);
      assert.equal(socket.getPeerCertificate().subject.CN, SERVER_NAME);
    },
  );

  test('may greet first, and nothing of the greeting is lost', async () => {
    const greeter = await serve(a, '220 ready\r\n');
    const { gate } = stage({ ask: alwaysRefuses, roots: [rootOf(a)] });
    const socket = await connect(gate, greeter.port);
    const [data] = await once(socket, 'data');
    assert.equal(String(data), '220 ready\r\n');
    await gate.close();
    await greeter.close();
  });
});

describe('a server that does not verify', () => {
  staged(
    'gets no byte when the person refuses',
    () => ({ ask: alwaysRefuses }),
    async ({ gate, server }) => {
      const error = await rejectsWith(connect(gate, server.port), 'ERR_TRUST_REFUSED');
      assert.deepEqual(
        error.diagnosis?.problems.map(({ kind }) => kind),
        ['issuer-not-found'],
      );
      assert.equal(server.bytes, 0);
      assert.equal(gate.status(endpointAt(server.port)).state, 'refused');
    },
  );

  staged(
    'is connected to after Authorize Connections, and implicitly trusted afterwards',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server, events }) => {
      assert.equal(await exchange(await connect(gate, server.port)), 'got 6\n');
      assert.equal(
        await exchange(await connect(gate, server.port, 'background', 'folders')),
        'got 6\n',
      );
      assert.equal(events.filter(({ type }) => type === 'question-opened').length, 1);
      const status = gate.status(endpointAt(server.port));
      assert.equal(status.state, 'overridden');
      assert.deepEqual(status.until, new Date(AT.getTime() + DAY_MS));
    },
  );

  test('is asked about once, however many connections meet it at once', async () => {
    const once8 = await serve(a);
    const asker = neverAnswers();
    const { gate } = stage({ ask: asker });
    const sockets = ZIMBRA_PURPOSES.map((purpose) =>
      connect(gate, once8.port, 'background', purpose),
    );
    await waitUntil(() => gate.questions()[0]?.waiting.length === ZIMBRA_PURPOSES.length);
    const [question] = gate.questions();
    assert.ok(question);
    assert.equal(asker.questions.length, 1);
    assert.deepEqual([...question.waiting].sort(), [...ZIMBRA_PURPOSES].sort());
    assert.equal(once8.bytes, 0);
    assert.equal(gate.answer(question.id, authorization(question, '1h')).kind, 'granted');
    const answers = await Promise.all(sockets.map(async (socket) => exchange(await socket)));
    assert.deepEqual(
      answers,
      ZIMBRA_PURPOSES.map(() => 'got 6\n'),
    );
    await gate.close();
    await once8.close();
  });

  staged(
    'is refused at once where nobody can be asked, and the question stays',
    () => ({ ask: nobody }),
    async ({ gate, server }) => {
      await rejectsWith(connect(gate, server.port, 'background'), 'ERR_TRUST_UNANSWERED');
      const [question] = gate.questions();
      assert.ok(question);
      assert.equal(gate.status(endpointAt(server.port)).state, 'waiting');
      assert.equal(gate.answer(question.id, authorization(question, '1d')).kind, 'granted');
      assert.equal(await exchange(await connect(gate, server.port, 'background')), 'got 6\n');
    },
  );

  staged(
    'keeps an attempt for two minutes, and the question for longer',
    () => ({ ask: neverAnswers() }),
    async ({ gate, server, clock }) => {
      const attempt = rejectsWith(connect(gate, server.port), 'ERR_TRUST_UNANSWERED');
      await waitUntil(() => gate.questions().length === 1);
      await clock.advance(119_999);
      assert.equal(gate.questions().length, 1);
      await clock.advance(1);
      const error = await attempt;
      assert.match(error.message, /no answer within 120000 ms$/);
      assert.equal(gate.questions().length, 1);
      assert.equal(server.bytes, 0);
    },
  );

  staged(
    'is not asked about again in the background after a refusal, but when the person acts',
    () => ({ ask: alwaysRefuses }),
    async ({ gate, server, events }) => {
      await rejectsWith(connect(gate, server.port), 'ERR_TRUST_REFUSED');
      const dialled = server.handshakes;
      await rejectsWith(connect(gate, server.port, 'background'), 'ERR_TRUST_REFUSED');
      assert.equal(server.handshakes, dialled);
      await rejectsWith(connect(gate, server.port, 'person'), 'ERR_TRUST_REFUSED');
      assert.equal(events.filter(({ type }) => type === 'question-opened').length, 2);
    },
  );

  staged(
    'refuses the attempts of the same action that come late',
    () => ({ ask: neverAnswers() }),
    async ({ gate, server }) => {
      const attempts = ZIMBRA_PURPOSES.map((purpose) =>
        rejectsWith(connect(gate, server.port, 'person', purpose), 'ERR_TRUST_REFUSED'),
      );
      await waitUntil(() => gate.questions().length === 1);
      const [question] = gate.questions();
      assert.ok(question);
      gate.answer(question.id, { kind: 'workOffline' });
      await Promise.all(attempts);
      assert.equal(gate.questions().length, 0);
      assert.equal(server.bytes, 0);
    },
  );

  staged(
    'ends an attempt that its caller gives up, and leaves the question',
    () => ({ ask: neverAnswers() }),
    async ({ gate, server }) => {
      const caller = new AbortController();
      const attempt = gate.connect({
        host: SERVER_NAME,
        port: server.port,
        purpose: 'mail',
        initiatedBy: 'person',
        signal: caller.signal,
      });
      await waitUntil(() => gate.questions().length === 1);
      caller.abort(new Error('gave up'));
      await assert.rejects(attempt, /gave up/);
      assert.equal(gate.questions().length, 1);
    },
  );

  test('means no when the asker fails', async () => {
    const failing = await serve(a);
    const { gate } = stage({ ask: { ask: () => Promise.reject(new Error('no display')) } });
    await rejectsWith(connect(gate, failing.port), 'ERR_TRUST_REFUSED');
    assert.equal(failing.bytes, 0);
    await gate.close();
    await failing.close();
  });
});

describe('an answer', () => {
  const rows = [
    {
      name: 'with the fingerprint of another certificate is void',
      why: 'other-certificate',
      change: { leafSha256: '00'.repeat(32) },
    },
    {
      name: 'for more than a day needs the fingerprint typed',
      why: 'fingerprint-needed',
      change: { interval: '7d' },
    },
    {
      name: 'with a fingerprint that differs is rejected, however short the period',
      why: 'fingerprint-differs',
      change: { typedFingerprint: 'AB:CD' },
    },
  ] as const;
  for (const { name, why, change } of rows) {
    staged(
      name,
      () => ({ ask: nobody }),
      async ({ gate, server }) => {
        await rejectsWith(connect(gate, server.port), 'ERR_TRUST_UNANSWERED');
        const [question] = gate.questions();
        assert.ok(question);
        const outcome = gate.answer(question.id, { ...authorization(question, '1h'), ...change });
        assert.deepEqual(outcome, { kind: 'rejected', why });
        assert.equal(gate.questions().length, 1);
      },
    );
  }

  staged(
    'for a month stands when the fingerprint was typed as the administrator wrote it',
    () => ({ ask: nobody }),
    async ({ gate, server }) => {
      await rejectsWith(connect(gate, server.port), 'ERR_TRUST_UNANSWERED');
      const [question] = gate.questions();
      assert.ok(question);
      const typed = formatFingerprint(leafOf(a));
      const outcome = gate.answer(question.id, authorization(question, '30d', typed));
      assert.equal(outcome.kind, 'granted');
      await exchange(await connect(gate, server.port));
      assert.deepEqual(
        gate.status(endpointAt(server.port)).until,
        new Date(AT.getTime() + 30 * DAY_MS),
      );
    },
  );

  staged(
    'to a question that is no longer open is void',
    () => ({ ask: nobody }),
    async ({ gate, server }) => {
      await rejectsWith(connect(gate, server.port), 'ERR_TRUST_UNANSWERED');
      const [question] = gate.questions();
      assert.ok(question);
      await gate.stopTrusting(endpointAt(server.port));
      assert.deepEqual(gate.answer(question.id, authorization(question, '1h')), {
        kind: 'rejected',
        why: 'no-such-question',
      });
    },
  );
});

describe('an override', () => {
  staged(
    'does not cover another port',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server, events }) => {
      const other = await serve(a);
      await connect(gate, server.port);
      await connect(gate, other.port);
      assert.equal(events.filter(({ type }) => type === 'question-opened').length, 2);
      await other.close();
    },
  );

  staged(
    'does not cover another server name',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server, events }) => {
      await connect(gate, server.port);
      await gate.connect({
        host: 'mail2.example.test',
        port: server.port,
        purpose: 'mail',
        initiatedBy: 'person',
      });
      const opened = events.filter(({ type }) => type === 'question-opened');
      assert.equal(opened.length, 2);
    },
  );

  staged(
    'does not cover another certificate: the person sees both',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server, events }) => {
      await connect(gate, server.port);
      server.swap(b);
      await connect(gate, server.port);
      const questions = events.flatMap((event) =>
        event.type === 'question-opened' ? [event.question] : [],
      );
      assert.deepEqual(
        questions.map(({ because }) => because),
        ['first', 'changed'],
      );
      assert.equal(questions[1]?.expected?.sha256, leafOf(a));
      assert.equal(questions[1]?.leafSha256, leafOf(b));
    },
  );

  staged(
    'ends on an open connection at its instant',
    () => ({ ask: authorizesFor('1h') }),
    async ({ gate, server, clock, events }) => {
      const socket = await connect(gate, server.port);
      const end = endOf(socket);
      await clock.advance(HOUR_MS - 1);
      assert.equal(socket.destroyed, false);
      await clock.advance(1);
      assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
      assert.equal(events.at(-1)?.type, 'override-expired');
      await connect(gate, server.port);
      const questions = events.flatMap((event) =>
        event.type === 'question-opened' ? [event.question] : [],
      );
      assert.deepEqual(
        questions.map(({ because }) => because),
        ['first', 'override-expired'],
      );
    },
  );

  staged(
    'ends when the clock goes back by more than five minutes',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server, clock, events }) => {
      await connect(gate, server.port);
      clock.setWallClock(new Date(AT.getTime() - 6 * 60_000));
      await connect(gate, server.port);
      assert.equal(events.filter(({ type }) => type === 'question-opened').length, 2);
    },
  );

  staged(
    'is retired when the server verifies, and says so once',
    () => ({ ask: authorizesFor('1d'), roots: [rootOf(b)] }),
    async ({ gate, server, overrides, events, clock }) => {
      await connect(gate, server.port);
      server.swap(b);
      await connect(gate, server.port);
      await connect(gate, server.port);
      assert.equal(gate.status(endpointAt(server.port)).state, 'secure');
      assert.equal(events.filter(({ type }) => type === 'override-retired').length, 1);
      assert.equal(
        overrides.recall(endpointAt(server.port), clock.now()).override?.state,
        'retired',
      );
    },
  );

  staged(
    'of a server that was SECURE before is danger: a day at most, and the fingerprint typed',
    () => ({ ask: neverAnswers(), roots: [rootOf(a)] }),
    async ({ gate, server }) => {
      await connect(gate, server.port);
      server.swap(b);
      const attempt = rejectsWith(connect(gate, server.port), 'ERR_TRUST_STOPPED');
      await waitUntil(() => gate.questions().length === 1);
      const [question] = gate.questions();
      assert.ok(question);
      assert.equal(question.because, 'was-secure');
      assert.equal(question.expected?.sha256, leafOf(a));
      assert.deepEqual(
        question.choices.map(({ needsFingerprint }) => needsFingerprint),
        question.choices.map(() => true),
      );
      assert.deepEqual(
        new Set(question.choices.map(({ interval }) => interval)),
        new Set(['1d', 'until-stop', '1h']),
      );
      await gate.stopTrusting(endpointAt(server.port));
      await attempt;
    },
  );
});

describe('Stop Trusting', () => {
  staged(
    'ends every socket before it resolves, and the counter never moves again',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server }) => {
      const sockets = await Promise.all(
        ZIMBRA_PURPOSES.map((purpose) => connect(gate, server.port, 'person', purpose)),
      );
      await Promise.all(sockets.map(exchange));
      const ends = sockets.map(endOf);
      const { bytes } = server;
      const stopped = await gate.stopTrusting(endpointAt(server.port));
      assert.deepEqual(stopped, { override: true, roots: 0, sockets: 8 });
      assert.deepEqual(
        sockets.map(({ destroyed }) => destroyed),
        sockets.map(() => true),
      );
      for (const end of ends) assert.equal(((await end) as TrustError).code, 'ERR_TRUST_STOPPED');
      await rejectsWith(connect(gate, server.port, 'background'), 'ERR_TRUST_STOPPED');
      assert.equal(server.bytes, bytes);
      assert.equal(gate.status(endpointAt(server.port)).state, 'stopped');
    },
  );

  staged(
    'ends attempts that are under way',
    () => ({ ask: neverAnswers() }),
    async ({ gate, server }) => {
      const attempts = ZIMBRA_PURPOSES.map((purpose) =>
        rejectsWith(connect(gate, server.port, 'person', purpose), 'ERR_TRUST_STOPPED'),
      );
      await waitUntil(() => gate.questions()[0]?.waiting.length === 8);
      await gate.stopTrusting(endpointAt(server.port));
      await Promise.all(attempts);
      assert.equal(gate.questions().length, 0);
      assert.equal(server.bytes, 0);
    },
  );

  staged(
    'lets the person be asked again',
    () => ({ ask: authorizesFor('1d') }),
    async ({ gate, server, events }) => {
      await connect(gate, server.port);
      await gate.stopTrusting(endpointAt(server.port));
      await exchange(await connect(gate, server.port, 'person'));
      assert.equal(events.filter(({ type }) => type === 'question-opened').length, 2);
    },
  );
});

describe('while a question is open', () => {
  staged(
    'the server is looked at again, and a repair closes the question and lets the waiting through',
    () => ({ ask: neverAnswers(), roots: [rootOf(b)] }),
    async ({ gate, server, clock, events }) => {
      const waiting = connect(gate, server.port);
      await waitUntil(() => gate.questions().length === 1);
      server.swap(b);
      await clock.advance(30_000);
      await exchange(await waiting);
      const closed = events.flatMap((event) =>
        event.type === 'question-closed' ? [event.how] : [],
      );
      assert.deepEqual(closed, ['recovered']);
      assert.equal(gate.status(endpointAt(server.port)).state, 'secure');
    },
  );

  staged(
    'another certificate replaces it, and an answer to the old one is void',
    () => ({ ask: nobody }),
    async ({ gate, server, clock }) => {
      await rejectsWith(connect(gate, server.port, 'background'), 'ERR_TRUST_UNANSWERED');
      const [old] = gate.questions();
      assert.ok(old);
      server.swap(b);
      await clock.advance(30_000);
      await waitUntil(() => gate.questions()[0]?.leafSha256 === leafOf(b));
      assert.deepEqual(gate.answer(old.id, authorization(old, '1h')), {
        kind: 'rejected',
        why: 'no-such-question',
      });
      assert.equal(gate.questions().length, 1);
    },
  );
});

test('after a refusal a server that verifies again resumes by itself', async () => {
  const repaired = await serve(a);
  const { gate, clock, events } = stage({ ask: alwaysRefuses, roots: [rootOf(b)] });
  await rejectsWith(connect(gate, repaired.port), 'ERR_TRUST_REFUSED');
  repaired.swap(b);
  await clock.advance(30_000);
  await waitUntil(() => events.some(({ type }) => type === 'recovered'));
  assert.equal(await exchange(await connect(gate, repaired.port, 'background')), 'got 6\n');
  await gate.close();
  await repaired.close();
});

describe('policy', () => {
  staged(
    'that forbids overrides asks nobody',
    () => ({ ask: neverAnswers(), policy: fixedPolicy({ trustOverride: 'off' }) }),
    async ({ gate, server }) => {
      const error = await rejectsWith(connect(gate, server.port), 'ERR_TRUST_POLICY');
      assert.equal(error.detail.rule, 'TrustOverride');
      assert.equal(server.bytes, 0);
    },
  );

  test('that cannot be read refuses even a server that verifies', async () => {
    const good = await serve(a);
    const unreadable: PolicySource = {
      current: () => ({
        kind: 'unreadable',
        reason: 'not JSON',
        path: 'policy.json',
        generation: 1,
      }),
      reload: () => ({
        kind: 'unreadable',
        reason: 'not JSON',
        path: 'policy.json',
        generation: 1,
      }),
    };
    const { gate } = stage({ ask: nobody, roots: [rootOf(a)], policy: unreadable });
    const error = await rejectsWith(connect(gate, good.port), 'ERR_TRUST_POLICY');
    assert.equal(error.detail.rule, 'unreadable policy');
    await gate.close();
    await good.close();
  });

  test('that changes ends the sockets it would not let through', async () => {
    const governed = await serve(a);
    const policy = changingPolicy();
    const { gate } = stage({ ask: authorizesFor('1d'), policy });
    const socket = await connect(gate, governed.port);
    const end = endOf(socket);
    policy.next = fixedPolicy({ trustOverride: 'off' }).current();
    await gate.reload();
    assert.equal(((await end) as TrustError).code, 'ERR_TRUST_POLICY');
    await gate.close();
    await governed.close();
  });

  test('with a least version of TLS 1.3 lets nobody override TLS 1.2', async () => {
    const old = await serve({ ...a, options: { ...a.options, maxVersion: 'TLSv1.2' } });
    const policy = fixedPolicy({ minimumTlsVersion: 'TLSv1.3' });
    const { gate } = stage({ ask: neverAnswers(), roots: [rootOf(a)], policy });
    const error = await rejectsWith(connect(gate, old.port), 'ERR_TRUST_POLICY');
    assert.equal(error.detail.rule, 'MinimumTlsVersion');
    assert.deepEqual(
      error.diagnosis?.problems.map(({ kind }) => kind),
      ['old-protocol'],
    );
    assert.equal(old.bytes, 0);
    await gate.close();
    await old.close();
  });

  test('without a rule takes TLS 1.2, and reads the version from the socket', async () => {
    const old = await serve({ ...a, options: { ...a.options, maxVersion: 'TLSv1.2' } });
    const { gate } = stage({ ask: nobody, roots: [rootOf(a)] });
    const socket = await connect(gate, old.port);
    assert.equal(socket.getProtocol(), 'TLSv1.2');
    await gate.close();
    await old.close();
  });
});

test('a root that was installed while a question is open counts at the next Send/Receive', async () => {
  const rooted = await serve(a);
  const anchors = changingAnchors([]);
  const { gate } = stage({ ask: nobody, anchors });
  await rejectsWith(connect(gate, rooted.port), 'ERR_TRUST_UNANSWERED');
  anchors.roots = [rootOf(a)];
  await exchange(await connect(gate, rooted.port));
  assert.equal(gate.status(endpointAt(rooted.port)).state, 'secure');
  assert.equal(gate.questions().length, 0);
  await gate.close();
  await rooted.close();
});

test('a root that is withdrawn ends the sockets that it verified', async () => {
  const rooted = await serve(a);
  const anchors = changingAnchors([rootOf(a)]);
  const { gate } = stage({ ask: nobody, anchors });
  const socket = await connect(gate, rooted.port);
  assert.equal(gate.status(endpointAt(rooted.port)).state, 'secure');
  const end = endOf(socket);
  anchors.roots = [];
  await gate.reload();
  assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
  await gate.close();
  await rooted.close();
});

describe('trust that is added by fingerprint', () => {
  staged(
    'is granted when the server presents it now',
    () => ({ ask: nobody }),
    async ({ gate, server }) => {
      const { override } = await gate.authorize({
        host: SERVER_NAME,
        port: server.port,
        sha256: leafOf(a),
        interval: '7d',
      });
      assert.equal(override?.fingerprintChecked, true);
      assert.equal(await exchange(await connect(gate, server.port, 'background')), 'got 6\n');
    },
  );

  staged(
    'is not granted when the server presents another certificate',
    () => ({ ask: nobody }),
    async ({ gate, server }) => {
      const expected = leafOf(b);
      const adding = gate.authorize({
        host: SERVER_NAME,
        port: server.port,
        sha256: expected,
        interval: '1d',
      });
      const error = await rejectsWith(adding, 'ERR_TRUST_CHANGED');
      assert.deepEqual(error.detail, { expected, presented: leafOf(a) });
      await rejectsWith(connect(gate, server.port, 'background'), 'ERR_TRUST_UNANSWERED');
    },
  );

  staged(
    'is not granted for longer than policy allows',
    () => ({ ask: nobody, policy: fixedPolicy({ maxTrustDays: 1 }) }),
    async ({ gate, server }) => {
      const adding = gate.authorize({
        host: SERVER_NAME,
        port: server.port,
        sha256: leafOf(a),
        interval: '7d',
      });
      assert.equal((await rejectsWith(adding, 'ERR_TRUST_POLICY')).detail.rule, 'MaxTrustDays');
    },
  );
});

describe('a server that cannot be reached', () => {
  test('is no question of trust: nothing listens', async () => {
    const { gate } = stage({ ask: nobody });
    const closed = await serve(a);
    await closed.close();
    await rejectsWith(connect(gate, closed.port), 'ERR_CONNECT_FAILED');
    await gate.close();
  });

  test('has no address', async () => {
    const { gate } = stage({ ask: nobody, resolve: async () => [] });
    await rejectsWith(connect(gate, 443), 'ERR_NAME_NOT_FOUND');
    await gate.close();
  });

  test('stalls in the handshake', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { gate, clock } = stage({ ask: nobody });
    const attempt = rejectsWith(connect(gate, port), 'ERR_CONNECT_TIMEOUT');
    await once(silent, 'connection');
    await clock.advance(30_000);
    await attempt;
    await gate.close();
    silent.close();
  });

  test('answers with garbage', async () => {
    const garbage = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.0 400 Bad Request\r\n\r\n');
    });
    garbage.listen(0, '127.0.0.1');
    await once(garbage, 'listening');
    const { gate } = stage({ ask: nobody });
    await rejectsWith(
      connect(gate, (garbage.address() as AddressInfo).port),
      'ERR_HANDSHAKE_FAILED',
    );
    await gate.close();
    garbage.close();
  });
});

/** Waits for something that real sockets bring about; the test's own time limit is the limit. */
async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

function changingPolicy(): PolicySource & { next: PolicyState | null } {
  let state = fixedPolicy({}).current();
  const source = {
    next: null as PolicyState | null,
    current: () => state,
    reload: () => {
      if (source.next !== null) state = { ...source.next, generation: state.generation + 1 };
      source.next = null;
      return state;
    },
  };
  return source;
}

function changingAnchors(roots: readonly Uint8Array[]): Anchors & { roots: readonly Uint8Array[] } {
  let generation = 1;
  let seen = roots;
  const set = async (): Promise<AnchorSet> => ({
    ...(await fixedAnchors(seen).current()),
    generation,
  });
  const source = {
    roots,
    current: set,
    reload: () => {
      if (seen !== source.roots) generation += 1;
      seen = source.roots;
      return set();
    },
    withdraw: async () => 0,
    inSystemStore: async () => [],
  };
  return source;
}
