/** Facts for the tests of the history. */

import { createHash } from 'node:crypto';
import type { CountedFact, HistoryFact, HistoryFilter } from '../src/history/facts.ts';

/** Monday 23 November 2026, 08:00 UTC. */
export const AT = new Date('2026-11-23T08:00:00Z');
export const HOST = 'mail.example.test';

/** What lets every entry through. */
export const EVERYTHING: HistoryFilter = {
  kinds: null,
  servers: null,
  text: null,
  beforeId: null,
  limit: 100,
};

/** A made-up certificate: the history keeps bytes and reads none. */
export function leafNamed(name: string): { leafSha256: string; leafDer: Uint8Array } {
  const leafDer = new TextEncoder().encode(`certificate ${name}`);
  return { leafSha256: createHash('sha256').update(leafDer).digest('hex'), leafDer };
}

/** A verdict of `secure` while mail was sent and received, changed as told. */
export function fact(about: Partial<HistoryFact> = {}): HistoryFact {
  return {
    kind: 'verdict',
    atMs: AT.getTime(),
    host: HOST,
    port: 443,
    purpose: 'mail',
    outcome: 'secure',
    ...leafNamed('first'),
    problems: [],
    untilMs: null,
    detail: null,
    by: 'postern',
    text: `While sending and receiving mail Postern verified ${HOST}:443: the connection is SECURE.`,
    ...about,
  };
}

/** The same, as it is written. */
export function counted(about: Partial<CountedFact> = {}): CountedFact {
  const one = fact(about);
  return { ...one, lastMs: one.atMs, count: 1, ...about };
}
