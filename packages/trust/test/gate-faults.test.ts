import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { AT } from '@postern/badcerts';
import {
  type AnchorSet,
  type Anchors,
  createMemoryOverrides,
  type Endpoint,
  fixedAnchors,
  fixedPolicy,
  type Overrides,
  type PolicySource,
  type PolicyState,
  parseCertificate,
  StoreError,
  type TrustError,
} from '@postern/trust';
import {
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
  type Stage,
  serve,
  stage,
} from './gate-stage.ts';

const HOUR_MS = 3_600_000;
const SWEEP_MS = 30_000;

let a: Presented;
let b: Presented;

before(async () => {
  a = await chainFor('faults-a');
  b = await chainFor('faults-b');
});

/** A server and a gate, both closed afterwards. */
async function withStage(
  about: Parameters<typeof stage>[0],
  body: (on: Stage & { server: CountingServer }) => Promise<void>,
): Promise<void> {
  const server = await serve(a);
  const on = stage(about);
  try {
    await body({ ...on, server });
  } finally {
    await on.gate.close();
    await server.close();
  }
}

/** Overrides whose store can be made to fail, call by call. */
function brittleOverrides(): Overrides & { broken: Set<keyof Overrides> } {
  const kept = createMemoryOverrides();
  const broken = new Set<keyof Overrides>();
  const unless =
    <A extends unknown[], R>(name: keyof Overrides, call: (...of: A) => R) =>
    (...of: A): R => {
      if (!broken.has(name)) return call(...of);
      throw new StoreError('ERR_STORE_FAILED', `${name}: disk is full`, { path: 'overrides.db' });
    };
  return {
    ...kept,
    broken,
    recall: unless('recall', kept.recall),
    grant: unless('grant', kept.grant),
    end: unless('end', kept.end),
  };
}

/** Anchors whose next look can fail or bring others, and which notice by themselves as real ones do. */
function changingAnchors(roots: readonly Uint8Array[]): Anchors & {
  set(roots: readonly Uint8Array[]): void;
  fails: { current: boolean; reload: boolean; withdraw: boolean };
  reloads: number;
} {
  let generation = 1;
  let now = roots;
  const fails = { current: false, reload: false, withdraw: false };
  const failing = (): never => {
    throw new StoreError('ERR_STORE_LOCKED', 'roots are in use', { path: 'roots.db' });
  };
  const set = async (): Promise<AnchorSet> => ({
    ...(await fixedAnchors(now).current()),
    generation,
  });
  const anchors = {
    fails,
    reloads: 0,
    set(next: readonly Uint8Array[]) {
      now = next;
      generation += 1;
    },
    current: async () => (fails.current ? failing() : set()),
    reload: async () => {
      anchors.reloads += 1;
      return fails.reload ? failing() : set();
    },
    withdraw: async () => (fails.withdraw ? failing() : 0),
    inSystemStore: async () => [],
  };
  return anchors;
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

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'resolved';
}

/** Waits for something that real sockets bring about; the test's own time limit is the limit. */
async function waitUntil(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

const leafOf = ({ parts }: Presented): string => parseCertificate(parts.leaf.der).sha256;
const rootOf = ({ parts }: Presented): Uint8Array => parts.root.der;

test('an override whose store fails at the look for its end is over, and the socket with it', () => {
  const overrides = brittleOverrides();
  return withStage({ ask: authorizesFor('1h'), overrides }, async ({ gate, server, clock }) => {
    const end = endOf(await connect(gate, server.port));
    overrides.broken.add('recall');
    await clock.advance(SWEEP_MS);
    assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
  });
});

test('a store that fails ends no socket of a server that verifies', () => {
  const overrides = brittleOverrides();
  return withStage({ ask: nobody, roots: [rootOf(a)], overrides }, async ({ gate, server }) => {
    const socket = await connect(gate, server.port);
    overrides.broken.add('recall');
    await gate.reload();
    assert.equal(await exchange(socket), 'got 6\n');
  });
});

test('an override ends at its instant even if the roots cannot be read then', () => {
  const anchors = changingAnchors([]);
  return withStage({ ask: authorizesFor('1h'), anchors }, async ({ gate, server, clock }) => {
    const end = endOf(await connect(gate, server.port));
    anchors.fails.current = true;
    anchors.fails.reload = true;
    await clock.advance(HOUR_MS);
    assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
  });
});

test('a policy that changed is applied to living sockets even if the roots cannot be read', () => {
  const anchors = changingAnchors([]);
  const policy = changingPolicy();
  const about = { ask: authorizesFor('1d'), anchors, policy };
  return withStage(about, async ({ gate, server, events }) => {
    const end = endOf(await connect(gate, server.port));
    anchors.fails.reload = true;
    policy.next = fixedPolicy({ trustOverride: 'off' }).current();
    assert.equal(await codeOf(gate.reload()), 'ERR_STORE_LOCKED');
    assert.equal(((await end) as TrustError).code, 'ERR_TRUST_POLICY');
    assert.ok(events.some(({ type }) => type === 'policy-changed'));
  });
});

test('Stop Trusting ends the sockets even if the withdrawal cannot be written, and says so', async () => {
  for (const where of ['override', 'root'] as const) {
    const overrides = brittleOverrides();
    const anchors = changingAnchors([]);
    await withStage({ ask: authorizesFor('1d'), overrides, anchors }, async ({ gate, server }) => {
      const socket = await connect(gate, server.port);
      const end = endOf(socket);
      if (where === 'override') overrides.broken.add('end');
      else anchors.fails.withdraw = true;
      const stopping = codeOf(gate.stopTrusting(endpointAt(server.port)));
      assert.match(await stopping, /^ERR_STORE_/);
      assert.equal(socket.destroyed, true, where);
      assert.equal(((await end) as TrustError).code, 'ERR_TRUST_STOPPED');
      const again = connect(gate, server.port, 'background');
      assert.equal(await codeOf(again), 'ERR_TRUST_STOPPED');
    });
  }
});

test('an answer that the store cannot keep is no answer: whoever waits is told why', () => {
  const overrides = brittleOverrides();
  overrides.broken.add('grant');
  return withStage({ ask: authorizesFor('1d'), overrides }, async ({ gate, server }) => {
    assert.equal(await codeOf(connect(gate, server.port)), 'ERR_STORE_FAILED');
    assert.equal(gate.questions().length, 0);
    assert.equal(server.bytes, 0);
    // Nobody is asked again by background work.
    assert.equal(await codeOf(connect(gate, server.port, 'background')), 'ERR_TRUST_REFUSED');
  });
});

test('an answer given at the gate that the store cannot keep leaves the question open', () => {
  const overrides = brittleOverrides();
  return withStage({ ask: neverAnswers(), overrides }, async ({ gate, server }) => {
    const attempt = connect(gate, server.port);
    await waitUntil(() => gate.questions().length === 1);
    const [question] = gate.questions();
    assert.ok(question);
    overrides.broken.add('grant');
    assert.throws(() => gate.answer(question.id, authorization(question, '1h')), StoreError);
    overrides.broken.clear();
    assert.equal(gate.answer(question.id, authorization(question, '1h')).kind, 'granted');
    assert.equal(await exchange(await attempt), 'got 6\n');
  });
});

test('an asker that answers nonsense has said no', () => {
  const ask = { ask: async () => undefined as unknown as null };
  return withStage({ ask }, async ({ gate, server }) => {
    assert.equal(await codeOf(connect(gate, server.port)), 'ERR_TRUST_REFUSED');
  });
});

test('an override that cannot be retired leaves no socket behind', () => {
  const overrides = brittleOverrides();
  const about = { ask: authorizesFor('1d'), roots: [rootOf(b)], overrides };
  return withStage(about, async ({ gate, server }) => {
    (await connect(gate, server.port)).destroy();
    server.swap(b);
    overrides.broken.add('end');
    await waitUntil(() => server.open === 0);
    assert.equal(await codeOf(connect(gate, server.port)), 'ERR_STORE_FAILED');
    await waitUntil(() => server.open === 0);
  });
});

test('a gate that is closed connects no more', () =>
  withStage({ ask: nobody, roots: [rootOf(a)] }, async ({ gate, server }) => {
    await gate.close();
    assert.equal(await codeOf(connect(gate, server.port)), 'ERR_TRUST_STOPPED');
    assert.equal(server.handshakes, 0);
  }));

test('Stop Trusting is told before anything else can begin', () =>
  withStage({ ask: authorizesFor('1d') }, async ({ gate, server, events }) => {
    await connect(gate, server.port);
    const stopping = gate.stopTrusting(endpointAt(server.port));
    assert.equal(events.at(-1)?.type, 'stopped');
    await stopping;
  }));

test('a look that was under way at Stop Trusting does not open the endpoint again', () => {
  let release = (): void => {};
  let isHeld = false;
  const resolve = async () => {
    if (isHeld) {
      await new Promise<void>((done) => {
        release = done;
      });
    }
    return [{ address: '127.0.0.1', family: 4 as const }];
  };
  const about = { ask: neverAnswers(), roots: [rootOf(b)], resolve };
  return withStage(about, async ({ gate, server, clock, events }) => {
    const attempt = codeOf(connect(gate, server.port));
    await waitUntil(() => gate.questions().length === 1);
    server.swap(b);
    isHeld = true;
    await clock.advance(SWEEP_MS);
    await waitUntil(() => release.name !== 'release');
    await gate.stopTrusting(endpointAt(server.port));
    assert.equal(await attempt, 'ERR_TRUST_STOPPED');
    isHeld = false;
    release();
    await waitUntil(() => server.open > 0);
    await waitUntil(() => server.open === 0);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gate.status(endpointAt(server.port)).state, 'stopped');
    assert.ok(!events.some(({ type }) => type === 'recovered'));
  });
});

test('trust that is being added by fingerprint at Stop Trusting is not granted', () => {
  const ask = nobody;
  return withStage({ ask }, async ({ gate, server, overrides, clock }) => {
    const endpoint = endpointAt(server.port);
    const adding = codeOf(gate.authorize({ ...endpoint, sha256: leafOf(a), interval: '1d' }));
    await gate.stopTrusting(endpoint);
    assert.equal(await adding, 'ERR_TRUST_STOPPED');
    assert.equal(overrides.recall(endpoint, clock.now()).override, null);
    assert.equal(gate.status(endpoint).state, 'stopped');
  });
});

test('trust added twice is given no longer than once: a server that was SECURE gets a day', () =>
  withStage({ ask: nobody, roots: [rootOf(a)] }, async ({ gate, server }) => {
    (await connect(gate, server.port)).destroy();
    server.swap(b);
    const request = { ...endpointAt(server.port), sha256: leafOf(b) };
    await gate.authorize({ ...request, interval: '1d' });
    const longer = gate.authorize({ ...request, interval: '30d' });
    assert.equal(await codeOf(longer), 'ERR_TRUST_POLICY');
  }));

test('roots that changed without a reload are met at the next connection', () => {
  const anchors = changingAnchors([]);
  return withStage({ ask: nobody, anchors }, async ({ gate, server, events }) => {
    const attempt = connect(gate, server.port, 'background');
    assert.equal(await codeOf(attempt), 'ERR_TRUST_UNANSWERED');
    await waitUntil(() => anchors.reloads > 0);
    anchors.set([rootOf(a)]);
    assert.equal(await exchange(await connect(gate, server.port)), 'got 6\n');
    assert.ok(events.some(({ type }) => type === 'anchors-changed'));
    anchors.set([]);
    assert.equal(await codeOf(connect(gate, server.port, 'background')), 'ERR_TRUST_UNANSWERED');
    assert.equal(gate.status(endpointAt(server.port)).openSockets, 0);
  });
});

test('sockets of an override that a repair or another answer replaced end so that they dial again', async () => {
  for (const roots of [[rootOf(b)], []]) {
    await withStage({ ask: authorizesFor('1d'), roots }, async ({ gate, server, clock }) => {
      const end = endOf(await connect(gate, server.port));
      server.swap(b);
      await connect(gate, server.port);
      await clock.advance(SWEEP_MS);
      assert.equal(((await end) as TrustError).code, 'ERR_TRUST_EXPIRED');
    });
  }
});

test('status says nothing of SECURE once the roots have changed', () => {
  const anchors = changingAnchors([rootOf(a)]);
  return withStage({ ask: nobody, anchors }, async ({ gate, server }) => {
    const endpoint = endpointAt(server.port);
    const socket = await connect(gate, server.port);
    assert.equal(gate.status(endpoint).state, 'secure');
    anchors.set([]);
    await gate.reload();
    assert.equal(socket.destroyed, true);
    assert.equal(gate.status(endpoint).state, 'none');
    anchors.set([rootOf(a)]);
    await connect(gate, server.port);
    anchors.set([rootOf(a), rootOf(b)]);
    await gate.reload();
    assert.equal(gate.status(endpoint).state, 'secure');
  });
});

test('what a confirmation of plain HTTP left is no certificate to compare with', () =>
  withStage({ ask: neverAnswers() }, async ({ gate, server, overrides }) => {
    const endpoint: Endpoint = endpointAt(server.port);
    overrides.grant({
      endpoint,
      leafSha256: 'plain-http',
      leafDer: null,
      problems: [],
      grantedAt: AT,
      expiresAt: new Date(AT.getTime() + HOUR_MS),
      fingerprintChecked: false,
      untilStop: false,
    });
    const attempt = codeOf(connect(gate, server.port));
    await waitUntil(() => gate.questions().length === 1);
    assert.equal(gate.questions()[0]?.because, 'first');
    assert.equal(gate.questions()[0]?.expected, null);
    await gate.stopTrusting(endpoint);
    await attempt;
  }));

test('a listener that fails stops nothing', async (t) => {
  const thrown: unknown[] = [];
  process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error));
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  await withStage({ ask: authorizesFor('1d') }, async ({ gate, server }) => {
    gate.subscribe(({ type }) => {
      throw new Error(`listener fails at ${type}`);
    });
    const socket = await connect(gate, server.port);
    assert.equal(await exchange(socket), 'got 6\n');
    await gate.stopTrusting(endpointAt(server.port));
    assert.equal(socket.destroyed, true);
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(thrown.some((error) => String(error).includes('listener fails at stopped')));
});

test('a server name that was met long ago is forgotten, one that is stopped is not', async () => {
  await withStage({ ask: nobody, roots: [rootOf(a)] }, async ({ gate, server }) => {
    const stopped = endpointAt(server.port);
    await gate.stopTrusting(stopped);
    const nowhere = async (n: number) =>
      codeOf(
        gate.connect({
          host: `h${n}.${SERVER_NAME}`,
          port: 1,
          purpose: 'mail',
          initiatedBy: 'background',
        }),
      );
    for (let n = 0; n < 1200; n++) assert.equal(await nowhere(n), 'ERR_CONNECT_FAILED');
    assert.ok(gate.statuses().length <= 1024);
    assert.equal(gate.status(stopped).state, 'stopped');
  });
});
