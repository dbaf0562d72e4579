/** The time line of a server's certificates, worked out on paper: spans, marks and their ends. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointMemory, OverrideState } from '@postern/trust';
import type { HistoryEntry } from '../src/api.ts';
import { lanesOf } from '../src/history/lanes.ts';
import { AT, HOST, leafNamed } from './history-facts.ts';

const A = leafNamed('A').leafSha256;
const B = leafNamed('B').leafSha256;
const HOUR_MS = 3_600_000;

/** So many hours after 08:00 on 23 November 2026. */
const at = (hours: number): string => new Date(AT.getTime() + hours * HOUR_MS).toISOString();

let lastId = 0;
function entry(about: Partial<HistoryEntry> & { hour: number; last?: number }): HistoryEntry {
  const { hour, last = hour, ...rest } = about;
  lastId += 1;
  return {
    id: lastId,
    kind: 'verdict',
    at: at(hour),
    lastAt: at(last),
    count: last > hour ? 2 : 1,
    host: HOST,
    port: 443,
    purpose: 'mail',
    outcome: 'secure',
    leafSha256: A,
    problems: [],
    until: null,
    detail: null,
    by: 'postern',
    text: 'A sentence.',
    ...rest,
  };
}

/** What is remembered of an override of this certificate. */
function override(leafSha256: string, state: OverrideState): EndpointMemory['override'] {
  return {
    state,
    value: {
      endpoint: { host: HOST, port: 443 },
      leafSha256,
      leafDer: null,
      problems: [],
      grantedAt: AT,
      expiresAt: new Date(AT.getTime() + 24 * HOUR_MS),
      fingerprintChecked: false,
      untilStop: false,
    },
  };
}

/** Spans as `secure 0-2`, in hours, with `...` for one that goes on. */
function spansOf(
  entries: readonly HistoryEntry[],
  memory: EndpointMemory['override'],
  now: number,
): Record<string, string[]> {
  const hour = (instant: string): number => (Date.parse(instant) - AT.getTime()) / HOUR_MS;
  const lanes = lanesOf({ entries, leaves: [] }, memory, new Date(at(now)));
  return Object.fromEntries(
    lanes.map(({ sha256, spans }) => [
      sha256 === A ? 'A' : 'B',
      spans.map(
        ({ kind, from, until }) => `${kind} ${hour(from)}-${until === null ? '...' : hour(until)}`,
      ),
    ]),
  );
}

const CASES: readonly {
  name: string;
  entries: readonly HistoryEntry[];
  memory?: EndpointMemory['override'];
  now?: number;
  expected: Record<string, string[]>;
}[] = [
  {
    name: 'a server that verifies',
    entries: [entry({ hour: 0, last: 3 })],
    expected: { A: ['secure 0-...'] },
  },
  {
    name: 'eight connections of one server are one span',
    entries: [entry({ hour: 0, last: 5 }), entry({ hour: 1, last: 4, purpose: 'gal' })],
    expected: { A: ['secure 0-...'] },
  },
  {
    name: 'refused, then allowed and still so',
    entries: [
      entry({ hour: 0, outcome: 'ask' }),
      entry({ hour: 1, kind: 'granted', outcome: null, until: at(25) }),
      entry({ hour: 1, outcome: 'overridden', until: at(25) }),
    ],
    memory: override(A, 'live'),
    now: 5,
    expected: { A: ['refused 0-1', 'overridden 1-...'] },
  },
  {
    name: 'what was allowed ends by time, though nobody noticed',
    entries: [entry({ hour: 0, outcome: 'overridden', until: at(1) })],
    memory: override(A, 'live'),
    now: 5,
    expected: { A: ['overridden 0-1'] },
  },
  {
    name: 'it ended, and the next connection found out',
    entries: [
      entry({ hour: 0, outcome: 'overridden', until: at(1) }),
      entry({ hour: 4, kind: 'expired', outcome: null }),
      entry({ hour: 4, outcome: 'ask' }),
    ],
    memory: override(A, 'expired'),
    now: 5,
    expected: { A: ['overridden 0-1', 'refused 4-...'] },
  },
  {
    name: 'it was withdrawn',
    entries: [
      entry({ hour: 0, outcome: 'overridden', until: at(24) }),
      entry({ hour: 2, kind: 'stopped', outcome: null }),
    ],
    memory: override(A, 'withdrawn'),
    now: 5,
    expected: { A: ['overridden 0-2'] },
  },
  {
    name: 'it was withdrawn while no history was kept',
    entries: [entry({ hour: 0, last: 3, outcome: 'overridden', until: at(24) })],
    memory: override(A, 'withdrawn'),
    now: 5,
    expected: { A: ['overridden 0-3'] },
  },
  {
    name: 'another certificate, and back again',
    entries: [
      entry({ hour: 0, last: 9 }),
      entry({ hour: 3, outcome: 'ask', leafSha256: B, purpose: 'gal' }),
    ],
    expected: { A: ['secure 0-3', 'secure 9-...'], B: ['refused 3-9'] },
  },
  {
    name: 'allowed, then verified: the override retires',
    entries: [
      entry({ hour: 0, outcome: 'overridden', until: at(24) }),
      entry({ hour: 2, leafSha256: B }),
      entry({ hour: 2, kind: 'retired', outcome: null, until: at(24) }),
    ],
    memory: override(A, 'retired'),
    now: 5,
    expected: { A: ['overridden 0-2'], B: ['secure 2-...'] },
  },
  {
    name: 'the confirmation of plain HTTP is no certificate',
    entries: [
      entry({ hour: 0, kind: 'granted', outcome: null, leafSha256: 'plain-http', until: at(1) }),
    ],
    expected: {},
  },
];

for (const { name, entries, memory = null, now = 10, expected } of CASES) {
  test(`spans: ${name}`, () => {
    assert.deepEqual(spansOf(entries, memory, now), expected);
  });
}

test('what happened to a certificate is marked on its lane, and where another one began', () => {
  const lanes = lanesOf(
    {
      entries: [
        entry({ hour: 0, outcome: 'ask' }),
        entry({ hour: 0, kind: 'question', outcome: null, text: 'Asked.' }),
        entry({ hour: 1, kind: 'granted', outcome: null, text: 'Granted.' }),
        entry({ hour: 1, kind: 'answered', outcome: 'answered', text: 'Answered.' }),
        entry({ hour: 1, outcome: 'overridden', until: at(24) }),
        entry({ hour: 2, outcome: 'ask', leafSha256: B }),
        entry({ hour: 2, kind: 'question', outcome: null, leafSha256: B, text: 'Asked again.' }),
        entry({ hour: 3, kind: 'question', outcome: 'void', leafSha256: B, text: 'Void.' }),
        entry({ hour: 3, kind: 'stopped', outcome: null, leafSha256: B, text: 'Stopped.' }),
      ],
      leaves: [
        {
          sha256: B,
          der: new Uint8Array([2]),
          firstMs: Date.parse(at(2)),
          lastMs: Date.parse(at(2)),
        },
      ],
    },
    null,
    new Date(at(5)),
  );
  assert.deepEqual(
    lanes.map(({ sha256, der, firstSeenAt, lastSeenAt, marks }) => ({
      sha256,
      der: der === null ? null : [...der],
      seen: [firstSeenAt, lastSeenAt],
      marks: marks.map((mark) => [mark.kind, mark.at, mark.text]),
    })),
    [
      {
        sha256: A,
        der: null,
        seen: [at(0), at(1)],
        marks: [
          ['question', at(0), 'Asked.'],
          ['granted', at(1), 'Granted.'],
        ],
      },
      {
        sha256: B,
        der: [2],
        seen: [at(2), at(2)],
        marks: [
          ['verdict', at(2), 'The server showed another certificate than before.'],
          ['question', at(2), 'Asked again.'],
          ['stopped', at(3), 'Stopped.'],
        ],
      },
    ],
  );
});

test('a server that changes its certificate with every connection draws no endless line', () => {
  const entries = Array.from({ length: 10_000 }, (_, nth) =>
    entry({ hour: nth / 100, leafSha256: nth % 2 === 0 ? A : B, outcome: 'ask' }),
  );
  const lanes = lanesOf({ entries, leaves: [] }, null, new Date(at(101)));
  for (const { spans, marks } of lanes) {
    assert.deepEqual([spans.length, marks.length], [500, 500]);
  }
  // The newest are those that are drawn.
  assert.equal(lanes[1]?.spans.at(-1)?.until, null);
});

test('a server that shows a new certificate each time has the fifty newest drawn, and at once', () => {
  const entries = Array.from({ length: 10_000 }, (_, nth) =>
    entry({ hour: nth / 100, leafSha256: leafNamed(`${nth}`).leafSha256, outcome: 'ask' }),
  );
  const began = process.hrtime.bigint();
  const lanes = lanesOf({ entries, leaves: [] }, null, new Date(at(101)));
  const tookMs = Number(process.hrtime.bigint() - began) / 1e6;
  assert.deepEqual(
    lanes.map(({ sha256 }) => sha256),
    entries.slice(-50).map(({ leafSha256 }) => leafSha256),
  );
  // Thirty times what it takes: only that it does not grow with the square.
  assert.ok(tookMs < 3000, `${tookMs} ms`);
});
