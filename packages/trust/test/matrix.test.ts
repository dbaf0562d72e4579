/**
 * Threats, rows 1 and 4: every case of the kit, over real sockets, for each of the eight connections,
 * with a person who says yes, one who says no, nobody who answers, and a policy that forbids.
 */

import assert from 'node:assert/strict';
import { get } from 'node:https';
import { before, describe, test } from 'node:test';
import {
  type BadCertCase,
  caseById,
  cases,
  serveCase,
  serveGarbage,
  serveHalfHello,
  servePlainHttp,
  serveSilence,
  serveTruncated,
  serveUnreadable,
  type TestServer,
} from '@postern/badcerts';
import {
  type Asker,
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  type GateEvent,
  NEVER_OVERRIDABLE,
  type Policy,
  type ProblemKind,
  parseCrl,
  problemKey,
  type TrustQuestion,
  ZIMBRA_PURPOSES,
} from '@postern/trust';
import { createManualClock, type ManualClock } from '../../../test/manual-clock.ts';

/** How long an attempt waits for a person (house: the gate, 4). */
const ATTEMPT_WAIT_MS = 120_000;

/** How long name, TCP and handshake may take together. */
const DIAL_TIMEOUT_MS = 30_000;

/** Says no to everything. */
class AlwaysRefuses implements Asker {
  async ask(): Promise<{ kind: 'workOffline' }> {
    return { kind: 'workOffline' };
  }
}

/** Agrees to whatever is drawn, for a day. */
class AuthorizesForOneDay implements Asker {
  async ask({ leafSha256 }: TrustQuestion): ReturnType<Asker['ask']> {
    return { kind: 'authorizeConnections', leafSha256, interval: '1d', typedFingerprint: null };
  }
}

/** Lets the dialog stand until the question is over. */
class NeverAnswers implements Asker {
  ask(_question: TrustQuestion, signal: AbortSignal): Promise<null> {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
  }
}

interface Row {
  name: string;
  ask: Asker;
  policy: Partial<Policy>;
  /** What each connection comes to where a person may decide: an error's code, or an answer. */
  decidable: string;
  /** The questions that are opened where a person may decide. */
  questions: number;
}

const ROWS: readonly Row[] = [
  {
    name: 'a person who says yes',
    ask: new AuthorizesForOneDay(),
    policy: {},
    decidable: 'answered',
    questions: 1,
  },
  {
    name: 'a person who says no',
    ask: new AlwaysRefuses(),
    policy: {},
    decidable: 'ERR_TRUST_REFUSED',
    questions: 1,
  },
  {
    name: 'nobody who answers',
    ask: new NeverAnswers(),
    policy: {},
    decidable: 'ERR_TRUST_UNANSWERED',
    questions: 1,
  },
  {
    name: 'a policy that forbids',
    ask: new AuthorizesForOneDay(),
    policy: { trustOverride: 'off' },
    decidable: 'ERR_TRUST_POLICY',
    questions: 0,
  },
];

/** What must come of a case: `outcome` for each of the eight connections. */
interface Expectation {
  outcome: string;
  questions: number;
  /** False where the handshake cannot end, so that there is nothing to diagnose. */
  isDiagnosed: boolean;
}

function expectation(one: BadCertCase, row: Row): Expectation {
  const kinds = one.expected.map((key) => key.slice(0, key.indexOf('@')) as ProblemKind);
  const newest = one.tls?.maxVersion ?? 'TLSv1.3';
  // The gate offers TLS 1.2 and newer (RFC 8996): with less there is no handshake at all.
  if (newest < 'TLSv1.2') {
    return { outcome: 'ERR_HANDSHAKE_FAILED', questions: 0, isDiagnosed: false };
  }
  if (kinds.length === 0) return { outcome: 'answered', questions: 0, isDiagnosed: true };
  const isFinal = kinds.some((kind) => NEVER_OVERRIDABLE.has(kind) || kind === 'old-protocol');
  if (isFinal) return { outcome: 'ERR_TRUST_POLICY', questions: 0, isDiagnosed: true };
  return { outcome: row.decidable, questions: row.questions, isDiagnosed: true };
}

interface Staged {
  gate: Gate;
  clock: ManualClock;
  events: GateEvent[];
}

async function staged(
  one: BadCertCase,
  row: Pick<Row, 'ask' | 'policy'>,
  onEvent: () => void,
): Promise<Staged> {
  const { anchors, disallowed, lists } = await one.make();
  const clock = createManualClock(one.at);
  const events: GateEvent[] = [];
  const { minimumTlsVersion } = one;
  const gate = createGate({
    anchors: fixedAnchors(anchors),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy(
      {
        ...row.policy,
        disallowedCertificates: disallowed,
        revocation: lists === null ? 'off' : 'required',
        ...(minimumTlsVersion === undefined ? {} : { minimumTlsVersion }),
      },
      (lists ?? []).map((der) => parseCrl(der, one.id)),
    ),
    ask: row.ask,
    clock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    log: (event) => {
      events.push(event);
      onEvent();
    },
  });
  return { gate, clock, events };
}

/** One ordinary HTTPS request, with something to lose in it. Resolves with `answered` or an error's code. */
function request(gate: Gate, one: BadCertCase, port: number, purpose: string): Promise<string> {
  const agent = gate.agent({ purpose, initiatedBy: 'person' });
  const headers = { authorization: `Basic ${purpose}-secret` };
  return new Promise((resolve) => {
    get({ host: one.serverName, port, agent, headers, path: `/${purpose}` }, (response) => {
      response.resume().once('end', () => resolve('answered'));
    }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** Resolves when all eight connections wait for the answer to one question. */
function allWaiting(gate: Gate): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = gate.subscribe((event) => {
      if (event.type !== 'question-joined' && event.type !== 'question-opened') return;
      if (event.question.waiting.length < ZIMBRA_PURPOSES.length) return;
      unsubscribe();
      resolve();
    });
  });
}

async function check(one: BadCertCase, row: Row, server: TestServer): Promise<void> {
  const wanted = expectation(one, row);
  const bytesBefore = server.counters.applicationBytes;
  const early: string[] = [];
  let isAllowed = false;
  const { gate, clock, events } = await staged(one, row, () => {
    const last = events.at(-1);
    isAllowed ||= last?.type === 'verdict' && ['overridden', 'secure'].includes(last.verdict.kind);
    const bytes = server.counters.applicationBytes - bytesBefore;
    if (!isAllowed && bytes > 0) early.push(`${bytes} bytes before ${last?.type}`);
  });
  try {
    const waiting = allWaiting(gate);
    const outcomes = Promise.all(
      ZIMBRA_PURPOSES.map((purpose) => request(gate, one, server.port, purpose)),
    );
    if (wanted.outcome === 'ERR_TRUST_UNANSWERED') {
      await waiting;
      await clock.advance(ATTEMPT_WAIT_MS);
    }
    assert.deepEqual(
      await outcomes,
      ZIMBRA_PURPOSES.map(() => wanted.outcome),
    );
  } finally {
    await gate.close();
    await server.quiet();
  }

  const opened = events.filter(({ type }) => type === 'question-opened');
  assert.equal(opened.length, wanted.questions, 'questions');
  const verdicts = events.filter((event) => event.type === 'verdict');
  for (const { diagnosis } of verdicts) {
    assert.deepEqual([...new Set(diagnosis.problems.map(problemKey))], one.expected);
  }
  assert.equal(verdicts.length > 0, wanted.isDiagnosed);
  assert.equal(isAllowed, wanted.outcome === 'answered');
  assert.deepEqual(early, []);
  // Every byte that the server ever got belongs to a request that was answered, and each came once.
  const received = server.received().subarray(bytesBefore).toString();
  const paths = received.split('\r\n\r\n').map((head) => /^GET \/(\S+) /.exec(head)?.[1] ?? head);
  const answered = wanted.outcome === 'answered' ? [...ZIMBRA_PURPOSES] : [];
  assert.deepEqual(paths.sort(), ['', ...answered.sort()]);
}

const servable = cases.filter(({ onPaper }) => onPaper === undefined);

before(() => {
  // A case that cannot be served must say why: the matrix leaves out nothing else.
  assert.ok(servable.length > cases.length - 10, `${servable.length} of ${cases.length}`);
});

describe('the eight connections', { concurrency: 4 }, () => {
  for (const one of servable) {
    test(`${one.id}: nothing leaves before the verdict, whoever is asked`, async () => {
      const server = await serveCase(one);
      try {
        for (const row of ROWS) {
          await check(one, row, server).catch((cause: unknown) => {
            throw new Error(`with ${row.name}: ${String(cause)}`, { cause });
          });
        }
      } finally {
        await server.close();
      }
    });
  }
});

interface BrokenServer {
  name: string;
  serve: () => Promise<TestServer>;
  code: string;
  /** Whether the server leaves the gate waiting, so that only time ends the attempt. */
  stalls: boolean;
}

const good = caseById('chain::good');

const BROKEN: readonly BrokenServer[] = [
  {
    name: 'garbage instead of a ServerHello',
    serve: serveGarbage,
    code: 'ERR_HANDSHAKE_FAILED',
    stalls: false,
  },
  {
    name: 'a handshake that is cut off',
    serve: async () => serveTruncated(await good.make(), 300),
    code: 'ERR_HANDSHAKE_FAILED',
    stalls: false,
  },
  {
    name: 'a leaf that is no certificate',
    serve: async () => serveUnreadable((await caseById('form::leaf-unreadable').make()).presented),
    code: 'ERR_HANDSHAKE_FAILED',
    stalls: false,
  },
  {
    name: 'plain HTTP on the port',
    serve: servePlainHttp,
    code: 'ERR_HANDSHAKE_FAILED',
    stalls: false,
  },
  {
    name: 'silence after TCP stands',
    serve: serveSilence,
    code: 'ERR_CONNECT_TIMEOUT',
    stalls: true,
  },
  {
    name: 'half a ServerHello',
    serve: serveHalfHello,
    code: 'ERR_CONNECT_TIMEOUT',
    stalls: true,
  },
];

for (const { name, serve, code, stalls } of BROKEN) {
  test(`${name}: all eight end with ${code}, nobody is asked, nothing is sent in clear`, async () => {
    const server = await serve();
    const row = { policy: {}, ask: new AuthorizesForOneDay() };
    const { gate, clock, events } = await staged(good, row, () => {});
    try {
      const outcomes = Promise.all(
        ZIMBRA_PURPOSES.map((purpose) => request(gate, good, server.port, purpose)),
      );
      if (stalls) {
        await server.connected(ZIMBRA_PURPOSES.length);
        await clock.advance(DIAL_TIMEOUT_MS);
      }
      assert.deepEqual(
        await outcomes,
        ZIMBRA_PURPOSES.map(() => code),
      );
      assert.deepEqual(events, []);
      // What arrived is at most a ClientHello: no request, and nothing of what it held.
      assert.equal(server.counters.requests, 0);
      assert.doesNotMatch(server.received().toString('latin1'), /GET|Basic|secret/);
    } finally {
      await gate.close();
      await server.close();
    }
  });
}
