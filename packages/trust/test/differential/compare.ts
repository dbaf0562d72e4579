/**
 * Judges chains with `diagnose` and with the `openssl` program, and counts. What must never be is a
 * chain that we accept and OpenSSL refuses; it is kept in a folder with the command that shows it.
 */

import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseCertificate, toPem } from '../../src/certificate.ts';
import { type Diagnosis, diagnose } from '../../src/diagnose.ts';
import { canonicalName } from '../../src/distinguished-name.ts';
import { DEFAULT_POLICY } from '../../src/policy.ts';
import { createRandom, type Random } from './random.ts';

/** Leaves that are asked for by one name, at one instant, under the same certificates. All DER. */
export interface Batch {
  about: string;
  serverName: string;
  at: Date;
  leaves: readonly Uint8Array[];
  /** What the server sends beside each leaf. */
  pool: readonly Uint8Array[];
  anchors: readonly Uint8Array[];
  /** The same before it was damaged: what the two differ about there is known (docs/public-cases.md). */
  undamaged?: Batch;
}

/** Makes one batch; the same from the same numbers, but for keys and signatures. */
export type Source = (random: Random) => Batch;

export interface Tally {
  cases: number;
  bothAccept: number;
  bothRefuse: number;
  /** Refused by us alone, by the kinds of problem. */
  oursAlone: Map<string, number>;
  /** OpenSSL takes the path that we took when it is given no other, and stops at another one. */
  otherPath: number;
  /** The two differ about the undamaged chain already. */
  asUndamaged: number;
  /** What OpenSSL said of all that it refused, by its number or `unreadable`. */
  codes: Map<string, number>;
  /** Accepted by us and refused by OpenSSL: what must not be, with the folder that shows it. */
  wrong: string[];
}

/** OpenSSL processes at once. */
const PARALLEL = 2;

/** Failures that are kept; more would say nothing new. */
const MAX_KEPT = 20;

/** How long to go on: until the time is up, or so many batches are done. */
export interface Budget {
  ms: number;
  batches: number;
}

/** Runs batches from the sources in turn until the budget is spent or enough is wrong. */
export async function compareFor(
  budget: Budget,
  seed: number,
  sources: readonly Source[],
): Promise<Tally> {
  const tally: Tally = {
    cases: 0,
    bothAccept: 0,
    bothRefuse: 0,
    oursAlone: new Map(),
    otherPath: 0,
    asUndamaged: 0,
    codes: new Map(),
    wrong: [],
  };
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-differential-'));
  const until = performance.now() + budget.ms;
  let turn = 0;
  const work = async (worker: number): Promise<void> => {
    while (turn < budget.batches && performance.now() < until && tally.wrong.length < MAX_KEPT) {
      turn += 1;
      const source = sources[turn % sources.length];
      // Spread, so that neighbouring turns are not alike.
      const random = createRandom(Math.imul(seed + turn, 0x9e3779b1));
      if (source !== undefined)
        await compare(source(random), path.join(folder, `${worker}`), tally, turn);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, (_, worker) => work(worker)));
  if (tally.wrong.length === 0) rmSync(folder, { recursive: true });
  return tally;
}

/** Whether there is an `openssl` program. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch {
    return false;
  }
}

/** The tally in lines for people. */
export function tallyText(tally: Tally): string {
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ');
  return [
    `${tally.cases} chains: both accept ${tally.bothAccept}, both refuse ${tally.bothRefuse}`,
    `OpenSSL stops at another path ${tally.otherPath}, they differ about the undamaged chain ${tally.asUndamaged}`,
    `refused by OpenSSL: ${list(tally.codes)}`,
    `refused by us alone: ${list(tally.oursAlone) || 'none'}`,
  ].join('\n');
}

async function compare(batch: Batch, folder: string, tally: Tally, turn: number): Promise<void> {
  const { leaves, pool } = batch;
  const said = await openssl(batch, folder);
  for (const [index, leaf] of leaves.entries()) {
    const ours = judge([leaf, ...pool], batch);
    const theirs = said[index] ?? 'unreadable';
    tally.cases += 1;
    if (theirs !== 'ok') count(tally.codes, theirs);
    if (ours.problems.length > 0) {
      if (theirs !== 'ok') tally.bothRefuse += 1;
      else count(tally.oursAlone, [...new Set(ours.problems.map(({ kind }) => kind))].join('+'));
      continue;
    }
    if (theirs === 'ok') tally.bothAccept += 1;
    else if (isLastSecond(ours)) count(tally.oursAlone, 'last second (OpenSSL alone)');
    else if (await isAcceptedAlone(ours, batch, folder)) tally.otherPath += 1;
    else if (await differsUndamaged(batch, folder)) tally.asUndamaged += 1;
    else {
      const kept = path.join(folder, '..', `wrong-${turn}-${index}`);
      const only = { ...batch, leaves: [leaf] };
      const args = writeFiles(only, kept);
      writeFileSync(path.join(kept, 'command.txt'), `openssl ${args.join(' ')}\n`);
      tally.wrong.push(`${batch.about}, turn ${turn}: OpenSSL says ${theirs}; see ${kept}`);
    }
  }
}

/** The last second counts (RFC 5280 4.1.2.5); OpenSSL ends one before it. */
function isLastSecond({ path: steps, at }: Diagnosis): boolean {
  const second = Math.floor(at.getTime() / 1000) * 1000;
  return steps.some(({ certificate }) => certificate.notAfter.getTime() === second);
}

/** Whether OpenSSL accepts the very path that we took when it has no other choice. */
async function isAcceptedAlone(ours: Diagnosis, batch: Batch, folder: string): Promise<boolean> {
  const [leaf, ...issuers] = ours.path;
  if (leaf === undefined) return false;
  // Of two issuers of one name OpenSSL takes the first and never looks back.
  const names = new Set(issuers.map(({ certificate }) => canonicalName(certificate.subjectId)));
  if (names.size < issuers.length) return true;
  const der = ({ certificate }: (typeof ours.path)[number]): Uint8Array => certificate.der;
  const only = {
    ...batch,
    leaves: [der(leaf)],
    pool: issuers.filter(({ anchor }) => anchor === null).map(der),
    anchors: ours.path.filter(({ anchor }) => anchor !== null).map(der),
  };
  const [said] = await openssl(only, `${folder}-alone`);
  return said === 'ok';
}

async function differsUndamaged({ undamaged }: Batch, folder: string): Promise<boolean> {
  const [leaf] = undamaged?.leaves ?? [];
  if (undamaged === undefined || leaf === undefined) return false;
  const [said] = await openssl(undamaged, `${folder}-undamaged`);
  return said !== 'ok' && judge([leaf, ...undamaged.pool], undamaged).problems.length === 0;
}

function judge(presented: readonly Uint8Array[], { anchors, serverName, at }: Batch): Diagnosis {
  return diagnose({
    presented,
    serverName,
    anchors: anchors.map((der) => ({
      certificate: parseCertificate(der),
      origin: { kind: 'system', source: 'differential' },
    })),
    policy: DEFAULT_POLICY,
    at,
    protocol: null,
    openssl: undefined,
  });
}

/** An anchor need not be a root (RFC 5280 6.1.1), of which OpenSSL has to be told. */
function isNoRoot(der: Uint8Array): boolean {
  const { subjectId, issuerId } = parseCertificate(der);
  return subjectId !== issuerId;
}

function writeFiles({ leaves, pool, anchors, serverName, at }: Batch, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const file = (name: string, ders: readonly Uint8Array[]): string => {
    const where = path.join(folder, name);
    writeFileSync(where, ders.map(toPem).join(''));
    return where;
  };
  return [
    ...['verify', '-purpose', 'sslserver', '-auth_level', '2', '-no-CApath', '-no-CAstore'],
    ...(anchors.some(isNoRoot) ? ['-partial_chain'] : []),
    ...['-attime', String(Math.floor(at.getTime() / 1000))],
    ...[isIP(serverName) === 0 ? '-verify_hostname' : '-verify_ip', serverName],
    ...(anchors.length === 0 ? ['-no-CAfile'] : ['-CAfile', file('anchors.pem', anchors)]),
    ...(pool.length === 0 ? [] : ['-untrusted', file('untrusted.pem', pool)]),
    ...leaves.map((leaf, index) => file(`leaf-${index}.pem`, [leaf])),
  ];
}

/** What OpenSSL says of each leaf: `ok`, the number of its first error, or `unreadable`. */
function openssl(batch: Batch, folder: string): Promise<string[]> {
  const args = writeFiles(batch, folder);
  const { SSL_CERT_FILE: _file, SSL_CERT_DIR: _dir, ...env } = process.env;
  return new Promise((resolve) => {
    execFile('openssl', args, { env }, (_error, stdout, stderr) => {
      const accepted = new Set(
        [...stdout.matchAll(/leaf-(\d+)\.pem: OK$/gm)].map(([, index]) => index),
      );
      // Of each leaf the errors come first and then its file.
      const refused = new Map<string, string>();
      let first: string | null = null;
      for (const line of stderr.split('\n')) {
        first ??= /^error (\d+) at /.exec(line)?.[1] ?? null;
        const index = /leaf-(\d+)\.pem: verification failed/.exec(line)?.[1];
        if (index === undefined) continue;
        refused.set(index, first ?? 'unreadable');
        first = null;
      }
      resolve(
        batch.leaves.map((_, index) =>
          accepted.has(`${index}`) ? 'ok' : (refused.get(`${index}`) ?? 'unreadable'),
        ),
      );
    });
  });
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
