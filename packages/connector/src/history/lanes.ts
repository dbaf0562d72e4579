/**
 * The time line of the certificates that one server has shown: a lane for each, how it stood from
 * when to when, and what happened to it. Pure: worked out from what the history and the memory of
 * overrides hold.
 */

import type { EndpointMemory } from '@postern/trust';
import type { CertificateLane, HistoryEntry, HistoryKind } from '../api.ts';
import type { SeenLeaf, ServerHistory } from './facts.ts';
import { OTHER_CERTIFICATE } from './sentences.ts';

type Span = CertificateLane['spans'][number];

/** A lane with the certificate as it was sent, where it was kept. */
export interface Lane extends Omit<CertificateLane, 'certificate'> {
  der: Uint8Array | null;
}

/** Lanes at most, those of the certificates seen last. */
const MAX_LANES = 50;

/** Spans and marks of one lane at most, the newest: more cannot be drawn. */
const MAX_DRAWN = 500;

/** Kinds of entries that are marked on the lane of their certificate. */
const MARKED: ReadonlySet<HistoryKind> = new Set<HistoryKind>([
  'expired',
  'granted',
  'question',
  'refused',
  'retired',
  'stopped',
]);

/** What stands at the server at one instant of the time line. */
interface Standing {
  sha256: string;
  kind: Span['kind'];
  fromMs: number;
  lastMs: number;
  /** End of what was allowed. */
  untilMs: number | null;
}

/** Something that changes what stands there. */
interface Turn {
  ms: number;
  /** Null ends what stands: all of it, or what was allowed alone. */
  seen: { sha256: string; kind: Span['kind']; untilMs: number | null } | null;
  endsAll?: boolean;
}

/** Draws the time line, the certificate that was seen first first. */
export function lanesOf(
  { entries, leaves }: ServerHistory,
  override: EndpointMemory['override'],
  now: Date,
): Lane[] {
  const lanes = new Map<string, { spans: Span[]; marks: Lane['marks'][number][] }>();
  const laneOf = (sha256: string): { spans: Span[]; marks: Lane['marks'][number][] } => {
    const known = lanes.get(sha256) ?? { spans: [], marks: [] };
    lanes.set(sha256, known);
    return known;
  };

  let standing: Standing | null = null;
  let lastSeen: string | null = null;
  const end = (ms: number): void => {
    if (standing === null) return;
    const { sha256, kind, fromMs, untilMs } = standing;
    const endMs = untilMs === null ? ms : Math.min(ms, untilMs);
    laneOf(sha256).spans.push({ kind, from: instant(fromMs), until: instant(endMs) });
    standing = null;
  };
  for (const { ms, seen, endsAll } of turnsOf(entries)) {
    // What was allowed ended before, whether or not anybody was connected then.
    if (isOver(standing, ms)) end(ms);
    if (seen === null) {
      if (endsAll === true || standing?.kind === 'overridden') end(ms);
      continue;
    }
    if (lastSeen !== null && lastSeen !== seen.sha256) {
      const mark = { kind: 'verdict', at: instant(ms), text: OTHER_CERTIFICATE } as const;
      laneOf(seen.sha256).marks.push(mark);
    }
    lastSeen = seen.sha256;
    standing = goesOn(standing, seen, ms, end);
  }
  const last: Standing | null = standing;
  if (last !== null) {
    const endMs = endOf(last, override, now.getTime());
    if (endMs === null) {
      laneOf(last.sha256).spans.push({ kind: last.kind, from: instant(last.fromMs), until: null });
    } else end(endMs);
  }
  for (const { kind, leafSha256, outcome, at, text } of entries) {
    const isMarked = leafSha256 !== null && MARKED.has(kind) && !isClosing(kind, outcome);
    if (isMarked && isFingerprint(leafSha256)) laneOf(leafSha256).marks.push({ kind, at, text });
  }
  return assembled(lanes, entries, leaves);
}

/** A span goes on where the same certificate stands as before; else it ends and another one begins. */
function goesOn(
  standing: Standing | null,
  seen: NonNullable<Turn['seen']>,
  ms: number,
  end: (ms: number) => void,
): Standing {
  if (standing?.sha256 === seen.sha256 && standing.kind === seen.kind) {
    return { ...standing, lastMs: ms, untilMs: seen.untilMs };
  }
  end(ms);
  return { ...seen, fromMs: ms, lastMs: ms };
}

/** Every instant at which something was seen or ended, in order. */
function turnsOf(entries: readonly HistoryEntry[]): Turn[] {
  const turns = entries.flatMap((entry): Turn[] => {
    const { kind, leafSha256, outcome, until } = entry;
    const ms = Date.parse(entry.at);
    if (kind === 'expired' || kind === 'retired') return [{ ms, seen: null }];
    if (kind === 'stopped') return [{ ms, seen: null, endsAll: true }];
    if (kind !== 'verdict' || leafSha256 === null) return [];
    const stands = outcome === 'secure' || outcome === 'overridden' ? outcome : 'refused';
    const untilMs = until === null ? null : Date.parse(until);
    const seen = { sha256: leafSha256, kind: stands, untilMs } as const;
    const lastMs = Date.parse(entry.lastAt);
    return lastMs > ms
      ? [
          { ms, seen },
          { ms: lastMs, seen },
        ]
      : [{ ms, seen }];
  });
  // Entries of several connections overlap.
  return turns.sort((a, b) => a.ms - b.ms);
}

function isOver(standing: Standing | null, ms: number): boolean {
  return standing !== null && standing.untilMs !== null && standing.untilMs <= ms;
}

/** When what stands last has ended, null if it goes on: by time, or after it was seen last and nobody recorded how. */
function endOf(
  { sha256, kind, untilMs, lastMs }: Standing,
  override: EndpointMemory['override'],
  nowMs: number,
): number | null {
  if (kind !== 'overridden') return null;
  if (untilMs !== null && untilMs <= nowMs) return untilMs;
  const isLive = override?.state === 'live' && override.value.leafSha256 === sha256;
  return isLive ? null : lastMs;
}

function isClosing(kind: HistoryKind, outcome: string | null): boolean {
  return kind === 'question' && outcome !== null;
}

/** The confirmation of plain HTTP is of no certificate. */
function isFingerprint(leafSha256: string): boolean {
  return /^[0-9a-f]{64}$/.test(leafSha256);
}

function assembled(
  lanes: ReadonlyMap<string, { spans: Span[]; marks: Lane['marks'][number][] }>,
  entries: readonly HistoryEntry[],
  leaves: readonly SeenLeaf[],
): Lane[] {
  const seen = new Map<string, { der: Uint8Array | null; firstMs: number; lastMs: number }>();
  for (const { at, lastAt, leafSha256 } of entries) {
    if (leafSha256 === null || !lanes.has(leafSha256)) continue;
    const [firstMs, lastMs] = [Date.parse(at), Date.parse(lastAt)];
    const known = seen.get(leafSha256) ?? { der: null, firstMs, lastMs };
    seen.set(leafSha256, {
      ...known,
      firstMs: Math.min(known.firstMs, firstMs),
      lastMs: Math.max(known.lastMs, lastMs),
    });
  }
  // What was kept of a certificate knows better: it may be older than the oldest entry.
  for (const { sha256, ...leaf } of leaves) seen.set(sha256, leaf);
  return [...seen]
    .sort(([, a], [, b]) => a.lastMs - b.lastMs)
    .slice(-MAX_LANES)
    .sort(([, a], [, b]) => a.firstMs - b.firstMs)
    .map(([sha256, { der, firstMs, lastMs }]): Lane => {
      const { spans = [], marks = [] } = lanes.get(sha256) ?? {};
      return {
        sha256,
        der,
        firstSeenAt: instant(firstMs),
        lastSeenAt: instant(lastMs),
        spans: spans.slice(-MAX_DRAWN),
        marks: marks.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-MAX_DRAWN),
      };
    });
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
