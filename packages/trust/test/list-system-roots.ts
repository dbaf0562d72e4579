/**
 * A process of its own for system-roots.test.ts: prints the fingerprints of the system's roots, from a
 * bundle file or, without one, by Node's child process; and first what Node itself says of this
 * environment, as a control.
 */

import { createHash } from 'node:crypto';
import { getCACertificates } from 'node:tls';
import { parsePem } from '../src/certificate.ts';
import { createSystemRoots } from '../src/system-roots.ts';

const bundle = process.argv[2];
const paths = bundle === undefined ? 'child' : { bundles: [bundle], folders: [] };
const roots = await createSystemRoots({ paths }).read();
const control = [...getCACertificates('system'), ...getCACertificates('extra')].flatMap((pem) =>
  parsePem(pem, 'control').map((der) => createHash('sha256').update(der).digest('hex')),
);
process.stdout.write(JSON.stringify({ control, found: roots.map(({ sha256 }) => sha256) }));
