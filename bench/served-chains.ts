/** Chains by the hundred, and the server in a process of its own that shows them: what handshakes are measured at. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import {
  authorityPlan,
  goodPlan,
  type Made,
  makeCertificate,
  sendsPath,
  serverPlan,
} from '@postern/badcerts';
import { toPem } from '@postern/trust';
import type { ServedChain } from './tls-server.ts';

/** The root of every served chain. */
export function makeRoot(): Promise<Made> {
  return makeCertificate(goodPlan('bench', 'bench.example.test').root, null);
}

/** Leaf and intermediate, both fresh, under one root: keys are shared, certificates are not. */
export async function makeServedChains(root: Made, count: number): Promise<ServedChain[]> {
  const chains: ServedChain[] = [];
  for (let index = 0; index < count; index += 1) {
    const serverName = `host-${index}.example.test`;
    const serialNumber = (0x10_000 + index).toString(16).padStart(6, '0');
    const authority = authorityPlan('bench', 'Intermediate', serialNumber);
    const intermediate = await makeCertificate(authority, root);
    const plan = { ...serverPlan('bench', serverName), serialNumber };
    const leaf = await makeCertificate(plan, intermediate);
    chains.push({
      serverName,
      cert: sendsPath({ root, intermediates: [intermediate], leaf })
        .map(toPem)
        .join(''),
      key: plan.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    });
  }
  return chains;
}

/** Serves them, each under its name. */
export async function serve(
  chains: readonly ServedChain[],
): Promise<{ port: number; stop(): Promise<void> }> {
  const child = fork(path.join(import.meta.dirname, 'tls-server.ts'));
  child.send(chains);
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
