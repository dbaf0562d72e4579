/**
 * A process of its own for overrides.test.ts: `grant FILE FIRST COUNT` grants for each port and prints
 * it when the grant has returned, `end FILE FIRST COUNT` withdraws each. It says `ready` and begins at
 * the first byte on its standard input, so that two of them begin together.
 */

import { once } from 'node:events';
import { openFileOverrides } from '../src/overrides.ts';

const [job, path = '', first = '0', count = '0'] = process.argv.slice(2);
const overrides = openFileOverrides(path, { busyTimeoutMs: 20_000 });
/** 23 November 2026, 09:00 in Berlin. */
const now = new Date('2026-11-23T08:00:00Z');

process.stdout.write('ready\n');
await once(process.stdin, 'data');
process.stdin.destroy();
for (let port = Number(first); port < Number(first) + Number(count); port += 1) {
  const endpoint = { host: 'mail.example.test', port };
  if (job === 'grant') {
    overrides.grant({
      endpoint,
      leafSha256: port.toString(16).padStart(64, '0'),
      leafDer: new Uint8Array(1200).fill(port),
      problems: ['self-signed@0'],
      grantedAt: now,
      expiresAt: new Date(now.getTime() + 86_400_000),
      fingerprintChecked: false,
      untilStop: false,
    });
  } else if (!overrides.end(endpoint, 'withdrawn', now)) {
    throw new Error(`nothing to withdraw at port ${port}`);
  }
  process.stdout.write(`${port}\n`);
}
overrides.close();
