/**
 * Ten thousand looks at servers, a few at a time, as `postern check` takes them: handshakes in a second
 * beside a bare `tls.connect`, and whether memory stays flat.
 */

import { once } from 'node:events';
import tls from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  createGate,
  createMemoryOverrides,
  fixedAnchors,
  fixedPolicy,
  systemClock,
  toPem,
} from '@postern/trust';
import { type Benchmark, figure } from './figure.ts';
import { makeRoot, makeServedChains, serve } from './served-chains.ts';

const HANDSHAKES = 10_000;

/** From here on memory must stay as it is. */
const SETTLED_AFTER = 1000;

/** Sockets at once. */
const AT_ONCE = 8;

/** Servers, each with a chain of its own: more than two hundred endpoints are remembered. */
const SERVERS = 300;

export const checkMany: Benchmark = async (effort) => {
  const handshakes = effort.quick ? 40 : HANDSHAKES;
  const settledAfter = effort.quick ? 8 : SETTLED_AFTER;
  const root = await makeRoot();
  const servers = effort.quick ? 4 : SERVERS;
  effort.say(`making ${servers} chains`);
  const chains = await makeServedChains(root, servers);
  const { port, stop } = await serve(chains);
  const gate = createGate({
    anchors: fixedAnchors([root.der]),
    overrides: createMemoryOverrides(),
    policy: fixedPolicy({}),
    ask: { ask: async () => null },
    clock: systemClock,
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  });
  const secureContext = tls.createSecureContext({ ca: toPem(root.der), minVersion: 'TLSv1.2' });
  const hostOf = (turn: number): string => chains[turn % chains.length]?.serverName ?? '';
  try {
    const ours = await many(handshakes, settledAfter, async (turn) => {
      const { diagnosis } = await gate.look({ host: hostOf(turn), port });
      if (diagnosis.problems.length > 0) throw new Error('a good server has a problem');
    });
    effort.say(`gate: ${ours.rate.toFixed(0)} handshakes/s, ${ours.grewMib.toFixed(1)} MiB more`);
    const theirs = await many(handshakes, settledAfter, (turn) =>
      bareLook(secureContext, port, hostOf(turn)),
    );
    effort.say(
      `bare: ${theirs.rate.toFixed(0)} handshakes/s, ${theirs.grewMib.toFixed(1)} MiB more`,
    );
    return [
      figure('check-many', ours.rate, theirs.rate, 'handshakes/s'),
      // A ratio of two growths about zero would say nothing.
      {
        ...figure('check-many-growth', ours.grewMib, null, 'MiB'),
        theirs: Number(theirs.grewMib.toPrecision(4)),
      },
    ];
  } finally {
    await gate.close();
    await stop();
  }
};

/** Runs them a few at a time; memory is looked at when it should have settled, and at the end. */
async function many(
  count: number,
  settledAfter: number,
  look: (turn: number) => Promise<void>,
): Promise<{ rate: number; grewMib: number }> {
  let turn = 0;
  let settledMib = 0;
  let settledAt = 0;
  const work = async (): Promise<void> => {
    while (turn < count) {
      const mine = turn;
      turn += 1;
      await look(mine);
      if (mine === settledAfter) {
        settledMib = residentMib();
        settledAt = performance.now();
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const rate = ((count - settledAfter) * 1000) / (performance.now() - settledAt);
  return { rate, grewMib: residentMib() - settledMib };
}

/** Without what is only waiting to be collected, of which V8 keeps as much as it likes. */
function residentMib(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage.rss() / 2 ** 20;
}

async function bareLook(
  secureContext: tls.SecureContext,
  port: number,
  servername: string,
): Promise<void> {
  const socket = tls.connect({
    host: servername,
    servername,
    port,
    secureContext,
    lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  await once(socket, 'close');
}
