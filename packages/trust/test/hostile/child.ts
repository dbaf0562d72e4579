/** Diagnoses one chain in a process of its own, looks at all that is said, and tells its parent what it cost. */

import { existsSync, readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { parseCertificate } from '../../src/certificate.ts';
import { diagnose } from '../../src/diagnose.ts';
import { DEFAULT_POLICY } from '../../src/policy.ts';
import { describe, describeEvidence, problemKey } from '../../src/problem.ts';

/** What the parent writes to the file whose name is the one argument. */
export interface Given {
  presented: readonly Uint8Array[];
  anchors: readonly Uint8Array[];
  serverName: string;
  at: Date;
}

/** What the child writes to stdout as JSON. */
export interface Cost {
  tookMs: number;
  /** From the resident memory with the chain read in to the largest there was. */
  grewMib: number;
  problems: readonly string[];
  /** Length of all text about the chain. */
  said: number;
}

/** Largest resident memory so far. On Linux what the kernel keeps of the parent must not count. */
function peakMib(): number {
  const ofKernel = existsSync('/proc/self/status')
    ? /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    : undefined;
  return Number(ofKernel ?? process.resourceUsage().maxRSS) / 1024;
}

const { presented, anchors, serverName, at }: Given = deserialize(
  readFileSync(process.argv[2] ?? ''),
);
const beforeMib = process.memoryUsage.rss() / 2 ** 20;
const started = performance.now();
const { problems, remarks, chain } = diagnose({
  presented,
  serverName,
  anchors: anchors.map((der) => ({
    certificate: parseCertificate(der),
    origin: { kind: 'system', source: 'hostile' },
  })),
  policy: DEFAULT_POLICY,
  at,
  protocol: 'TLSv1.3',
  openssl: undefined,
});
const text = [
  ...problems.flatMap((problem) => [describe(problem), describeEvidence(problem)]),
  ...remarks.map(({ sentence }) => sentence),
  ...chain.map((one) => JSON.stringify({ ...one, der: null, x509: null, publicKey: null })),
].join('\n');
const tookMs = performance.now() - started;
const cost: Cost = {
  tookMs,
  grewMib: peakMib() - beforeMib,
  problems: [...new Set(problems.map(problemKey))],
  said: text.length,
};
process.stdout.write(JSON.stringify(cost));
