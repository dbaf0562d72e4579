/**
 * What the gate costs: a full handshake through it, beside a bare `tls.connect` that verifies against the same
 * root. Pairs are interleaved and change their order, so that the machine's moods meet both alike.
 */

import { once } from 'node:events';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import type { Made } from '@postern/badcerts';
import {
  createGate,
  fixedAnchors,
  fixedPolicy,
  type Gate,
  openFileOverrides,
  systemClock,
  toPem,
} from '@postern/trust';
import {
  type Benchmark,
  type Effort,
  type Figure,
  figure,
  median,
  medianPair,
  type Pair,
} from './figure.ts';
import { makeRoot, makeServedChains, serve } from './served-chains.ts';
import type { ServedChain } from './tls-server.ts';

/** Odd, so that one run is the median. */
const RUNS = 5;

/** Chain seen before: what nearly every connection of a day is. */
export const handshakeFull: Benchmark = async (effort) => {
  const perRun = effort.quick ? 5 : 300;
  const root = await makeRoot();
  const chains = await makeServedChains(root, 1);
  return compare('handshake-full', effort, root, chains, perRun, () => 0);
};

/** A chain that the gate has never seen, each time: everything is parsed, verified and examined. */
export const handshakeFirstSight: Benchmark = async (effort) => {
  const perRun = effort.quick ? 5 : 100;
  const root = await makeRoot();
  const warmUp = perRun;
  const count = warmUp + RUNS * perRun;
  effort.say(`making ${count} chains`);
  const chains = await makeServedChains(root, count);
  return compare('handshake-first-sight', effort, root, chains, perRun, (turn) => turn);
};

async function compare(
  name: string,
  effort: Effort,
  root: Made,
  chains: readonly ServedChain[],
  perRun: number,
  chainAt: (turn: number) => number,
): Promise<Figure[]> {
  const server = await serve(chains);
  // In a file, as the daemon has them.
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'postern-bench-'));
  const overrides = openFileOverrides(path.join(folder, 'overrides.db'));
  const gate = createGate({
    anchors: fixedAnchors([root.der]),
    overrides,
    policy: fixedPolicy({}),
    ask: { ask: async () => ({ kind: 'workOffline' }) },
    clock: systemClock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const secureContext = tls.createSecureContext({ ca: toPem(root.der), minVersion: 'TLSv1.2' });
  const measure = async (from: number): Promise<Pair> => {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let turn = from; turn < from + perRun; turn += 1) {
      const serverName = chains[chainAt(turn)]?.serverName ?? '';
      const gated = async () => ours.push(await gatedMs(gate, server.port, serverName));
      const bare = async () => theirs.push(await bareMs(secureContext, server.port, serverName));
      for (const one of turn % 2 === 0 ? [gated, bare] : [bare, gated]) await one();
    }
    return { ours: median(ours), theirs: median(theirs) };
  };
  try {
    await measure(0); // Warm-up: compiled code and, for a chain seen before, the one look at it.
    const runs: Pair[] = [];
    for (let run = 1; run <= RUNS; run += 1) {
      const pair = await measure(run * perRun);
      runs.push(pair);
      effort.say(`run ${run}: ${pair.ours.toFixed(3)} ms gated, ${pair.theirs.toFixed(3)} ms bare`);
    }
    const { ours, theirs } = medianPair(runs);
    return [figure(name, ours, theirs, 'ms')];
  } finally {
    await gate.close();
    overrides.close();
    await server.stop();
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function gatedMs(gate: Gate, port: number, host: string): Promise<number> {
  const started = performance.now();
  const socket = await gate.connect({ host, port, purpose: 'bench', initiatedBy: 'person' });
  const tookMs = performance.now() - started;
  socket.destroy();
  await once(socket, 'close');
  return tookMs;
}

async function bareMs(
  secureContext: tls.SecureContext,
  port: number,
  servername: string,
): Promise<number> {
  const started = performance.now();
  const socket = tls.connect({
    host: servername,
    servername,
    port,
    secureContext,
    // The same way to the address as the gate's, so that only the gate is compared.
    lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  await once(socket, 'secureConnect');
  const tookMs = performance.now() - started;
  socket.destroy();
  await once(socket, 'close');
  return tookMs;
}
